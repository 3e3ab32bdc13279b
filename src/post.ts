// Entry of the post step. The runner also starts it after a main step that was killed before its first line.
import { isNodeSupported } from './node-version.ts';

if (isNodeSupported()) {
  const { postStep } = await import('./action.ts');
  await postStep();
}
