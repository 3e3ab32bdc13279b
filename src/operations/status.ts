import { throwAny } from '../fleet/fleet.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish, textsIn } from '../texts/texts.ts';
import { candidateOf, selectsEndpoint } from '../kubernetes/pod-selection.ts';
import type { Place } from '../kubernetes/pod-selection.ts';
import { CanaryError, messageOf } from '../core/errors.ts';
import {
  clustersAgree,
  clustersDisagree,
  describeDisagreement,
  readClusterWeights,
  isOpenChoice,
} from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { describeOverlap, subsetOverlaps } from '../release/subset-overlaps.ts';
import { isInMesh } from '../kubernetes/mesh-membership.ts';
import { isReady } from '../kubernetes/pods.ts';
import { podRequirement } from '../release/pod-requirement.ts';
import { previousOf, recordOf } from '../release/history.ts';
import { allClusters } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import { placeOfPods } from '../release/state.ts';
import type { ClusterState, FleetState } from '../release/state.ts';
import { versionLabels } from '../release/subsets.ts';
import { VERSION_LABEL } from '../release/version-label.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import { describeEdit } from '../release/weight-edits.ts';
import { alignmentOfClusters } from '../report/next-step.ts';
import { routeDefects } from '../release/route-defects.ts';
import { observeWhereClear } from '../release/observation.ts';
import { noteBlindSpots, phase } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { podsOfService } from '../release/service-port.ts';

/**
 * Reports each cluster's state and any disagreement. Writes nothing, and samples nothing.
 *
 * @throws CanaryError if clusters hold different weights, one cannot be read, nothing of the app exists, or the weights cannot hold for
 * users
 */
export async function status(context: Context): Promise<void> {
  const { release, fleet, recorder, log } = context;
  const problems = await phase(context, 'Status', async () => {
    const { state, failures } = await fleet.readEach(release);
    // Without a cluster to report on, there is only the failure.
    if (state.size === 0) throwAny([...failures.values()]);
    const readable = release.configClusters.filter((cluster) => state.has(cluster));
    const { observed, unclear } = observeWhereClear(release, state, readable);
    const { routes } = observed;
    noteBlindSpots(context, observed);
    if (failures.size === 0) assertAppExists(release, state);
    const held = readClusterWeights(release, state, failures);
    recorder.record({ kind: 'read', held });
    const versions = [...new Set(routes.flatMap(({ weights }) => [...(weights?.keys() ?? [])]))];
    const labels = versionLabels(routes, versions);
    const clusters = allClusters(release).map((cluster) => ({
      cluster,
      text: textOf(release, cluster, {
        labels,
        held,
        revision: routes.find((one) => one.cluster === cluster)?.record?.revision,
        state: state.get(cluster),
        failure: failures.get(cluster),
      }),
    }));
    recorder.record({ kind: 'summarized', clusters });
    for (const { cluster, text } of clusters) log.info(`${cluster}: ${inEnglish(text)}`);
    recorder.record({ kind: 'previous weights', weights: previousIn(release, state) });
    for (const overlap of subsetOverlaps(observed, versions)) log.warn(describeOverlap(overlap));
    for (const edit of observed.edits) log.warn(`${describeEdit(edit)}.`);
    const unread = [...failures].map(
      ([cluster, error]) => `${cluster} could not be read: ${messageOf(error)}`,
    );
    if (unread.length > 0) return unread;
    const found = [
      ...disagreementIn(held, unclear),
      ...routeDefects(observed).map(({ title, detail }) => inEnglish({ kind: 'findingLine', title, detail })),
    ];
    for (const sentence of unclear) if (!found.includes(sentence)) log.warn(sentence);
    if (isOpenChoice(held)) {
      log.info('The inputs leave open which routes are meant, so no weights are compared.');
      return [];
    }
    if (found.length === 0)
      log.info(
        clustersAgree(held) === true
          ? 'All clusters agree.'
          : 'No cluster holds weights: nothing has been released yet.',
      );
    return found;
  });
  if (problems.length > 0) throw new CanaryError(problems.join('\n'));
}

/**
 * That the clusters hold different weights, and what to do.
 *
 * @param unclear why the routing of clusters is not clear: each sentence has its own remedy
 */
function disagreementIn(held: readonly ClusterWeights[], unclear: readonly string[]): readonly string[] {
  if (clustersAgree(held) !== false) return [];
  if (unclear.length > 0)
    return [...(clustersDisagree(held) ? [describeDisagreement(held)] : []), ...unclear];
  return [`${describeDisagreement(held)} ${alignmentOfClusters(held, textsIn('en'))}`];
}

/** What a line about one cluster is made from. */
interface Known {
  readonly labels: VersionLabels;
  readonly held: readonly ClusterWeights[];
  /** That the release last wrote in the cluster. */
  readonly revision: number | undefined;
  /** undefined where the cluster could not be read */
  readonly state: ClusterState | undefined;
  /** Why it could not be read. */
  readonly failure: unknown;
}

function textOf(release: Release, cluster: ClusterName, known: Known): Message {
  const { labels, held, revision, state, failure } = known;
  if (state === undefined) return { kind: 'clusterUnread', error: messageOf(failure) };
  if (state.namespace === undefined) return { kind: 'noNamespace', namespace: release.namespace };
  const own = held.filter((one) => one.cluster === cluster);
  return {
    kind: 'clusterState',
    routes: routesIn(state, own, revision),
    pods: podsIn(release, state, labels),
  };
}

function routesIn(
  state: ClusterState,
  held: readonly ClusterWeights[],
  revision: number | undefined,
): Message {
  if (held.length === 0) return { kind: 'servedElsewhere' };
  return {
    kind: 'routesHold',
    held: held.map(({ place, kind, text }) => ({
      place: place === state.name ? undefined : place,
      what: text,
      isWeights: kind === 'weights',
    })),
    revision,
  };
}

/** The weights to go back to, by the newest record of any cluster. */
function previousIn(release: Release, state: FleetState): ReturnType<typeof previousOf> {
  const records = [...state.values()].flatMap(({ traffic, gatewayApi }) =>
    [...(traffic?.virtualServices ?? []), ...(gatewayApi?.httpRoutes ?? [])]
      .filter(({ metadata }) => metadata.namespace === release.namespace)
      .flatMap((object) => recordOf(object, release.app) ?? []),
  );
  return previousOf(records.toSorted((a, b) => b.revision - a.revision)[0]);
}

function podsIn(release: Release, cluster: ClusterState, labels: VersionLabels): Message {
  const place = placeOfPods(cluster);
  const versions = new Map<string, { ready: number; all: number }>();
  const requirement = podRequirement(release, cluster);
  for (const pod of podsOfService(release, cluster)) {
    const version = selectedBy(pod, labels, place);
    const { ready, all } = versions.get(version) ?? { ready: 0, all: 0 };
    const isServing = isReady(pod) && isInMesh(requirement, pod);
    versions.set(version, { ready: ready + (isServing ? 1 : 0), all: all + 1 });
  }
  if (versions.size === 0) return { kind: 'noPods', app: release.app };
  return {
    kind: 'podsReady',
    versions: [...versions].map(([version, { ready, all }]) => ({ version, ready, all })),
  };
}

/** The versions whose subsets select a pod; if none does, the version in its label. */
function selectedBy(pod: Pod, labels: VersionLabels, place: Place): string {
  const found = [...labels].filter(
    ([, wanted]) => selectsEndpoint(wanted, candidateOf(pod), place) !== false,
  );
  if (found.length > 0) return found.map(([version]) => version).join(' and ');
  const label = pod.metadata.labels?.[VERSION_LABEL];
  if (label === undefined) return 'no version label';
  return labels.has(label) ? `${label}, not selected by the labels of ${label}` : label;
}
