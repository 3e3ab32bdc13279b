import { inputLabel, theInput } from '../../core/wording.ts';
import type {
  BlindSpotMessages,
  ConnectionMessages,
  Leading,
  UnlistedKind,
} from '../catalogue/blind-spots.ts';
import type { RoutePart } from '../catalogue/routes.ts';
import type { MessageTexts } from '../message.ts';
import { listenerOf, routes } from './routes.ts';

export const blindSpots: MessageTexts<BlindSpotMessages & ConnectionMessages> = {
  nothingSampled: ({ byMetrics }) =>
    `No ingress was sampled (${inputLabel('ingress', 'none')} for every cluster), ${byMetrics ? 'so the split was verified by metrics at most' : 'so the split was not verified'}.`,
  otherServiceRoute: ({ route, object, clusters, service, app }) =>
    `${subject(route, object)} in ${clusters.join(', ')} sends requests to Service ${service}, which selects pods of ${app} as well, outside the weights.`,
  pastGateways: ({ service, type, clusters, app }) =>
    `Service ${service} (type ${type}) in ${clusters.join(', ')} leads to pods of ${app} past the gateways, whatever the weights.`,
  servicesUnlisted: ({ namespace, clusters, app }) =>
    `Services of ${namespace} in ${clusters.join(', ')} could not be listed: another one may lead to pods of ${app}.`,
  nodesUnlisted: ({ clusters }) =>
    `Nodes in ${clusters.join(', ')} could not be listed: which pods a subset selects by region, zone or subzone is unknown.`,
  autoscalersUnlisted: ({ namespace, clusters }) =>
    `HorizontalPodAutoscalers of ${namespace} in ${clusters.join(', ')} could not be listed: one may set the replicas that are asked for here.`,
  clustersUnidentified: ({ clusters }) =>
    `Namespace kube-system in ${clusters.join(', ')} could not be read: only the addresses of the API servers tell the clusters apart.`,
  policiesUnread: ({ clusters }) =>
    `PeerAuthentications in ${clusters.join(', ')} could not be listed: one may allow only mutual TLS, which pods outside the mesh (${inputLabel('pods', 'none')}) do not enforce.`,
  rootAssumed: ({ clusters, rootNamespace }) =>
    `The configuration of the mesh in ${clusters.join(', ')} could not be read: ${rootNamespace} was assumed to be the namespace whose PeerAuthentications apply everywhere (${inputLabel('pods', 'none')}).`,
  networksUnread: ({ clusters }) =>
    `Namespace istio-system in ${clusters.join(', ')} could not be read: whether the clusters are on different networks is unknown (${inputLabel('pods', 'ambient')}).`,
  gatewayApiUnlisted: ({ what, others, clusters }) =>
    `${UNLISTED[what].name}${others ? ' of other namespaces' : ''} in ${clusters.join(', ')} could not be listed: ${UNLISTED[what].effect}.`,
  othersUnlisted: ({ what, clusters }) =>
    `${what}s of other namespaces in ${clusters.join(', ')} could not be listed (the user of the kubeconfig may not list them cluster-wide).`,
  meshConfigUnread: ({ name, clusters, why, rootNamespace }) =>
    `ConfigMap ${name} in ${clusters.join(', ')} could not be read (${why}). Istio's defaults were assumed: DestinationRules of ${rootNamespace} apply to the whole mesh, and objects without exportTo are visible in every namespace.`,
  gatewayPodsUnread: ({ clusters, why }) =>
    `The namespace of the gateways in ${clusters.join(', ')} is unknown (the user of the kubeconfig may not ${why}). DestinationRules that apply only there were ignored, and VirtualServices with exportTo were assumed to apply there.`,
  leadsOutside: ({ route, object, clusters, leading, headers, absent }) =>
    `${subject(route, object)} in ${clusters.join(', ')} ${doesOf(leading, headers)}${absent.length === 0 ? '' : `, once Gateway ${absent.join(' or ')} exists: it is bound to no other`}.`,
  rivalAhead: ({ route, object, clusters, path, managed, listener, certain }) => {
    const where = `${clusters.join(', ')}${listener === undefined ? '' : ` (${listenerOf(listener)})`}`;
    return route === undefined
      ? `${object} in ${where} ${certain ? 'has' : 'may have'} a narrower host than ${managed}, and no route for it takes the path ${path}: the gateway answers such requests with status 404.`
      : `${subject(route, object)} in ${where} ${certain ? 'takes' : 'may take'} requests for the path ${path} before ${managed} does, outside the weights.`;
  },
  grpcRoute: ({ route, clusters, app }) =>
    `${route} in ${clusters.join(', ')} leads to ${app}: GRPCRoutes are not supported, so its requests are outside the weights.`,
  missingService: ({ route, clusters, service, app, version }) =>
    `${route} in ${clusters.join(', ')} leads to Service ${service}, which exists in no cluster. It counts as another service than ${app}: no pod and no input names ${version} as a version.`,
  loadBalancerSkipped: ({ cluster }) =>
    `The samples of ${cluster} go through its API server to each gateway pod (ingress: port-forward), past the load balancer and whatever else is in front of the gateway.`,
  sharedAddress: ({ clusters, url }) =>
    `${clusters.join(', ')} share the ingress URL ${url}, so it is impossible to tell which of them answered.`,
  metricsNotJudged: () => `The metrics are not judged, because ${theInput('watch')} is 0s.`,
  planUnchecked: () =>
    'The user of the kubeconfig may only read, so no API server has checked this plan: webhooks, quotas, field conflicts and missing permissions show only in the rollout.',

  throughProxy: ({ cluster, proxy }) =>
    `The samples of ${cluster} go through the proxy ${proxy}, in a tunnel for each connection.`,
  insecure: ({ cluster, why }) => `${cluster} is insecure (${inputLabel('insecure-clusters')}): ${why}.`,
  apiThroughProxy: ({ cluster, proxy }) =>
    `The API server of ${cluster} is reached through the proxy ${proxy}.`,
};

const UNLISTED: Readonly<Record<UnlistedKind, { readonly name: string; readonly effect: string }>> = {
  HTTPRoute: { name: 'HTTPRoutes', effect: 'one may lead to the service as well, or take its requests' },
  GRPCRoute: {
    name: 'GRPCRoutes',
    effect: 'one may lead to the service as well, or take its requests',
  },
  Gateway: {
    name: 'Gateways of the Gateway API',
    effect:
      'whether they take the HTTPRoute of a release is known from its status alone, and whether other routes take its requests is unknown',
  },
  ReferenceGrant: {
    name: 'ReferenceGrants',
    effect: 'whether routes of other namespaces may lead to the service is unknown',
  },
};

/** `Route beta of VirtualService gray-demo/shop` */
function subject(route: RoutePart, object: string): string {
  const text = `${routes.part(route)} of ${object}`;
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function doesOf(leading: Leading, headers: readonly string[]): string {
  const requests = `requests${headers.length === 0 ? '' : ` with header ${headers.join(' or ')}`}`;
  switch (leading.does) {
    case 'mirrors':
      return `mirrors requests to every pod of ${leading.app}, whatever the weights`;
    case 'sends to every pod':
      return `sends ${requests} to every ready pod of ${leading.app}, whatever the weights`;
    case 'sends':
      return `sends ${requests} to ${leading.version}, outside the weights`;
    case 'splits':
      return `splits ${requests} ${[...leading.split].map(([version, weight]) => `${version}=${String(weight)}`).join(',')}, outside the weights of the release`;
  }
}
