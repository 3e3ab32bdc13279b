import { startLoad } from '../../../testbed/load.ts';
import type { LoadReport } from '../../../testbed/load.ts';
import { SEED } from '../support/objects.ts';
import { MOST_FAILURES, USERS_RPS } from './life.ts';
import type { Blow, Cluster } from './plan.ts';
import { strike } from './strike.ts';
import type { Breakable } from './strike.ts';
import { costs, unexplained } from './users.ts';
import type { Struck } from './users.ts';

const BLOWS: readonly (readonly [Cluster, Blow])[] = [
  ['east', { kind: 'killed', part: 'api-server', back: 0 }],
  ['west', { kind: 'cut off', part: 'api-network', back: 2_000 }],
  ['east', { kind: 'killed', part: 'istiod', back: 0 }],
  ['west', { kind: 'killed', part: 'gateway', back: 0 }],
  ['east', { kind: 'pod lost', version: 'v1' }],
  ['west', { kind: 'pod lost', version: 'v2' }],
];

/** What the blows alone do to users, while nobody releases anything. */
export async function withoutRun(
  mesh: Breakable,
): Promise<{ readonly unexplained: LoadReport['failures']; readonly text: string }> {
  const urls = mesh.stage.fleet.clusters.map(({ ingress }) => `${ingress}${SEED.path}`);
  const load = await startLoad(urls, { rps: USERS_RPS, mostFailures: MOST_FAILURES });
  const struck: Struck[] = [];
  try {
    for (const [cluster, blow] of BLOWS)
      struck.push(await strike(mesh, { cluster, blow }, Promise.resolve()));
  } finally {
    await load.stop();
  }
  const report = await load.stop();
  const failed = [...costs(report, struck)].map(([kind, count]) => `${kind} ${String(count)}`);
  const text = `without a run: user requests: ${String(report.sent)}, failed: ${failed.join(', ')}`;
  return { unexplained: unexplained(report, struck), text };
}
