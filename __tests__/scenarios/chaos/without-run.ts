import type { FleetPart } from '../../../testbed/fleet.ts';
import { startLoad } from '../../../testbed/load.ts';
import type { LoadReport } from '../../../testbed/load.ts';
import { SEED } from '../support/objects.ts';
import { MOST_FAILURES, USERS_RPS } from './life.ts';
import type { Hit } from './plan.ts';
import { strike } from './strike.ts';
import type { Breakable } from './strike.ts';
import { costs, unexplained } from './users.ts';
import type { Struck } from './users.ts';

const hit = (cluster: Hit['cluster'], part: FleetPart): Hit => ({
  cluster,
  blow: { kind: 'killed', part, back: 0 },
});
const cut: Hit = { cluster: 'west', blow: { kind: 'cut off', part: 'api-network', back: 2_000 } };

const HITS: readonly (readonly Hit[])[] = [
  [hit('east', 'api-server')],
  [cut],
  [hit('east', 'istiod')],
  [hit('west', 'gateway')],
  [{ cluster: 'east', blow: { kind: 'pod lost', version: 'v1' } }],
  [{ cluster: 'west', blow: { kind: 'pod lost', version: 'v2' } }],
  [hit('west', 'gateway'), cut],
];

/** What the blows alone do to users, while nobody releases anything. */
export async function withoutRun(
  mesh: Breakable,
): Promise<{ readonly unexplained: LoadReport['failures']; readonly text: string }> {
  const urls = mesh.stage.fleet.clusters.map(({ ingress }) => `${ingress}${SEED.path}`);
  const load = await startLoad(urls, { rps: USERS_RPS, mostFailures: MOST_FAILURES });
  const struck: Struck[] = [];
  try {
    for (const hits of HITS) struck.push(...(await strike(mesh, hits, Promise.resolve())));
  } finally {
    await load.stop();
  }
  const report = await load.stop();
  const failed = [...costs(report, struck)].map(([kind, count]) => `${kind} ${String(count)}`);
  const text = `without a run: user requests: ${String(report.sent)}, failed: ${failed.join(', ')}`;
  return { unexplained: unexplained(report, struck), text };
}
