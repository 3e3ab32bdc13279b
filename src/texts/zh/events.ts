import { formatWeights, sameWeights } from '../../core/weights.ts';
import { worded } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type { EventMessages, ReasonMessages, StatusMessages } from '../catalogue/events.ts';
import type { MessageTexts } from '../message.ts';
import { formats } from './formats.ts';
import { inputWith, theInput } from './inputs.ts';
import { spaced } from './spaced.ts';

const { list } = formats;

export const events: MessageTexts<EventMessages & ReasonMessages & StatusMessages> = {
  podsBack: ({ object, cluster, images, ready }) =>
    `集群 ${cluster} 的 ${object} 已恢复为镜像 ${list(images)}${ready ? '，并且已就绪' : '；它的 Pod 仍在替换'}。`,
  podsNotReady: ({ object, cluster, images, error }) =>
    `集群 ${cluster} 的 ${object} 已恢复为镜像 ${list(images)}，但它的 Pod 还没有全部就绪：${error}`,
  podsNotBack: ({ version, weight, object, cluster, images, earlier, why, image }, say) => {
    const users = weight === undefined ? '有用户流量' : `有 ${String(weight)}% 的流量`;
    const remedy =
      image === undefined
        ? '要恢复，请用之前的清单执行操作 rollout。'
        : `要恢复，请执行操作 rollout，并设置 image ${version}=${image}。`;
    return `${version}（${users}）仍在运行本次失败的运行写入的镜像 ${list(images)}，而不是 ${list(earlier)}（集群 ${cluster} 的 ${object}；未恢复：${say(why)}）。${remedy}`;
  },
  keptOnFailure: () => inputWith('on-failure', 'keep'),
  lockTakenOver: () => '另一次运行已接管锁',
  changedByOthers: () => '此后有其他人改动过，保持不变',

  holdsAgain: ({ cluster, weights }) => `集群 ${cluster} 的权重为 ${formatWeights(weights)}。`,
  leftUnchanged: ({ edit }, say) => `${say(edit)}：保持不变。`,
  notOurs: ({ cluster, weights }) =>
    `集群 ${cluster} ${weights === undefined ? '没有权重' : `的权重为 ${formatWeights(weights)}`}，不是本次运行写入的：保持不变。`,
  arrivalUnseen: () => '还没有看到所有入口都按这组权重应答。',
  notRestored: ({ weights, error, inForce }, say) =>
    `未能在所有集群恢复权重 ${formatWeights(weights)}。${error}${inForce === undefined ? '' : ` 当前状态：${say(inForce)}。`}`,
  inForce: ({ held }, say) => held.map(({ place, what }) => spaced`${place} ${say(what)}`).join('；'),
  unreadable: ({ error }) => `无法读取（${error}）`,
  notRecovered: ({ cluster, either, error }) =>
    `集群 ${cluster} 没有恢复：它的权重为 ${either.map(formatWeights).join(' 或 ')}，并且无法访问（${error}）。下一次运行会恢复它；集群可用后请${worded({ step: '重新运行本作业', command: '重新运行此命令' })}。`,

  noAnswerInTime: ({ cluster, either, error }) =>
    `集群 ${cluster} 的权重为 ${either.map(formatWeights).join(' 或 ')}，并且没有及时应答（${error}）。`,
  theyHold: ({ held }) =>
    `各集群的权重：${held.map(({ place, weights }) => `${place} ${weights === undefined ? '没有权重' : `为 ${formatWeights(weights)}`}`).join('；')}。`,

  objectGone: ({ object, cluster }) => `集群 ${cluster} 的 ${object} 已不存在。`,
  objectReverted: ({ object, cluster, first }) =>
    `集群 ${cluster} 的 ${object} 已恢复之前的内容。${first ? `新服务可能曾短暂经 ${cluster} 应答，现在不再应答：请求又会得到 404，与本次运行之前相同。` : ''}`,
  objectStays: ({ object, cluster }) => `集群 ${cluster} 的 ${object} 由本次运行创建，予以保留。`,
  objectUnreached: ({ object, cluster }) => `集群 ${cluster} 的 ${object} 仍是之前的内容：变更没有到达。`,
  objectChanged: ({ object, cluster, split, by }) =>
    `集群 ${cluster} 的 ${object} 此后被其他人改过${split === undefined ? '' : `：现为 ${split}`}${by === undefined ? '' : spaced`（最后由 ${by.manager} ${by.time === undefined ? '在未知时间' : `于 ${by.time}`} 写入）`}。`,
  objectNotReverted: ({ object, cluster, state, error }) =>
    `集群 ${cluster} 的 ${object} ${NOT_REVERTED[state]}：${error}`,
  splitRestored: ({ object, cluster, split }) =>
    split === undefined
      ? `不能确定集群 ${cluster} 的 ${object} 是否已恢复之前的权重。`
      : `集群 ${cluster} 的 ${object} 已恢复为 ${split}。`,

  weightsSet: ({ before, between = [], after }) => {
    const isAsBefore = before !== undefined && between.length === 0 && sameWeights(before, after);
    if (isAsBefore) return `权重 ${formatWeights(after)}，与之前相同`;
    const path = [...(before === undefined ? [] : [before]), ...between, after];
    return `权重 ${path.map(formatWeights).join(' → ')}`;
  },
  previews: ({ versions }) => `${list(versions)} 的预览路由`,
  removedFromRoutes: ({ version }) => `从路由中移除 ${version}`,
  forVersion: ({ version }) => `用于 ${version}`,
  workloadOf: ({ version }) => `${version} 的工作负载`,
  namespaceNew: () => `新建：本次发布的命名空间，取自${theInput('namespace')}`,
  namespaceOfRelease: () => '本次发布的命名空间',
  injection: ({ injection }) => `边车注入：${injection}`,
  subsetUnused: ({ version }) => `子集 ${version} 不再被任何路由使用`,
  subsets: ({ versions, mutualTls }) => `子集 ${list(versions)}${mutualTls ? '，双向 TLS' : ''}`,
  subsetMissing: ({ versions }) => `子集 ${list(versions)}`,
  entryPoint: () => '入口流量的入口点',
  serviceForRoute: ({ version }) => `供 HTTPRoute 使用的 ${version} 的 Service`,
  serviceOf: ({ version }) => `${version} 的 Service`,
  templateRestored: () => '恢复之前的 Pod 模板',
  notChanged: () => '未改动',
  reverted: () => '撤销',
  recoveredRoutes: () => '已恢复，路由未变',
  recoveredContent: () => '已恢复，内容未变',

  clusterUnread: ({ error }) => `无法读取：${error}`,
  noNamespace: ({ namespace }) => `没有命名空间 ${namespace}`,
  clusterState: ({ routes, pods }, say) => `${say(routes)}；${say(pods)}`,
  servedElsewhere: () => '路由由其他集群提供',
  routesHold: ({ held, revision }, say) => {
    const each = held.map(
      ({ place, what, isWeights }) =>
        `${place === undefined ? '' : `${place}：`}${isWeights ? '权重 ' : ''}${say(what)}`,
    );
    return `${each.join('；')}${revision === undefined ? '' : `，修订号 ${String(revision)}`}`;
  },
  noPods: ({ app }) => `没有 ${app} 的 Pod`,
  podsReady: ({ versions }) =>
    list(
      versions.map(
        ({ version, ready, all }) => `${version} 有 ${formatCount(ready)}/${formatCount(all)} 个 Pod 就绪`,
      ),
    ),
};

const NOT_REVERTED = {
  ours: '未能撤销；除非有人改过，否则是新内容',
  awaited: '仍是之前的内容，除非变更稍后到达',
  other: '无法读取，可能是新内容，也可能是之前的内容',
};
