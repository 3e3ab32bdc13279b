import {
  backendsTo,
  isServiceIn,
  kindOfBackend,
  versionOfBackend,
  weightOf,
} from '../gateway-api/backends.ts';
import type { Leading } from '../texts/catalogue/blind-spots.ts';
import type { Message } from '../texts/message.ts';
import { oncePerRoute } from './leads-outside.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { BackendRef, HTTPRoute, HTTPRouteRule } from '../gateway-api/objects.ts';
import { isOpenRule, isPreviewRule, rulePart, rulesOf } from '../gateway-api/rules.ts';
import type { ClusterName } from '../core/names.ts';
import type { RouteChoice } from '../core/route-target.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import { everyRoute, versionServices } from './version-services.ts';

/** A rule of an HTTPRoute outside the release that leads to its service. */
export interface ServiceRule {
  readonly cluster: ClusterName;
  readonly route: HTTPRoute;
  readonly rule: HTTPRouteRule;
  /** Whether requests reach every pod of the service by it, whatever their version. */
  readonly open: boolean;
  readonly leading: Leading;
}

/** Every rule of any HTTPRoute, of any namespace, that leads to the service and is not managed. Preview rules are the release's own. */
export function rulesToService(observed: Observation): readonly ServiceRule[] {
  const { release, fleet, clusters } = observed;
  const choice = everyRoute(release, fleet);
  return clusters.flatMap((cluster) =>
    (fleet.get(cluster)?.gatewayApi?.httpRoutes ?? []).flatMap((route) => {
      const managed = managedIn(observed, cluster, route);
      return rulesOf(route)
        .filter((rule) => !managed.includes(rule) && !isPreviewRule(rule))
        .flatMap((rule) => {
          const leading = leadingOf(route, rule, choice);
          return leading === undefined
            ? []
            : [{ cluster, route, rule, open: isOpenRule(route, rule, choice), leading }];
        });
    }),
  );
}

/** Whether any HTTPRoute, the release's own among them, sends to every pod of the service. */
export function leadsToAllByRules(observed: Observation): boolean {
  const isOpen = observed.routes.some(
    ({ object, choice }) =>
      object !== undefined &&
      isHttpRoute(object) &&
      managedRules(object, choice).some((rule) => isOpenRule(object, rule, choice)),
  );
  return isOpen || rulesToService(observed).some(({ open }) => open);
}

/** A sentence for each rule, whatever the number of clusters. */
export function describeServiceRules(rules: readonly ServiceRule[]): readonly Message[] {
  return oncePerRoute(
    rules.map(({ cluster, route, rule, leading }) => ({
      cluster,
      what: {
        route: rulePart(route, rule),
        object: nameOf(route),
        leading,
        headers: [],
        absent: [],
      },
    })),
  );
}

/** GRPCRoutes that lead to the service: nothing of theirs is released. */
export function grpcRoutesToService({ release, fleet, clusters }: Observation): readonly Message[] {
  const { app, namespace } = release;
  const names = new Set([app, ...versionServices(release, fleet).keys()]);
  const found = clusters.flatMap((cluster) =>
    (fleet.get(cluster)?.gatewayApi?.grpcRoutes ?? [])
      .filter(({ metadata, spec }) =>
        (spec.rules ?? []).some(({ backendRefs = [] }) =>
          backendRefs.some(
            (backend) => names.has(backend.name) && (backend.namespace ?? metadata.namespace) === namespace,
          ),
        ),
      )
      .map((route) => ({ cluster, name: nameOf({ ...route, kind: 'GRPCRoute' }) })),
  );
  return [...Map.groupBy(found, ({ name }) => name)].map(([name, same]): Message => ({
    kind: 'grpcRoute',
    route: name,
    clusters: same.map(({ cluster }) => cluster),
    app,
  }));
}

function managedIn(
  { routes }: Observation,
  cluster: ClusterName,
  route: HTTPRoute,
): readonly HTTPRouteRule[] {
  const own = routes.find(
    ({ cluster: name, object }) =>
      name === cluster && object !== undefined && isHttpRoute(object) && nameOf(object) === nameOf(route),
  );
  return own === undefined ? [] : managedRules(route, own.choice);
}

/** undefined where a rule gives the service nothing */
function leadingOf(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): Leading | undefined {
  const { app, namespace } = choice.service;
  if (isOpenRule(route, rule, choice)) return { does: 'sends to every pod', app };
  const served = backendsTo(route, rule, choice).filter((backend) => weightOf(backend) > 0);
  const [first, ...others] = served;
  if (first !== undefined) {
    const versionIn = (backend: typeof first): string =>
      versionOfBackend(route, backend, choice) ?? backend.name;
    return others.length === 0
      ? { does: 'sends', version: versionIn(first) }
      : {
          does: 'splits',
          split: new Map(served.map((backend) => [versionIn(backend), weightOf(backend)])),
        };
  }
  const copies = (rule.filters ?? []).some(
    ({ type, requestMirror }) =>
      type === 'RequestMirror' &&
      requestMirror?.backendRef !== undefined &&
      isServiceIn(route, requestMirror.backendRef, namespace) &&
      kindOfBackend(route, requestMirror.backendRef, choice) === 'open',
  );
  if (copies) return { does: 'mirrors', app };
  const imports = (rule.backendRefs ?? []).some(
    (backend) => isImportOf(route, backend, choice) && weightOf(backend) > 0,
  );
  return imports ? { does: 'sends', version: `ServiceImport ${app}` } : undefined;
}

/** Whether a backend is the service as other clusters export it (https://gateway-api.sigs.k8s.io/geps/gep-1748/): no release manages that. */
function isImportOf(
  { metadata }: HTTPRoute,
  { group, kind, name, namespace = metadata.namespace }: BackendRef,
  { service }: RouteChoice,
): boolean {
  return (
    group === 'multicluster.x-k8s.io' &&
    kind === 'ServiceImport' &&
    name === service.app &&
    namespace === service.namespace
  );
}
