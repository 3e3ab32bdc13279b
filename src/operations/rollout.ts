import { awaitPreview } from '../check/probe.ts';
import type { IngressClient, Target } from '../check/client.ts';
import type { Verdict } from '../check/evidence.ts';
import { waitUntilReady } from '../cluster/ready.ts';
import { NotSettled, rebased, writeInOrder, writeTogether } from '../fleet/apply.ts';
import type { Written } from '../fleet/apply.ts';
import { dryRun, triedIn } from '../fleet/dry-run.ts';
import type { TriedPlan } from '../fleet/dry-run.ts';
import { allOf } from '../fleet/fleet.ts';
import { endAfter, graceAfter } from '../fleet/grace.ts';
import type { Aim } from '../fleet/lease.ts';
import { preflight } from '../fleet/preflight.ts';
import { messageOf } from '../release/errors.ts';
import { foreignManagers } from '../release/managers.ts';
import { nameOf } from '../release/objects.ts';
import type { Gateway, KubeObject, VirtualService } from '../release/objects.ts';
import { planRollout } from '../release/plan.ts';
import type { Direction, Plan } from '../release/plan.ts';
import type { Release } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { VERSION_LABEL } from '../release/subsets.ts';
import { describeEdit, editsOf, placeOf, servingOf, weightsInForce } from '../release/traffic.ts';
import type { InForce } from '../release/traffic.ts';
import { formatWeights, sameWeights } from '../release/weights.ts';
import type { Weights } from '../release/weights.ts';
import { podTemplateOf } from '../release/workloads.ts';
import { checkNow, explained, seeRevision } from './check.ts';
import { phase, recordIn, recordStep } from './context.ts';
import type { Context } from './context.ts';
import { findTargets, withClients } from './ingresses.ts';
import type { Routing } from './ingresses.ts';
import { inTransaction } from './transaction.ts';
import { virtualServices } from './verify.ts';

const GIVE_BACK_MS = 20_000;
/** A cancelled job is killed after 10 s; what then could not be written in one cluster has to be put back in the others. */
const CANCELLED_MS = 3_500;
/** How long the lock is asked for before anything is given back. */
const HELD_MS = 2_000;
/** How long the clusters may take to tell what stands there. */
const STANDING_MS = 2_000;

/** What a rollout knows before it writes anything. */
interface Prospect {
  readonly state: FleetState;
  readonly plan: TriedPlan;
  readonly targets: readonly Target[];
}

export interface RolloutOptions {
  readonly direction?: Direction;
  /** What the clusters hold, where it has just been read. */
  readonly known?: FleetState;
  /** Leaves everything as it is where another run has changed the release since it was read, or died while it did so. */
  readonly unlessOvertaken?: boolean;
}

/**
 * Brings workloads, DestinationRule, Gateway and VirtualService in all clusters to what was asked, then verifies the shares
 * through every ingress; gives the earlier weights back where they are not right. Run again, it writes nothing.
 */
export async function rollout(
  context: Context,
  { direction = 'forward', known, unlessOvertaken = false }: RolloutOptions = {},
): Promise<'done' | 'overtaken'> {
  const prospect = await lookAhead(context, direction, known);
  const { plan } = prospect;
  const changes = triedIn(plan);
  if (changes.length === 0) {
    await carryOut(context, prospect);
    return 'done';
  }
  await phase(context, 'Preflight', () => preflight(context.fleet, context.release, changes));
  await makeNamespaces(context, plan);
  return inTransaction(context, aimOf(plan), async (inside, aimAnew) => {
    if (aimAnew === undefined) {
      await carryOut(inside, prospect);
      return 'done';
    }
    if (unlessOvertaken) return 'overtaken';
    const fresh = await lookAhead(inside, direction);
    await aimAnew(aimOf(fresh.plan));
    await carryOut(inside, fresh);
    return 'done';
  });
}

function aimOf({ weights, previous }: Plan): Aim {
  return { target: weights, previous };
}

async function lookAhead(context: Context, direction: Direction, known?: FleetState): Promise<Prospect> {
  const { release, fleet } = context;
  const state = known ?? (await phase(context, 'Read', () => fleet.read(release)));
  return phase(context, 'Plan', async () => {
    const plan = await dryRun(fleet, state, planRollout(release, state, direction));
    tell(context, plan);
    warnOfManagers(context, plan);
    const targets = await findTargets(context, state, finalRoutes(release, state, plan), gatewaysIn(plan));
    return { state, plan, targets };
  });
}

async function carryOut(context: Context, { state, plan, targets }: Prospect): Promise<void> {
  await withClients(targets, async (clients) => {
    await deploy(context, plan);
    const previewed = await prepare(context, plan, clients);
    await shift(context, state, { ...plan, routes: rebased(plan.routes, previewed) }, clients);
  });
}

/** The lock is an object of the release's namespace, so that comes first. */
async function makeNamespaces(context: Context, { workloads }: Plan): Promise<void> {
  const namespaces = workloads.filter(({ object }) => object.kind === 'Namespace');
  if (namespaces.length > 0) {
    await phase(context, 'Namespace', () => writeInOrder(context.fleet, namespaces, recordIn(context)));
  }
}

/** A plan whose routes build on the preview routes that were written. */
interface Shift extends Plan {
  readonly workloads: TriedPlan['workloads'];
}

/** Moves the weights and looks at what users get; whatever goes wrong from the first write on, the earlier weights come back. */
async function shift(
  context: Context,
  state: FleetState,
  plan: Shift,
  clients: readonly IngressClient[],
): Promise<void> {
  const { log } = context;
  let verdict: Verdict | undefined;
  try {
    if (plan.routes.length > 0) await phase(context, 'Weights', () => moveWeights(context, plan, clients));
    context.journal.weights = plan.weights;
    verdict = await phase(context, 'Verify', () => checkNow(context, state, plan.weights, clients));
    if (verdict === 'pass' && context.release.traffic.bakeMs > 0) {
      // What is cut off while it is watched has not passed.
      verdict = context.journal.verdict = undefined;
      verdict = await phase(context, 'Bake', () => checkNow(context, state, plan.weights, clients, 'watch'));
    }
  } finally {
    if (verdict !== 'pass') await giveBack(context, state, plan, clients);
  }
  if (verdict === 'pass') log.info(`Released: ${formatWeights(plan.weights)}`);
}

function tell({ journal, log, release }: Context, plan: TriedPlan): void {
  journal.previous = plan.before;
  journal.weights = plan.previous;
  log.info(
    `${release.app}: ${plan.previous === undefined ? 'no weights' : formatWeights(plan.previous)} → ${formatWeights(plan.weights)}`,
  );
  const changes = triedIn(plan);
  for (const { cluster, verb, object, reason } of changes)
    log.info(`${cluster}: ${verb} ${nameOf(object)} (${reason})`);
  if (changes.length === 0) log.info('Nothing to write: every cluster holds what was asked for.');
}

/** Warns of those who may take the plan's changes back. The first write takes the fields over, so that no later step warns again. */
export function warnOfManagers({ log }: Context, { subsets, previews, routes }: Plan): void {
  const changes = previews.length > 0 ? previews : routes;
  for (const sentence of foreignManagers([...subsets, ...changes])) log.warn(sentence);
}

/** The VirtualServices as they will be, by config cluster. */
export function finalRoutes(release: Release, state: FleetState, plan: Plan): Routing {
  const planned = Map.groupBy(plan.routes, ({ cluster }) => cluster);
  const standing = virtualServices(weightsInForce(release, state));
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
async function deploy(context: Context, plan: Plan): Promise<void> {
  const { release, fleet, log, signal } = context;
  const { ready } = plan;
  const workloads = plan.workloads.filter(({ object }) => object.kind !== 'Namespace');
  if (workloads.length > 0)
    await phase(context, 'Deploy', () => writeInOrder(fleet, workloads, recordIn(context)));
  const needed = ready.filter(({ cluster, deployments, gains }) => {
    return (
      gains ||
      workloads.some(
        (change) => change.cluster === cluster && deployments.includes(change.object.metadata.name),
      )
    );
  });
  if (needed.length === 0) return;
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
}

/** Subset before preview, preview before weights: each is seen through every ingress before the next. */
async function prepare(
  context: Context,
  plan: Plan,
  clients: readonly IngressClient[],
): Promise<readonly Written[]> {
  const { fleet } = context;
  const { subsets, previews, routes } = plan;
  if (subsets.length > 0)
    await phase(context, 'Subsets', () => writeInOrder(fleet, subsets, recordIn(context)));
  const previewed =
    previews.length === 0
      ? []
      : await phase(context, 'Preview routes', () => writeInOrder(fleet, previews, recordIn(context)));
  if (routes.length > 0) await phase(context, 'Preview', () => seePreviews(context, plan, clients));
  return previewed;
}

async function moveWeights(context: Context, plan: Plan, clients: readonly IngressClient[]): Promise<void> {
  await writeTogether(context.fleet, plan.routes, context.signal, recordIn(context));
  recordStep(context, plan.weights, 'forward');
  await seeRevision(context, plan.revision, clients);
}

async function seePreviews(context: Context, plan: Plan, clients: readonly IngressClient[]): Promise<void> {
  const { release, signal } = context;
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

/** After anything but a pass: the weights that were in force before, where there were any and they were changed. */
async function giveBack(
  context: Context,
  state: FleetState,
  plan: Shift,
  clients: readonly IngressClient[],
): Promise<void> {
  const { release, journal, log } = context;
  const { previous, weights } = plan;
  if (journal.weights !== weights) return;
  if (release.onFailure === 'keep') {
    log.warn(`The weights stay ${formatWeights(weights)} (input on-failure: keep).`);
    return;
  }
  if (previous === undefined || sameWeights(previous, weights)) {
    log.warn(`The weights stay ${formatWeights(weights)}: there are no earlier ones to go back to.`);
    return;
  }
  // A cancellation must not end this as well; the runner waits a little before it kills.
  const signal = AbortSignal.any([
    endAfter(GIVE_BACK_MS, 'Giving back'),
    graceAfter(context.signal, CANCELLED_MS),
  ]);
  const rescue: Context = { ...context, signal, fleet: context.fleet.withSignal(signal) };
  try {
    const held = await phase(rescue, 'Roll back', async () => {
      if (!(await isHeld(rescue))) return false;
      await writeEarlier(rescue, state, plan, previous, clients);
      return true;
    });
    if (held) tellRemains(context, previous, replacedIn(plan, previous));
    else leaveToOthers(context);
  } catch (error) {
    await tellFailure(context, state, previous, error);
  }
}

/** A lock that is lost in the meantime is another run's, and so is the release. */
async function isHeld({ isHeld: ask, signal }: Context): Promise<boolean> {
  return ask === undefined || ask(AbortSignal.any([signal, endAfter(HELD_MS, 'Asking for the lock')]));
}

function leaveToOthers({ journal, log }: Context): void {
  journal.weights = undefined;
  log.warn('Nothing is given back: another run has taken the lock over, and settles what this one began.');
}

function tellRemains({ journal, log }: Context, previous: Weights, replaced: readonly string[]): void {
  log.warn(
    journal.weights === undefined
      ? `Rolled back to ${formatWeights(previous)} where nobody else has changed the weights since.`
      : `Rolled back to ${formatWeights(previous)}.`,
  );
  journal.remains = [...journal.remains, ...replaced];
  for (const sentence of journal.remains) log.warn(sentence);
}

/** What stands is settled by the post step, or by the next run. */
async function tellFailure(
  context: Context,
  state: FleetState,
  previous: Weights,
  error: unknown,
): Promise<void> {
  const { journal, log } = context;
  journal.settled = false;
  if (error instanceof NotSettled) {
    journal.weights = undefined;
    journal.remains = error.standing;
  }
  const detail = `${messageOf(error)} What stands now: ${(await whatStands(context, state)).join('; ')}.`;
  journal.findings = [
    ...journal.findings,
    { title: `The weights ${formatWeights(previous)} could not be given back everywhere`, detail },
  ];
  log.warn(`Giving back ${formatWeights(previous)} failed: ${detail}`);
}

/** `west v1=80,v2=20` of each config cluster, or that it cannot be read. */
async function whatStands({ release, fleet }: Context, state: FleetState): Promise<readonly string[]> {
  const near = fleet.withSignal(endAfter(STANDING_MS, 'Reading'));
  const lines = release.configClusters.map(async (name) => {
    const alone: Release = { ...release, configClusters: [name] };
    try {
      const inForce = weightsInForce(alone, await near.readAgain(alone, state));
      return inForce.map((one) => `${placeOf(one, inForce)} ${heldBy(one)}`);
    } catch (error) {
      return [`${name} cannot be read (${messageOf(error)})`];
    }
  });
  return (await Promise.all(lines)).flat();
}

function heldBy({ weights }: InForce): string {
  return weights === undefined ? 'no weights' : formatWeights(weights);
}

/** Deployments and their like that this run has given another image, and whose version has traffic under the earlier weights. */
function replacedIn({ workloads }: Shift, previous: Weights): readonly string[] {
  return workloads.flatMap(({ cluster, object, live, after }) => {
    if (live === undefined || after === undefined) return [];
    const version = podTemplateOf(after)?.metadata?.labels?.[VERSION_LABEL] ?? '';
    const weight = previous.get(version) ?? 0;
    const [old, now] = [imagesOf(live), imagesOf(after)];
    if (weight === 0 || old === now) return [];
    return [
      `${nameOf(object)} in ${cluster} runs ${now} instead of ${old}, and ${version} has ${String(weight)} % of the traffic: it was not given back with the weights. Roll the earlier image out again if it is to blame.`,
    ];
  });
}

function imagesOf(workload: KubeObject): string {
  const containers = podTemplateOf(workload)?.spec?.containers ?? [];
  return containers.map(({ image }) => image ?? '').join(', ');
}

/** Gives back what still is as this run has written it; what someone else has changed since is left, and told. */
async function writeEarlier(
  context: Context,
  state: FleetState,
  plan: Plan,
  previous: Weights,
  clients: readonly IngressClient[],
): Promise<void> {
  const { release, fleet, journal, log } = context;
  const earlier: Release = { ...release, traffic: { ...release.traffic, weights: previous } };
  const fresh = await fleet.readAgain(release, state);
  const inForce = weightsInForce(earlier, fresh);
  const own = inForce.filter((one) => isOwn(one, plan, previous));
  const left = inForce.filter((one) => !own.includes(one));
  const back = planRollout(earlier, fresh, 'back');
  const routes = back.routes.filter(({ cluster, object }) =>
    own.some(
      (one) =>
        one.cluster === cluster &&
        one.virtualService !== undefined &&
        nameOf(one.virtualService) === nameOf(object),
    ),
  );
  if (routes.length > 0) {
    // The signal is a deadline here: what it cuts off has had its time.
    await writeTogether(fleet, routes, context.signal, recordIn(context), 0);
    recordStep(context, previous, 'back');
  }
  journal.previous = back.before;
  if (left.length > 0) {
    journal.weights = undefined;
    journal.remains = [
      ...left.map(describeLeft),
      ...own.map((one) => `${one.cluster} holds ${formatWeights(previous)}.`),
    ];
  }
  try {
    const written = clients.filter(({ target }) => {
      const serving = servingOf(inForce, target.cluster);
      return serving !== undefined && own.includes(serving);
    });
    await seeRevision(context, back.revision, written);
  } catch (error) {
    // The clusters agree again; that an ingress does not show it is what made the rollout fail, or is its own news.
    log.warn(`Rolled back, but not seen through every ingress: ${messageOf(error)}`);
  }
}

/** Whether it is as the plan has written it, or someone has brought its weights back already. */
function isOwn({ record, weights }: InForce, plan: Plan, previous: Weights): boolean {
  return (
    record?.weights !== undefined &&
    record.revision === plan.revision &&
    sameWeights(record.weights, plan.weights) &&
    weights !== undefined &&
    (sameWeights(weights, plan.weights) || sameWeights(weights, previous))
  );
}

function describeLeft(one: InForce): string {
  const [edit] = editsOf([one]);
  return edit === undefined
    ? `${one.cluster} holds ${heldBy(one)}, which is not what this run has written: it was left.`
    : `${describeEdit(edit)}: it was left.`;
}
