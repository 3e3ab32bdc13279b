import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { inEnglish } from '../../texts/texts.ts';
import { isServiceIn, nameOfBackend } from '../../gateway-api/backends.ts';
import { managedRules } from '../../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { gatewayDetachments, parentsOf, routeDetachments } from '../../gateway-api/parents.ts';
import { isReferenceGranted } from '../../gateway-api/reference-grants.ts';
import { isPreviewRule, rulesOf } from '../../gateway-api/rules.ts';
import type { GatewayApiState } from '../../gateway-api/state.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import { grpcRoutesToService } from '../http-rules-to-service.ts';
import type { Observation } from '../observation.ts';
import type { RouteState } from '../route-state.ts';
import { stateOf } from '../state.ts';

/**
 * Refuses what no weights can be written to, or where users would not get them: Services that cannot be listed, a GRPCRoute in place of an
 * HTTPRoute, an HTTPRoute that leads elsewhere or is not accepted, or a Gateway that is not programmed and has no address.
 *
 * @throws CanaryError that names the object, the condition and its reason
 */
export function assertHttpRouteReleasable(observed: Observation): void {
  const { release, fleet, routes } = observed;
  const unlisted = [...fleet.values()].filter(({ otherServices }) => otherServices === 'unlisted');
  if (unlisted.length > 0) {
    throw new CanaryError(
      `Services of ${release.namespace} in ${unlisted.map(({ name }) => name).join(', ')} cannot be listed. An HTTPRoute splits between Services, so the user of the kubeconfig needs list on services.`,
    );
  }
  for (const one of routes) {
    if (one.object === undefined) {
      const [grpc] = grpcRoutesToService(observed);
      if (grpc !== undefined)
        throw new CanaryError(
          `${inEnglish(grpc)} Add an HTTPRoute for what is to be released, or leave it out.`,
        );
    } else if (isHttpRoute(one.object)) assertInForce(observed, one, one.object);
  }
}

function assertInForce(observed: Observation, one: RouteState, route: HTTPRoute): void {
  const { release, fleet } = observed;
  const { cluster } = one;
  // Preview rules alone are those of a first install that was cut off.
  const others = rulesOf(route).filter((rule) => !isPreviewRule(rule));
  if (others.length > 0 && one.api.weightsByRoute(route, one.choice).length === 0) {
    const names = others.flatMap(({ backendRefs = [] }) => backendRefs.map(nameOfBackend));
    throw new CanaryError(
      `No rule of ${nameOf(route)} in ${cluster} leads to ${release.app}: its rules lead to ${[...new Set(names)].join(', ') || 'no service'}. Point the rule to split to Service ${release.app}, or set ${theInput('http-route')} to the HTTPRoute that does.`,
    );
  }
  const { gatewayApi } = stateOf(fleet, cluster);
  const gateways = parentsOf(route, gatewayApi?.gateways ?? []);
  // With an address, another listener may be what is not programmed: whether users get in, the preview requests show.
  const closed = gateways.filter(({ status }) => (status?.addresses ?? []).length === 0);
  const refused = [...routeDetachments(route), ...closed.flatMap(gatewayDetachments)].filter(
    ({ kind, condition }) => kind === 'refused' && condition !== 'ResolvedRefs',
  );
  if (refused.length > 0) {
    throw new CanaryError(
      `${refused.map(({ text }) => `${inEnglish(text)} in ${cluster}`).join('; ')}. Users who enter there would not get the weights: correct that first.`,
    );
  }
  if (gatewayApi !== undefined) assertGranted(one, route, gatewayApi);
}

/** A backend in another namespace gets no requests without a grant there: its share is answered with 500. */
function assertGranted(
  { cluster, choice }: RouteState,
  route: HTTPRoute,
  { referenceGrants: grants, unlisted, unread }: GatewayApiState,
): void {
  // What may not be listed may be there.
  if (unlisted.includes('ReferenceGrant') || unread.includes('ReferenceGrant')) return;
  const from = route.metadata.namespace ?? '';
  const refused = managedRules(route, choice)
    .flatMap(({ backendRefs = [] }) => backendRefs)
    .find(
      (backend) =>
        backend.namespace !== undefined &&
        backend.namespace !== from &&
        (backend.kind ?? 'Service') === 'Service' &&
        isServiceIn(route, backend, backend.namespace) &&
        !isReferenceGranted(grants, {
          from: { kind: 'HTTPRoute', namespace: from },
          to: { kind: 'Service', namespace: backend.namespace, name: backend.name },
        }),
    );
  if (refused === undefined) return;
  throw new CanaryError(
    `A managed rule of ${nameOf(route)} in ${cluster} sends to Service ${refused.namespace ?? ''}/${refused.name}, and no ReferenceGrant in ${refused.namespace ?? ''} allows HTTPRoutes of ${from} to do so: its share is answered with status 500. Add the ReferenceGrant, or remove the backend.`,
  );
}
