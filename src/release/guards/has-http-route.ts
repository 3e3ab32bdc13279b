import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { inputLabel } from '../../core/wording.ts';
import { routesTo, streamsTo } from '../../istio/routes.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';

/** The shares are looked at by HTTP requests: weights that no request can show are never a pass. */
export function assertHasHttpRoute(
  release: Release,
  cluster: ClusterName,
  standing: readonly VirtualService[],
): void {
  const [first] = standing;
  const leading = standing.filter((vs) => routesTo(vs, release).length + streamsTo(vs, release).length > 0);
  if (first === undefined || leading.length === 0) return;
  if (leading.some((vs) => routesTo(vs, release).length > 0)) return;
  throw new CanaryError(
    `${leading.map(nameOf).join(', ')} in ${cluster} leads to ${release.app} only through TCP or TLS routes. The action verifies with HTTP requests, so it cannot verify such a split: add a VirtualService with an HTTP route (${inputLabel('virtual-service')}).`,
  );
}
