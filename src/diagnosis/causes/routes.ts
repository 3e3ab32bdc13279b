import { gatewayNamesOf, isSeenBy } from '../../istio/visibility.ts';
import { takesRequest } from '../../istio/route-matching.ts';
import type { RoutedRequest } from '../../istio/route-matching.ts';
import { sampledRequest } from '../../release/sampled-request.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { HttpRoute, VirtualService } from '../../kubernetes/objects.ts';
import { managedRoutes } from '../../istio/managed-routes.ts';
import type { RivalRoute } from '../../release/rival-routes.ts';
import { isPreview, routeKey } from '../../istio/routes.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { delegatesTo, entrancesOf } from '../../istio/virtual-services.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { everywhereFor, failedOf, rivalsAt, trafficFor } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** Responses that no managed route gave: another VirtualService, or an earlier route, takes the requests. */
export function otherRoutes(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap((one) => {
    const serving = routeStateFor(snapshot.routes, one.cluster);
    const vs = serving?.virtualService;
    if (serving === undefined || vs === undefined) return [];
    const others = rivalsAt(snapshot, one);
    if (!strays(one, others)) return [];
    const found = [...rivals(snapshot, one, others, vs), ...earlier(snapshot, one, serving, vs)];
    // Failed requests alone may have many causes; responses without a revision have one of these.
    return found.length > 0 || one.withoutRevision === 0 ? found : [unknown(snapshot, one, vs)];
  });
}

/** Whether there were responses that the managed route would not give. A failure that names its version is not one of them. */
function strays(
  { withoutRevision, errors, versions, stale }: IngressEvidence,
  others: readonly RivalRoute[],
): boolean {
  const attributed = [...versions.values()].reduce((sum, one) => sum + one.errors, 0);
  return (
    withoutRevision > 0 ||
    others.some(({ revision }) => revision !== undefined && stale.has(revision)) ||
    (total(errors) > attributed && [...errors.keys()].some((kind) => /^(no version|status 4)/.test(kind)))
  );
}

function seen({ withoutRevision, errors, stale, requests }: IngressEvidence, vs: VirtualService): string {
  const strange = withoutRevision > 0 ? withoutRevision : total(stale);
  return strange > 0
    ? `${String(strange)} of ${String(requests)} requests were not answered by the managed route of ${nameOf(vs)}`
    : `${String(total(errors))} of ${String(requests)} requests failed`;
}

function rivals(
  snapshot: Snapshot,
  one: IngressEvidence,
  others: readonly RivalRoute[],
  vs: VirtualService,
): readonly Finding[] {
  const entrances = entrancesFor(snapshot, one, vs);
  const ours = entrances.flatMap(gatewayNamesOf);
  const own = new Set(entrances.map(nameOf));
  const beside = others.filter(({ entrance }) => !own.has(nameOf(entrance)));
  return [...new Map(beside.map((rival) => [nameOf(rival.entrance), rival])).values()].map(
    ({ entrance, virtualService, route, narrower }) => {
      const gateways = gatewayNamesOf(entrance);
      const shared = gateways.find((name) => ours.includes(name));
      const binds = `${(entrance.spec.hosts ?? []).join(', ')} and Gateway ${shared ?? gateways[0] ?? ''}`;
      const as =
        shared === undefined
          ? `which Istio merges with Gateway ${ours[0] ?? ''} of ${nameOf(vs)}`
          : `as ${nameOf(vs)} does`;
      const order = narrower
        ? 'Istio prefers the narrower host'
        : 'Istio puts the routes of both in one list, older ones first';
      const traffic = trafficFor(snapshot, one.cluster);
      const isSeen = gateways.some(
        (name) => traffic !== undefined && isSeenBy(entrance, name, traffic) === true,
      );
      const doubt = isSeen
        ? ''
        : ` It is exported to ${(entrance.spec.exportTo ?? []).join(', ')} only, and the namespaces of the gateway's pods are unknown: first check whether they run there.`;
      return {
        title: `${nameOf(entrance)} ${isSeen ? 'takes' : 'may take'} requests in ${one.cluster}`,
        detail: `It binds ${binds}, ${as}${createdAt(entrance)}, and its route ${routeKey(virtualService, route)} matches the path ${snapshot.release.check.path}: ${seen(one, vs)}. ${order}.${doubt} Narrow its match or its hosts, or remove it.`,
      };
    },
  );
}

function earlier(
  snapshot: Snapshot,
  one: IngressEvidence,
  { choice: { routes: names } }: RouteState,
  vs: VirtualService,
): readonly Finding[] {
  const entrances = entrancesFor(snapshot, one, vs);
  const request = sampledRequest(snapshot.release, entrances);
  const [managed] = managedRoutes(vs, snapshot.release, names);
  const before = [
    ...entrances
      .filter((root) => root !== vs)
      .flatMap((root) => ahead(root, (route) => delegatesRoute(root, route, vs), request)),
    ...ahead(vs, (route) => route === managed, request),
  ];
  if (before.length === 0) return [];
  return [
    {
      title: `An earlier route takes requests in ${one.cluster}`,
      detail: `${before.join(', ')} precedes the managed route and matches the path ${snapshot.release.check.path}: ${seen(one, vs)}. Move it after the managed route, or narrow its match.`,
    },
  ];
}

/** The routes before one that match a request, as `Route beta of VirtualService …`. */
function ahead(
  vs: VirtualService,
  isOne: (route: HttpRoute) => boolean,
  request: RoutedRequest,
): readonly string[] {
  const routes = vs.spec.http ?? [];
  const end = routes.findIndex(isOne);
  return routes
    .slice(0, end < 0 ? routes.length : end)
    .flatMap((route) =>
      isPreview(route) || !takesRequest(route, request)
        ? []
        : [`Route ${routeKey(vs, route)} of ${nameOf(vs)}`],
    );
}

function delegatesRoute(root: VirtualService, route: HttpRoute, vs: VirtualService): boolean {
  return delegatesTo({ ...root, spec: { ...root.spec, http: [route] } }, vs);
}

function unknown(snapshot: Snapshot, one: IngressEvidence, vs: VirtualService): Finding {
  const everywhere = everywhereFor(snapshot, one.cluster);
  const looked =
    everywhere?.unlisted.includes('VirtualService') === false
      ? 'no VirtualService in any namespace explains it. Check istioctl proxy-config routes of the gateway'
      : `none in namespace ${snapshot.release.namespace} explains it, and those in other namespaces could not be read. Look there for one with the same host and gateway, or allow the user of the kubeconfig to list VirtualServices in all namespaces`;
  return {
    title: `Another route answers in ${one.cluster}`,
    detail: `${seen(one, vs)}; ${looked}.`,
  };
}

function entrancesFor(
  { state, routes }: Snapshot,
  { cluster }: IngressEvidence,
  vs: VirtualService,
): readonly VirtualService[] {
  const serving = routeStateFor(routes, cluster)?.cluster ?? cluster;
  return entrancesOf([vs], state?.get(serving)?.traffic?.roots ?? []);
}

function createdAt({ metadata }: VirtualService): string {
  const at = metadata['creationTimestamp'];
  return typeof at === 'string' ? ` (created at ${at})` : '';
}
