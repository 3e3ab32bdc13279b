import { awaitPreview } from '../verify/probe.ts';
import type { IngressClient } from '../verify/ingress-client.ts';
import { waitUntilReady } from '../kubernetes/client/ready.ts';
import { rebased, writeInOrder } from '../fleet/transaction/write-in-order.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import { dryRun, triedIn } from '../fleet/dry-run.ts';
import type { TriedChange, TriedPlan } from '../fleet/dry-run.ts';
import { allOf } from '../fleet/fleet.ts';
import type { TransactionTarget } from '../fleet/transaction/intent.ts';
import { isUnfinished } from '../fleet/transaction/leases.ts';
import type { Recovery } from '../fleet/transaction/recover.ts';
import type { Opening } from '../fleet/transaction/transaction.ts';
import { preflight } from '../fleet/preflight.ts';
import { assertSidecars } from '../fleet/injection.ts';
import { readClusterWeights, allHolding } from '../release/cluster-weights.ts';
import type { ClusterWeights } from '../release/cluster-weights.ts';
import type { CheckKind } from '../report/run-events.ts';
import { foreignManagers } from '../release/foreign-managers.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { Gateway, VirtualService } from '../kubernetes/objects.ts';
import { planRollback, planRollout } from '../release/plan.ts';
import type { Plan } from '../release/plan.ts';
import type { Release } from '../release/release.ts';
import { assertKeepsServing } from '../release/guards/keeps-serving.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import { formatWeights } from '../core/weights.ts';
import { awaitPropagation, checkShares, explained, seeRevision } from './check.ts';
import { lockedPhase, noteBlindSpots, phase, recordChange } from './context.ts';
import type { Context } from './context.ts';
import { rollBackAutomatically } from './automatic-rollback.ts';
import type { FailedStep } from './automatic-rollback.ts';
import { findTargets, withClients } from './ingresses.ts';
import type { Routing } from './ingresses.ts';
import { readFleet } from './observe.ts';
import type { Observed } from './observe.ts';
import { restorerFor } from './restore-workloads.ts';
import type { Restorer } from './restore-workloads.ts';
import { inTransaction, inside, writeEverywhere } from './transaction.ts';
import type { Applied, Checked, Outcome, Prepared } from './stages.ts';
import { virtualServices } from './verify.ts';

type PreparedRollout = Prepared<TriedPlan>;

/** What a rollout came to; without a result where another run had changed the release since it was read. */
export type RolloutOutcome =
  | (Outcome & { readonly kind: 'done' })
  /** Another run has changed the release since it was read, or left a step that was recovered to earlier weights. */
  | { readonly kind: 'overtaken' }
  /** Another run had left a step in all clusters, and it passed the check now. */
  | { readonly kind: 'recovered' };

/** `forward`: a step of the release; `back`: a return to earlier weights, whatever was edited since. */
type Direction = 'forward' | 'back';

export interface RolloutOptions {
  readonly direction?: Direction;
  /** What the clusters hold, where it has just been read. */
  readonly known?: Observed;
  /** Leaves everything as it is where another run has changed the release since it was read, or died while it did so. */
  readonly unlessOvertaken?: boolean;
}

/**
 * Brings workloads, DestinationRule, Gateway and VirtualService in all clusters to what was asked, then verifies the shares
 * through every ingress; restores the earlier weights where they are not right. Run again, it writes nothing.
 */
export async function rollout(
  context: Context,
  { direction = 'forward', known, unlessOvertaken = false }: RolloutOptions = {},
): Promise<RolloutOutcome> {
  const prepared = await lookAhead(context, direction, known);
  const { plan, leases, changes } = prepared;
  if (changes.length === 0 && !isUnfinished(leases)) return carryOut(context, prepared);
  await phase(context, 'Preflight', () => preflight(context.fleet, context.release, changes));
  await makeNamespaces(context, plan);
  const target = transactionTarget(context, prepared, direction);
  const work = async (opening: Opening<Recovery>): Promise<RolloutOutcome> => {
    if (opening.view === 'current') return carryOut(inside(context, opening.transaction), prepared);
    if (unlessOvertaken)
      return { kind: opening.recovery?.outcome === 'verified' ? 'recovered' : 'overtaken' };
    const fresh = await lookAhead({ ...context, fleet: opening.fleet, signal: opening.signal }, direction);
    const transaction = await opening.begin(transactionTarget(context, fresh, direction));
    return carryOut(inside(context, transaction), fresh);
  };
  return inTransaction(context, leases, target, work, { repairs: !unlessOvertaken });
}

function transactionTarget(
  { release }: Context,
  { state, plan }: PreparedRollout,
  direction: Direction,
): TransactionTarget {
  const history = observe(release, state).record?.history ?? [];
  return { target: plan.weights, previous: plan.previous, direction, history };
}

async function lookAhead(context: Context, direction: Direction, known?: Observed): Promise<PreparedRollout> {
  const { release, fleet, recorder } = context;
  const { state, leases } = known ?? (await phase(context, 'Read', () => readFleet(context)));
  return phase(context, 'Plan', async () => {
    recorder.record({ kind: 'read', held: readClusterWeights(release, state) });
    const observed = observe(release, state);
    noteBlindSpots(context, observed);
    const { weights } = release.traffic;
    const planned =
      direction === 'back' && weights !== undefined ? planRollback(observed, weights) : planRollout(observed);
    const tried = await dryRun(fleet, state, planned);
    tell(context, tried);
    const warnings = [...tried.warnings, ...assertKeepsServing(release, state, tried)];
    const plan = { ...tried, warnings };
    warnOf(context, plan);
    const targets = await findTargets(context, state, finalRoutes(release, state, plan), gatewaysIn(plan));
    return { state, leases, plan, changes: triedIn(plan), targets };
  });
}

async function carryOut(context: Context, prepared: PreparedRollout): Promise<RolloutOutcome> {
  const { plan, targets } = prepared;
  return withClients(targets, async (clients) => {
    const restorer = restorerFor(context, plan);
    let applied: Previewed;
    try {
      const deployed = await deploy(context, prepared, restorer);
      applied = await preview(context, plan, clients, deployed);
    } catch (error) {
      await restorer.restore(readClusterWeights(context.release, prepared.state));
      throw error;
    }
    return shift(context, prepared, applied, clients, restorer);
  });
}

/** The lock is an object of the release's namespace: where that is missing, it comes first. All else waits for the lock. */
async function makeNamespaces(context: Context, { workloads }: TriedPlan): Promise<void> {
  const missing = workloads.filter((change) => isMissingNamespace(context, change));
  if (missing.length > 0) {
    await phase(context, 'Namespace', () => writeInOrder(context.fleet, missing, recordChange(context)));
  }
}

function isMissingNamespace({ release }: Context, { cluster, object, live }: TriedChange): boolean {
  return object.kind === 'Namespace' && live === undefined && release.configClusters.includes(cluster);
}

/** Moves the weights and checks what users get; whatever goes wrong from the first write on, the earlier weights come back. */
async function shift(
  context: Context,
  { state, plan }: PreparedRollout,
  { written, previewed }: Previewed,
  clients: readonly IngressClient[],
  restorer: Restorer,
): Promise<RolloutOutcome> {
  const { release, fleet, log } = context;
  const step: Plan = { ...plan, routes: rebased(plan.routes, previewed) };
  const before = readClusterWeights(release, state);
  let held = before;
  let checked: Checked | undefined;
  let isMoved = step.routes.length === 0;
  const check = async (kind: CheckKind): Promise<Checked> => {
    const hasWritten = written.length > 0 || step.routes.length > 0;
    const now = hasWritten ? await fleet.readAgain(release, state) : state;
    return checkShares(context, { clients, weights: plan.weights, state: now, kind });
  };
  // A cancelled job has no time for one after the other: pods are restored while writes of weights are still being reverted.
  const restoreAtOnce = (): void => void restorer.restore(held);
  try {
    if (step.routes.length > 0) {
      context.signal.addEventListener('abort', restoreAtOnce, { once: true });
      await lockedPhase(context, 'Weights', () =>
        moveWeights(context, state, step, clients, () => {
          isMoved = true;
          held = allHolding(before, plan.weights);
        }),
      ).finally(() => {
        context.signal.removeEventListener('abort', restoreAtOnce);
      });
      context.signal.throwIfAborted();
    }
    checked =
      clients.length === 0
        ? { verdict: 'unverified', evidence: [] }
        : await phase(context, 'Verify', () => check('verify'));
    if (checked.verdict === 'pass' && release.traffic.bakeMs > 0) {
      // What is cut off during the bake has not passed.
      checked = undefined;
      checked = await phase(context, 'Bake', () => check('bake'));
    }
  } finally {
    if (checked?.verdict !== 'pass' && checked?.verdict !== 'unverified') {
      const failed: FailedStep = { state, plan: step, clients, held };
      const restoreWeights = async (): Promise<readonly ClusterWeights[]> =>
        isMoved ? rollBackAutomatically(context, failed) : held;
      if (context.signal.aborted) await Promise.all([restoreWeights(), restorer.restore(held)]);
      else if (restorer.comesFirst(checked?.evidence ?? []))
        await restorer.restore(held).then(restoreWeights);
      else await restoreWeights().then(restorer.restore);
    }
  }
  const { verdict } = checked;
  if (verdict === 'pass') log.info(`Released: ${formatWeights(plan.weights)}`);
  if (verdict === 'unverified') log.info(`Written, not verified: ${formatWeights(plan.weights)}`);
  return { kind: 'done', verdict: verdict === 'unverified' ? undefined : verdict };
}

function tell({ recorder, log, release }: Context, plan: TriedPlan): void {
  recorder.record({ kind: 'previous weights', weights: plan.before });
  log.info(
    `${release.app}: ${plan.previous === undefined ? 'no weights' : formatWeights(plan.previous)} → ${formatWeights(plan.weights)}`,
  );
  const changes = triedIn(plan);
  for (const { cluster, verb, object, reason } of changes)
    log.info(`${cluster}: ${verb} ${nameOf(object)} (${reason})`);
  if (changes.length === 0) log.info('Nothing to write: every cluster holds what was asked for.');
}

/**
 * Warns of what a plan ends, and of those who may take its changes back. The first write takes the fields over, so that no
 * later step warns again.
 */
export function warnOf({ log }: Context, { subsets, previews, routes, warnings }: Plan): void {
  const changes = previews.length > 0 ? previews : routes;
  for (const sentence of [...warnings, ...foreignManagers([...subsets, ...changes])]) log.warn(sentence);
}

/** The VirtualServices as they will be, by config cluster. */
export function finalRoutes(release: Release, state: FleetState, plan: Plan): Routing {
  const planned = Map.groupBy(plan.routes, ({ cluster }) => cluster);
  const standing = virtualServices(observe(release, state).routes);
  return new Map(
    [...standing].map(([cluster, held]) => [
      cluster,
      planned.get(cluster)?.map(({ object }) => object as VirtualService) ?? held,
    ]),
  );
}

/** The Gateways that a plan makes. */
export function gatewaysIn(plan: Plan): readonly Gateway[] {
  return plan.subsets
    .filter(({ object }) => object.kind === 'Gateway')
    .map(({ object }) => object as Gateway);
}

/** Workloads first: nothing may be routed to a version before it is ready in each of its clusters. */
async function deploy(
  context: Context,
  { state, plan }: PreparedRollout,
  { note }: Restorer,
): Promise<readonly Written[]> {
  const { release, fleet, log, signal } = context;
  const { ready } = plan;
  const done: Written[] = [];
  const workloads = plan.workloads.filter((change) => !isMissingNamespace(context, change));
  if (workloads.length > 0)
    await lockedPhase(context, 'Deploy', async () => {
      const record = (written: Written): void => {
        recordChange(context)(written);
        done.push(written);
      };
      const namespaces = workloads.filter(({ object }) => object.kind === 'Namespace');
      const others = workloads.filter((change) => !namespaces.includes(change));
      // The injector goes by the labels that a namespace has, so those come first; what they will do is foreseen before.
      if (namespaces.length > 0) {
        await assertSidecars(fleet, release, state, plan, 'planned');
        await writeInOrder(fleet, namespaces, record);
      }
      await assertSidecars(fleet, release, state, plan, 'written');
      await writeInOrder(fleet, others, (written) => {
        record(written);
        note(written);
      });
    });
  const needed = ready.filter(
    (check) =>
      check.gains ||
      workloads.some(
        ({ cluster, object }) =>
          cluster === check.cluster &&
          check.workloads.some(({ kind, name }) => kind === object.kind && name === object.metadata.name),
      ),
  );
  if (needed.length === 0) return done;
  await phase(context, 'Ready', () =>
    allOf(
      needed.map((check) =>
        waitUntilReady(fleet.cluster(check.cluster), check, {
          namespace: release.namespace,
          timeoutMs: release.workload.readyTimeoutMs,
          signal,
          onProgress: (text) => {
            log.info(text);
          },
        }),
      ),
    ),
  );
  return done;
}

/** What is written before the weights move. */
interface Previewed extends Applied {
  /** The preview routes among it, which the weights are written over. */
  readonly previewed: readonly Written[];
}

/** Subset before preview, preview before weights: each is seen through every ingress before the next. */
async function preview(
  context: Context,
  plan: Plan,
  clients: readonly IngressClient[],
  deployed: readonly Written[],
): Promise<Previewed> {
  const { fleet } = context;
  const { subsets, previews, routes } = plan;
  const named =
    subsets.length === 0
      ? []
      : await phase(context, 'Subsets', () => writeInOrder(fleet, subsets, recordChange(context)));
  const previewed =
    previews.length === 0
      ? []
      : await phase(context, 'Preview routes', () => writeInOrder(fleet, previews, recordChange(context)));
  const written = [...deployed, ...named, ...previewed];
  if (routes.length > 0)
    await phase(context, 'Preview', () => seePreviews(context, plan, clients, written.length > 0));
  return { written, previewed };
}

async function moveWeights(
  context: Context,
  state: FleetState,
  plan: Plan,
  clients: readonly IngressClient[],
  onMoved: () => void,
): Promise<void> {
  await writeEverywhere(context, plan.routes);
  context.recorder.record({ kind: 'in force', weights: plan.weights, direction: 'forward' });
  onMoved();
  await seeRevision(context, state, plan.revision, clients);
}

async function seePreviews(
  context: Context,
  plan: Plan,
  clients: readonly IngressClient[],
  hasWritten: boolean,
): Promise<void> {
  const { release, signal } = context;
  if (clients.length === 0) {
    // What an earlier run wrote has had its time.
    if (hasWritten) await awaitPropagation(context);
    return;
  }
  const known = [...plan.weights.keys()];
  const revision = plan.previews.length === 0 ? undefined : String(plan.revision);
  await explained(
    context,
    clients.flatMap((client) =>
      plan.probes.map((version) =>
        awaitPreview(client, version, revision, known, { check: release.check, signal }),
      ),
    ),
  );
}
