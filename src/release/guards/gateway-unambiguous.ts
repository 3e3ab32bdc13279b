import { CanaryError } from '../../core/errors.ts';
import { inputPlace } from '../../core/wording.ts';
import { gatewayKey } from '../../istio/gateways.ts';
import type { ObjectMeta } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { stateOf } from '../state.ts';

/**
 * Refuses a first release through a Gateway whose name both APIs have: it would open another entrance than the one meant.
 *
 * @throws CanaryError that says how to name each
 */
export function assertGatewayUnambiguous({ release, fleet, routes, clusters }: Observation): void {
  const { gateway, gatewayApi, httpRoute } = release.traffic;
  if (gateway === undefined || gatewayApi !== undefined || httpRoute !== undefined) return;
  if (routes.some(({ object }) => object !== undefined)) return;
  const key = gatewayKey(gateway, release.namespace);
  const isMeant = ({ metadata }: { readonly metadata: ObjectMeta }): boolean =>
    metadata.name === key.name && metadata.namespace === key.namespace;
  for (const name of clusters) {
    const { traffic, gatewayApi: state } = stateOf(fleet, name);
    if (traffic?.gateways.some(isMeant) !== true || state?.gateways.some(isMeant) !== true) continue;
    throw new CanaryError(
      `${inputPlace('gateway')}: got "${gateway}", but in ${name} Gateways of both Istio (networking.istio.io) and the Gateway API (gateway.networking.k8s.io) are named ${key.namespace}/${key.name}. Write istio:${gateway} for a VirtualService, or gateway-api:${gateway} for an HTTPRoute.`,
    );
  }
}
