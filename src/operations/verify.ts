import { CanaryError, messageOf } from '../core/errors.ts';
import { heldIn, whoHolds } from '../release/agreement.ts';
import { nameOf } from '../kubernetes/objects.ts';
import { describeOverlap, overlaps } from '../release/guards/subset-overlaps.ts';
import type { Overlap } from '../release/guards/subset-overlaps.ts';
import { previousOf } from '../release/history.ts';
import { samplesNothing } from '../release/release.ts';
import type { FleetState } from '../release/state.ts';
import { observe } from '../release/observation.ts';
import type { Observation } from '../release/observation.ts';
import { changesBetween } from '../release/observed-routing.ts';
import type { RouteState } from '../release/observed-routing.ts';
import { formatWeights, sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { checkShares } from './check.ts';
import { noteUnseen, phase } from './context.ts';
import type { Context } from './context.ts';
import { assertExists } from '../release/guards/app-exists.ts';
import { findTargets, withClients } from './ingresses.ts';
import type { Routing } from './ingresses.ts';

/**
 * Samples every ingress against the weights in force, or those given. Writes nothing.
 *
 * @param known what the clusters hold, where it has just been read
 */
export async function verify(context: Context, known?: FleetState): Promise<void> {
  const { release, fleet, journal, log } = context;
  if (samplesNothing(release)) {
    throw new CanaryError(
      'Input ingress is none for every cluster: there is nothing to sample, so nothing can be verified. Name the ingress of at least one cluster, or use the operation status to see what the clusters hold.',
    );
  }
  const { targets, observed, weights } = await phase(context, 'Read', async () => {
    const state = known ?? (await fleet.read(release));
    journal.held = heldIn(release, state);
    assertExists(release, state);
    const observed = observe(release, state);
    noteUnseen(context, observed);
    assertReleased(observed.routes, release.traffic.virtualService);
    const given = release.traffic.weights;
    const weights = given === undefined ? agreedWeights(observed) : withOthers(given, observed.routes);
    log.info(
      `Sampling against ${formatWeights(weights)} (${release.traffic.weights === undefined ? 'the weights in force' : 'input weights'})`,
    );
    const targets = await findTargets(context, state, virtualServices(observed.routes));
    return { observed, weights, targets };
  });
  journal.previous = previousOf(observed.record);
  await withClients(targets, (clients) =>
    phase(context, 'Verify', async () => {
      const verdict = await checkShares(context, clients, weights, observed.fleet);
      if (verdict !== 'pass') await unlessChanged(context, observed);
      unlessConfused(context, overlaps(observed, [...weights.keys()]));
    }),
  );
}

/**
 * Nobody holds the lock for a verification. Where the release was changed while it went on, the samples are of the weights
 * before and of those after: they show nothing of either, and must not make anybody roll back what is sound.
 */
async function unlessChanged(context: Context, before: Observation): Promise<void> {
  const { release, fleet, journal, log } = context;
  let changes: readonly string[];
  try {
    changes = changesBetween(
      before.routes,
      observe(release, await fleet.readAgain(release, before.fleet)).routes,
    );
  } catch (error) {
    log.warn(`Whether the release was changed meanwhile could not be read: ${messageOf(error)}`);
    return;
  }
  if (changes.length === 0) return;
  const finding = {
    title: 'The release was changed while it was sampled',
    detail: `${changes.join('; ')}. The samples are of both and prove neither: verify again.`,
  };
  const verdict = 'inconclusive';
  journal.verdict = verdict;
  journal.checks = journal.checks.map((check, i, all) =>
    i === all.length - 1 ? { ...check, verdict } : check,
  );
  journal.findings = [finding, ...journal.findings];
}

/**
 * A pod that the subsets of two versions select answers under the name of either: the header says nothing of who answered then, and a share
 * that looks right is no evidence.
 */
function unlessConfused({ release, journal, log }: Context, found: readonly Overlap[]): void {
  if (found.length === 0) return;
  const findings = found.map((overlap) => ({
    title: `The subsets ${overlap.versions.join(' and ')} select the same pods`,
    detail: describeOverlap(overlap),
  }));
  for (const { detail } of findings) log.warn(detail);
  const known = new Set(findings.map(({ title }) => title));
  journal.findings = [...findings, ...journal.findings.filter(({ title }) => !known.has(title))];
  if (journal.verdict !== 'pass' || release.check.versionFrom.from !== 'auto') return;
  const verdict = 'inconclusive';
  journal.verdict = verdict;
  journal.checks = journal.checks.map((check, i, all) =>
    i === all.length - 1 ? { ...check, verdict } : check,
  );
}

/** The weights given, and at 0 what the routes give weights to beside: such a version must not be seen. */
function withOthers(given: Weights, routes: readonly RouteState[]): Weights {
  const held = routes.flatMap(({ weights }) => [...(weights ?? [])]);
  const others = held.flatMap(([version, weight]) => (weight > 0 && !given.has(version) ? [version] : []));
  return new Map([...given, ...others.map((version) => [version, 0] as const)]);
}

/** The VirtualServices that stand, by config cluster. */
export function virtualServices(routes: readonly RouteState[]): Routing {
  const clusters = Map.groupBy(routes, ({ cluster }) => cluster);
  return new Map(
    [...clusters].map(([cluster, held]) => [
      cluster,
      held.flatMap(({ virtualService }) => (virtualService === undefined ? [] : [virtualService])),
    ]),
  );
}

/** @throws CanaryError where a config cluster has no VirtualService */
function assertReleased(routes: readonly RouteState[], name: string): void {
  const missing = routes.filter(({ virtualService }) => virtualService === undefined);
  if (missing.length === 0) return;
  const clusters = missing.map(({ cluster }) => cluster).join(', ');
  throw new CanaryError(
    `There is no VirtualService ${name} in ${clusters}: nothing has been released there yet. Run the operation rollout first.`,
  );
}

/**
 * The weights that the last step of the release wrote, or where there was none, those that all config clusters hold.
 *
 * @throws CanaryError where there are none, or the clusters disagree and no record tells which are meant
 */
function agreedWeights({ routes, record, held }: Observation): Weights {
  for (const { cluster, virtualService, weights } of routes) {
    if (virtualService !== undefined && weights === undefined)
      throw new CanaryError(
        `${nameOf(virtualService)} in ${cluster} gives no weights to versions. Run the operation rollout first, or set the input weights.`,
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
      `The clusters hold different weights: ${whoHolds(held)}. Set the input weights to the ones you mean.`,
    );
  }
  return agreed;
}
