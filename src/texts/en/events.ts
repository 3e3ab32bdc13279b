import { formatWeights, sameWeights } from '../../core/weights.ts';
import { inputLabel, theInput, worded } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type { EventMessages, ReasonMessages, StatusMessages } from '../catalogue/events.ts';
import type { MessageTexts } from '../message.ts';

export const events: MessageTexts<EventMessages & ReasonMessages & StatusMessages> = {
  podsBack: ({ object, cluster, images: to, ready }) =>
    `${object} in ${cluster} is back on ${images(to)}${ready ? ', and ready' : '; its pods are still being replaced'}.`,
  podsNotReady: ({ object, cluster, images: to, error }) =>
    `${object} in ${cluster} is back on ${images(to)}, but not all of its pods are ready yet: ${error}`,
  podsNotBack: ({ version, weight, object, cluster, images: now, earlier, why, image }, say) => {
    const users = weight === undefined ? 'which has users' : `which has ${String(weight)}% of the traffic`;
    const remedy =
      image === undefined
        ? 'To go back, run the operation rollout with the earlier manifests.'
        : `To go back, run the operation rollout with image ${version}=${image}.`;
    return `${version}, ${users}, still runs ${images(now)} of this failed run instead of ${images(earlier)} (${object} in ${cluster}; not restored: ${say(why)}). ${remedy}`;
  },
  keptOnFailure: () => inputLabel('on-failure', 'keep'),
  lockTakenOver: () => 'another run has taken over the lock',
  changedByOthers: () => 'someone else has changed it since, which is left unchanged',

  holdsAgain: ({ cluster, weights }) => `${cluster} holds ${formatWeights(weights)}.`,
  leftUnchanged: ({ edit }, say) => `${say(edit)}: left unchanged.`,
  notOurs: ({ cluster, weights }) =>
    `${cluster} holds ${weights === undefined ? 'no weights' : formatWeights(weights)}, which this run did not write: left unchanged.`,
  arrivalUnseen: () => 'Not every ingress has been seen to answer under these weights.',
  notRestored: ({ weights, error, inForce }, say) =>
    `The weights ${formatWeights(weights)} could not be restored everywhere. ${error}${inForce === undefined ? '' : ` In force now: ${say(inForce)}.`}`,
  inForce: ({ held }, say) => held.map(({ place, what }) => `${place} ${say(what)}`).join('; '),
  unreadable: ({ error }) => `cannot be read (${error})`,
  notRecovered: ({ cluster, either, error }) =>
    `${cluster} is not recovered: it holds ${either.map(formatWeights).join(' or ')}, and could not be reached (${error}). The next run recovers it; ${worded({ step: 're-run this job', command: 'run this command again' })} when the cluster is back.`,

  noAnswerInTime: ({ cluster, either, error }) =>
    `${cluster} holds ${either.map(formatWeights).join(' or ')}, and did not answer in time (${error}).`,
  theyHold: ({ held }) =>
    `They hold ${held.map(({ place, weights }) => `${place} ${weights === undefined ? 'none' : formatWeights(weights)}`).join('; ')}.`,

  objectGone: ({ object, cluster }) => `${object} in ${cluster} is gone.`,
  objectReverted: ({ object, cluster, first }) =>
    `${object} in ${cluster} holds its earlier content again.${first ? ` The new service may have answered through ${cluster} for a moment, and no longer does: requests get 404 again, as before this run.` : ''}`,
  objectStays: ({ object, cluster }) => `${object} in ${cluster} was created, and stays.`,
  objectUnreached: ({ object, cluster }) =>
    `${object} in ${cluster} holds its earlier content: the change did not reach it.`,
  objectChanged: ({ object, cluster, split, by }) =>
    `${object} in ${cluster} was changed by someone else since${split === undefined ? '' : `: it holds ${split}`}${by === undefined ? '' : ` (last written by ${by.manager} at ${by.time ?? 'an unknown time'})`}.`,
  objectNotReverted: ({ object, cluster, state, error }) =>
    `${object} in ${cluster} ${NOT_REVERTED[state]}: ${error}`,
  splitRestored: ({ object, cluster, split }) =>
    split === undefined
      ? `${object} in ${cluster} is not known to hold its earlier weights again.`
      : `${object} in ${cluster} holds ${split} again.`,

  weightsSet: ({ before, between = [], after }) => {
    const isAsBefore = before !== undefined && between.length === 0 && sameWeights(before, after);
    if (isAsBefore) return `weights ${formatWeights(after)}, as before`;
    const path = [...(before === undefined ? [] : [before]), ...between, after];
    return `weights ${path.map(formatWeights).join(' → ')}`;
  },
  previews: ({ versions }) => `preview routes for ${versions.join(', ')}`,
  removedFromRoutes: ({ version }) => `remove ${version} from the routes`,
  forVersion: ({ version }) => `for ${version}`,
  workloadOf: ({ version }) => `workload of ${version}`,
  namespaceNew: () => `new: the namespace of the release, from ${theInput('namespace')}`,
  namespaceOfRelease: () => 'the namespace of the release',
  injection: ({ injection }) => `sidecar injection: ${injection}`,
  subsetUnused: ({ version }) => `subset ${version} is no longer used by a route`,
  subsets: ({ versions, mutualTls }) => `subsets ${versions.join(', ')}${mutualTls ? ', mutual TLS' : ''}`,
  subsetMissing: ({ versions }) => `subset ${versions.join(', ')}`,
  entryPoint: () => 'entry point for the ingress traffic',
  serviceForRoute: ({ version }) => `Service of ${version} for the HTTPRoute`,
  serviceOf: ({ version }) => `Service of ${version}`,
  templateRestored: () => 'earlier pod template restored',
  notChanged: () => 'not changed',
  reverted: () => 'revert',
  recoveredRoutes: () => 'recovered, routes unchanged',
  recoveredContent: () => 'recovered, content unchanged',

  clusterUnread: ({ error }) => `could not be read: ${error}`,
  noNamespace: ({ namespace }) => `no namespace ${namespace}`,
  clusterState: ({ routes, pods }, say) => `${say(routes)}; ${say(pods)}`,
  servedElsewhere: () => 'routes served by another cluster',
  routesHold: ({ held, revision }, say) => {
    const each = held.map(
      ({ place, what, isWeights }) =>
        `${place === undefined ? '' : `${place}: `}${isWeights ? 'weights ' : ''}${say(what)}`,
    );
    return `${each.join('; ')}${revision === undefined ? '' : `, revision ${String(revision)}`}`;
  },
  noPods: ({ app }) => `no pod of ${app}`,
  podsReady: ({ versions }) =>
    versions
      .map(({ version, ready, all }) => `${version}: ${formatCount(ready)} of ${formatCount(all)} pods ready`)
      .join(', '),
};

const NOT_REVERTED = {
  ours: 'could not be reverted, and holds the new content unless someone changed it',
  awaited: 'holds its earlier content, unless the change still reaches it',
  other: 'could not be read, and holds the new content or the earlier one',
};

/** `image a:1`, which is what people know a template by. */
function images(all: readonly string[]): string {
  return `${all.length === 1 ? 'image' : 'images'} ${all.join(', ')}`;
}
