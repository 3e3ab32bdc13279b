import { GATEWAY, VIRTUAL_SERVICE, groupVersion } from '../api/kinds.ts';
import type { KubeObject } from '../api/objects.ts';
import { fullHost, serviceOf } from '../hosts.ts';
import { internalName, listenersOf, servicesOf, type ApiListener } from './listeners.ts';
import { bindingsOf, hostnamesOf } from './parents.ts';
import { bySpecificity, httpRules } from './route-rules.ts';
import { ownGateways, type GatewayApiState } from './state.ts';

/** Marks a VirtualService that stands for HTTPRoutes. */
const SEMANTICS = { 'internal.istio.io/route-semantics': 'gateway' };

/** Whether the routes of a VirtualService follow the rules of the Gateway API. */
export function hasGatewaySemantics({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['internal.istio.io/route-semantics'] === 'gateway';
}

interface Site {
  readonly namespace: string;
  readonly service: string;
}

interface IstioObjects {
  readonly gateways: readonly KubeObject[];
  readonly virtualServices: readonly KubeObject[];
}

/**
 * What istiod makes of the Gateway API for one gateway: a Gateway for each listener, and a VirtualService for each listener and
 * hostname with the rules of all its routes.
 */
export function istioObjects(state: GatewayApiState, site: Site): IstioObjects {
  if (state.apiGateways.length === 0) return { gateways: [], virtualServices: [] };
  const host = fullHost(site.service, site.namespace);
  const listeners = ownGateways(state)
    // A Gateway takes only Services of its own namespace.
    .filter(
      (gateway) =>
        servicesOf(gateway).includes(host) && serviceOf(host)?.namespace === gateway.metadata.namespace,
    )
    .flatMap((gateway) => listenersOf(gateway, state))
    .filter(
      ({ protocol, certificateProblem }) => PROTOCOLS.has(protocol) && certificateProblem === undefined,
    );
  return {
    gateways: listeners.map(gatewayOf),
    virtualServices: virtualServices(state, listeners),
  };
}

const PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTPS']);

function gatewayOf(listener: ApiListener): KubeObject {
  const { gateway, port, protocol, hosts, credential } = listener;
  const [namespace = '', name = ''] = internalName(listener).split('/');
  return {
    apiVersion: groupVersion(GATEWAY),
    kind: GATEWAY.kind,
    metadata: { ...gateway.metadata, namespace, name },
    spec: {
      servers: [
        {
          port: { name: 'default', number: port, protocol },
          hosts: [...hosts],
          ...(credential === undefined
            ? {}
            : { tls: { mode: 'SIMPLE', credentialName: `kubernetes-gateway://${credential}` } }),
        },
      ],
    },
  };
}

/** A route's rules at one listener, for one of its hostnames. */
interface Share {
  readonly key: string;
  readonly gateway: string;
  readonly host: string;
  readonly route: KubeObject;
}

function virtualServices(state: GatewayApiState, listeners: readonly ApiListener[]): KubeObject[] {
  const shares = state.httpRoutes.flatMap((route) =>
    bindingsOf(route, listeners)
      .filter(({ denied }) => denied === undefined)
      .flatMap(({ listener }) =>
        hostnamesOf(route).map((host): Share => {
          const gateway = internalName(listener);
          return { key: `${gateway}/${host}`, gateway, host, route };
        }),
      ),
  );
  return [...Map.groupBy(shares, ({ key }) => key)].flatMap(([key, same]) => {
    const sorted = same.toSorted((left, right) => byCreation(left.route, right.route));
    const [first] = sorted;
    if (first === undefined) return [];
    const routes = [...new Set(sorted.map(({ route }) => route))];
    const http = routes.flatMap((route) => httpRules(route, state)).sort(bySpecificity);
    const { route, gateway, host } = first;
    return [
      {
        apiVersion: groupVersion(VIRTUAL_SERVICE),
        kind: VIRTUAL_SERVICE.kind,
        metadata: { ...route.metadata, name: key.replaceAll('/', '~'), annotations: SEMANTICS },
        spec: { hosts: [host], gateways: [gateway], http },
      },
    ];
  });
}

/** The oldest first; those of the same second by namespace and name, unlike Istio's own kinds. */
function byCreation({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  const keys = ({ creationTimestamp, namespace = '', name }: KubeObject['metadata']): string =>
    [creationTimestamp, namespace, name].join('\0');
  return keys(left) < keys(right) ? -1 : 1;
}
