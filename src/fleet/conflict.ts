import { ClusterError } from '../cluster/errors.ts';

/** Whether someone else changed the object between our look at it and our write. */
export function isConflict(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 409;
}
