import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatWeights } from '../../src/core/weights.ts';
import { decodeLease, holderOf } from '../../src/fleet/transaction/lease-format.ts';
import type { Lease } from '../../src/fleet/transaction/lease-format.ts';
import { isUnfinished } from '../../src/fleet/transaction/read-leases.ts';
import '../support/one-realm.ts';
import { expectHolds } from '../support/properties.ts';
import { history } from './support/history.ts';
import { TARGETS, World, inStandInTime, theirWeights } from './support/world.ts';

const RERUN = {
  target: 2,
  direction: 'forward',
  verdict: 'pass',
  faults: [],
  cancelledAfterMs: undefined,
  post: [],
} as const;

/** What is wrong after a history, a sentence each. */
function violations(world: World): readonly string[] {
  const found: string[] = [];
  const { clusters, edits, ended, stored } = world;
  const isEdited = edits.some(({ what }) => what === 'weights');
  const rerun = ended.find(({ by }) => by === 'rerun');

  // Other people's edits are never overwritten.
  for (const { cluster, what, id } of edits) {
    const vs = world.virtualServiceIn(cluster);
    const later = edits
      .slice(edits.findIndex((one) => one.id === id) + 1)
      .filter((one) => one.cluster === cluster && one.what === what);
    const text = JSON.stringify(vs);
    if (what === 'weights') {
      const own = clusters.find(({ name }) => name === cluster);
      if (later.length === 0 && own !== undefined && world.heldIn(own) !== theirWeights(id))
        found.push(`the weights that somebody set in ${cluster} are overwritten by ${world.heldIn(own)}`);
    } else if (what === 'timeout') {
      if (later.length === 0 && !text.includes(`"timeout":"${String(id + 1)}s"`))
        found.push(`a timeout is lost in ${cluster}`);
    } else if (!text.includes(`edit-${String(id)}`)) found.push(`a ${what} is lost in ${cluster}`);
  }

  // Once everything is calm, a rerun brings all clusters to its weights, unless somebody else has set some.
  const wanted = formatWeights(TARGETS[RERUN.target] ?? new Map());
  if (rerun?.outcome === 'done') {
    if (!world.held().every((held) => held === wanted))
      found.push(`the rerun is done, and the clusters hold ${world.held().join('; ')}`);
  } else if (!isEdited) found.push(`the rerun failed: ${rerun?.error ?? 'it never ended'}`);

  // No intent outlives its outcome, and a run that has ended keeps no lock.
  const leases = new Map([...world.leases()].map(([name, lease]) => [name, lease as Lease | undefined]));
  if (rerun?.outcome === 'done') {
    if (isUnfinished(leases)) found.push('an intent is left');
    // The Lease of a process that died while it released it expires by itself.
    for (const [name, lease] of leases)
      if (holderOf(decodeLease(lease)) === 'rerun') found.push(`the rerun keeps the lock in ${name}`);
  }

  for (const { by, outcome, request, hasInconsistency, atRelease, reportedWrites } of ended) {
    const writes = stored.filter((one) => one.by === by);
    if (atRelease !== undefined && !isEdited && !hasInconsistency && new Set(atRelease).size > 1)
      found.push(`${by} ended without saying that the clusters differ: ${atRelease.join('; ')}`);
    if (
      outcome === 'done' &&
      !isEdited &&
      atRelease?.some((held) => held !== formatWeights(request.weights)) === true
    )
      found.push(`${by} is done, and the clusters hold ${atRelease.join('; ')}`);
    if (outcome === 'done' && reportedWrites !== writes.length)
      found.push(`${by} reported ${String(reportedWrites)} writes of ${String(writes.length)}`);
  }

  // No two runs write by turns: whoever has been overtaken writes no more.
  const order = stored.map(({ by }) => by).filter((by, i, all) => by !== all[i - 1]);
  const again = order.find((by, i) => order.indexOf(by) < i);
  if (again !== undefined) found.push(`${again} wrote again after another run: ${order.join(', ')}`);
  return found;
}

describe('a release in many runs, with faults of clusters and edits of others', () => {
  test('agrees in the end, loses no edit, and says what is so', () =>
    expectHolds(
      150,
      fc.asyncProperty(history, async (given) => {
        const world = new World(given);
        await inStandInTime(async () => {
          await world.play(given);
          world.calmDown();
          await world.run(RERUN, 'rerun');
        });
        const found = violations(world);
        if (found.length > 0 && process.env['CANARY_PROPERTY_LOG'] !== undefined)
          process.stderr.write(`${found.join('\n')}\n${world.log.join('\n')}\n\n`);
        expect(found).toEqual([]);
      }),
    ));
});
