import { formatWeights } from '../../core/weights.ts';
import { nameOfInput } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type {
  BalancingSetting,
  ClusterShare,
  ConditionPlace,
  Editor,
  ElsewhereService,
  FindingMessages,
  OverlapPods,
  RevisionAndWeights,
  SettingPlace,
} from '../catalogue/findings.ts';
import type { ListenerName, MergedWith, StraySeen } from '../catalogue/rival-findings.ts';
import type { VersionWay } from '../catalogue/routes.ts';
import type { MessageTexts } from '../message.ts';
import { failures } from './failures.ts';
import { formats } from './formats.ts';
import { inputLabel, inputWith, theInput } from './inputs.ts';
import { listenerOf, routes } from './routes.ts';
import { spaced } from './spaced.ts';

const { list, all } = formats;

export const findings: MessageTexts<FindingMessages> = {
  editedTitle: ({ cluster }) => `集群 ${cluster} 的路由被其他人改过`,
  edited: ({ edit }, say) =>
    `${say(edit)}。请恢复所记录的权重（操作 rollback，并将${theInput('weights')} 设为这组权重），或者查清是谁需要现在的权重。`,
  weightEdit: ({ object, cluster, found, recorded, by }) =>
    spaced`集群 ${cluster} 的 ${object} ${found === undefined ? '没有权重' : `为 ${formatWeights(found)}`}，而不是上一级发布写入的 ${formatWeights(recorded)}${by === undefined ? '' : spaced`（最后由 ${editor(by)} 写入）`}`,
  disagreementTitle: () => '各集群权重不一致',
  disagreement: ({ held }, say) =>
    `${say(held)}。要恢复一致，请执行操作 rollback，并设置${theInput('weights')}。`,
  otherWeightsTitle: ({ clusters }) => `集群 ${formats.all(clusters)} 的路由是另一组权重`,
  otherWeights: ({ held, asked }) =>
    `当前权重为 ${formatWeights(held)}，而预期为 ${formatWeights(asked)}。要校验当前权重，请不设${theInput('weights')}；要改为另一组权重，请执行操作 rollout。`,

  staleTitle: ({ cluster, pods, revisions }) => {
    const who = pods.length === 0 ? '有网关副本' : `网关 Pod ${list(pods)}`;
    return spaced`集群 ${cluster} 的${who}仍停在修订号 ${list(revisions)}`;
  },
  stale: ({ responses, requests }) =>
    `${formatCount(requests)} 个响应中有 ${formatCount(responses)} 个仍带着该修订号。请查看 istioctl proxy-status，以及网关 Pod 的日志。`,
  newerTitle: ({ cluster }) => `检查期间，另一次运行改动了集群 ${cluster} 的发布`,
  newer: ({ responses, requests, revisions, latest }) =>
    `${formatCount(requests)} 个响应中有 ${formatCount(responses)} 个带着修订号 ${list(revisions)}，而检查开始时最新的是 ${latest}。请等那次运行结束，再重新校验。`,

  takesRequestsTitle: ({ object, cluster, certain }) =>
    `${object} ${certain ? '' : '可能'}截走了集群 ${cluster} 的请求`,
  rivalRoute: ({ hosts, gateway, merged, managed, created, route, path, seen, narrower, exportTo }) => {
    const as =
      merged === undefined ? `与 ${managed} 相同` : `Istio 会把它与 ${managed} 的网关规则 ${merged} 合并`;
    const order = narrower
      ? 'Istio 优先采用范围更窄的 host'
      : merged === undefined
        ? 'Istio 会把两者的路由合并成一个列表，较早的排在前面'
        : OLDER_GATEWAY;
    const doubt =
      exportTo === undefined
        ? ''
        : `它只导出到 ${list(exportTo)}，而网关 Pod 所在的命名空间未知：请先确认它们是否在其中。`;
    return `它绑定 ${list(hosts)} 和网关规则 ${gateway}，${as}${createdAt(created)}，并且它的路由 ${route} 匹配路径 ${path}：${strays(seen)}。${order}。${doubt}请收窄它的匹配条件或 host，或者删除它。`;
  },
  rivalVirtualService: ({ hosts, gateway, listener, created, route, path, seen, narrower, certain }) => {
    const order = narrower ? 'Istio 优先采用范围更窄的 host' : OLDER_GATEWAY;
    const doubt = certain ? '' : UNKNOWN_PODS;
    return `它绑定 ${list(hosts)} 和网关规则 ${gateway}，Istio 会把后者与 ${listenerOf(listener)} 合并${createdAt(created)}，并且它的路由 ${route} 匹配路径 ${path}：${strays(seen)}。${order}。${doubt}请收窄它的匹配条件或 host，或者删除它。`;
  },
  earlierRouteTitle: ({ cluster }) => `前面的路由截走了集群 ${cluster} 的请求`,
  earlierRoute: ({ routes: ahead, path, seen }) =>
    `${list(ahead.map(({ route, object }) => `${object} 的路由 ${route}`))} 排在受管路由之前，并且匹配路径 ${path}：${strays(seen)}。请把它移到受管路由之后，或收窄它的匹配条件。`,
  anotherRouteTitle: ({ cluster }) => `集群 ${cluster} 中应答的是另一条路由`,
  anotherRoute: ({ seen, namespace }) =>
    `${strays(seen)}；${
      namespace === undefined
        ? '所有命名空间的虚拟服务都不能解释。请用 istioctl proxy-config routes 查看网关'
        : `命名空间 ${namespace} 中没有能解释的虚拟服务，而其他命名空间的无法读取。请在那里查找 host 和网关规则相同的虚拟服务，或者允许 kubeconfig 的用户列出所有命名空间的虚拟服务`
    }。`,
  rivalRule: ({ rule, created, path, managed, app, listener, merged, grpc, seen }) =>
    spaced`它的${routes.part(rule)}${createdAt(created)} ${placeOf(listener, merged)}先于 ${managed} 匹配路径 ${path}${app === undefined ? '' : `，并且不通往 ${app}`}：${strays(seen)}。${grpc ? 'Istio 会把匹配 GRPCRoute 的请求全部交给它，普通请求也不例外。' : ''}${merged === undefined ? '网关优先采用更具体的主机名、路径、方法、请求头和查询参数，其次是更早创建的路由' : `Istio 优先采用更具体的主机名；${OLDER_GATEWAY}`}。${doubtOf(merged)}请收窄它的匹配条件或主机名，或者删除它。`,
  rivalHostname: ({ hostnames, created, path, managed, listener, merged, grpc, seen }) =>
    spaced`它的主机名 ${list(hostnames)}${createdAt(created)} ${placeOf(listener, merged)}比 ${managed} 的更具体，而这些主机名下没有规则匹配路径 ${path}：网关对这样的请求返回 404，${strays(seen)}。${grpc ? 'Istio 对 GRPCRoute 的主机名同样如此处理。' : ''}${doubtOf(merged)}请让两条路由使用相同的主机名，或者删除更具体的那一条。`,
  rivalHost: ({ hosts, created, path, managed, seen, certain }) =>
    spaced`它的 host ${list(hosts)}${createdAt(created)} 比 ${managed} 的更具体，而这些 host 下没有路由匹配路径 ${path}：网关对这样的请求返回 404，${strays(seen)}。${certain ? '' : UNKNOWN_PODS}请为它添加匹配该路径的路由，或者删除更具体的 host。`,

  noSubsetTitle: ({ rules, version, cluster }) =>
    rules.length === 0
      ? `集群 ${cluster} 没有带子集 ${version} 的目标规则`
      : `集群 ${cluster} 的 ${all(rules)} 缺少子集 ${version}`,
  noSubset: ({ version, weight }) =>
    `路由分给 ${version} ${String(weight)}%，但发往不存在的子集的请求会得到 503。请执行操作 rollout：它会重新创建该子集，或指出遮蔽它的规则。`,
  wrongPodsTitle: ({ way, body }) => `${routes.way(way)} 选中了 ${body} 的 Pod`,
  wrongPods: ({ responses, cluster, header, body, way, labels }) =>
    spaced`经集群 ${cluster}，有 ${formatCount(responses)} 个响应被路由到 ${header}，但响应体写的是 ${body}。请核对${routes.way(way)} 的${'subset' in way ? '标签' : '选择器'}${labels === undefined ? '' : `（${labels}）`}与 Pod 的标签，并检查 Pod 的镜像。`,
  overlapTitle: ({ ways }) => spaced`${kindOf(ways)} ${all(ways.map(bare))} 选中了同样的 Pod`,
  overlap: ({ versions: [a, b], ways, labels, pods, certain, rule, wide }) => {
    const [first, ...others] = pods;
    const who = spaced`${first === undefined ? '' : podsIn(first)}${others.length === 0 ? '' : `和另外 ${formatCount(others.length)} 处的 Pod`}`;
    const where = rule.name === undefined ? `集群 ${rule.cluster}` : `集群 ${rule.cluster} 的 ${rule.name}`;
    const selected = `${a} 选择 ${labels[0]}，${b} 选择 ${labels[1]}（${where}）`;
    if (!certain)
      return spaced`无法确定 ${a} 和 ${b} 的${kindOf(ways)}是否都选中了 ${who}：${selected}，而其中有一个标签由 Istio 根据此处无法读取的内容设置。请在${'subset' in ways[0] ? '子集' : '它们的选择器'}中加入能区分两个版本的 Pod 标签。`;
    const wideWay = routes.way(ways[wide === a ? 0 : 1]);
    return spaced`${a} 和 ${b} 的${kindOf(ways)}都选中了 ${who}：${selected}。无论权重如何，发往一个版本的请求可能由另一个版本的 Pod 应答。请等 ${wide} 的 Pod 都带上只有它们才有的标签之后，把该标签加入${wideWay} ${'subset' in ways[0] ? '' : '的选择器'}。`;
  },
  notReadyTitle: ({ version }) => `${version} 没有就绪的 Pod`,
  notReady: ({ version, weight, rule, service, labels, clusters, pods }) =>
    spaced`路由分给它 ${String(weight)}%。${service ?? subsetIn(rule)} 选择 ${labels}：${pods.length === 0 ? `集群 ${list(clusters)} 中没有带这些标签的 Pod` : `${firstOf(pods)} 没有就绪`}。请检查 ${version} 的 Pod，或改正这些标签。`,
  noReadyPod: ({ version, weight, rule, labels, clusters }) =>
    spaced`路由分给 ${version} ${String(weight)}%。${subsetIn(rule)}选择 ${labels}，而集群 ${list(clusters)} 中没有带这些标签的就绪 Pod。请检查 ${version} 的 Pod，或改正这些标签。`,
  noSidecarTitle: ({ version }) => `${version} 的 Pod 没有边车`,
  noSidecar: ({ rules, pods, outsideMesh }) =>
    `${all(rules)} 要求双向 TLS（ISTIO_MUTUAL），但 ${firstOf(pods)} 没有用来终止它的容器 istio-proxy。${outsideMesh ? `${inputWith('pods', 'none')}，请从规则中去掉该要求。` : `请为命名空间开启边车注入（${inputLabel('injection')}），并重启这些 Pod。`}`,

  conditionTitle: ({ condition, object, cluster }) =>
    `集群 ${cluster} 的 ${object ?? 'Gateway'} 的状态条件 ${condition} 不为 True`,
  conditionFalse: ({ at, condition, reason = '没有原因', message = '没有说明' }) =>
    spaced`${place(at)} ${CONDITIONS[condition]}：${reason}（${message}）`,
  conditionUnreported: ({ at, condition }) => `${place(at)}：没有控制器报告过 ${condition}`,
  conditionOutdated: ({ at, condition, generation }) =>
    `${place(at)}：${condition} 是针对早于 ${String(generation)} 的 generation 报告的`,
  unweightedTitle: ({ rule, cluster }) => `集群 ${cluster} 的${routes.part(rule)} 的所有后端权重都为 0`,
  unweighted: ({ object, operation }) =>
    `${object} 的请求没有去处，网关以状态码 500 应答。请执行操作 ${operation}，并设置${theInput('weights')}。`,
  serviceMissingTitle: ({ service, clusters }) => `集群 ${list(clusters)} 缺少 ${service}`,
  serviceMissing: ({ version, shares, elsewhere, configured }) => {
    const effects: Readonly<Record<ElsewhereService, string>> = {
      missing: `这些请求会得到网关返回的状态码 500，并且仍带有 ${version} 的标记`,
      unready: '其他集群的该 Service 后面没有就绪的 Pod，这些请求会得到状态码 503',
      answers: `其他集群仍会应答，但该版本在那里的 Pod 得不到请求${configured ? '，并且缺少它的集群中 ResolvedRefs 为 False' : ''}`,
      unknown: '有的集群无法列出 Service，因此不知道其他集群是否会应答',
    };
    return `HTTPRoute 分给 ${version} ${sharesOf(shares)}：${effects[elsewhere]}。请执行操作 rollout：它会重新创建该 Service。`;
  },
  foreignPodsTitle: ({ service, labels }) => `${service} 选中了 ${list(labels)} 的 Pod`,
  foreignPods: ({ clusters, selector, label, version, service }) =>
    `在集群 ${list(clusters)}，它的选择器是 ${selector}，因此发往 ${version} 的请求由带标签 ${label} 的 Pod 应答。请改正 ${service} 的选择器，使它只选中 ${version} 的 Pod。`,
  serviceNotReady: ({ version, shares, service, selected, pods: [first, ...others] }) => {
    const what = selected.map(
      ({ labels, clusters }) => `${labels === '' ? '空' : labels}（集群 ${list(clusters)}）`,
    );
    const why =
      first === undefined
        ? '那里没有带这些标签的 Pod'
        : spaced`${first}${others.length === 0 ? '' : ` 和另外 ${formatCount(others.length)} 个 Pod`} 没有就绪`;
    return spaced`HTTPRoute 分给 ${version} ${sharesOf(shares)}。${service} 选择 ${list(what)}：${why}。请检查 ${version} 的 Pod，或改正该 Service 的选择器。`;
  },

  settingTitle: ({ setting, cluster }) => `集群 ${cluster} ${SETTINGS[setting].title}`,
  setting: ({ setting, places }) =>
    spaced`${list(places.map(placeOfSetting))} 设置了 ${setting}。${SETTINGS[setting].effect}。`,

  requestsFailTitle: ({ cluster }) => `经集群 ${cluster} 的请求失败`,
  requestsFail: ({ requests, url, kinds, notFound, unreached }) => {
    const advice =
      notFound === undefined
        ? ''
        : `状态码 404：应用是否提供路径 ${notFound.path}（${inputLabel('path')}）？网关规则是否包含${notFound.host === undefined ? '这个 host' : ` host ${notFound.host}`}（${inputLabel('host')}）？`;
    const way = unreached === undefined ? '' : failures.portForward(unreached);
    return `发往 ${url} 的 ${formatCount(requests)} 个请求中：${failures.kinds(kinds)}。${advice}${way}`;
  },

  lookalikeTitle: ({ cluster }) => `集群 ${cluster} 中应答的可能是另一个应用`,
  lookalike: ({ route, object, path, app, revision }) =>
    `${object} 的${routes.part(route)} 先于 ${app} 匹配路径 ${path}，而${revision === undefined ? '响应中没有任何内容能区分两者' : `它的响应也带着修订号 ${revision}`}：样本说明不了 ${app} 的用户得到什么。请把${theInput('path')} 和 ${nameOfInput('host')} 设为只有 ${app} 会应答的值，或者收窄那条路由的匹配条件或 host。`,
  changedMeanwhileTitle: () => '采样期间发布被改动',
  changedMeanwhile: ({ changes }, say) =>
    `${changes.map(say).join('；')}。样本混有前后两种状态，都不能证明：请重新校验。`,
  routeChange: ({ place: where, before, now }) => `${where}：${holding(before)} → ${holding(now)}`,
  foreignMarksTitle: () => '两个发布都在标记同一条路由的响应',
  foreignMarks: ({ cluster, route, object, destination, header }) =>
    `在集群 ${cluster}，${object} 的${routes.part(route)} 也发往 ${destination}，而另一个发布会用 ${header} 标记它的响应：无法从响应看出属于哪个发布。请让每个应用使用各自的路由；如果那个发布已经结束，请去掉该响应头。`,
  changedMarksTitle: ({ cluster }) => `集群 ${cluster} 的一条路由覆盖了发布设置的响应头`,
  changedMarks: ({ cluster, route, object, header }) =>
    `在集群 ${cluster}，${object} 的${routes.part(route)} 对所有目标统一修改响应头 ${header}，会覆盖发布为每个版本设置的值：响应将无法显示版本和修订号。请从该路由中去掉这项修改。`,
};

const CONDITIONS = { Accepted: '未被接受', ResolvedRefs: '引用未解析', Programmed: '未下发' } as const;

const SETTINGS: Readonly<Record<BalancingSetting, { readonly title: string; readonly effect: string }>> = {
  consistentHash: {
    title: '启用了一致性哈希',
    effect:
      '它会把同一个调用方固定到一个端点。权重先起作用，但如果某条路由没有指定子集，或者某个子集里有多个版本的 Pod，检查的所有请求就会到达同一个版本。请让通往该服务的每条路由都指定各自只含一个版本的子集，或者在发布期间去掉该设置',
  },
  outlierDetection: {
    title: '启用了异常检测',
    effect:
      '它会摘除失败的端点；某个版本的端点全部被摘除时，发往它的请求会得到 503，直到端点恢复。请查清失败的原因，并将 Pod 数与 maxEjectionPercent 对照',
  },
  localityLbSetting: {
    title: '设置了地域负载均衡',
    effect:
      '它决定由哪些地域提供某个版本。如果 distribute 遗漏了唯一运行某个版本的地域，无论权重如何，发往该版本的请求都会失败。请列出运行该版本的所有地域',
  },
};

function editor({ manager, time }: Editor): string {
  return time === undefined ? `${manager} 在未知时间` : `${manager} 于 ${time}`;
}

const OLDER_GATEWAY = 'Istio 先采用较早创建的网关的路由，匹配所有请求的路由排在最后';
const UNKNOWN_PODS = '两者是否由同一批网关 Pod 提供服务，无法读取：请先确认。';

function placeOf(listener: ListenerName | undefined, merged: MergedWith | undefined): string {
  if (listener === undefined) return '';
  return `在 ${listenerOf(listener)}${merged === undefined ? '' : `（Istio 会把它与网关规则 ${merged.gateway} 合并）`}上`;
}

function doubtOf(merged: MergedWith | undefined): string {
  return merged === undefined || merged.certain ? '' : UNKNOWN_PODS;
}

function createdAt(created: string | undefined): string {
  return created === undefined ? '' : `（创建于 ${created}）`;
}

function strays(seen: StraySeen): string {
  const requests = `${formatCount(seen.requests)} 个请求`;
  if ('failed' in seen) return `${requests}中有 ${formatCount(seen.failed)} 个失败`;
  const by = seen.managed === undefined ? '受管规则' : `${seen.managed} 的受管路由`;
  return spaced`${requests}中有 ${formatCount(seen.unanswered)} 个不是由${by}应答的`;
}

function kindOf([way]: readonly [VersionWay, VersionWay]): string {
  return 'subset' in way ? '子集' : 'Service';
}

function bare(way: VersionWay): string {
  return 'subset' in way ? way.subset : way.service;
}

function podsIn({ name, isWorkload, cluster }: OverlapPods): string {
  return `集群 ${cluster} 的 ${name}${isWorkload ? ' 的 Pod' : ''}`;
}

function subsetIn(rule: string | undefined): string {
  return rule === undefined ? '它的子集（没有目标规则）' : `它在 ${rule} 中的子集`;
}

function firstOf(names: readonly string[]): string {
  return names.length <= 2
    ? all(names)
    : `${list(names.slice(0, 2))} 和另外 ${formatCount(names.length - 2)} 个 Pod`;
}

function place({ object, parent }: ConditionPlace): string {
  if (parent === undefined) return object;
  const listener = parent.listener === undefined ? '' : `（监听器 ${parent.listener}）`;
  return `${object} 在 ${parent.name}${listener}`;
}

function sharesOf(shares: readonly ClusterShare[]): string {
  return list(
    shares.map(
      ({ cluster, weight }) => `${String(weight)}%${cluster === undefined ? '' : `（集群 ${cluster}）`}`,
    ),
  );
}

function placeOfSetting({ rule, of }: SettingPlace): string {
  if (of === 'host') return rule;
  return of === 'port' ? `${rule} 的端口级策略` : `${rule} 的子集 ${of.subset}`;
}

function holding({ revision, weights }: RevisionAndWeights): string {
  return `${revision === undefined ? '无修订号' : `修订号 ${revision}`}，${weights === undefined ? '无权重' : formatWeights(weights)}`;
}
