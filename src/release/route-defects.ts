import { sumOfBackends } from '../gateway-api/backends.ts';
import { oncePerTitle } from '../texts/texts.ts';
import { managedRules } from '../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import type { HTTPRoute } from '../gateway-api/objects.ts';
import { listenersFor } from '../gateway-api/attachment.ts';
import {
  gatewayDetachments,
  listenerDetachments,
  nameOfListener,
  parentsOf,
  routeDetachments,
} from '../gateway-api/parents.ts';
import type { Detachment } from '../gateway-api/parents.ts';
import { rulePart } from '../gateway-api/rules.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Observation } from './observation.ts';
import type { RouteDefect } from './route-defect.ts';
import type { RouteState } from './route-state.ts';
import type { FleetState } from './state.ts';
import { subsetDefects } from './subset-defects.ts';
import { versionServiceDefects } from './version-service-defects.ts';

type Routes = Pick<Observation, 'release' | 'fleet' | 'routes'>;

/** What is wrong with the routes of a release and with what they refer to, the likeliest cause of errors first. */
export function routeDefects(observed: Routes): readonly RouteDefect[] {
  const { routes, fleet } = observed;
  const services = versionServiceDefects(observed);
  return oncePerTitle([
    ...services.flatMap(({ defect }) => defect),
    ...subsetDefects(observed),
    ...routes.flatMap((one) => {
      if (one.object === undefined || !isHttpRoute(one.object)) return [];
      const isExplained = services.some(({ missingIn }) => missingIn.includes(one.cluster));
      return [
        ...unweightedRules(one, one.object),
        ...detachmentsOf(one, one.object, fleet)
          // Right after a change, this is no defect yet.
          .filter(({ kind }) => kind !== 'outdated')
          .filter(({ reason }) => reason !== 'BackendNotFound' || !isExplained)
          .map(({ title, detail }) => ({ title, detail })),
      ];
    }),
  ]);
}

/** A route that its controller does not take, or whose Gateway or listener is not programmed: the gateway serves what it had before, or nothing. */
export function detachmentsOf(
  { cluster }: RouteState,
  route: HTTPRoute,
  fleet: FleetState,
): readonly (RouteDefect & Pick<Detachment, 'kind' | 'reason'>)[] {
  const { gatewayApi: state, namespace } = fleet.get(cluster) ?? {};
  const gateways = parentsOf(route, state?.gateways ?? []);
  const namespaceLabels = namespace?.metadata.labels;
  const listeners = gateways.flatMap((gateway) =>
    state === undefined
      ? []
      : listenersFor({ route, gateway, namespaceLabels, state }).flatMap((listener) =>
          listenerDetachments(gateway, listener).map((one) => ({
            ...one,
            of: nameOfListener(gateway, listener),
          })),
        ),
  );
  return [
    ...routeDetachments(route).map((one) => ({ ...one, of: nameOf(route) })),
    ...gateways.flatMap(gatewayDetachments).map((one) => ({ ...one, of: undefined })),
    ...listeners,
  ].map(({ text, condition, of: object, ...rest }) => ({
    ...rest,
    title: { kind: 'conditionTitle', condition, object, cluster },
    detail: { kind: 'sentence', phrase: text },
  }));
}

/** A rule all of whose backends have weight 0: the gateway answers 500. */
export function unweightedRules(
  { cluster, choice, record }: RouteState,
  route: HTTPRoute,
): readonly RouteDefect[] {
  return managedRules(route, choice)
    .filter(({ backendRefs = [] }) => backendRefs.length > 0 && sumOfBackends(backendRefs) === 0)
    .map((rule) => ({
      title: { kind: 'unweightedTitle', rule: rulePart(route, rule), cluster },
      // A rollout does not overwrite what someone else has set since the last step.
      detail: {
        kind: 'unweighted',
        object: nameOf(route),
        operation: record?.weights === undefined ? 'rollout' : 'rollback',
      },
    }));
}
