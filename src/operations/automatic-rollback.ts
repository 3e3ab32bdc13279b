import { AFTER_ROLLBACK_MS, STEPS } from '../core/deadlines.ts';
import type { Message } from '../texts/message.ts';
import { inEnglish } from '../texts/texts.ts';
import { messageOf } from '../core/errors.ts';
import { endAfter, endBy } from '../core/signals.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { inputLabel } from '../core/wording.ts';
import { allOf } from '../fleet/fleet.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { FleetInconsistent } from '../fleet/transaction/all-or-none.ts';
import { rollBack } from '../fleet/transaction/roll-back.ts';
import type { RolledBack } from '../fleet/transaction/roll-back.ts';
import type { Transaction } from '../fleet/transaction/transaction.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import { clustersDisagree, readClusterWeights, allHolding } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import { routeStateFor } from '../release/route-state.ts';
import type { RouteState } from '../release/route-state.ts';
import { editMessage, editsOf } from '../release/weight-edits.ts';
import type { TrafficPlan } from '../release/plan-traffic.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { revisionSeen } from './arrival.ts';
import { phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import { ROLLED_BACK, tellWritten } from './route-events.ts';

/** A step that did not pass. */
export interface FailedStep {
  /** What the clusters held before it. */
  readonly state: FleetState;
  readonly plan: Pick<TrafficPlan, 'weights' | 'revision' | 'routes'> & {
    readonly previous: Weights | undefined;
  };
  readonly clients: readonly IngressClient[];
  /** What each config cluster holds since its weights were written. */
  readonly held: readonly ClusterWeights[];
  /** `keep` leaves the weights as they are. */
  readonly onFailure: Release['onFailure'];
}

/**
 * After anything but a pass: restores the weights that were in force before, if there were any and the step changed them. It never
 * throws: what could not be restored is recorded, and stays in the intent for the post step or the next run.
 *
 * @returns what each config cluster holds then
 */
export async function rollBackAutomatically(
  context: Context,
  step: FailedStep,
): Promise<readonly ClusterWeights[]> {
  const { log, transaction } = context;
  const { previous, weights } = step.plan;
  if (step.onFailure === 'keep') {
    log.warn(`The weights stay ${formatWeights(weights)} (${inputLabel('on-failure', 'keep')}).`);
    return step.held;
  }
  if (previous === undefined) {
    log.warn(`The weights stay ${formatWeights(weights)}: there are no earlier ones to restore.`);
    return step.held;
  }
  if (sameWeights(previous, weights) || transaction === undefined) return step.held;
  try {
    const result = await transaction.rollBack(() => restore(context, transaction, step, previous));
    if (result === undefined) {
      log.warn('Nothing is restored: another run has taken over the lock, and recovers what this one began.');
      return step.held;
    }
    log.warn(
      clustersDisagree(result.held)
        ? `Rolled back to ${formatWeights(previous)} where no one else has changed the weights since.`
        : `Rolled back to ${formatWeights(previous)}.`,
    );
    for (const message of result.remains) log.warn(inEnglish(message));
    return result.held;
  } catch (error) {
    await noteFailure(context, step, previous, error);
    return step.held;
  }
}

/** What a rollback has come to. */
interface Restored {
  readonly held: readonly ClusterWeights[];
  /** What is not as it was before the step. */
  readonly remains: readonly Message[];
}

async function restore(
  context: Context,
  transaction: Transaction,
  { state, plan, clients }: FailedStep,
  previous: Weights,
): Promise<Restored | undefined> {
  const { release, recorder } = context;
  // A cancellation must not end this at once: the runner waits a little before it kills.
  const signal = endBy(context.signal, STEPS.rollBack, 'Restoring the weights');
  const written: Written[] = [];
  return phase(context, 'Roll back', async () => {
    const result = await rollBack(
      transaction,
      { release, state, plan, previous },
      {
        signal,
        run: context.signal,
        onWritten: async (one) => {
          written.push(one);
          await recordChange(context)(one);
        },
      },
    );
    if (result === undefined) return undefined;
    tellWritten(context, ROLLED_BACK, written);
    if (result.hasWritten) recorder.record({ kind: 'in force', weights: previous, direction: 'back' });
    recorder.record({ kind: 'previous weights', weights: result.plan.before });
    const restored = describe(result, previous);
    if (result.left.length > 0) recorder.record({ kind: 'read', held: restored.held });
    recorder.record({ kind: 'remains', messages: restored.remains });
    const unseen = await arrivalProblem({ ...context, signal }, result, clients);
    if (unseen === undefined) return restored;
    recorder.record({ kind: 'remains', messages: [unseen] });
    return { ...restored, remains: [...restored.remains, unseen] };
  });
}

function describe({ observed, own, left }: RolledBack, previous: Weights): Restored {
  const held = observed.held.flatMap((one, i) =>
    own.some((each) => each === observed.routes[i]) ? allHolding([one], previous) : [one],
  );
  if (left.length === 0) return { held, remains: [] };
  const restored = own.map(({ cluster }): Message => ({ kind: 'holdsAgain', cluster, weights: previous }));
  return { held, remains: [...left.map(describeLeft), ...restored] };
}

function describeLeft(one: RouteState): Message {
  const [edit] = editsOf([one]);
  return edit === undefined
    ? { kind: 'notOurs', cluster: one.cluster, weights: one.weights }
    : { kind: 'leftUnchanged', edit: editMessage(edit) };
}

/** The clusters agree again; that an ingress does not show it is what made the rollout fail, or news of its own. */
async function arrivalProblem(
  context: Context,
  { observed, own, plan }: RolledBack,
  clients: readonly IngressClient[],
): Promise<Message | undefined> {
  const written = clients.filter(({ target }) => {
    const serving = routeStateFor(observed.routes, target.cluster);
    return serving !== undefined && own.includes(serving);
  });
  try {
    await allOf(revisionSeen(context, observed, plan.revision, written));
    return undefined;
  } catch (error) {
    context.log.warn(`Rolled back, but not every ingress has confirmed it: ${messageOf(error)}`);
    return { kind: 'arrivalUnseen' };
  }
}

async function noteFailure(
  { release, fleet, recorder, log, signal }: Context,
  { state }: FailedStep,
  previous: Weights,
  error: unknown,
): Promise<void> {
  const inForce = signal.aborted ? undefined : await whatHolds(release, fleet, state);
  const failed: Message = { kind: 'notRestored', weights: previous, error: messageOf(error), inForce };
  const remains = error instanceof FleetInconsistent ? error.remains : [];
  const others = remains.filter((message) => !inEnglish(failed).includes(inEnglish(message)));
  recorder.record({ kind: 'remains', messages: [failed, ...others] });
  log.warn(inEnglish(failed));
}

/** `east v1=80,v2=20; west v1=100`, with the reason for a cluster that cannot be read. */
async function whatHolds(release: Release, fleet: Fleet, state: FleetState): Promise<Message> {
  const near = fleet.withSignal(endAfter(AFTER_ROLLBACK_MS, 'Reading'));
  const { state: now, failures } = await near.readEachAgain(release, state);
  const held = readClusterWeights(release, now, failures).map(
    ({ place, text, cluster }): { readonly place: string; readonly what: Message } =>
      failures.has(cluster)
        ? { place: cluster, what: { kind: 'unreadable', error: messageOf(failures.get(cluster)) } }
        : { place, what: text },
  );
  return { kind: 'inForce', held };
}
