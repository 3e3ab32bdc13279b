import { keyOf } from '../kubernetes/objects.ts';
import type { GatewayListener, KubeGateway } from '../gateway-api/objects.ts';
import type { GatewayApiState, GatewayPods } from '../gateway-api/state.ts';
import { gatewayNamesOf } from '../istio/visibility.ts';
import type { TrafficState } from '../istio/traffic-state.ts';
import type { Gateway, GatewayServer, VirtualService } from '../kubernetes/objects.ts';

/** A listener of the Gateway API. */
interface Way {
  readonly gateway: KubeGateway;
  readonly listener: GatewayListener;
}

/**
 * Whether the same pods serve a Gateway of Istio's API and a listener of the Gateway API at one port, so that Istio merges the two;
 * undefined where the pods could not be read.
 * Source: `mergeGateways` of Istio 1.31.
 */
export function isMerged(
  gateway: Gateway,
  way: Way,
  state: Pick<GatewayApiState, 'gatewayPods'>,
): boolean | undefined {
  if (serversAt(gateway, way, state).length === 0) return false;
  // Without a selector, a Gateway is for every proxy.
  const wanted = Object.entries(gateway.spec.selector ?? {});
  return podsOf(way, state)?.labels.some((labels) => wanted.every(([key, value]) => labels[key] === value));
}

/**
 * The servers of a Gateway of Istio's API at the port of the pods that a listener leads to; all where that is not known.
 * Source: `resolvePorts` of Istio 1.31.
 */
function serversAt(
  { spec }: Gateway,
  way: Way,
  state: Pick<GatewayApiState, 'gatewayPods'>,
): readonly GatewayServer[] {
  const { servers = [] } = spec;
  const targets = podsOf(way, state)?.targets;
  if (targets === undefined) return servers;
  const targetOf = (port: number): number => targets.get(port) ?? port;
  return servers.filter(({ port }) => targetOf(port.number) === targetOf(way.listener.port));
}

/** The same, in plain HTTP alone: those that serve TLS are merged by their certificates. */
export function plainServersAt(
  gateway: Gateway,
  way: Way,
  state: Pick<GatewayApiState, 'gatewayPods'>,
): readonly GatewayServer[] {
  return serversAt(gateway, way, state).filter(({ tls }) => tls === undefined);
}

/** Whether a listener is one of plain HTTP. */
export function isMergeable({ protocol }: GatewayListener): boolean {
  return protocol === 'HTTP';
}

function podsOf(
  { gateway: { metadata } }: Way,
  { gatewayPods }: Pick<GatewayApiState, 'gatewayPods'>,
): GatewayPods | undefined {
  return gatewayPods?.get(keyOf(metadata));
}

/** The Gateways of Istio's API that a VirtualService is bound to; undefined in place of one that could not be read. */
export function boundGatewaysOf(
  vs: VirtualService,
  { gateways, everywhere }: Pick<TrafficState, 'gateways' | 'everywhere'>,
): readonly (Gateway | undefined)[] {
  const known = [...gateways, ...(everywhere.gateways ?? [])];
  return gatewayNamesOf(vs).flatMap((key) => {
    const found = known.find(({ metadata }) => keyOf(metadata) === key);
    // One that does not exist lets nobody in.
    return found === undefined && everywhere.gateways !== undefined ? [] : [found];
  });
}

/** Whether a VirtualService may get requests that come through one of some listeners. */
export function sharesListener(
  vs: VirtualService,
  ways: readonly Way[],
  traffic: Pick<TrafficState, 'gateways' | 'everywhere'>,
  state: Pick<GatewayApiState, 'gatewayPods'>,
): boolean {
  return boundGatewaysOf(vs, traffic).some(
    (gateway) => gateway === undefined || ways.some((way) => isMerged(gateway, way, state) !== false),
  );
}
