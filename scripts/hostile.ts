/**
 * Runs the action's bundle in 256 MiB of heap with hostile files and inputs, and prints how each run ends: it must be an error in a
 * sentence. `node scripts/hostile.ts [NAME]`; takes some minutes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../__tests__/support/random.ts';
import { freshBundle } from '../testbed/fresh-bundle.ts';

const MIB = 1024 * 1024;
const DEADLINE_MS = 60_000;

const laughs = [
  'l0: &l0 ha',
  ...Array.from({ length: 12 }, (_, i) => {
    const aliases = Array.from({ length: 10 }, () => `*l${String(i)}`);
    return `l${String(i + 1)}: &l${String(i + 1)} [${aliases.join(', ')}]`;
  }),
].join('\n');
const fill = (piece: string, bytes: number): string =>
  piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes);

/** Texts that a parser finds hard. */
const TEXTS: Readonly<Record<string, string>> = {
  empty: '',
  laughs,
  brackets: fill('[', 2 * MIB),
  braces: fill('{"a":', 2 * MIB),
  list: fill('- \n', 2 * MIB),
  'flow list': `[${fill('[],', 2 * MIB - 10)}]`,
  documents: fill('---\n', 2 * MIB),
  keys: Array.from({ length: 200_000 }, (_, i) => `${i.toString(36)}:`).join('\n'),
  aliases: `a: &a x\nb: [${fill('*a,', MIB)}]`,
  anchors: fill('- &a\n', 2 * MIB),
  'one line': fill('a', 2 * MIB),
  lines: fill('\n', 2 * MIB),
  spaces: `a${fill(' ', 2 * MIB - 2)}b`,
  nulls: fill('\0', MIB),
  tags: fill('!x a\n', MIB),
  'merge keys': `a: &a {x: 1}\nb: {<<: [${fill('*a,', MIB)}]}`,
  List: `apiVersion: v1\nkind: List\nitems:\n${fill('- {apiVersion: v1, kind: X, metadata: {name: x}}\n', 2 * MIB - 100)}`,
};

const PATHS = [
  'pipe',
  'huge',
  'folder',
  '/dev/zero',
  '/dev/random',
  '/dev/stdin',
  '/proc/self/environ',
  '/proc/kcore',
];

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
execFileSync('mkfifo', [join(folder, 'pipe')]);
writeFileSync(join(folder, 'huge'), '');
truncateSync(join(folder, 'huge'), 2_000 * MIB);
mkdirSync(join(folder, 'folder'));
for (const [name, text] of Object.entries(TEXTS)) writeFileSync(join(folder, name), text);
const draw = random(1);
const LEAST = 'app: shop\nnamespace: web\nclusters: {v1: east}\nmanifests: [a.yaml]\n';
for (let i = 0; i < 20; i += 1) {
  const bytes = Buffer.from(LEAST);
  for (let edit = 0; edit < 8; edit += 1) bytes[Math.floor(draw() * bytes.length)] = Math.floor(draw() * 256);
  writeFileSync(join(folder, `mutated ${String(i)}`), bytes);
}
const files = [
  ...Object.keys(TEXTS),
  ...PATHS,
  ...Array.from({ length: 20 }, (_, i) => `mutated ${String(i)}`),
];

const COMMON = { app: 'shop', namespace: 'web', clusters: 'east', version: 'v1' };
type Run = readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>];
const runs: readonly Run[] = [
  ...files.map((file): Run => [`release file: ${file}`, { config: file }, {}]),
  ...files.map((file): Run => [`manifests: ${file}`, { ...COMMON, manifests: file }, {}]),
  ...files.map((file): Run => [`kubeconfig: ${file}`, { ...COMMON, kubeconfig: file }, {}]),
  ...files.map((file): Run => [
    `event: ${file}`,
    { ...COMMON, 'github-token': 'ghs_token' },
    {
      GITHUB_EVENT_PATH: join(folder, file),
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_API_URL: 'http://127.0.0.1:9',
    },
  ]),
  ...['{a,b}'.repeat(20), '**/'.repeat(300), '*a'.repeat(300), '+(a|b)'.repeat(20), '/**'].map(
    (glob): Run => [`glob: ${glob.slice(0, 20)}`, { ...COMMON, manifests: glob }, {}],
  ),
  ...['pipe', '/dev/null', 'huge'].map((file): Run => [`report: ${file}`, { ...COMMON, report: file }, {}]),
  ...Object.keys(COMMON).map((input): Run => [
    `long ${input}`,
    { ...COMMON, [input]: fill('a-', 120_000) },
    {},
  ]),
];

const bundle = await freshBundle();
const tally = new Map<string, number>();
let worst = { name: '', seconds: 0 };
for (const [name, inputs, env] of runs) {
  if (!name.includes(process.argv[2] ?? '')) continue;
  for (const step of ['main', 'post']) {
    const begin = performance.now();
    const run = spawnSync(process.execPath, ['--max-old-space-size=256', join(bundle, `${step}.js`)], {
      cwd: folder,
      encoding: 'utf8',
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * MIB,
      env: {
        HOME: folder,
        ...Object.fromEntries(
          Object.entries(inputs).map(([key, value]) => [`INPUT_${key.toUpperCase()}`, value]),
        ),
        STATE_holder: 'x',
        STATE_concluded: fill('x', 100_000),
        ...env,
      },
    });
    const seconds = (performance.now() - begin) / 1000;
    if (seconds > worst.seconds) worst = { name: `${name} (${step})`, seconds };
    const ends = run.status === 1 && /^::error title=[^\n]+::.+/m.test(run.stdout);
    const outcome =
      ends && run.stdout.length < MIB
        ? 'an error in a sentence'
        : `VIOLATION (${String(run.status ?? run.signal)})`;
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    if (outcome.startsWith('V'))
      process.stdout.write(
        `${name} (${step}): ${outcome}\n${run.stdout.slice(0, 500)}\n${run.stderr.slice(0, 500)}\n`,
      );
  }
}
rmSync(folder, { recursive: true });
for (const [outcome, number] of tally) process.stdout.write(`${String(number)} × ${outcome}\n`);
process.stdout.write(`longest: ${worst.name}, ${worst.seconds.toFixed(1)} s\n`);
