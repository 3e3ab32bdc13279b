import { backendsTo, markOf } from '../gateway-api/backends.ts';
import { listenerCandidates } from '../gateway-api/ingress-candidates.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import { routesBeside, routesThrough, takingRules } from '../gateway-api/precedence.ts';
import type { MatchedRequest, TakingRule } from '../gateway-api/precedence.ts';
import { rulePart } from '../gateway-api/rules.ts';
import { REVISION_HEADER } from '../core/headers.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { RouteState } from './route-state.ts';
import type { FleetState } from './state.ts';
import type { Rival } from './traffic-planner.ts';

/** The rules that a gateway asks before the managed one, or that take what is sampled where that does not. */
export function rulesAhead(release: Release, fleet: FleetState, one: RouteState): readonly TakingRule[] {
  const { object, choice } = one;
  const state = fleet.get(one.cluster);
  if (state?.gatewayApi === undefined || object === undefined || !isHttpRoute(object)) return [];
  const { gatewayApi, namespace } = state;
  const [way] = listenerCandidates([object], gatewayApi, namespace?.metadata.labels, release.check.host);
  const isKnown = way !== undefined && 'listener' in way;
  const beside = isKnown
    ? routesThrough(way, gatewayApi.gateways, gatewayApi.httpRoutes)
    : routesBeside(object, gatewayApi.httpRoutes);
  const { own, others } = Object.groupBy(beside, ({ route }) =>
    nameOf(route) === nameOf(object) ? 'own' : 'others',
  );
  const host = isKnown ? way.host : (release.check.host ?? object.spec.hostnames?.[0]);
  const taking = takingRules(
    [{ route: object, place: own?.[0]?.place ?? 0 }, ...(others ?? [])],
    requestTo(host, release),
  );
  const managed = managedRules(object, choice);
  const ours = taking.findIndex(({ rule }) => managed.includes(rule));
  return ours < 0 ? taking : taking.slice(0, ours);
}

export function rivalRules(release: Release, fleet: FleetState, one: RouteState): readonly Rival[] {
  return rulesAhead(release, fleet, one).map(({ route, rule }) => ({
    cluster: one.cluster,
    route: rulePart(route, rule),
    object: nameOf(route),
    revision: (rule.backendRefs ?? [])
      .map((backend) => markOf(backend, REVISION_HEADER))
      .find((mark) => mark !== undefined),
    leadsHere: backendsTo(route, rule, one.choice).length > 0,
  }));
}

/** The request that samples are; a host with a `*` is none that could be asked for. */
function requestTo(host: string | undefined, { check }: Release): MatchedRequest {
  const headers = Object.entries(check.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    host: host?.includes('*') === true ? undefined : host,
    path: check.path,
    headers: Object.fromEntries(headers) as Readonly<Record<string, string>>,
  };
}
