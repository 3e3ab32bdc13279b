// Entry of the main step.
import { isNodeSupported } from './node-version.ts';

if (isNodeSupported()) {
  const { mainStep } = await import('./action.ts');
  await mainStep();
}
