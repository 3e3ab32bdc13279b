/**
 * What a run costs, as ratios where they can be had, since milliseconds say more about the machine than about the action:
 * `npm run bench` prints one table and writes it as JSON. `--only SECTION` runs one section, and `--before FOLDER` measures another checkout
 * beside this one. docs/performance.md explains the figures.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fanOut } from './fan-out.ts';
import { growth } from './growth.ts';
import { printMetrics } from './metrics.ts';
import { portForward, printKeptRate } from './port-forward.ts';
import { readScriptOptions } from '../testbed/script-options.ts';
import { formatValue, meets } from './row.ts';
import type { Row } from './row.ts';
import { sampling } from './sampling.ts';
import { shareTest } from './share-test.ts';
import { start } from './start.ts';
import { subjectAt } from './subject.ts';
import type { Subject } from './subject.ts';
import { verdicts } from './verdicts.ts';

const ROOT = join(import.meta.dirname, '..');
const HELP = `
Usage: npm run bench -- [OPTION...]

  --only SECTION    run the sections whose names contain this: start, fan-out, sampling, growth, verdicts
  --before FOLDER   measure another checkout beside this one
  --json FILE       default: .cache/bench.json
`;
const { values: options } = readScriptOptions(HELP, {
  options: {
    before: { type: 'string' },
    only: { type: 'string', default: '' },
    json: { type: 'string', default: join(ROOT, '.cache/bench.json') },
  },
});

/** Sections that measure a checkout, in the order of the table. */
const MEASURED: Readonly<Record<string, (subject: Subject) => Promise<readonly Row[]>>> = {
  start,
  'fan-out': (subject) => fanOut(subject, subject.root === ROOT ? [1, 10, 50, 100] : [1, 100]),
  sampling,
  growth,
};
/** Sections whose figures do not depend on the machine, or are about more than one run. */
const OTHERS: Readonly<Record<string, () => readonly Row[]>> = { verdicts };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const isWanted = (section: string): boolean => section.includes(options.only);

function show(row: Row, before: Row | undefined): void {
  const met = meets(row);
  const earlier = before === undefined ? '' : formatValue(before.value, before.unit);
  const goal =
    row.goal === undefined
      ? ''
      : `${row.goal.atLeast === true ? '≥' : '≤'} ${formatValue(row.goal.limit, row.unit)}${met === false ? '  MISSED' : ''}`;
  say(
    `${row.name.padEnd(68)} ${earlier.padStart(10)} ${formatValue(row.value, row.unit).padStart(10)}   ${goal}`.trimEnd(),
  );
}

const now = await subjectAt(ROOT);
const before = options.before === undefined ? undefined : await subjectAt(resolve(options.before));
const table: { readonly row: Row; readonly before: number | undefined }[] = [];
const add = (rows: readonly Row[], earlier: readonly Row[] = []): void => {
  let section = '';
  for (const row of rows) {
    if (row.section !== section)
      say(
        `\n${row.section}${' '.repeat(Math.max(1, 68 - row.section.length))} ${before === undefined ? '' : '    before'}        now   goal`,
      );
    ({ section } = row);
    const same = earlier.find(({ name }) => name === row.name);
    show(row, same);
    table.push({ row, before: same?.value });
  }
};
for (const [section, measure] of Object.entries(MEASURED)) {
  if (!isWanted(section)) continue;
  const earlier = before === undefined ? [] : await measure(before);
  add(await measure(now), earlier);
}
for (const [section, compute] of Object.entries(OTHERS)) if (isWanted(section)) add(compute());
for (const [section, measure] of Object.entries({ 'share-test': shareTest, 'port-forward': portForward })) {
  if (!isWanted(section)) continue;
  const { name, ratio } = await measure();
  add([{ section, name, value: ratio, unit: '' }]);
}
if (options.only === 'metrics') printMetrics(50, say);
if (options.only === 'port-forward') await printKeptRate(say);

await mkdir(dirname(options.json), { recursive: true });
await writeFile(
  options.json,
  `${JSON.stringify({ node: process.version, rows: table.map(({ row, before: value }) => ({ ...row, before: value })) }, undefined, 2)}\n`,
);
say(`\nAlso in ${options.json}`);
