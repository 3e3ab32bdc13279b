import { isOpen, routesToOther, routesToService } from './routes-to-service.ts';
import type { ServiceRoute } from './routes-to-service.ts';
import { describeServiceRules, grpcRoutesToService, rulesToService } from './http-rules-to-service.ts';
import { describeMissingServices } from './missing-services.ts';
import { MESH_DEFAULTS } from '../istio/mesh-config.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Pod, Service } from '../kubernetes/objects.ts';
import { samplesNothing } from './release.ts';
import type { Release } from './release.ts';
import { routeKey, routePart } from '../istio/routes.ts';
import type { GatewayApiKind } from '../gateway-api/state.ts';
import type { ClusterState, FleetState } from './state.ts';
import type { Unread } from '../istio/traffic-state.ts';
import type { Observation } from './observation.ts';
import type { Leading, UnlistedKind } from '../texts/catalogue/blind-spots.ts';
import type { Message } from '../texts/message.ts';
import { oncePerRoute } from './leads-outside.ts';
import type { LeadsOutside } from './leads-outside.ts';
import { rivalSpots } from './rival-spots.ts';
import { selectorOfService } from './service-port.ts';

/**
 * What a claim about users does not cover, a message each: what could not be looked at, and what leads to the service outside
 * the weights. Empty where every route that leads to the service was seen and has the weights.
 */
export function blindSpotsIn(observed: Observation): readonly Message[] {
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
    ...rivalSpots(observed),
    ...throughOthers(observed),
    ...pastGateways(release, fleet),
  ];
}

function unsampledIn(release: Release): readonly Message[] {
  if (!samplesNothing(release)) return [];
  return [{ kind: 'nothingSampled', byMetrics: release.metrics.length > 0 }];
}

/** Routes to another Service of the namespace that selects pods of the app: its users get what that selects. */
function throughOthers(observed: Observation): readonly Message[] {
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
    const places = Map.groupBy(
      leads,
      ({ virtualService: vs, route }) => `${nameOf(vs)} ${routeKey(vs, route)}`,
    );
    return [...places.values()].flatMap((same): readonly Message[] => {
      const [first] = same;
      if (first === undefined) return [];
      return [
        {
          kind: 'otherServiceRoute',
          route: routePart(first.virtualService, first.route),
          object: nameOf(first.virtualService),
          clusters: [...new Set(same.map(({ cluster }) => cluster))],
          service: name,
          app: release.app,
        },
      ];
    });
  });
}

/** Services by which requests reach pods of the app from outside without any gateway, so that no route splits them. */
function pastGateways(release: Release, fleet: FleetState): readonly Message[] {
  const open = [...fleet.values()].flatMap((state) =>
    [...(state.service === undefined ? [] : [state.service]), ...othersIn(state)]
      .filter(({ spec }) => spec?.type === 'LoadBalancer' || spec?.type === 'NodePort')
      .filter(({ spec }) =>
        servingPods(release, state).some(({ metadata }) => selects(spec?.selector, metadata.labels)),
      )
      .map(({ metadata, spec }) => ({
        cluster: state.name,
        service: metadata.name,
        type: spec?.type ?? '',
      })),
  );
  return [...Map.groupBy(open, ({ service, type }) => `${service} ${type}`).values()].flatMap(
    (same): readonly Message[] => {
      const [first] = same;
      if (first === undefined) return [];
      const { service, type } = first;
      const clusters = same.map(({ cluster }) => cluster);
      return [{ kind: 'pastGateways', service, type, clusters, app: release.app }];
    },
  );
}

function unlistedServices({ app, namespace }: Release, fleet: FleetState): readonly Message[] {
  const clusters = namesWhere(fleet, ({ otherServices }) => otherServices === 'unlisted');
  if (clusters.length === 0) return [];
  return [{ kind: 'servicesUnlisted', namespace, clusters, app }];
}

function unlistedNodes(fleet: FleetState): readonly Message[] {
  const clusters = namesWhere(fleet, ({ nodes }) => nodes === 'unlisted');
  if (clusters.length === 0) return [];
  return [{ kind: 'nodesUnlisted', clusters }];
}

function unlistedAutoscalers({ namespace }: Release, fleet: FleetState): readonly Message[] {
  const clusters = namesWhere(fleet, ({ autoscalers }) => autoscalers === 'unlisted');
  if (clusters.length === 0) return [];
  return [{ kind: 'autoscalersUnlisted', namespace, clusters }];
}

/** Two contexts for one cluster would be two writers of the same routes. */
function unidentified(fleet: FleetState): readonly Message[] {
  const clusters = namesWhere(fleet, ({ identity }) => identity.uid === undefined);
  if (clusters.length === 0 || fleet.size < 2) return [];
  return [{ kind: 'clustersUnidentified', clusters }];
}

/** What decides about pods without sidecars, and could not be read. */
function unknownMembership(fleet: FleetState): readonly Message[] {
  const policies = namesWhere(fleet, ({ peerAuthentications }) => peerAuthentications === 'unread');
  const networks = namesWhere(fleet, ({ network }) => network === 'unread');
  const roots = namesWhere(
    fleet,
    ({ peerAuthentications, rootNamespace }) =>
      peerAuthentications !== 'unread' && rootNamespace === 'assumed',
  );
  return [
    ...(roots.length === 0
      ? []
      : [{ kind: 'rootAssumed', clusters: roots, rootNamespace: MESH_DEFAULTS.rootNamespace } as const]),
    ...(policies.length === 0 ? [] : [{ kind: 'policiesUnread', clusters: policies } as const]),
    ...(networks.length === 0 ? [] : [{ kind: 'networksUnread', clusters: networks } as const]),
  ];
}

/** What of the Gateway API may matter to the service, and could not be listed. */
function unseenGatewayApi(fleet: FleetState): readonly Message[] {
  return UNSEEN.flatMap((what): readonly Message[] => {
    const none = namesWhere(fleet, ({ gatewayApi }) => gatewayApi?.unread.includes(what) === true);
    const own = namesWhere(fleet, ({ gatewayApi }) => gatewayApi?.unlisted.includes(what) === true);
    return [
      ...(none.length === 0
        ? []
        : [{ kind: 'gatewayApiUnlisted', what, others: false, clusters: none } as const]),
      ...(own.length === 0
        ? []
        : [{ kind: 'gatewayApiUnlisted', what, others: true, clusters: own } as const]),
    ];
  });
}

const UNSEEN: readonly (GatewayApiKind & UnlistedKind)[] = [
  'HTTPRoute',
  'GRPCRoute',
  'Gateway',
  'ReferenceGrant',
];

function namesWhere(fleet: FleetState, holds: (state: ClusterState) => boolean): readonly string[] {
  return [...fleet.values()].filter(holds).map(({ name }) => name);
}

function othersIn({ otherServices = [] }: ClusterState): readonly Service[] {
  return otherServices === 'unlisted' ? [] : otherServices;
}

function servingPods(release: Release, state: ClusterState): readonly Pod[] {
  const selector = selectorOfService(release, state);
  return state.pods.filter(({ metadata }) => selects(selector, metadata.labels));
}

function unlistedIn(fleet: FleetState): readonly Message[] {
  return (['VirtualService', 'DestinationRule'] as const).flatMap((kind) => {
    const clusters = [...fleet.values()].flatMap(({ name, traffic }) =>
      traffic?.everywhere.unlisted.includes(kind) === true ? [name] : [],
    );
    if (clusters.length === 0) return [];
    return [{ kind: 'othersUnlisted', what: kind, clusters } as const];
  });
}

/** What is assumed in place of what could not be read, a message for each. */
function unreadIn(fleet: FleetState): readonly Message[] {
  const all = [...fleet.values()].flatMap(({ name, traffic }) =>
    (traffic?.unread ?? []).map((unread) => ({ cluster: name, unread })),
  );
  return [...Map.groupBy(all, ({ unread }) => JSON.stringify(unread)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined
      ? []
      : [
          assumedWithout(
            first.unread,
            same.map(({ cluster }) => cluster),
          ),
        ];
  });
}

function assumedWithout(unread: Unread, clusters: readonly string[]): Message {
  switch (unread.what) {
    case 'mesh config': {
      const { rootNamespace } = MESH_DEFAULTS;
      return { kind: 'meshConfigUnread', name: unread.name, clusters, why: unread.why, rootNamespace };
    }
    case 'gateway pods':
      return { kind: 'gatewayPodsUnread', clusters, why: unread.why };
  }
}

/** A sentence for each route, whatever the number of clusters. */
function leadingOutside(leads: readonly ServiceRoute[], { app }: Release): readonly Message[] {
  const told = leads.flatMap((lead) => {
    const leading = leadingOf(lead, app);
    if (leading === undefined) return [];
    const { virtualService: vs, route, absent } = lead;
    const what: LeadsOutside = {
      route: routePart(vs, route),
      object: nameOf(vs),
      leading,
      headers: leading.does === 'mirrors' ? [] : headersOf(route),
      absent,
    };
    return [{ cluster: lead.cluster, what }];
  });
  return oncePerRoute(told);
}

/** What a route does with what it gets; undefined for copies that one version gets, since nobody sees its answers. */
function leadingOf(lead: ServiceRoute, app: string): Leading | undefined {
  const { what, destinations } = lead;
  if (what === 'copies') return isOpen(lead) ? { does: 'mirrors', app } : undefined;
  if (isOpen(lead)) return { does: 'sends to every pod', app };
  const [first, ...others] = destinations;
  const version = first?.destination.subset ?? '';
  if (others.length === 0) return { does: 'sends', version };
  const split = new Map(
    destinations.map(({ destination, weight }) => [destination.subset ?? '', weight ?? 0]),
  );
  return { does: 'splits', split };
}

/** The header names that every request has to carry which a route takes; none where one needs none. */
function headersOf({ match }: ServiceRoute['route']): readonly string[] {
  if (!Array.isArray(match)) return [];
  const names = match.map((condition: unknown) =>
    typeof condition === 'object' && condition !== null && 'headers' in condition
      ? Object.keys(condition.headers ?? {}).join(', ')
      : '',
  );
  const known = [...new Set(names)];
  return names.length === 0 || known.includes('') ? [] : known;
}
