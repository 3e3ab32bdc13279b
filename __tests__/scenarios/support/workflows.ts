import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { freshBundle } from '../../../testbed/fresh-bundle.ts';
import { findProgram } from '../../../testbed/mesh/programs.ts';
import { GH, STUBS, TOOLS } from './stand-ins.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** The name of the action in the examples. */
const ACTION = 'OWNER/multicluster-canary@v1';

/** The result of a workflow. */
export interface WorkflowRun {
  readonly code: number;
  readonly log: string;
  /** Jobs in the order in which they ended, without those that were skipped. */
  readonly jobs: readonly (readonly [name: string, result: string])[];
}

export interface WorkflowOptions {
  readonly event?: string;
  /** The payload of the event, as GitHub sends it. */
  readonly payload?: object;
  /** Who triggered it. */
  readonly actor?: string;
  /** Environment of every job. */
  readonly env?: Readonly<Record<string, string>>;
  readonly token?: string;
  /** The content of the secret KUBECONFIG before base64; none if the workflow logs in itself. */
  readonly kubeconfig?: string;
}

/** Paths of the programs that run and check workflows. */
export interface WorkflowPrograms {
  readonly act: string;
  readonly actionlint: string;
  /** Called by the stand-ins of the clouds. */
  readonly kubectl: string;
}

/** undefined unless all have been built (by npm run e2e) */
export async function workflowPrograms(): Promise<WorkflowPrograms | undefined> {
  const [act, actionlint, kubectl] = await Promise.all(
    (['act', 'actionlint', 'kubectl'] as const).map(findProgram),
  );
  if (act === undefined || actionlint === undefined || kubectl === undefined) return undefined;
  return { act, actionlint, kubectl };
}

/** A repository with a copy of the examples, run by `act` instead of GitHub. */
export class Repository {
  /** The working folder. */
  readonly folder: string;
  readonly #base: string;
  readonly #programs: WorkflowPrograms;

  private constructor(base: string, programs: WorkflowPrograms) {
    this.#base = base;
    this.folder = join(base, 'repository');
    this.#programs = programs;
  }

  /** @param release lines added to the example's release file */
  static async make(programs: WorkflowPrograms, release: string): Promise<Repository> {
    const base = await mkdtemp(join(tmpdir(), 'workflows-'));
    const made = new Repository(base, programs);
    const { folder } = made;
    await cp(join(ROOT, 'examples/workflows'), join(folder, '.github/workflows'), { recursive: true });
    await made.release(release);
    const git = execa({ cwd: folder });
    await git`git init --quiet --initial-branch=main`;
    await git`git -c user.name=test -c user.email=test@example.com commit --quiet --allow-empty --message examples`;
    await cp(join(ROOT, 'action.yml'), join(base, 'action/action.yml'));
    await cp(await freshBundle(), join(base, 'action/dist'), { recursive: true });
    await Promise.all([...STUBS].map(([name, text]) => write(join(base, 'stubs', name, 'action.yml'), text)));
    await Promise.all(
      [...TOOLS, ['gh', GH] as const].map(async ([name, text]) => {
        const path = join(base, 'bin', name);
        await write(path, text);
        await chmod(path, 0o755);
      }),
    );
    return made;
  }

  /** Writes the release file: the example with these lines appended, each of which replaces the example's line of that key. */
  async release(lines: string): Promise<void> {
    const example = await readFile(join(ROOT, 'examples/canary.yml'), 'utf8');
    const keyOf = (line: string): string | undefined => /^[a-z-]+:/.exec(line)?.[0];
    const keys = lines.split('\n').map(keyOf);
    const kept = example.split('\n').filter((line) => {
      const key = keyOf(line);
      return key === undefined || !keys.includes(key);
    });
    await write(join(this.folder, '.github/canary.yml'), `${kept.join('\n')}${lines}`);
  }

  /** What actionlint reports about the workflows, given the action's own inputs and outputs; empty if nothing. */
  async lint(): Promise<string> {
    const folder = join(this.#base, 'lint');
    const examples = join(ROOT, 'examples/workflows');
    await cp(examples, join(folder, '.github/workflows'), { recursive: true });
    await cp(join(this.#base, 'action'), folder, { recursive: true });
    await execa({ cwd: folder })`git init --quiet`;
    const files = (await execa({ cwd: folder })`git ls-files --others .github`).stdout.split('\n');
    for (const file of files) {
      const path = join(folder, file);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(ACTION, './'));
    }
    const { stdout } = await execa({ cwd: folder, reject: false })`${this.#programs.actionlint} -no-color`;
    return stdout;
  }

  /** Runs a workflow for an event, without containers; `act` does not support approvals. */
  async run(workflow: string, options: WorkflowOptions = {}): Promise<WorkflowRun> {
    const { event = 'workflow_dispatch', payload = {}, actor = 'maria', env = {} } = options;
    const { token = '', kubeconfig } = options;
    const eventPath = join(this.#base, 'event.json');
    await writeFile(eventPath, JSON.stringify(payload));
    const known = [...STUBS.keys()].map((name) => `${name}=${join(this.#base, 'stubs', name)}`);
    const child = spawn(
      this.#programs.act,
      [
        event,
        ...['--workflows', join('.github/workflows', workflow), '--eventpath', eventPath, '--json'],
        ...['--actor', actor],
        ...['--platform', 'ubuntu-latest=-self-hosted'],
        // Its servers for caches and artifacts would need an address that the mesh's network does not have.
        ...['--no-cache-server', '--artifact-server-addr', '127.0.0.1'],
        ...[`${ACTION}=${join(this.#base, 'action')}`, ...known].flatMap((one) => [
          '--local-repository',
          one,
        ]),
        ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        // Values come from the environment, so that no process list shows them.
        ...['--secret', 'GITHUB_TOKEN', ...(kubeconfig === undefined ? [] : ['--secret', 'KUBECONFIG'])],
      ],
      {
        cwd: this.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Below the timeout of a test, so that the test gets the log of what hangs.
        timeout: 170_000,
        env: {
          PATH: [
            join(this.#base, 'bin'),
            dirname(process.execPath),
            dirname(this.#programs.kubectl),
            process.env['PATH'] ?? '',
          ].join(':'),
          HOME: join(this.#base, 'home'),
          GITHUB_TOKEN: token,
          ...(kubeconfig === undefined ? {} : { KUBECONFIG: Buffer.from(kubeconfig).toString('base64') }),
        },
      },
    );
    let lines = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        lines += text;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? -1, ...read(lines) };
  }

  async close(): Promise<void> {
    await rm(this.#base, { recursive: true });
  }
}

interface Line {
  readonly jobID?: string;
  readonly jobResult?: string;
  readonly msg?: string;
}

function read(lines: string): Pick<WorkflowRun, 'log' | 'jobs'> {
  const parsed = lines
    .split('\n')
    .flatMap((text): Line[] => (text.startsWith('{') ? [JSON.parse(text) as Line] : [{ msg: text }]));
  const jobs = parsed.flatMap(({ jobID, jobResult }) =>
    jobID === undefined || jobResult === undefined ? [] : [[jobID, jobResult] as const],
  );
  return { jobs, log: parsed.map(({ jobID = '', msg = '' }) => `${jobID}: ${msg.trimEnd()}`).join('\n') };
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
