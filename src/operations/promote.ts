import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import { isUnfinished } from '../fleet/transaction/leases.ts';
import { CanaryError } from '../core/errors.ts';
import { readClusterWeights } from '../release/cluster-weights.ts';
import { samplesNothing } from '../release/release.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import { formatWeights, stepWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { phase } from './context.ts';
import type { Context } from './context.ts';
import { assertAppExists } from '../release/guards/app-exists.ts';
import { readFleet } from './observe.ts';
import type { Observed } from './observe.ts';
import { rollout } from './rollout.ts';
import { inTransaction } from './transaction.ts';
import type { Outcome } from './stages.ts';
import { verify } from './verify.ts';

/**
 * Goes to the next of the steps, or with `promote-to` through several of them, each verified and watched (`bake`) before the
 * next. A drift stops it, and gives back the step before. At the last step it only verifies.
 *
 * @throws CanaryError without `version` or `steps`, or before the first release
 */
export async function promote(context: Context): Promise<Outcome> {
  const { release, recorder, log } = context;
  let passed: Outcome = { verdict: undefined };
  const { version } = release;
  const { steps, promoteTo } = release.traffic;
  if (version === undefined)
    throw new CanaryError(
      'Input version: is required by the operation promote; it is the version being released.',
    );
  if (steps.length === 0)
    throw new CanaryError(
      'Input steps: is required by the operation promote; expected the weights to go through, such as 20,50,100.',
    );
  if (promoteTo !== undefined && samplesNothing(release))
    throw new CanaryError(
      'Input promote-to goes through steps, each verified before the next, and input ingress is none for every cluster: there is nothing to verify them by. Leave out promote-to, and promote one step at a time.',
    );
  for (let first = true; ;) {
    const known = await phase(context, 'Read', () => readFleet(context));
    const { state } = known;
    recorder.record({ kind: 'read', held: readClusterWeights(release, state) });
    assertAppExists(release, state);
    const current = currentWeights(release, state, version);
    const now = current.get(version) ?? 0;
    const next = steps.find((step) => step > now);
    const goal = promoteTo ?? (first ? next : undefined);
    if (next === undefined || goal === undefined || next > goal) {
      if (!first) return passed;
      log.info(`${version} is at ${String(now)}%: there is no further step to go to.`);
      return samplesNothing(release)
        ? { verdict: undefined }
        : verifyInForce({ ...context, release: withWeights(release, undefined, 0) }, known, current);
    }
    const weights = stepWeights(next, version, current);
    log.info(`Step: ${formatWeights(current)} → ${formatWeights(weights)}`);
    const bakeMs = next === goal ? 0 : release.traffic.bakeMs;
    const outcome = await rollout(
      { ...context, release: withWeights(release, weights, bakeMs) },
      { known, unlessOvertaken: true },
    );
    // Another run has moved the weights since: from there, the next step may be another one.
    if (outcome.kind === 'overtaken') continue;
    if (outcome.kind === 'recovered') {
      // The step that another run left is this one's: whoever approves the next has not seen its result yet.
      if (promoteTo !== undefined) continue;
      return samplesNothing(release)
        ? { verdict: undefined }
        : verify({ ...context, release: withWeights(release, undefined, 0) });
    }
    if (outcome.verdict !== 'pass' || promoteTo === undefined) return outcome;
    passed = outcome;
    first = false;
  }
}

/** Verifies the weights in force; as a transaction of its own where an earlier run is to be settled first. */
async function verifyInForce(
  context: Context,
  { state, leases }: Observed,
  current: Weights,
): Promise<Outcome> {
  if (!isUnfinished(leases)) return verify(context, state);
  const history = observe(context.release, state).record?.history ?? [];
  const target: TransactionTarget = { target: current, previous: current, direction: 'forward', history };
  return inTransaction(context, leases, target, ({ fleet, signal }) => verify({ ...context, fleet, signal }));
}

function withWeights(release: Release, weights: Weights | undefined, bakeMs: number): Release {
  return { ...release, traffic: { ...release.traffic, weights, bakeMs } };
}

/**
 * The weights to go on from. Where the clusters hold different ones, a step was left half done: those that give the version
 * least, so that no cluster skips a step. An edit by someone else is found by the step itself.
 */
function currentWeights(release: Release, state: FleetState, version: VersionName): Weights {
  const held = observe(release, state).routes.flatMap(({ weights }) =>
    weights === undefined ? [] : [weights],
  );
  const [least] = held.toSorted((a, b) => (a.get(version) ?? 0) - (b.get(version) ?? 0));
  if (least !== undefined) return least;
  throw new CanaryError(
    `No route gives ${release.app} weights yet: run the operation rollout first, then promote.`,
  );
}
