import { CanaryError } from '../../core/errors.ts';
import type { Observation } from '../observation.ts';
import { routeNameOf } from '../route-name.ts';

/**
 * For operations on what a release has made.
 *
 * @throws CanaryError if a config cluster has nothing that holds weights
 */
export function assertReleased({ release, routes, api }: Observation): void {
  const missing = routes.filter(({ object }) => object === undefined);
  if (missing.length === 0) return;
  const clusters = missing.map(({ cluster }) => cluster).join(', ');
  throw new CanaryError(
    `There is no ${api.kind} ${routeNameOf(release, api.kind)} in ${clusters}: nothing has been released there yet. Run the operation rollout first.`,
  );
}
