import { keyOf } from '../kubernetes/objects.ts';
import type { Labels } from '../kubernetes/objects.ts';
import { selectorPicks } from './label-selector.ts';
import { GATEWAY_API_GROUP } from './objects.ts';
import { inEnglish } from '../texts/texts.ts';
import { hostsOverlap } from './hostnames.ts';
import { gatewayParents, listenerDetachments, parentKey } from './parents.ts';
import type { GatewayListener, HTTPRoute, KubeGateway, ParentRef } from './objects.ts';
import { describeGrant, isReferenceGranted } from './reference-grants.ts';
import type { GatewayApiState } from './state.ts';

/** The label that every namespace has with its own name. */
const NAME_OF_NAMESPACE = 'kubernetes.io/metadata.name';

/** What decides whether a listener takes a route. */
export interface Attaching {
  readonly route: HTTPRoute;
  readonly gateway: KubeGateway;
  /** Of the route's namespace; undefined: not known. */
  readonly namespaceLabels: Labels | undefined;
  readonly state: Pick<GatewayApiState, 'referenceGrants' | 'unlisted' | 'unread'>;
}

/** The listeners that a parentRef means: all of the Gateway, or those of its `sectionName` and `port`. */
export function listenersOf({ spec }: KubeGateway, parent: ParentRef): readonly GatewayListener[] {
  return (spec.listeners ?? []).filter(
    ({ name, port }) => (parent.sectionName ?? name) === name && (parent.port ?? port) === port,
  );
}

/**
 * Why a listener takes no request for a route, as a clause with the field and the remedy; undefined where it may take some. Hostnames are
 * another matter.
 */
export function listenerObstacle(listener: GatewayListener, attaching: Attaching): string | undefined {
  const { gateway, state } = attaching;
  return (
    attachmentObstacle(listener, attaching) ??
    certificateObstacle(listener, gateway, state) ??
    listenerDetachments(gateway, listener).map(({ text }) => inEnglish(text))[0]
  );
}

/**
 * The listeners by which users of a route's hosts reach it, whether they work or not.
 *
 * @returns those of the parentRefs that take its kind, namespace and hostnames
 */
export function listenersFor(attaching: Attaching): readonly GatewayListener[] {
  const { route, gateway } = attaching;
  const meant = gatewayParents(route)
    .filter((parent) => parentKey(route, parent) === keyOf(gateway.metadata))
    .flatMap((parent) => listenersOf(gateway, parent));
  return [...new Set(meant)].filter(
    (listener) =>
      attachmentObstacle(listener, attaching) === undefined &&
      hostsOverlap(route.spec.hostnames ?? [], listener.hostname === undefined ? [] : [listener.hostname]),
  );
}

/**
 * Why a listener does not let a route attach.
 * Source: https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes
 */
function attachmentObstacle(
  listener: GatewayListener,
  { route, gateway, namespaceLabels }: Attaching,
): string | undefined {
  const { name, protocol, tls, allowedRoutes } = listener;
  const field = `listener ${name}`;
  if (protocol !== 'HTTP' && protocol !== 'HTTPS')
    return `${field} has protocol ${protocol}, and an HTTPRoute needs HTTP or HTTPS`;
  if (protocol === 'HTTPS' && tls?.mode === 'Passthrough')
    return `${field} passes TLS through (tls.mode), so no HTTPRoute sees its requests: set it to Terminate`;
  const kinds = allowedRoutes?.kinds ?? [];
  const isAllowed = kinds.some(
    ({ group = GATEWAY_API_GROUP, kind }) => group === GATEWAY_API_GROUP && kind === 'HTTPRoute',
  );
  if (kinds.length > 0 && !isAllowed)
    return `${field} takes only ${kinds.map(({ kind }) => kind).join(', ')} (allowedRoutes.kinds): add HTTPRoute`;
  return namespaceObstacle(listener, route, gateway, namespaceLabels);
}

function namespaceObstacle(
  { name, allowedRoutes }: GatewayListener,
  route: HTTPRoute,
  gateway: KubeGateway,
  labels: Labels | undefined,
): string | undefined {
  const { from = 'Same', selector = {} } = allowedRoutes?.namespaces ?? {};
  const namespace = route.metadata.namespace ?? '';
  const field = `listener ${name}: allowedRoutes.namespaces`;
  switch (from) {
    case 'All':
      return undefined;
    case 'Selector':
      // Where the labels are not known, the status of the route will tell.
      return labels === undefined || selectorPicks(selector, { [NAME_OF_NAMESPACE]: namespace, ...labels })
        ? undefined
        : `${field}.selector does not pick namespace ${namespace}: label the namespace accordingly, or extend the selector`;
    case 'Same':
      return gateway.metadata.namespace === namespace
        ? undefined
        : `${field}.from is Same, so it takes no route of namespace ${namespace}: set it to All, or to Selector with labels of ${namespace}`;
    default:
      return `${field}.from is ${from}, so it takes no route: set it to All`;
  }
}

/** A certificate of another namespace without a ReferenceGrant: the listener is not programmed. */
function certificateObstacle(
  { name, tls }: GatewayListener,
  { metadata }: KubeGateway,
  { referenceGrants, unlisted, unread }: Attaching['state'],
): string | undefined {
  // What may not be listed may be there.
  if (unlisted.includes('ReferenceGrant') || unread.includes('ReferenceGrant')) return undefined;
  const own = metadata.namespace ?? '';
  for (const { group = '', kind = 'Secret', namespace = own, name: secret } of tls?.certificateRefs ?? []) {
    if (group !== '' || kind !== 'Secret') continue;
    const reference = {
      from: { kind: 'Gateway', namespace: own },
      to: { kind, namespace, name: secret },
    } as const;
    if (!isReferenceGranted(referenceGrants, reference))
      return `listener ${name} may not use its certificate ${namespace}/${secret} (tls.certificateRefs): create ${describeGrant(reference)}`;
  }
  return undefined;
}
