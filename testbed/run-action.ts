import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshBundle } from './fresh-bundle.ts';

/** Longer than any run here; a run that hangs is killed, so that its log becomes available. */
const LIMIT_MS = 170_000;

/** The result of a run of the action. */
export interface Run {
  /** Exit code; -1 if it was killed. */
  readonly code: number;
  /** The log as people see it. */
  readonly log: string;
  /** The log as the runner reads it, with escaped workflow commands. */
  readonly commands: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The state for the post step (`GITHUB_STATE`). */
  readonly state: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export interface RunOptions {
  /** Environment variables in addition to inputs and files. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another bundle than that of the sources as they are now. */
  readonly bundle?: string;
  /** Working directory; by default an empty one. */
  readonly cwd?: string;
  /** Receives each piece of the log as it arrives. */
  readonly onLog?: (text: string) => void;
  /** Receives the process once it runs, for tests that end it. */
  readonly onStart?: (process: RunningAction) => void;
  /** Runs the post step for the main step that left this state, as the runner does however the main step ended. */
  readonly postOf?: Run['state'];
}

/** The process of a running action. */
export interface RunningAction {
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Starts the action, bundled from the sources, as a runner does: inputs in `INPUT_*`, outputs and summary through files. */
export async function runAction(
  inputs: Readonly<Record<string, string>>,
  options: RunOptions = {},
): Promise<Run> {
  const bundle = options.bundle ?? (await freshBundle());
  const folder = await mkdtemp(join(tmpdir(), 'canary-run-'));
  const outputFile = join(folder, 'output');
  const summaryFile = join(folder, 'summary.md');
  const stateFile = join(folder, 'state');
  await Promise.all([outputFile, summaryFile, stateFile].map((file) => writeFile(file, '')));
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [join(bundle, options.postOf === undefined ? 'main.js' : 'post.js')],
    {
      cwd: options.cwd ?? folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        GITHUB_STATE: stateFile,
        ...withPrefix('INPUT_', inputs, (name) => name.toUpperCase()),
        ...withPrefix('STATE_', options.postOf ?? {}),
        ...options.env,
      },
    },
  );
  options.onStart?.({ kill: (signal) => child.kill(signal) });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      options.onLog?.(text);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  const seconds = (performance.now() - start) / 1000;
  const [output = '', summary = '', state = ''] = await Promise.all(
    [outputFile, summaryFile, stateFile].map((file) => readFile(file, 'utf8')),
  );
  await rm(folder, { recursive: true });
  return {
    code: code ?? -1,
    log: shownLog(log),
    commands: log,
    outputs: valuesIn(output),
    summary,
    state: valuesIn(state),
    seconds,
  };
}

function withPrefix(
  prefix: string,
  values: Readonly<Record<string, string>>,
  spell = (name: string): string => name,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + spell(name), value]));
}

/** The log as the runner shows it: without the escapes of workflow commands. */
export function shownLog(log: string): string {
  return log.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

/** Reads a file of outputs or state: `name<<delimiter`, the value, the delimiter. */
function valuesIn(text: string): Record<string, string> {
  const found = text.matchAll(/^(?<name>[^\n<]+)<<(?<mark>.+)\n(?<value>[\s\S]*?)\n\k<mark>$/gm);
  return Object.fromEntries(
    [...found].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}
