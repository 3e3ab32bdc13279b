import { hostOf, ingressCandidates } from '../istio/gateways.ts';
import type { RoutedRequest } from '../istio/route-matching.ts';
import type { Gateway, VirtualService } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';

/** What the sampler asks for through these entrances: a host that they share with a Gateway; undefined where any will do. */
export function sampledRequest(
  release: Release,
  entrances: readonly VirtualService[],
  gateways: readonly Gateway[],
): RoutedRequest {
  const { path, headers, host: asked } = release.check;
  const [way] = ingressCandidates(release, entrances, gateways, asked);
  const host = way !== undefined && 'host' in way ? way.host : (asked ?? hostOf(release, entrances));
  return { method: 'GET', path, headers, host: host?.includes('*') === true ? undefined : host };
}
