import { timestamp, type KubeObject } from '../api/objects.ts';
import { withCondition } from '../controllers/conditions.ts';
import { serviceOf } from '../hosts.ts';
import { numberAt, objectAt, objectsAt, same, textAt, type JsonObject } from '../json.ts';
import { backendProblem } from './backends.ts';
import { listenersOf, servicesOf, type ApiListener } from './listeners.ts';
import { bindingsOf, type Binding } from './parents.ts';
import { CONTROLLER, named, ownGateways, type GatewayApiState, type Problem } from './state.ts';

/** What istiod reports about an object: its new status. */
export interface Report {
  readonly object: KubeObject;
  readonly status: JsonObject;
}

interface Outcome {
  readonly reason: string;
  readonly message: string;
  readonly problem?: Problem | undefined;
  /** The status without a problem. */
  readonly usual?: 'True' | 'False';
}

/** The statuses of all Gateways and HTTPRoutes of a control plane, and of its class. */
export function reports(state: GatewayApiState): Report[] {
  const gateways = ownGateways(state);
  const listeners = gateways.flatMap((gateway) => listenersOf(gateway, state));
  const bindings = state.httpRoutes.map((route) => ({ route, bound: bindingsOf(route, listeners) }));
  const attached = bindings.flatMap(({ bound }) => bound.filter(({ denied }) => denied === undefined));
  return [
    ...state.gatewayClasses
      .filter((each) => textAt(each, 'spec', 'controllerName') === CONTROLLER)
      .map((object) => ({ object, status: classStatus(object) })),
    ...gateways.map((object) => ({
      object,
      status: gatewayStatus(
        object,
        listeners.filter(({ gateway }) => gateway === object),
        attached,
        state,
      ),
    })),
    ...bindings.map(({ route, bound }) => ({ object: route, status: routeStatus(route, bound, state) })),
  ];
}

function classStatus(object: KubeObject): JsonObject {
  const accepted = { reason: 'Accepted', message: 'Handled by Istio controller' };
  return {
    ...objectAt(object, 'status'),
    conditions: conditions(object, objectsAt(object, 'status', 'conditions'), { Accepted: accepted }),
  };
}

function gatewayStatus(
  gateway: KubeObject,
  listeners: readonly ApiListener[],
  attached: readonly Binding[],
  state: GatewayApiState,
): JsonObject {
  const valid = listeners.filter(({ certificateProblem }) => certificateProblem === undefined);
  const { assigned, addresses, problem } = placesOf(gateway, listeners, state);
  const before = objectsAt(gateway, 'status', 'listeners');
  return {
    ...objectAt(gateway, 'status'),
    ...(addresses.length === 0 ? {} : { addresses }),
    listeners: listeners.map((listener) =>
      listenerStatus(
        listener,
        attached.filter((binding) => binding.listener === listener).length,
        before.find(({ name }) => name === listener.name),
      ),
    ),
    conditions: conditions(gateway, objectsAt(gateway, 'status', 'conditions'), {
      Accepted:
        valid.length === 0
          ? {
              reason: 'Accepted',
              message: '',
              problem: {
                reason: 'ListenersNotValid',
                message: "None of the Gateway's listeners are valid",
              },
            }
          : valid.length < listeners.length
            ? {
                reason: 'ListenersNotValid',
                message: "One or more of the Gateway's listeners are invalid",
              }
            : { reason: 'Accepted', message: 'Resource accepted' },
      Programmed: {
        reason: 'Programmed',
        message: `Resource programmed, assigned to service(s) ${assigned.join(' and ')}`,
        problem,
      },
      ResolvedRefs: { reason: 'ResolvedRefs', message: 'All references resolved' },
    }),
  };
}

interface Places {
  /** `HOST:PORT` of the Services. */
  readonly assigned: readonly string[];
  readonly addresses: JsonObject[];
  readonly problem: Problem | undefined;
}

/** Where a Gateway is served: the Services that it names, by the ports that its listeners name. */
function placesOf(
  gateway: KubeObject,
  listeners: readonly ApiListener[],
  { services }: GatewayApiState,
): Places {
  const own = gateway.metadata.namespace;
  const ports = [...new Set(listeners.map(({ port }) => port))];
  const found = servicesOf(gateway).map((host) => {
    const place = serviceOf(host);
    const service =
      place?.namespace === own && place !== undefined
        ? named(services, place.namespace, place.name)
        : undefined;
    if (service === undefined)
      return { assigned: [], external: [], warnings: [`hostname "${host}" not found`] };
    const known = objectsAt(service, 'spec', 'ports').flatMap((port) => numberAt(port, 'port') ?? []);
    const served = ports.filter((port) => known.includes(port));
    const external = objectsAt(service, 'status', 'loadBalancer', 'ingress').flatMap(
      (each) => textAt(each, 'ip') ?? textAt(each, 'hostname') ?? [],
    );
    return {
      assigned: served.map((port) => `${host}:${String(port)}`),
      external: served.length === 0 ? [] : external,
      warnings: ports
        .filter((port) => !known.includes(port))
        .map((port) => `port ${String(port)} not found for hostname "${host}"`),
    };
  });
  const assigned = found.flatMap((each) => each.assigned);
  const warnings = found.flatMap((each) => each.warnings).sort();
  const hosts = found.flatMap(({ external }) => external);
  const internal = assigned.map((each) => each.replace(/:\d+$/, ''));
  return {
    assigned,
    addresses: [...new Set(hosts.length > 0 ? hosts : internal)].map((value) => ({
      type: /^[\d.]+$|:/.test(value) ? 'IPAddress' : 'Hostname',
      value,
    })),
    problem: placeProblem(assigned, warnings),
  };
}

function placeProblem(assigned: readonly string[], warnings: readonly string[]): Problem | undefined {
  if (warnings.length === 0 && assigned.length > 0) return undefined;
  const why = warnings.join('; ');
  const message =
    assigned.length > 0
      ? `Assigned to service(s) ${assigned.join(' and ')}, but failed to assign to all requested addresses: ${why}`
      : `Failed to assign to any requested addresses${why === '' ? '' : `: ${why}`}`;
  return { reason: warnings.length === 0 ? 'UnsupportedAddress' : 'AddressNotUsable', message };
}

function listenerStatus(
  listener: ApiListener,
  attachedRoutes: number,
  before: JsonObject | undefined,
): JsonObject {
  const { gateway, name, kinds, certificateProblem } = listener;
  const fine = { message: 'No errors found' };
  const forbidden =
    certificateProblem?.reason === 'RefNotPermitted'
      ? { ...certificateProblem, reason: 'NoValidCACertificate' }
      : undefined;
  const invalid = certificateProblem && { reason: 'Invalid', message: 'Bad TLS configuration' };
  return {
    name,
    attachedRoutes,
    supportedKinds: kinds.map((kind) => ({ group: 'gateway.networking.k8s.io', kind })),
    conditions: conditions(gateway, objectsAt(before, 'conditions'), {
      Accepted: { ...fine, reason: 'Accepted', problem: forbidden },
      Conflicted: { ...fine, reason: 'NoConflicts', usual: 'False' },
      Programmed: { ...fine, reason: 'Programmed', problem: invalid },
      ResolvedRefs: { ...fine, reason: 'ResolvedRefs', problem: certificateProblem },
    }),
  };
}

/** The worst first: that of one listener is reported for the whole reference. */
const SEVERITY = ['NotAllowedByListeners', 'NoMatchingListenerHostname', 'NoMatchingParent'];

function routeStatus(route: KubeObject, bound: readonly Binding[], state: GatewayApiState): JsonObject {
  const before = objectsAt(route, 'status', 'parents');
  const references = [...new Set(bound.map(({ reference }) => reference))];
  const problem = backendProblem(route, state);
  const own = references.map((reference) => {
    const all = bound.filter((binding) => binding.reference === reference);
    const accepted = all.filter(({ denied }) => denied === undefined).length;
    const [worst] = all
      .flatMap(({ denied }) => denied ?? [])
      .sort((left, right) => SEVERITY.indexOf(left.reason) - SEVERITY.indexOf(right.reason));
    const known = before.find(
      (each) => same(each['parentRef'], reference) && each['controllerName'] === CONTROLLER,
    );
    return {
      parentRef: reference,
      controllerName: CONTROLLER,
      conditions: conditions(route, objectsAt(known, 'conditions'), {
        Accepted: {
          reason: 'Accepted',
          message: accepted > 1 ? `Route was valid, bound to ${String(accepted)} parents` : 'Route was valid',
          // One listener that takes it is enough.
          problem: accepted > 0 ? undefined : worst,
        },
        ResolvedRefs: { reason: 'ResolvedRefs', message: 'All references resolved', problem },
      }),
    };
  });
  return { parents: [...before.filter((each) => each['controllerName'] !== CONTROLLER), ...own] };
}

function conditions(
  { metadata }: KubeObject,
  before: readonly JsonObject[],
  outcomes: Readonly<Record<string, Outcome>>,
): JsonObject[] {
  let made = [...before];
  for (const [type, { problem, usual = 'True', ...fine }] of Object.entries(outcomes)) {
    const status = problem === undefined ? usual : usual === 'True' ? 'False' : 'True';
    const { reason, message } = problem ?? fine;
    made = withCondition(made, type, { status, reason, message, observedGeneration: metadata.generation });
  }
  return made.map((condition) => ({ lastTransitionTime: timestamp(), ...condition }));
}
