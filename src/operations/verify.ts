import { CanaryError, messageOf } from '../core/errors.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import { readClusterWeights, describeClusterWeights } from '../release/cluster-weights.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { overlapMessage, subsetOverlaps, overlapTitle } from '../release/subset-overlaps.ts';
import type { Finding } from '../diagnosis/finding.ts';
import { previousOf } from '../release/history.ts';
import { assertReleased } from '../release/guards/released.ts';
import { samplesNothing } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import type { Observation } from '../release/observation.ts';
import { routeChangesSince } from '../release/route-state.ts';
import type { RouteState } from '../release/route-state.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { inputLabel, inputPlace, theInput } from '../core/wording.ts';
import { checkShares } from './check.ts';
import type { CheckRequest } from './check.ts';
import { noteBlindSpots, phase, logDefects } from './context.ts';
import type { Context } from './context.ts';
import { unclearMarksIn } from '../release/guards/own-marks.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { findTargets, routeObjects, withClients } from './ingresses.ts';
import { assertTimeToWatch, tryMetrics } from './metrics.ts';
import type { Outcome } from './stages.ts';

/**
 * Samples every ingress against the weights in force, or those in the input weights; with the input watch, then watches them and
 * the metrics for that time. Writes nothing.
 *
 * @throws CanaryError if there are metrics, and nothing says for how long, or that they are not meant
 */
export function verify(context: Context): Promise<Outcome> {
  const { metrics, traffic, check } = context.release;
  const [first] = metrics;
  if (first !== undefined && check.watchMs === undefined)
    throw new CanaryError(
      `${first.origin}: metrics are judged over time, and verify ends with its samples. Set ${theInput('watch')}, for example to 10m, or to 0s to verify by samples alone.`,
    );
  return verifyWeights(context, traffic.weights, undefined, check.watchMs);
}

const WITHOUT_METRICS: Message = { kind: 'metricsNotJudged' };

/**
 * Samples every ingress against weights. Writes nothing.
 *
 * @param given undefined: the weights in force
 * @param known what the clusters hold, if it has just been read
 * @param watchMs how long to watch once the shares have passed, in ms; 0: not at all
 */
export async function verifyWeights(
  context: Context,
  given: Weights | undefined,
  known?: FleetState,
  watchMs = 0,
): Promise<Outcome> {
  const { release, fleet, recorder, log } = context;
  const judgesMetrics = release.metrics.length > 0 && watchMs > 0;
  if (samplesNothing(release) && !judgesMetrics) throw new CanaryError(nothingToVerify(release));
  if (judgesMetrics) assertTimeToWatch(release, watchMs, 'watch');
  const { targets, observed, weights } = await phase(context, 'Read', async () => {
    const state = known ?? (await fleet.read(release));
    recorder.record({ kind: 'read', held: readClusterWeights(release, state) });
    assertAppExists(release, state);
    const observed = observe(release, state);
    noteBlindSpots(context, observed);
    if (release.metrics.length > 0 && !judgesMetrics) {
      log.warn(inEnglish(WITHOUT_METRICS));
      recorder.record({ kind: 'blind spots', of: 'metrics', messages: [WITHOUT_METRICS] });
    }
    assertReleased(observed);
    assertNoneJoins(observed);
    const weights = given === undefined ? agreedWeights(observed) : withOthers(given, observed.routes);
    log.info(
      `Sampling against ${formatWeights(weights)} (${given === undefined ? 'the weights in force' : inputLabel('weights')})`,
    );
    const targets = await findTargets(context, state, routeObjects(observed.routes));
    return { observed, weights, targets };
  });
  recorder.record({ kind: 'previous weights', weights: previousOf(observed.record) });
  const ambiguous = overlapsIn(context, observed, weights);
  const defects = logDefects(context, observed);
  const unclear = unclearMarksIn(observed);
  if (judgesMetrics && !(await tryMetrics(context, { observed, weights })))
    return { kind: 'done', verdict: 'inconclusive' };
  const verdict = await withClients(targets, async (clients) => {
    const request: CheckRequest = {
      clients,
      weights,
      observed,
      // A response does not show who gave it then, so a share that looks right is no evidence.
      ...(release.check.versionFrom.from === 'auto'
        ? { doubts: [...ambiguous, ...unclear], remarks: defects }
        : { doubts: unclear, remarks: [...ambiguous, ...defects] }),
      interruption: () => interruptionOf(context, observed),
    };
    if (clients.length > 0) {
      const { verdict: first } = await phase(context, 'Verify', () => checkShares(context, request));
      if (first !== 'pass' || watchMs === 0) return first;
    }
    const watched = await phase(context, 'Watch', () => checkShares(context, { ...request, watchMs }));
    return watched.verdict;
  });
  return { kind: 'done', verdict };
}

function nothingToVerify({ metrics }: Release): string {
  const remedy =
    metrics.length === 0
      ? `give metrics and ${theInput('watch')}`
      : `set ${theInput('watch')} to the time for which the metrics are to be judged`;
  return `${inputPlace('ingress')} is none for every cluster: there is nothing to sample, so nothing can be verified. Name the ingress of at least one cluster, ${remedy}, or use the operation status to see what the clusters hold.`;
}

/**
 * Nobody holds the lock during a verification. If the release was changed meanwhile, the samples are of the weights before and
 * of those after: they prove neither, and must not make anybody roll back what is sound.
 */
async function interruptionOf(context: Context, before: Observation): Promise<Finding | undefined> {
  const { release, fleet, log } = context;
  try {
    const now = observe(release, await fleet.readAgain(release, before.fleet));
    const changes = routeChangesSince(before.routes, now.routes);
    if (changes.length === 0) return undefined;
    return {
      title: { kind: 'changedMeanwhileTitle' },
      detail: { kind: 'changedMeanwhile', changes },
    };
  } catch (error) {
    log.warn(`Whether the release was changed meanwhile could not be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** A pod that the subsets of two versions select answers under the name of either. */
function overlapsIn({ log }: Context, observed: Observation, weights: Weights): readonly Finding[] {
  return subsetOverlaps(observed, [...weights.keys()]).map((overlap) => {
    const detail = overlapMessage(overlap);
    log.warn(inEnglish(detail));
    return { title: overlapTitle(overlap), detail };
  });
}

/** The weights given, with every other version that the routes give weight to at 0: it must not answer. */
function withOthers(given: Weights, routes: readonly RouteState[]): Weights {
  const held = routes.flatMap(({ weights }) => [...(weights ?? [])]);
  const others = held.flatMap(([version, weight]) => (weight > 0 && !given.has(version) ? [version] : []));
  return new Map([...given, ...others.map((version) => [version, 0] as const)]);
}

/** @throws CanaryError if a managed route is new to the release: the weights do not hold for its users yet */
function assertNoneJoins({ routes, held }: Observation): void {
  const joining = routes.filter(({ accord }) => accord === 'joining');
  if (joining.length === 0) return;
  throw new CanaryError(
    `A route that ${theInput('routes')} names is not part of the release yet: ${describeClusterWeights(held)}. Run the operation rollout first, which brings it to the weights of the others.`,
  );
}

/**
 * The weights that the last step of the release wrote; without one, those that all config clusters hold.
 *
 * @throws CanaryError if there are none, or the clusters disagree and no record says which are meant
 */
function agreedWeights({ routes, record, held }: Observation): Weights {
  for (const { cluster, object, weights } of routes) {
    if (object !== undefined && weights === undefined)
      throw new CanaryError(
        `${nameOf(object)} in ${cluster} gives no weights to versions. Run the operation rollout first, or set ${theInput('weights')}.`,
      );
  }
  const recorded = record?.weights;
  const agreed = recorded ?? routes[0]?.weights;
  if (agreed === undefined) throw new CanaryError('No cluster was named that serves the routes.');
  if (
    recorded === undefined &&
    !routes.every(({ weights }) => weights !== undefined && sameWeights(weights, agreed))
  ) {
    throw new CanaryError(
      `The clusters hold different weights: ${describeClusterWeights(held)}. Set ${theInput('weights')} to the ones you mean.`,
    );
  }
  return agreed;
}
