import { keyOf, nameOf } from '../kubernetes/objects.ts';
import type { ConditionPlace } from '../texts/catalogue/findings.ts';
import type { Message } from '../texts/message.ts';
import { GATEWAY_API_GROUP } from './objects.ts';
import type { GatewayListener, HTTPRoute, KubeGateway, ParentRef, StatusCondition } from './objects.ts';

/** The Gateways that a route is attached to, as it refers to them. */
export function gatewayParents({ spec }: Pick<HTTPRoute, 'spec'>): readonly ParentRef[] {
  return (spec.parentRefs ?? []).filter(
    ({ group = GATEWAY_API_GROUP, kind = 'Gateway' }) => group === GATEWAY_API_GROUP && kind === 'Gateway',
  );
}

/** `namespace/name` of a parent; that of the route where it does not name one. */
export function parentKey(route: HTTPRoute, { namespace, name }: ParentRef): string {
  return `${namespace ?? route.metadata.namespace ?? ''}/${name}`;
}

/** Those of some Gateways that a route is attached to. */
export function parentsOf(route: HTTPRoute, gateways: readonly KubeGateway[]): readonly KubeGateway[] {
  const keys = new Set(gatewayParents(route).map((parent) => parentKey(route, parent)));
  return gateways.filter(({ metadata }) => keys.has(keyOf(metadata)));
}

/** Something that keeps a route from being in force at a parent. */
export interface Detachment {
  /** The condition, its reason and its message. */
  readonly text: Message;
  /**
   * `refused`: the controller says so of the object as it is. `outdated`: it has not looked at the object since its last change.
   * `unreported`: no controller has said anything, as of a route whose Gateway does not exist.
   */
  readonly kind: 'refused' | 'outdated' | 'unreported';
  readonly condition: 'Accepted' | 'ResolvedRefs' | 'Programmed';
  /** The controller's reason, where it has reported one. */
  readonly reason?: string;
}

/** What keeps an HTTPRoute from being in force at each of its parents, at the generation that it has now. */
export function routeDetachments(route: HTTPRoute): readonly Detachment[] {
  const parents = route.spec.parentRefs ?? [];
  return parents.flatMap((parent) => {
    const name = `${parent.kind ?? 'Gateway'} ${parentKey(route, parent)}`;
    const at = { object: nameOf(route), parent: { name, listener: parent.sectionName } };
    const conditions = conditionsAt(route, parent);
    return (['Accepted', 'ResolvedRefs'] as const).flatMap((type) =>
      lacking(at, type, conditions, route.metadata.generation),
    );
  });
}

/** Whether a parent has refused a route as it is now, so that none of its rules apply there. */
export function isRefusedBy(route: HTTPRoute, parent: ParentRef): boolean {
  const accepted = conditionsAt(route, parent).filter(({ type }) => type === 'Accepted');
  return currentOf(accepted, route.metadata.generation).some(({ status }) => status === 'False');
}

function conditionsAt(route: HTTPRoute, parent: ParentRef): readonly StatusCondition[] {
  const told = (route.status?.parents ?? []).filter((one) => isSameParent(route, one.parentRef, parent));
  return told.flatMap((one) => one.conditions ?? []);
}

/** Those that the controller has reported since the object's last change. */
function currentOf(
  conditions: readonly StatusCondition[],
  generation: number | undefined,
): readonly StatusCondition[] {
  return conditions.filter(
    ({ observedGeneration }) =>
      generation === undefined || observedGeneration === undefined || observedGeneration >= generation,
  );
}

/** What keeps a Gateway from sending requests on. */
export function gatewayDetachments(gateway: KubeGateway): readonly Detachment[] {
  const conditions = gateway.status?.conditions ?? [];
  return lacking(
    { object: nameOf(gateway), parent: undefined },
    'Programmed',
    conditions,
    gateway.metadata.generation,
  );
}

/** `listener https of Gateway edge/public` */
export function nameOfListener(gateway: KubeGateway, { name }: Pick<GatewayListener, 'name'>): string {
  return `listener ${name} of ${nameOf(gateway)}`;
}

/** What keeps a listener of a Gateway from taking requests, by what its controller says: the cause alone, such as its certificate. */
export function listenerDetachments(
  gateway: KubeGateway,
  { name }: Pick<GatewayListener, 'name'>,
): readonly Detachment[] {
  const { conditions = [] } = gateway.status?.listeners?.find((one) => one.name === name) ?? {};
  const at = { object: nameOfListener(gateway, { name }), parent: undefined };
  // Istio reports a certificate that it may not read as all three; the reason of the references says most.
  return (['ResolvedRefs', 'Accepted', 'Programmed'] as const)
    .flatMap((type) => lacking(at, type, conditions, gateway.metadata.generation))
    .filter(({ kind }) => kind === 'refused')
    .slice(0, 1);
}

function isSameParent(route: HTTPRoute, a: ParentRef, b: ParentRef): boolean {
  return (
    (a.kind ?? 'Gateway') === (b.kind ?? 'Gateway') &&
    parentKey(route, a) === parentKey(route, b) &&
    a.sectionName === b.sectionName &&
    a.port === b.port
  );
}

function lacking(
  at: ConditionPlace,
  type: Detachment['condition'],
  conditions: readonly StatusCondition[],
  generation: number | undefined,
): readonly Detachment[] {
  const found = conditions.filter((one) => one.type === type);
  const current = currentOf(found, generation);
  const bad = current.find(({ status }) => status !== 'True');
  if (bad !== undefined) {
    const { reason, message } = bad;
    const kind = bad.status === 'Unknown' ? 'outdated' : 'refused';
    const text: Message = { kind: 'conditionFalse', at, condition: type, reason, message };
    return [{ kind, condition: type, reason: reason ?? 'no reason', text }];
  }
  if (current.length > 0) return [];
  if (found.length === 0)
    return [
      { kind: 'unreported', condition: type, text: { kind: 'conditionUnreported', at, condition: type } },
    ];
  const text: Message = { kind: 'conditionOutdated', at, condition: type, generation };
  return [{ kind: 'outdated', condition: type, text }];
}
