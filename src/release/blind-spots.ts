import { isOpen, routesToOther, routesToService } from './routes-to-service.ts';
import type { ServiceRoute } from './routes-to-service.ts';
import { describeServiceRules, grpcRoutesToService, rulesToService } from './http-rules-to-service.ts';
import { describeMissingServices } from './missing-services.ts';
import { MESH_DEFAULTS } from '../istio/mesh-config.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Pod, Service } from '../kubernetes/objects.ts';
import { samplesNothing } from './release.ts';
import type { Release } from './release.ts';
import { inSentence } from '../istio/routes.ts';
import type { GatewayApiKind } from '../gateway-api/state.ts';
import type { ClusterState, FleetState } from './state.ts';
import type { Unread } from '../istio/traffic-state.ts';
import type { Observation } from './observation.ts';
import { formatWeights } from '../core/weights.ts';
import { selectorOfService } from './service-port.ts';

/**
 * What a claim about users does not cover, a sentence each: what could not be looked at, and what leads to the service outside
 * the weights. Empty where every route that leads to the service was seen and has the weights.
 */
export function blindSpotsIn(observed: Observation): readonly string[] {
  const { release, fleet } = observed;
  return [
    ...unsampledIn(release),
    ...unlistedIn(fleet),
    ...unreadIn(fleet),
    ...unlistedServices(release, fleet),
    ...unlistedNodes(fleet),
    ...unlistedAutoscalers(release, fleet),
    ...unidentified(fleet),
    ...unknownMembership(fleet),
    ...unseenGatewayApi(fleet),
    ...leadingOutside(routesToService(observed), release),
    ...describeServiceRules(rulesToService(observed)),
    ...grpcRoutesToService(observed),
    ...describeMissingServices(observed),
    ...throughOthers(observed),
    ...pastGateways(release, fleet),
  ];
}

function unsampledIn(release: Release): readonly string[] {
  if (!samplesNothing(release)) return [];
  return [
    `No ingress was sampled (input ingress: none for every cluster), ${release.metrics.length === 0 ? 'so the split was not verified' : 'so the split was verified by metrics at most'}.`,
  ];
}

/** Routes to another Service of the namespace that selects pods of the app: its users get what that selects. */
function throughOthers(observed: Observation): readonly string[] {
  const { release, fleet } = observed;
  const names = [...fleet.values()].flatMap((state) =>
    othersIn(state)
      .filter(({ spec }) =>
        servingPods(release, state).some(({ metadata }) => selects(spec?.selector, metadata.labels)),
      )
      .map(({ metadata }) => metadata.name),
  );
  return [...new Set(names)].flatMap((name) => {
    const leads = routesToOther(observed, name).filter(({ what }) => what === 'requests');
    const places = Map.groupBy(leads, subjectOf);
    return [...places].map(
      ([subject, same]) =>
        `${subject} in ${[...new Set(same.map(({ cluster }) => cluster))].join(', ')} sends requests to Service ${name}, which selects pods of ${release.app} as well, outside the weights.`,
    );
  });
}

/** Services by which requests reach pods of the app from outside without any gateway, so that no route splits them. */
function pastGateways(release: Release, fleet: FleetState): readonly string[] {
  const open = [...fleet.values()].flatMap((state) =>
    [...(state.service === undefined ? [] : [state.service]), ...othersIn(state)]
      .filter(({ spec }) => spec?.type === 'LoadBalancer' || spec?.type === 'NodePort')
      .filter(({ spec }) =>
        servingPods(release, state).some(({ metadata }) => selects(spec?.selector, metadata.labels)),
      )
      .map(({ metadata, spec }) => ({
        cluster: state.name,
        text: `${metadata.name} (type ${spec?.type ?? ''})`,
      })),
  );
  return [...Map.groupBy(open, ({ text }) => text)].map(
    ([text, same]) =>
      `Service ${text} in ${same.map(({ cluster }) => cluster).join(', ')} leads to pods of ${release.app} past the gateways, whatever the weights.`,
  );
}

function unlistedServices({ app, namespace }: Release, fleet: FleetState): readonly string[] {
  const clusters = namesWhere(fleet, ({ otherServices }) => otherServices === 'unlisted');
  if (clusters === '') return [];
  return [
    `Services of ${namespace} in ${clusters} could not be listed: another one may lead to pods of ${app}.`,
  ];
}

function unlistedNodes(fleet: FleetState): readonly string[] {
  const clusters = namesWhere(fleet, ({ nodes }) => nodes === 'unlisted');
  if (clusters === '') return [];
  return [
    `Nodes in ${clusters} could not be listed: which pods a subset selects by region, zone or subzone is unknown.`,
  ];
}

function unlistedAutoscalers({ namespace }: Release, fleet: FleetState): readonly string[] {
  const clusters = namesWhere(fleet, ({ autoscalers }) => autoscalers === 'unlisted');
  if (clusters === '') return [];
  return [
    `HorizontalPodAutoscalers of ${namespace} in ${clusters} could not be listed: one may set the replicas that are asked for here.`,
  ];
}

/** Two contexts for one cluster would be two writers of the same routes. */
function unidentified(fleet: FleetState): readonly string[] {
  const clusters = namesWhere(fleet, ({ identity }) => identity.uid === undefined);
  if (clusters === '' || fleet.size < 2) return [];
  return [
    `Namespace kube-system in ${clusters} could not be read: only the addresses of the API servers tell the clusters apart.`,
  ];
}

/** What decides about pods without sidecars, and could not be read. */
function unknownMembership(fleet: FleetState): readonly string[] {
  const policies = namesWhere(fleet, ({ peerAuthentications }) => peerAuthentications === 'unread');
  const networks = namesWhere(fleet, ({ network }) => network === 'unread');
  const roots = namesWhere(
    fleet,
    ({ peerAuthentications, rootNamespace }) =>
      peerAuthentications !== 'unread' && rootNamespace === 'assumed',
  );
  return [
    ...(roots === ''
      ? []
      : [
          `The configuration of the mesh in ${roots} could not be read: ${MESH_DEFAULTS.rootNamespace} was assumed to be the namespace whose PeerAuthentications apply everywhere (input pods: none).`,
        ]),
    ...(policies === ''
      ? []
      : [
          `PeerAuthentications in ${policies} could not be listed: one may allow only mutual TLS, which pods outside the mesh (input pods: none) do not enforce.`,
        ]),
    ...(networks === ''
      ? []
      : [
          `Namespace istio-system in ${networks} could not be read: whether the clusters are on different networks is unknown (input pods: ambient).`,
        ]),
  ];
}

/** What of the Gateway API may matter to the service, and could not be listed. */
function unseenGatewayApi(fleet: FleetState): readonly string[] {
  return UNSEEN.flatMap(([kind, name, effect]) => {
    const none = namesWhere(fleet, ({ gatewayApi }) => gatewayApi?.unread.includes(kind) === true);
    const own = namesWhere(fleet, ({ gatewayApi }) => gatewayApi?.unlisted.includes(kind) === true);
    return [
      ...(none === '' ? [] : [`${name} in ${none} could not be listed: ${effect}.`]),
      ...(own === '' ? [] : [`${name} of other namespaces in ${own} could not be listed: ${effect}.`]),
    ];
  });
}

const UNSEEN: readonly (readonly [GatewayApiKind, name: string, effect: string])[] = [
  ['HTTPRoute', 'HTTPRoutes', 'one may lead to the service as well'],
  ['GRPCRoute', 'GRPCRoutes', 'one may lead to the service as well'],
  ['Gateway', 'Gateways of the Gateway API', 'whether they take the route is known from its status alone'],
  [
    'ReferenceGrant',
    'ReferenceGrants',
    'whether routes of other namespaces may lead to the service is unknown',
  ],
];

function namesWhere(fleet: FleetState, holds: (state: ClusterState) => boolean): string {
  return [...fleet.values()]
    .filter(holds)
    .map(({ name }) => name)
    .join(', ');
}

function othersIn({ otherServices = [] }: ClusterState): readonly Service[] {
  return otherServices === 'unlisted' ? [] : otherServices;
}

function servingPods(release: Release, state: ClusterState): readonly Pod[] {
  const selector = selectorOfService(release, state);
  return state.pods.filter(({ metadata }) => selects(selector, metadata.labels));
}

function unlistedIn(fleet: FleetState): readonly string[] {
  return (['VirtualService', 'DestinationRule'] as const).flatMap((kind) => {
    const clusters = [...fleet.values()].flatMap(({ name, traffic }) =>
      traffic?.everywhere.unlisted.includes(kind) === true ? [name] : [],
    );
    if (clusters.length === 0) return [];
    return [
      `${kind}s of other namespaces in ${clusters.join(', ')} could not be listed (the user of the kubeconfig may not list them cluster-wide).`,
    ];
  });
}

/** What is assumed in place of what could not be read, a sentence for each. */
function unreadIn(fleet: FleetState): readonly string[] {
  const all = [...fleet.values()].flatMap(({ name, traffic }) =>
    (traffic?.unread ?? []).map((unread) => ({ cluster: name, told: assumedWithout(unread) })),
  );
  return [...Map.groupBy(all, ({ told }) => told('')).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [first.told(same.map(({ cluster }) => cluster).join(', '))];
  });
}

function assumedWithout(unread: Unread): (clusters: string) => string {
  switch (unread.what) {
    case 'mesh config': {
      const { rootNamespace } = MESH_DEFAULTS;
      return (clusters) =>
        `ConfigMap ${unread.name} in ${clusters} could not be read (${unread.why}). Istio's defaults were assumed: DestinationRules of ${rootNamespace} apply to the whole mesh, and objects without exportTo are visible in every namespace.`;
    }
    case 'gateway pods':
      return (clusters) =>
        `The namespace of the gateways in ${clusters} is unknown (the user of the kubeconfig may not ${unread.why}). DestinationRules that apply only there were ignored, and VirtualServices with exportTo were assumed to apply there.`;
  }
}

/** A sentence for each route, whatever the number of clusters. */
function leadingOutside(leads: readonly ServiceRoute[], { app }: Release): readonly string[] {
  const told = leads.flatMap((lead) => {
    const does = doesOf(lead, app);
    return does === undefined
      ? []
      : [{ ...lead, does: `${does}${onceOpen(lead)}`, subject: subjectOf(lead) }];
  });
  return [...Map.groupBy(told, ({ subject, does }) => `${subject} ${does}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [`${first.subject} in ${same.map(({ cluster }) => cluster).join(', ')} ${first.does}.`];
  });
}

/** `Route beta of VirtualService gray-demo/shop` */
function subjectOf({ virtualService: vs, route }: ServiceRoute): string {
  const text = `${inSentence(vs, route)} of ${nameOf(vs)}`;
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Says of a route that nobody enters by yet when it will do what it says. */
function onceOpen({ absent }: ServiceRoute): string {
  return absent.length === 0 ? '' : `, once Gateway ${absent.join(' or ')} exists: it is bound to no other`;
}

/** What a route does with what it gets; undefined for copies that one version gets, since nobody sees its answers. */
function doesOf(lead: ServiceRoute, app: string): string | undefined {
  const { what, destinations, route } = lead;
  if (what === 'copies')
    return isOpen(lead) ? `mirrors requests to every pod of ${app}, whatever the weights` : undefined;
  const requests = `requests${headersOf(route)}`;
  if (isOpen(lead)) return `sends ${requests} to every ready pod of ${app}, whatever the weights`;
  const [first, ...others] = destinations;
  const subset = first?.destination.subset ?? '';
  if (others.length === 0) return `sends ${requests} to ${subset}, outside the weights`;
  const split = new Map(
    destinations.map(({ destination, weight }) => [destination.subset ?? '', weight ?? 0]),
  );
  return `splits ${requests} ${formatWeights(split)}, outside the weights of the release`;
}

/** ` with header x-beta`, where every request that a route takes has to carry it. */
function headersOf({ match }: ServiceRoute['route']): string {
  if (!Array.isArray(match)) return '';
  const names = match.map((condition: unknown) =>
    typeof condition === 'object' && condition !== null && 'headers' in condition
      ? Object.keys(condition.headers ?? {}).join(', ')
      : '',
  );
  const known = [...new Set(names)];
  return names.length === 0 || known.includes('') ? '' : ` with header ${known.join(' or ')}`;
}
