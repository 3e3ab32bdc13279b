import { gatewayNamesOf, isSeenBy } from '../../istio/visibility.ts';
import type { StraySeen } from '../../texts/catalogue/rival-findings.ts';
import { takesRequest } from '../../istio/route-matching.ts';
import type { RoutedRequest } from '../../istio/route-matching.ts';
import { sampledRequest } from '../../release/sampled-request.ts';
import { createdAt, nameOf } from '../../kubernetes/objects.ts';
import type { HttpRoute, VirtualService } from '../../kubernetes/objects.ts';
import { managedRoutes } from '../../istio/managed-routes.ts';
import type { RivalRoute } from '../../release/rival-routes.ts';
import { unclearMarksIn } from '../../release/guards/own-marks.ts';
import { isPreview, routeKey } from '../../istio/routes.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { delegatesTo, entrancesOf } from '../../istio/virtual-services.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { hostFinding, ruleFinding } from './rivals.ts';
import { everywhereFor, failedOf, rivalRevisionsAt, rivalsAt, trafficFor } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** Managed routes whose responses do not show the version and revision that the release sets. */
export function unclearMarks(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).length === 0 ? [] : unclearMarksIn(snapshot);
}

/** Responses that no managed route gave: another VirtualService, or an earlier route, takes the requests. */
export function otherRoutes(snapshot: Snapshot): readonly Finding[] {
  return failedOf(snapshot).flatMap((one) => {
    const serving = routeStateFor(snapshot.routes, one.cluster);
    const vs = serving?.virtualService;
    if (serving === undefined || vs === undefined) return [];
    const { routes, rules } = rivalsAt(snapshot, one);
    if (!strays(one, rivalRevisionsAt(snapshot, one))) return [];
    const { release } = snapshot;
    const at = { release, held: serving, cluster: one.cluster, managed: nameOf(vs), seen: seen(one, vs) };
    const found = [
      ...rivals(snapshot, one, routes, vs),
      ...rules.map((ahead) => ruleFinding(ahead, at)),
      ...earlier(snapshot, one, serving, vs),
    ];
    // Failed requests alone may have many causes; responses without a revision have one of these.
    return found.length > 0 || one.withoutRevision === 0 ? found : [unknown(snapshot, one, vs)];
  });
}

/** Whether there were responses that the managed route would not give. A failure that names its version is not one of them. */
function strays(
  { withoutRevision, errors, versions, stale }: IngressEvidence,
  others: readonly (string | undefined)[],
): boolean {
  const attributed = [...versions.values()].reduce((sum, one) => sum + one.errors, 0);
  return (
    withoutRevision > 0 ||
    others.some((revision) => revision !== undefined && stale.has(revision)) ||
    (total(errors) > attributed && [...errors.keys()].some((kind) => /^(no version|status)/.test(kind)))
  );
}

function seen({ withoutRevision, errors, stale, requests }: IngressEvidence, vs: VirtualService): StraySeen {
  const strange = withoutRevision > 0 ? withoutRevision : total(stale);
  return strange > 0
    ? { unanswered: strange, requests, managed: nameOf(vs) }
    : { failed: total(errors), requests };
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
      const traffic = trafficFor(snapshot, one.cluster);
      const isSeen = gateways.some(
        (name) => traffic !== undefined && isSeenBy(entrance, name, traffic) === true,
      );
      const { release } = snapshot;
      const { cluster } = one;
      if (route === undefined)
        return hostFinding(entrance, {
          release,
          cluster,
          managed: nameOf(vs),
          seen: seen(one, vs),
          certain: isSeen,
        });
      return {
        title: { kind: 'takesRequestsTitle', object: nameOf(entrance), cluster, certain: isSeen },
        detail: {
          kind: 'rivalRoute',
          hosts: entrance.spec.hosts ?? [],
          gateway: shared ?? gateways[0] ?? '',
          merged: shared === undefined ? (ours[0] ?? '') : undefined,
          managed: nameOf(vs),
          created: createdAt(entrance),
          route: routeKey(virtualService, route),
          path: snapshot.release.check.path,
          seen: seen(one, vs),
          narrower,
          exportTo: isSeen ? undefined : (entrance.spec.exportTo ?? []),
        },
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
  const request = sampledRequest(
    snapshot.release,
    entrances,
    trafficFor(snapshot, one.cluster)?.gateways ?? [],
  );
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
      title: { kind: 'earlierRouteTitle', cluster: one.cluster },
      detail: {
        kind: 'earlierRoute',
        routes: before,
        path: snapshot.release.check.path,
        seen: seen(one, vs),
      },
    },
  ];
}

/** The routes before one that match a request. */
function ahead(
  vs: VirtualService,
  isOne: (route: HttpRoute) => boolean,
  request: RoutedRequest,
): readonly { readonly route: string; readonly object: string }[] {
  const routes = vs.spec.http ?? [];
  const end = routes.findIndex(isOne);
  return routes
    .slice(0, end < 0 ? routes.length : end)
    .flatMap((route) =>
      isPreview(route) || !takesRequest(route, request)
        ? []
        : [{ route: routeKey(vs, route), object: nameOf(vs) }],
    );
}

function delegatesRoute(root: VirtualService, route: HttpRoute, vs: VirtualService): boolean {
  return delegatesTo({ ...root, spec: { ...root.spec, http: [route] } }, vs);
}

function unknown(snapshot: Snapshot, one: IngressEvidence, vs: VirtualService): Finding {
  const everywhere = everywhereFor(snapshot, one.cluster);
  const isListed = everywhere?.unlisted.includes('VirtualService') === false;
  return {
    title: { kind: 'anotherRouteTitle', cluster: one.cluster },
    detail: {
      kind: 'anotherRoute',
      seen: seen(one, vs),
      namespace: isListed ? undefined : snapshot.release.namespace,
    },
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
