import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { freshBundle } from './fresh-bundle.ts';

const ROOT = join(import.meta.dirname, '..');
const NEXT_TO_DIST = [
  'package.json',
  'action.yml',
  'canary.schema.json',
  'report.schema.json',
  'README.md',
  'LICENSE',
  'scripts/package-manifest.ts',
];

/** The package, installed in a folder without the repository. */
export interface PackedCommand {
  /** What `npx multicluster-canary` would start there. */
  readonly command: string;
  /** The folder that it is installed in. */
  readonly folder: string;
  /** The files of the package. */
  readonly files: readonly string[];
  readonly remove: () => Promise<void>;
}

/** Packs the bundle of the current sources as `npm pack` would after a build, and installs it without a network. */
export async function packCommand(): Promise<PackedCommand> {
  const bundle = await freshBundle();
  const work = await mkdtemp(join(tmpdir(), 'canary-packed-'));
  const source = join(work, 'source');
  const folder = join(work, 'installed');
  await mkdir(join(source, 'scripts'), { recursive: true });
  await mkdir(folder);
  for (const file of NEXT_TO_DIST) await cp(join(ROOT, file), join(source, file));
  await cp(bundle, join(source, 'dist'), { recursive: true });
  const npm = execa({ env: { npm_config_cache: join(work, 'cache'), npm_config_update_notifier: 'false' } });
  const packed = await npm({ cwd: source })`npm pack --json`;
  const [made] = JSON.parse(packed.stdout) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  await npm({ cwd: folder })`npm install --offline --no-audit --no-fund ${join(source, made.filename)}`;
  return {
    command: join(folder, 'node_modules/.bin/multicluster-canary'),
    folder,
    files: made.files.map(({ path }) => path),
    remove: () => rm(work, { recursive: true }),
  };
}

/** The result of a command. */
export interface CommandRun {
  /** Exit code; -1 if it was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Receives each piece of stdout and stderr as it arrives. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Longer than any run here; a run that hangs is killed, so that its output becomes available. */
const LIMIT_MS = 170_000;

/** Runs a command in an empty environment, as a shell or another CI system would. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env = {}, onOutput = () => undefined }: CommandOptions = {},
): Promise<CommandRun> {
  const folder = await mkdtemp(join(tmpdir(), 'canary-command-'));
  const child = execa(command, [...args], {
    cwd: folder,
    stdin: 'ignore',
    reject: false,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      onOutput(text.toString(), (signal) => child.kill(signal));
    });
  const { exitCode = -1, stdout, stderr } = await child;
  await rm(folder, { recursive: true });
  return { code: exitCode, stdout, stderr };
}

/** Inputs as options. */
export function optionsOf(inputs: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(inputs).flatMap(([name, value]) => (value === '' ? [] : [`--${name}=${value}`]));
}
