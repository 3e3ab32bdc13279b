import { worded } from '../../core/wording.ts';
import type {
  BlindSpotMessages,
  ConnectionMessages,
  Leading,
  UnlistedKind,
} from '../catalogue/blind-spots.ts';
import type { MessageTexts } from '../message.ts';
import { formats } from './formats.ts';
import { inputLabel, inputWith } from './inputs.ts';
import { listenerOf, routes } from './routes.ts';

const { list } = formats;

export const blindSpots: MessageTexts<BlindSpotMessages & ConnectionMessages> = {
  nothingSampled: ({ byMetrics }) =>
    `没有对任何入口采样（${worded({ step: '所有集群的输入 ingress 都为 none', command: '所有集群都为 --ingress none' })}），${byMetrics ? '因此流量占比最多只经过指标的校验' : '因此没有校验流量占比'}。`,
  otherServiceRoute: ({ route, object, clusters, service, app }) =>
    `集群 ${list(clusters)} 中，${object} 的${routes.part(route)} 把请求发往 Service ${service}，而它也选中了 ${app} 的 Pod，不受权重约束。`,
  pastGateways: ({ service, type, clusters, app }) =>
    `集群 ${list(clusters)} 中，Service ${service}（类型 ${type}）绕过网关直接通往 ${app} 的 Pod，不受权重约束。`,
  servicesUnlisted: ({ namespace, clusters, app }) =>
    `无法列出集群 ${list(clusters)} 中命名空间 ${namespace} 的 Service：可能有其他 Service 通往 ${app} 的 Pod。`,
  nodesUnlisted: ({ clusters }) =>
    `无法列出集群 ${list(clusters)} 的节点：子集按区域、可用区或子区域选中哪些 Pod 未知。`,
  autoscalersUnlisted: ({ namespace, clusters }) =>
    `无法列出集群 ${list(clusters)} 中命名空间 ${namespace} 的 HorizontalPodAutoscaler：其中可能有一个在设置此处所要求的副本数。`,
  clustersUnidentified: ({ clusters }) =>
    `无法读取集群 ${list(clusters)} 的命名空间 kube-system：只能凭 API Server 的地址区分集群。`,
  policiesUnread: ({ clusters }) =>
    `无法列出集群 ${list(clusters)} 的 PeerAuthentication：其中可能有一个只允许双向 TLS，而网格之外的 Pod（${inputWith('pods', 'none')}）不会执行。`,
  rootAssumed: ({ clusters, rootNamespace }) =>
    `无法读取集群 ${list(clusters)} 的网格配置：已假定 ${rootNamespace} 是其 PeerAuthentication 作用于所有命名空间的那个命名空间（${inputWith('pods', 'none')}）。`,
  networksUnread: ({ clusters }) =>
    `无法读取集群 ${list(clusters)} 的命名空间 istio-system：各集群是否处于不同网络未知（${inputWith('pods', 'ambient')}）。`,
  gatewayApiUnlisted: ({ what, others, clusters }) =>
    `无法列出集群 ${list(clusters)} ${others ? '其他命名空间' : ''}的 ${UNLISTED[what].name}：${UNLISTED[what].effect}。`,
  othersUnlisted: ({ what, clusters }) =>
    `无法列出集群 ${list(clusters)} 其他命名空间的 ${what}（kubeconfig 的用户无权在整个集群范围内列出）。`,
  meshConfigUnread: ({ name, clusters, why, rootNamespace }) =>
    `无法读取集群 ${list(clusters)} 的 ConfigMap ${name}（${why}）。已采用 Istio 的默认值：${rootNamespace} 的目标规则作用于整个网格，没有 exportTo 的对象在所有命名空间可见。`,
  gatewayPodsUnread: ({ clusters, why }) =>
    `集群 ${list(clusters)} 的网关所在的命名空间未知（kubeconfig 的用户无权执行：${why}）。只作用于那里的目标规则未予考虑，带 exportTo 的虚拟服务视为在那里有效。`,
  leadsOutside: ({ route, object, clusters, leading, headers, absent }) =>
    `集群 ${list(clusters)} 中，${object} 的${routes.part(route)} ${doesOf(leading, headers)}${absent.length === 0 ? '' : `（网关规则 ${absent.join(' 或 ')} 创建之后才会如此：它没有绑定其他网关规则）`}。`,
  rivalAhead: ({ route, object, clusters, path, managed, listener, certain }) => {
    const where = `集群 ${list(clusters)} 中${listener === undefined ? '' : `（${listenerOf(listener)}）`}`;
    return route === undefined
      ? `${where}，${object} 的 host ${certain ? '' : '可能'}比 ${managed} 的更具体，而这些 host 下没有路由匹配路径 ${path}：网关对这样的请求返回 404。`
      : `${where}，${object} 的${routes.part(route)} ${certain ? '' : '可能'}先于 ${managed} 截走路径 ${path} 的请求，不受权重约束。`;
  },
  grpcRoute: ({ route, clusters, app }) =>
    `集群 ${list(clusters)} 中，${route} 通往 ${app}：不支持 GRPCRoute，因此它的请求不受权重约束。`,
  missingService: ({ route, clusters, service, app, version }) =>
    `集群 ${list(clusters)} 中，${route} 通往 Service ${service}，而所有集群都没有这个 Service。它被视为 ${app} 之外的服务：没有任何 Pod 或输入表明 ${version} 是一个版本。`,
  loadBalancerSkipped: ({ cluster }) =>
    `集群 ${cluster} 的样本经 API Server 直达每个网关 Pod（ingress: port-forward）：不经过负载均衡器以及网关前面的其他设施。`,
  sharedAddress: ({ clusters, url }) =>
    `集群 ${list(clusters)} 共用入口 URL ${url}，因此无法判断是哪个集群应答的。`,
  metricsNotJudged: () => `${inputWith('watch', '0s')}，因此没有判定指标。`,
  planUnchecked: () =>
    'kubeconfig 的用户只有读权限，因此没有任何 API Server 检查过本计划：webhook、配额、字段冲突和缺少的权限要到 rollout 时才会显现。',

  throughProxy: ({ cluster, proxy }) => `集群 ${cluster} 的样本经代理 ${proxy} 发送，每条连接一个隧道。`,
  insecure: ({ cluster, why }) =>
    `集群 ${cluster} 的连接不安全（${inputLabel('insecure-clusters')}）：${why}。`,
  apiThroughProxy: ({ cluster, proxy }) => `集群 ${cluster} 的 API Server 经代理 ${proxy} 访问。`,
};

const UNLISTED: Readonly<Record<UnlistedKind, { readonly name: string; readonly effect: string }>> = {
  HTTPRoute: { name: 'HTTPRoute', effect: '其中可能有一条也通往该服务，或者截走它的请求' },
  GRPCRoute: { name: 'GRPCRoute', effect: '其中可能有一条也通往该服务，或者截走它的请求' },
  Gateway: {
    name: 'Gateway（Gateway API）',
    effect: '它们是否接受本次发布的 HTTPRoute，只能从路由的状态得知；是否有其他路由截走它的请求未知',
  },
  ReferenceGrant: { name: 'ReferenceGrant', effect: '其他命名空间的路由是否可以通往该服务未知' },
};

function doesOf(leading: Leading, headers: readonly string[]): string {
  const requests = `${headers.length === 0 ? '' : `带请求头 ${headers.join(' 或 ')} 的`}请求`;
  switch (leading.does) {
    case 'mirrors':
      return `把请求镜像到 ${leading.app} 的所有 Pod，不受权重约束`;
    case 'sends to every pod':
      return `把${requests}发往 ${leading.app} 的所有就绪 Pod，不受权重约束`;
    case 'sends':
      return `把${requests}发往 ${leading.version}，不受权重约束`;
    case 'splits':
      return `把${requests}按 ${[...leading.split].map(([version, weight]) => `${version}=${String(weight)}`).join(',')} 分流，不受本次发布的权重约束`;
  }
}
