import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { describePlace } from '../route-state.ts';
import type { RouteState } from '../route-state.ts';

export function assertRetiredVersionIdle(routes: readonly RouteState[], version: VersionName): void {
  const busy = routes.filter(({ weights }) => (weights?.get(version) ?? 0) > 0);
  if (busy.length === 0) return;
  const where = busy
    .map((one) => `${String(one.weights?.get(version))}% in ${describePlace(one, routes)}`)
    .join(', ');
  throw new CanaryError(
    `${version} still has traffic (${where}). Bring its weight to 0 first, with rollout or promote.`,
  );
}
