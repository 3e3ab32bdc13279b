import type { KubeGateway } from './objects.ts';

/** What a controller writes onto everything that it makes for a Gateway. */
export const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';
const NAME_OVERRIDE = 'gateway.istio.io/name-override';

interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
}

/** Which Services lead to the pods of a Gateway, as far as it says itself. */
interface GatewayServices {
  /** `named`: the Gateway says which it uses. `automated`: Istio makes one for it, usually of this name. */
  readonly from: 'named' | 'automated';
  readonly services: readonly ServiceReference[];
  /** Hostnames in its addresses that name no Service. */
  readonly others: readonly string[];
}

/**
 * The Services of a Gateway: those that its addresses name, or the one that Istio makes for it.
 * Source: https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#deployment-methods
 */
export function servicesOfGateway({ metadata, spec }: KubeGateway): GatewayServices {
  const own = metadata.namespace ?? '';
  const hostnames = (spec.addresses ?? []).flatMap(({ type, value }) =>
    type === 'Hostname' && value !== undefined ? [value] : [],
  );
  if (hostnames.length === 0) {
    const name =
      metadata.annotations?.[NAME_OVERRIDE] ?? `${metadata.name}-${spec.gatewayClassName ?? 'istio'}`;
    return { from: 'automated', services: [{ namespace: own, name }], others: [] };
  }
  const named = hostnames.map((hostname) => ({ hostname, service: serviceIn(hostname, own) }));
  return {
    from: 'named',
    services: named.flatMap(({ service }) => service ?? []),
    others: named.flatMap(({ hostname, service }) => (service === undefined ? [hostname] : [])),
  };
}

/** `name`, `name.namespace.svc` or `name.namespace.svc.DOMAIN`; Istio completes a name without dots by the Gateway's namespace. */
function serviceIn(hostname: string, own: string): ServiceReference | undefined {
  const [name = '', namespace, svc] = hostname.split('.');
  if (namespace === undefined) return { namespace: own, name };
  return svc === 'svc' ? { namespace, name } : undefined;
}

/** Whether an address means something only inside its cluster, as far as it shows. */
export function isInsideCluster(address: string): boolean {
  return /\.svc(\.|$)/.test(address);
}
