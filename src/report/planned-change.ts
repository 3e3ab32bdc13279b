import type { Texts } from '../texts/catalogue.ts';
import { createsObject } from './difference.ts';
import type { PlannedChange } from './run-events.ts';

/** Why the API server has not checked a planned change; undefined if it has. */
export function whyUnchecked(
  { tried, denied = false }: Pick<PlannedChange, 'tried' | 'denied'>,
  texts: Pick<Texts, 'changes'>,
): string | undefined {
  return tried ? undefined : texts.changes.unchecked[denied ? 'denied' : 'no namespace'];
}

/** What a planned change does to the object: a server-side apply creates or updates it. */
export function plannedEffect({
  verb,
  diff,
}: Pick<PlannedChange, 'verb' | 'diff'>): 'create' | 'update' | 'delete' {
  if (verb !== 'apply') return verb;
  return createsObject(diff) ? 'create' : 'update';
}
