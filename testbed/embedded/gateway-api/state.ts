import { GATEWAY_API } from '../api/kinds.ts';
import type { KubeObject } from '../api/objects.ts';
import { objectsAt, textAt, type JsonObject } from '../json.ts';

/** What a control plane reads of the Gateway API in its cluster, and what that refers to. */
export interface GatewayApiState {
  readonly gatewayClasses: readonly KubeObject[];
  readonly apiGateways: readonly KubeObject[];
  readonly httpRoutes: readonly KubeObject[];
  readonly referenceGrants: readonly KubeObject[];
  readonly namespaces: readonly KubeObject[];
  readonly secrets: readonly KubeObject[];
  readonly services: readonly KubeObject[];
}

/** Why something is not as its object asks: the reason and the message of a condition. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** The controller of ingress gateways in istiod, as classes and statuses name it. */
export const CONTROLLER = 'istio.io/gateway-controller';

/** The Gateways that istiod serves: those of its class. */
export function ownGateways({ apiGateways, gatewayClasses }: GatewayApiState): KubeObject[] {
  const own = new Set(
    gatewayClasses
      .filter((one) => textAt(one, 'spec', 'controllerName') === CONTROLLER)
      .map(({ metadata }) => metadata.name),
  );
  return apiGateways.filter((gateway) => own.has(textAt(gateway, 'spec', 'gatewayClassName') ?? ''));
}

export function named(
  objects: readonly KubeObject[],
  namespace: string,
  name: string,
): KubeObject | undefined {
  return objects.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
}

/** A reference from an object of one namespace to one of another. */
export interface Crossing {
  readonly from: { readonly kind: string; readonly namespace: string };
  readonly to: { readonly kind: string; readonly namespace: string; readonly name: string };
}

/** Whether a ReferenceGrant in the namespace referred to allows it; within a namespace everything is allowed. */
export function isGranted({ referenceGrants }: GatewayApiState, { from, to }: Crossing): boolean {
  if (from.namespace === to.namespace) return true;
  return referenceGrants
    .filter(({ metadata }) => metadata.namespace === to.namespace)
    .some(
      (grant) =>
        objectsAt(grant, 'spec', 'from').some((each) => allowsFrom(each, from)) &&
        objectsAt(grant, 'spec', 'to').some((each) => allowsTo(each, to)),
    );
}

function allowsFrom({ group, kind, namespace }: JsonObject, from: Crossing['from']): boolean {
  return group === GATEWAY_API && kind === from.kind && namespace === from.namespace;
}

function allowsTo({ group, kind, name }: JsonObject, to: Crossing['to']): boolean {
  return group === '' && kind === to.kind && (name === undefined || name === '' || name === to.name);
}
