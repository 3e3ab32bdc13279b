import {
  backendsTo,
  isServiceIn,
  kindOfBackend,
  versionOfBackend,
  weightOf,
} from '../gateway-api/backends.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { BackendRef, HTTPRoute, HTTPRouteRule } from '../gateway-api/objects.ts';
import { isOpenRule, isPreviewRule, ruleInSentence, rulesOf } from '../gateway-api/rules.ts';
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
  /** What it does, as a predicate. */
  readonly does: string;
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
          const does = doesOf(route, rule, choice);
          return does === undefined
            ? []
            : [{ cluster, route, rule, open: isOpenRule(route, rule, choice), does }];
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
export function describeServiceRules(rules: readonly ServiceRule[]): readonly string[] {
  const told = rules.map(({ cluster, route, rule, does }) => {
    const text = `${ruleInSentence(route, rule)} of ${nameOf(route)}`;
    return { cluster, subject: `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`, does };
  });
  return [...Map.groupBy(told, ({ subject, does }) => `${subject} ${does}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [`${first.subject} in ${same.map(({ cluster }) => cluster).join(', ')} ${first.does}.`];
  });
}

/** GRPCRoutes that lead to the service: nothing of theirs is released. */
export function grpcRoutesToService({ release, fleet, clusters }: Observation): readonly string[] {
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
  return [...Map.groupBy(found, ({ name }) => name)].map(
    ([name, same]) =>
      `${name} in ${same.map(({ cluster }) => cluster).join(', ')} leads to ${app}: GRPCRoutes are not supported, so its requests are outside the weights.`,
  );
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
function doesOf(route: HTTPRoute, rule: HTTPRouteRule, choice: RouteChoice): string | undefined {
  const { app, namespace } = choice.service;
  if (isOpenRule(route, rule, choice))
    return `sends requests to every ready pod of ${app}, whatever the weights`;
  const served = backendsTo(route, rule, choice).filter((backend) => weightOf(backend) > 0);
  if (served.length > 0) {
    const split = served.map(
      (backend) =>
        `${versionOfBackend(route, backend, choice) ?? backend.name}${served.length > 1 ? `=${String(weightOf(backend))}` : ''}`,
    );
    return served.length > 1
      ? `splits requests ${split.join(',')}, outside the weights of the release`
      : `sends requests to ${split.join('')}, outside the weights`;
  }
  const copies = (rule.filters ?? []).some(
    ({ type, requestMirror }) =>
      type === 'RequestMirror' &&
      requestMirror?.backendRef !== undefined &&
      isServiceIn(route, requestMirror.backendRef, namespace) &&
      kindOfBackend(route, requestMirror.backendRef, choice) === 'open',
  );
  if (copies) return `mirrors requests to every pod of ${app}, whatever the weights`;
  const imports = (rule.backendRefs ?? []).some(
    (backend) => isImportOf(route, backend, choice) && weightOf(backend) > 0,
  );
  return imports ? `sends requests to ServiceImport ${app}, outside the weights` : undefined;
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
