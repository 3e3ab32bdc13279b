import { gatewayNamesOf, isSeenBy } from '../../istio/visibility.ts';
import { takesRequest } from '../../istio/route-matching.ts';
import type { RoutedRequest } from '../../istio/route-matching.ts';
import { sampledRequest } from '../../release/sampled-request.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { HttpRoute, VirtualService } from '../../kubernetes/objects.ts';
import { managedRoutes } from '../../istio/managed-routes.ts';
import type { RivalRoute } from '../../release/rival-routes.ts';
import { isPreview, routeKey } from '../../istio/routes.ts';
import { routeStateFor } from '../../release/observed-routing.ts';
import type { RouteState } from '../../release/observed-routing.ts';
import { delegatesTo, entrancesOf } from '../../istio/virtual-services.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { everywhereFor, failedOf, rivalsAt, trafficFor } from '../snapshot.ts';
import type { Snapshot, Finding } from '../snapshot.ts';

/** Answers that no managed route gave: another VirtualService, or an earlier route, takes the requests. */
export function otherRoutes(facts: Snapshot): readonly Finding[] {
  return failedOf(facts).flatMap((one) => {
    const serving = routeStateFor(facts.inForce, one.cluster);
    const vs = serving?.virtualService;
    if (serving === undefined || vs === undefined) return [];
    const others = rivalsAt(facts, one);
    if (!strays(one, others)) return [];
    const found = [...rivals(facts, one, others, vs), ...earlier(facts, one, serving, vs)];
    // Failed requests alone may have many causes; answers without a revision have one of these.
    return found.length > 0 || one.withoutRevision === 0 ? found : [unknown(facts, one, vs)];
  });
}

/** Whether answers came that the managed route would not give: what tells its version is none of them. */
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
  facts: Snapshot,
  one: IngressEvidence,
  others: readonly RivalRoute[],
  vs: VirtualService,
): readonly Finding[] {
  const entrances = entrancesFor(facts, one, vs);
  const ours = entrances.flatMap(gatewayNamesOf);
  const own = new Set(entrances.map(nameOf));
  const beside = others.filter(({ entrance }) => !own.has(nameOf(entrance)));
  return [...new Map(beside.map((rival) => [nameOf(rival.entrance), rival])).values()].map(
    ({ entrance, virtualService, route, narrower }) => {
      const doors = gatewayNamesOf(entrance);
      const shared = doors.find((door) => ours.includes(door));
      const binds = `${(entrance.spec.hosts ?? []).join(', ')} and Gateway ${shared ?? doors[0] ?? ''}`;
      const as =
        shared === undefined
          ? `which Istio merges with Gateway ${ours[0] ?? ''} of ${nameOf(vs)}`
          : `as ${nameOf(vs)} does`;
      const order = narrower
        ? 'Istio prefers the narrower host'
        : 'Istio puts the routes of both in one list, the older first';
      const traffic = trafficFor(facts, one.cluster);
      const isSeen = doors.some(
        (door) => traffic !== undefined && isSeenBy(entrance, door, traffic) === true,
      );
      const doubt = isSeen
        ? ''
        : ` It is exported to ${(entrance.spec.exportTo ?? []).join(', ')} only, and the namespaces of the gateway's pods are unknown: check first whether they run there.`;
      return {
        title: `${nameOf(entrance)} ${isSeen ? 'takes' : 'may take'} requests in ${one.cluster}`,
        detail: `It binds ${binds}, ${as}${madeAt(entrance)}, and its route ${routeKey(virtualService, route)} takes the path ${facts.release.check.path}: ${seen(one, vs)}. ${order}.${doubt} Narrow its match or its hosts, or remove it.`,
      };
    },
  );
}

function earlier(
  facts: Snapshot,
  one: IngressEvidence,
  { routes: names }: RouteState,
  vs: VirtualService,
): readonly Finding[] {
  const entrances = entrancesFor(facts, one, vs);
  const request = sampledRequest(facts.release, entrances);
  const [managed] = managedRoutes(vs, facts.release, names);
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
      detail: `${before.join(', ')} stands ahead of the managed route and takes the path ${facts.release.check.path}: ${seen(one, vs)}. Put it behind the managed route, or narrow its match.`,
    },
  ];
}

/** The routes ahead of one that take a request, as `route beta of VirtualService …`. */
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

function unknown(facts: Snapshot, one: IngressEvidence, vs: VirtualService): Finding {
  const everywhere = everywhereFor(facts, one.cluster);
  const looked =
    everywhere?.unlisted.includes('VirtualService') === false
      ? 'no VirtualService of any namespace was found that explains it. Look at istioctl proxy-config routes of the gateway'
      : `none of namespace ${facts.release.namespace} explains it, and those of others could not be read. Look there for one of the same host and gateway, or let the user of the kubeconfig list VirtualServices of all namespaces`;
  return {
    title: `Another route answers in ${one.cluster}`,
    detail: `${seen(one, vs)}; ${looked}.`,
  };
}

function entrancesFor(
  { state, inForce }: Snapshot,
  { cluster }: IngressEvidence,
  vs: VirtualService,
): readonly VirtualService[] {
  const serving = routeStateFor(inForce, cluster)?.cluster ?? cluster;
  return entrancesOf([vs], state?.get(serving)?.traffic?.roots ?? []);
}

function madeAt({ metadata }: VirtualService): string {
  const at = metadata['creationTimestamp'];
  return typeof at === 'string' ? ` (made at ${at})` : '';
}
