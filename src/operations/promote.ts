import { preflight } from '../fleet/preflight.ts';
import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import { isUnfinished } from '../fleet/transaction/read-leases.ts';
import { CanaryError } from '../core/errors.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import { samplesNothing } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import { existingRoutes } from '../release/route-state.ts';
import { formatWeights, sameWeights, stepWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { inputLabel, inputPlace, nameOfInput } from '../core/wording.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { assertTimeToWatch } from './metrics.ts';
import { readFleet } from './read-fleet.ts';
import type { FleetReading } from './read-fleet.ts';
import { runPipeline } from './pipeline.ts';
import { stepStages } from './step.ts';
import { planRollout } from '../release/plan.ts';
import { inTransaction } from './transaction.ts';
import type { Outcome } from './stages.ts';
import { verifyWeights } from './verify.ts';

/**
 * Goes to the next of the steps, or with `promote-to` through several of them, each verified and watched (`bake`) before the
 * next. A drift stops it and restores the previous step. At the last step it only verifies, and watches the metrics.
 *
 * @throws CanaryError without `version` or `steps`, or before the first release
 */
export async function promote(context: Context): Promise<Outcome> {
  const { release, log } = context;
  const { steps, promoteTo } = release.traffic;
  const version = assertPromotable(release);
  let last: { readonly outcome: Outcome; readonly weights: Weights } | undefined;
  for (;;) {
    const reading = await phase(context, 'Read', () => readFleet(context));
    const current = currentWeights(context, reading.state, version);
    const now = current.get(version) ?? 0;
    const next = steps.find((step) => step > now);
    const goal = promoteTo ?? (last === undefined ? next : undefined);
    if (next === undefined || goal === undefined || next > goal) {
      // Another run may have moved the weights on: then what this one has verified is no longer in force.
      if (last !== undefined && sameWeights(last.weights, current)) return last.outcome;
      log.info(`${version} is at ${String(now)}%: there is no further step to go to.`);
      return verifyInForce(context, reading, current);
    }
    const weights = stepWeights(next, version, current);
    log.info(`Step: ${formatWeights(current)} → ${formatWeights(weights)}`);
    const outcome = await runPipeline(context, promotion(release, weights, next === goal), reading);
    // Another run has moved the weights since: from there, the next step may be another one.
    if (outcome.kind === 'overtaken') continue;
    if (outcome.kind === 'recovered') {
      if (promoteTo !== undefined && outcome.isVerified) continue;
      // The step that another run left is this one's: whoever approves the next has not seen its result yet.
      return cannotJudge(release)
        ? NOTHING_TO_JUDGE
        : verifyWeights(context, undefined, undefined, watchMsOf(release));
    }
    if (outcome.verdict !== 'pass' || promoteTo === undefined) return outcome;
    last = { outcome, weights };
  }
}

const NOTHING_TO_JUDGE: Outcome = { kind: 'done', verdict: undefined };

function cannotJudge(release: Release): boolean {
  return samplesNothing(release) && release.metrics.length === 0;
}

/** How long weights that are in force already are watched: metrics take time, samples do not. */
function watchMsOf({ metrics, traffic }: Release): number {
  return metrics.length === 0 ? 0 : traffic.bakeMs;
}

/** One of the steps. The last one is watched only by metrics, which see all the traffic there: `bake` is the time before the next. */
function promotion(
  { traffic, metrics, onFailure }: Release,
  weights: Weights,
  isLast: boolean,
): ReturnType<typeof stepStages> {
  return stepStages({
    plan: (observed) => planRollout(observed, weights),
    direction: 'forward',
    bakeMs: isLast && metrics.length === 0 ? 0 : traffic.bakeMs,
    onFailure,
    whenOvertaken: 'leave',
  });
}

/** @returns the version being released */
function assertPromotable(release: Release): VersionName {
  const { version, traffic } = release;
  if (version === undefined)
    throw new CanaryError(
      `${inputPlace('version')} is required by the operation promote; it is the version being released.`,
    );
  if (traffic.steps.length === 0)
    throw new CanaryError(
      `${inputPlace('steps')} is required by the operation promote; expected the weights to go through, such as 20,50,100.`,
    );
  assertTimeToWatch(release, traffic.bakeMs, 'bake');
  if (traffic.promoteTo !== undefined && cannotJudge(release))
    throw new CanaryError(
      `${inputPlace('promote-to')} goes through steps, each verified before the next, and ${inputLabel('ingress')} is none for every cluster, so the steps cannot be verified. Give metrics to judge them by, or omit ${nameOfInput('promote-to')} and promote one step at a time.`,
    );
  return version;
}

/** Verifies the weights in force; in a transaction, if an earlier run is to be recovered first. */
async function verifyInForce(
  context: Context,
  { state, leases }: FleetReading,
  current: Weights,
): Promise<Outcome> {
  const { release } = context;
  const watchMs = watchMsOf(release);
  if (cannotJudge(release)) return NOTHING_TO_JUDGE;
  if (!isUnfinished(leases)) return verifyWeights(context, undefined, state, watchMs);
  const { record, routes } = observe(release, state);
  const history = record?.history ?? [];
  const target: TransactionTarget = {
    target: current,
    previous: current,
    direction: 'forward',
    history,
    objects: [],
  };
  const recovered = existingRoutes(routes);
  await phase(context, 'Preflight', () => preflight(context.fleet, release, { changes: [], recovered }));
  const verifyAgain = ({ fleet, signal }: Pick<Context, 'fleet' | 'signal'>): Promise<Outcome> =>
    verifyWeights({ ...context, fleet, signal }, undefined, undefined, watchMs);
  return inTransaction(context, leases, target, verifyAgain, { repairs: false, bakeMs: watchMs });
}

/**
 * The weights to go on from. If the clusters hold different ones, a step was left half done: then those that give the version
 * least, so that no cluster skips a step. An edit by someone else is found by the step itself.
 */
function currentWeights({ release, recorder }: Context, state: FleetState, version: VersionName): Weights {
  recorder.record({ kind: 'read', held: readClusterWeights(release, state) });
  assertAppExists(release, state);
  const held = observe(release, state).routes.flatMap(({ weights }) =>
    weights === undefined ? [] : [weights],
  );
  const [least] = held.toSorted((a, b) => (a.get(version) ?? 0) - (b.get(version) ?? 0));
  if (least !== undefined) return least;
  throw new CanaryError(
    `No route gives ${release.app} weights yet: run the operation rollout first, then promote.`,
  );
}
