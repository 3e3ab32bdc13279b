import { CanaryError } from '../../core/errors.ts';
import { inEnglish } from '../../texts/texts.ts';
import { serviceOfBackend } from '../../gateway-api/backends.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { routeDetachments } from '../../gateway-api/parents.ts';
import { rulesOf } from '../../gateway-api/rules.ts';
import type { Change } from '../../kubernetes/change.ts';
import type { Observation } from '../observation.ts';
import { stateOf } from '../state.ts';
import type { ClusterState } from '../state.ts';
import { listedServices } from '../version-services.ts';

/**
 * Refuses an HTTPRoute whose references do not resolve: the share of such a backend is answered with 500. A missing Service that this plan
 * creates is no obstacle, where nothing else of the namespace is missing.
 *
 * @throws CanaryError with the reason and the message of the controller
 */
export function assertReferencesResolved(
  { release, fleet, routes }: Observation,
  workloads: readonly Change[],
): void {
  for (const { cluster, object } of routes) {
    if (object === undefined || !isHttpRoute(object)) continue;
    const [bad] = routeDetachments(object).filter(
      ({ kind, condition, reason }) =>
        kind === 'refused' &&
        condition === 'ResolvedRefs' &&
        !(reason === 'BackendNotFound' && isRepaired(object, stateOf(fleet, cluster), workloads)),
    );
    if (bad === undefined) continue;
    throw new CanaryError(
      `${inEnglish(bad.text)} in ${cluster}. The gateway answers what it sends to such a backend with status 500: correct the backendRefs, or create what they name in namespace ${release.namespace}.`,
    );
  }
}

/** Whether Services are missing that the rules name, and this plan creates all of them. */
function isRepaired(route: HTTPRoute, state: ClusterState, workloads: readonly Change[]): boolean {
  const { namespace } = route.metadata;
  if (namespace === undefined) return false;
  const named = rulesOf(route)
    .flatMap(({ backendRefs = [], filters = [] }) => [
      ...backendRefs,
      ...[...filters, ...backendRefs.flatMap((backend) => backend.filters ?? [])].flatMap(
        ({ requestMirror }) => requestMirror?.backendRef ?? [],
      ),
    ])
    .flatMap((backend) => serviceOfBackend(route, backend) ?? [])
    .filter((service) => service.namespace === namespace)
    .map(({ name }) => name);
  const existing = [...listedServices(state), ...(state.service === undefined ? [] : [state.service])];
  const missing = named.filter((name) => !existing.some(({ metadata }) => metadata.name === name));
  const created = workloads.filter(
    ({ cluster, verb, object }) => cluster === state.name && verb !== 'delete' && object.kind === 'Service',
  );
  return (
    missing.length > 0 && missing.every((name) => created.some(({ object }) => object.metadata.name === name))
  );
}
