import type { PlannedChange } from './run-events.ts';

/** Why the API server has not checked a planned change; undefined if it has. */
export function whyUnchecked({
  tried,
  denied = false,
}: Pick<PlannedChange, 'tried' | 'denied'>): string | undefined {
  if (tried) return undefined;
  return `The server could not check it yet: ${denied ? 'a permission for it is missing' : 'the namespace does not exist'}.`;
}
