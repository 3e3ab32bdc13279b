import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { freshBundle } from '../../../testbed/fresh-bundle.ts';
import { runAct, standIns } from './act.ts';
import type { WorkflowRun } from './act.ts';
import { GH, STUBS, TOOLS } from './stand-ins.ts';
import type { WorkflowPrograms } from './workflow-programs.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** The action in the examples, which have a placeholder for its commit. */
const ACTION = 'OWNER/multicluster-canary@0123456789abcdef0123456789abcdef01234567';

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

  /** Runs a workflow for an event, without containers; `act` does not support approvals. */
  async run(workflow: string, options: WorkflowOptions = {}): Promise<WorkflowRun> {
    const { event = 'workflow_dispatch', payload = {}, actor = 'maria', env = {} } = options;
    const { token = '', kubeconfig } = options;
    const eventPath = join(this.#base, 'event.json');
    await writeFile(eventPath, JSON.stringify(payload));
    const text = await readFile(join(this.folder, '.github/workflows', workflow), 'utf8');
    const folders = new Map([...STUBS.keys()].map((name) => [name, join(this.#base, 'stubs', name)]));
    const path = [join(this.#base, 'bin'), dirname(process.execPath), dirname(this.#programs.kubectl)];
    return runAct({
      act: this.#programs.act,
      folder: this.folder,
      workflow: join('.github/workflows', workflow),
      event,
      eventPath,
      actor,
      runner: 'ubuntu-latest',
      actions: new Map([[ACTION, join(this.#base, 'action')], ...standIns(text, folders)]),
      env,
      secrets: {
        GITHUB_TOKEN: token,
        ...(kubeconfig === undefined ? {} : { KUBECONFIG: Buffer.from(kubeconfig).toString('base64') }),
      },
      processEnv: {
        PATH: [...path, process.env['PATH'] ?? ''].join(':'),
        HOME: join(this.#base, 'home'),
      },
    });
  }

  async close(): Promise<void> {
    await rm(this.#base, { recursive: true });
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
