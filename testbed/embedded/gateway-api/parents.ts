import { GATEWAY_API } from '../api/kinds.ts';
import type { KubeObject } from '../api/objects.ts';
import { covers } from '../hosts.ts';
import { arrayAt, numberAt, objectsAt, textAt, type JsonObject } from '../json.ts';
import type { ApiListener } from './listeners.ts';
import type { Problem } from './state.ts';

/** A reference of a route to a Gateway, together with one listener of that Gateway. */
export interface Binding {
  readonly reference: JsonObject;
  readonly listener: ApiListener;
  /** Why the route is not bound to the listener. */
  readonly denied: Problem | undefined;
}

/** A route's references to Gateways that exist, by listener. A reference to a missing Gateway has none, and gets no status either. */
export function bindingsOf(route: KubeObject, listeners: readonly ApiListener[]): Binding[] {
  const { namespace = '' } = route.metadata;
  return objectsAt(route, 'spec', 'parentRefs')
    .filter(({ kind, group }) => kind === 'Gateway' && group === GATEWAY_API)
    .flatMap((reference) =>
      listeners
        .filter(
          ({ gateway: { metadata } }) =>
            metadata.name === reference['name'] &&
            metadata.namespace === (textAt(reference, 'namespace') ?? namespace),
        )
        .map((listener) => ({ reference, listener, denied: denialOf(route, reference, listener) })),
    );
}

export function hostnamesOf(route: KubeObject): string[] {
  const given = arrayAt(route, 'spec', 'hostnames').filter((host) => typeof host === 'string');
  return given.length === 0 ? ['*'] : given;
}

function denialOf(route: KubeObject, reference: JsonObject, listener: ApiListener): Problem | undefined {
  const port = numberAt(reference, 'port');
  if (port !== undefined && port !== listener.port)
    return { reason: 'NoMatchingParent', message: `port ${String(port)} not found` };
  const section = textAt(reference, 'sectionName');
  if (section !== undefined && section !== listener.name)
    return { reason: 'NoMatchingParent', message: `sectionName "${section}" not found` };
  const { namespace = '' } = route.metadata;
  const pairs = listener.hosts.map((pair) => pair.split('/'));
  const matching = pairs.filter(([, host = '']) =>
    hostnamesOf(route).some((own) => covers(host, own) || covers(own, host)),
  );
  if (matching.length === 0) {
    const message = `no hostnames matched parent hostname "${listener.hostname}"`;
    return { reason: 'NoMatchingListenerHostname', message };
  }
  if (!matching.some(([allowed]) => allowed === '*' || allowed === namespace)) {
    const message = `hostnames matched parent hostname "${listener.hostname}", but namespace "${namespace}" is not allowed by the parent`;
    return { reason: 'NotAllowedByListeners', message };
  }
  if (!listener.kinds.includes('HTTPRoute'))
    return {
      reason: 'NotAllowedByListeners',
      message: 'kind gateway.networking.k8s.io/v1/HTTPRoute is not allowed',
    };
  return undefined;
}
