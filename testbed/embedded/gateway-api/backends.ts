import type { KubeObject } from '../api/objects.ts';
import { fullHost } from '../hosts.ts';
import { numberAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import { isGranted, named, type GatewayApiState, type Problem } from './state.ts';

/** Where a backend of a route leads; a problem may leave it a destination, as a Service can exist in another cluster alone. */
export interface Backend {
  /** As `destination` of a VirtualService. */
  readonly destination: JsonObject;
  readonly problem: Problem | undefined;
}

export function backendOf(reference: JsonObject, route: KubeObject, state: GatewayApiState): Backend {
  const own = route.metadata.namespace ?? '';
  const namespace = textAt(reference, 'namespace') ?? own;
  const name = textAt(reference, 'name') ?? '';
  const { kind, group } = reference;
  if (kind !== 'Service' || group !== '') {
    const message = `referencing unsupported backendRef: group ${JSON.stringify(group)} kind ${JSON.stringify(kind)}`;
    return { destination: {}, problem: { reason: 'InvalidKind', message } };
  }
  const crossing = { from: { kind: 'HTTPRoute', namespace: own }, to: { kind: 'Service', namespace, name } };
  if (!isGranted(state, crossing)) {
    const message = `backendRef ${name}/${namespace} not accessible to a HTTPRoute in namespace "${own}" (missing a ReferenceGrant?)`;
    return { destination: {}, problem: { reason: 'RefNotPermitted', message } };
  }
  const host = fullHost(name, namespace);
  return {
    destination: { host, port: { number: numberAt(reference, 'port') } },
    problem:
      named(state.services, namespace, name) === undefined
        ? { reason: 'BackendNotFound', message: `backend(${host}) not found` }
        : undefined,
  };
}

/** What a rule's backends get requests: those whose weight is not 0. */
export function weightedBackends(rule: JsonObject): JsonObject[] {
  return objectsAt(rule, 'backendRefs').filter((each) => (numberAt(each, 'weight') ?? 1) > 0);
}

/** The last problem of any rule's backends, which is the one that istiod reports. */
export function backendProblem(route: KubeObject, state: GatewayApiState): Problem | undefined {
  return objectsAt(route, 'spec', 'rules')
    .flatMap(weightedBackends)
    .map((reference) => backendOf(reference, route, state).problem)
    .findLast((problem) => problem !== undefined);
}
