/** How the cost of a plan grows with a release: processor time and memory at a quarter, half and all of each size. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED } from '../__tests__/scenarios/support/objects.ts';
import { startEmbedded } from '../testbed/embedded/start.ts';
import { runAction } from '../testbed/run-action.ts';
import { measuredRun } from './measured-run.ts';
import { GROWING } from './stall-cases.ts';
import type { Case } from './stall-cases.ts';
import type { Row } from './row.ts';
import type { Subject } from './subject.ts';

const PARTS = [0.25, 0.5, 1];
/** What is measured is never exact: an exponent of a linear cost may come out a little above 1. */
const LINEAR = 1.1;
/** Of the cost of a release of its usual size: less is noise. */
const MEASURABLE = 0.05;

interface Point {
  readonly size: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

export async function growth(subject: Subject): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, { size, caseOf }] of Object.entries(GROWING)) {
    const base = await costOf(subject, 0, caseOf(1));
    const points: Point[] = [];
    for (const part of PARTS) points.push(await costOf(subject, size * part, caseOf(size * part)));
    const last = points.at(-1);
    const what = `${String(size)} ${name}`;
    rows.push(
      { section: 'growth', name: `${what}: processor time`, value: last?.cpuMs ?? NaN, unit: 'ms' },
      { section: 'growth', name: `${what}: memory`, value: last?.rssMiB ?? NaN, unit: 'MiB' },
      exponent(
        `${what}: exponent of processor time`,
        base.cpuMs,
        points.map((one) => [one.size, one.cpuMs]),
      ),
      exponent(
        `${what}: exponent of memory`,
        base.rssMiB,
        points.map((one) => [one.size, one.rssMiB]),
      ),
    );
  }
  return rows;
}

/** What a size adds to the cost of a release of its usual size, as a power of it; 0 where it adds nothing that can be measured. */
function exponent(
  name: string,
  base: number,
  costs: readonly (readonly [size: number, cost: number])[],
): Row {
  const row = (value: number): Row => ({ section: 'growth', name, value, unit: '', goal: { limit: LINEAR } });
  const points = costs.map(([size, cost]) => [size, cost - base] as const);
  if (points.some(([, added]) => added < MEASURABLE * base)) return row(0);
  const logs = points.map(([size, added]) => [Math.log(size), Math.log(added)] as const);
  const mean = (index: 0 | 1): number => logs.reduce((sum, one) => sum + one[index], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const slope =
    logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) /
    logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return row(slope);
}

async function costOf(subject: Subject, size: number, { prepare, inputs }: Case): Promise<Point> {
  const fleet = await startEmbedded();
  const folder = await mkdtemp(join(tmpdir(), 'growth-'));
  try {
    const common = { ...SEED, kubeconfig: fleet.kubeconfig };
    const installed = await runAction({ ...common, weights: 'v1=80,v2=20' }, { bundle: subject.bundle });
    if (installed.code !== 0) throw new Error(installed.log);
    await prepare(fleet, folder);
    const { cpuMs, rssMiB } = await measuredRun(subject, { ...common, ...inputs(folder) });
    return { size, cpuMs, rssMiB };
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true });
  }
}
