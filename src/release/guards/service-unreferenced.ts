import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { serviceOfBackend, versionServiceName } from '../../gateway-api/backends.ts';
import { withHttpRules } from '../../gateway-api/grpc-rules.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { BackendRef, HTTPRoute, HTTPRouteFilter } from '../../gateway-api/objects.ts';
import { rulesOf } from '../../gateway-api/rules.ts';
import { namesService } from '../../istio/routes.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { Observation } from '../observation.ts';
import { stateOf } from '../state.ts';

/** @throws CanaryError where a route outside the release still leads to the Service of a version: its requests would fail */
export function assertServiceUnreferenced(
  { release, fleet, clusters }: Observation,
  routes: readonly Change[],
  version: VersionName,
): void {
  const name = versionServiceName(release.app, version);
  const references = clusters.flatMap((cluster) => {
    const { gatewayApi, traffic } = stateOf(fleet, cluster);
    const unseen = (['HTTPRoute', 'GRPCRoute'] as const).find((kind) => gatewayApi?.unlisted.includes(kind));
    if (unseen !== undefined) {
      throw new CanaryError(
        `Whether an ${unseen} of another namespace in ${cluster} leads to Service ${name} cannot be seen: the user of the kubeconfig may not list ${unseen}s of all namespaces. Grant that permission, then run retire again; nothing has been written.`,
      );
    }
    const planned = routes.filter((change) => change.cluster === cluster).map(({ object }) => object);
    const after = (gatewayApi?.httpRoutes ?? []).map((route): HTTPRoute => {
      const change = planned.find((object) => nameOf(object) === nameOf(route));
      return change !== undefined && isHttpRoute(change) ? change : route;
    });
    const grpcRoutes = (gatewayApi?.grpcRoutes ?? []).map(withHttpRules);
    const key = { app: name, namespace: release.namespace };
    return [
      ...[...after, ...grpcRoutes].filter((route) => leadsTo(route, name, release.namespace)),
      ...(traffic?.everywhere.virtualServices ?? []).filter((vs) => namesService(vs, key)),
    ].map((object) => `${nameOf(object)} in ${cluster}`);
  });
  if (references.length === 0) return;
  throw new CanaryError(
    `Service ${release.namespace}/${name} is still named by ${references.join(', ')}. Remove it there first: requests to a missing Service fail.`,
  );
}

function leadsTo(route: HTTPRoute, name: string, namespace: string): boolean {
  const mirrors = (filters: readonly HTTPRouteFilter[] = []): readonly BackendRef[] =>
    filters.flatMap(({ requestMirror }) => requestMirror?.backendRef ?? []);
  return rulesOf(route).some(({ backendRefs = [], filters }) =>
    [...backendRefs, ...mirrors(filters), ...backendRefs.flatMap((backend) => mirrors(backend.filters))].some(
      (backend) => {
        const meant = serviceOfBackend(route, backend);
        return meant?.name === name && meant.namespace === namespace;
      },
    ),
  );
}
