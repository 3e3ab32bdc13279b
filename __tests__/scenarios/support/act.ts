import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The result of a workflow. */
export interface WorkflowRun {
  readonly code: number;
  readonly log: string;
  /** Jobs in the order in which they ended, without those that were skipped. */
  readonly jobs: readonly (readonly [name: string, result: string])[];
}

/** A workflow to run instead of GitHub. */
export interface ActCall {
  /** The program. */
  readonly act: string;
  /** The repository. */
  readonly folder: string;
  /** The path of the workflow in it. */
  readonly workflow: string;
  readonly event: string;
  /** The file with the payload of the event. */
  readonly eventPath: string;
  readonly actor: string;
  /** The runner that the jobs ask for. */
  readonly runner: string;
  /** Folders that stand for actions: `owner/name@ref` → path. */
  readonly actions: ReadonlyMap<string, string>;
  /** Whether `actions/checkout` is one of those, and not left out. */
  readonly checkout?: boolean;
  /** Environment of every job. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the program itself, beside the secrets. */
  readonly processEnv: NodeJS.ProcessEnv;
}

/** Runs a workflow without containers; `act` does not support approvals. */
export async function runAct(call: ActCall): Promise<WorkflowRun> {
  const child = spawn(
    call.act,
    [
      call.event,
      ...['--workflows', call.workflow, '--eventpath', call.eventPath, '--json'],
      ...['--actor', call.actor],
      ...['--platform', `${call.runner}=-self-hosted`],
      ...(call.checkout === true ? ['--no-skip-checkout'] : []),
      // Its servers for caches and artifacts would need an address that the mesh's network does not have.
      ...['--no-cache-server', '--artifact-server-addr', '127.0.0.1'],
      ...[...call.actions].flatMap(([action, path]) => ['--local-repository', `${action}=${path}`]),
      ...Object.entries(call.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      // Values come from the environment, so that no process list shows them.
      ...Object.keys(call.secrets).flatMap((name) => ['--secret', name]),
    ],
    {
      cwd: call.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Below the timeout of a test, so that the test gets the log of what hangs.
      timeout: 170_000,
      env: { ...call.processEnv, ...call.secrets },
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

/** The folders that stand for the actions of a workflow, by the names and commits that it has. */
export function standIns(
  workflow: string,
  folders: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { groups } of workflow.matchAll(/\buses: (?<pinned>(?<name>\S+)@\S+)/g)) {
    const { pinned = '', name = '' } = groups ?? {};
    const folder = folders.get(name);
    if (folder !== undefined) found.set(pinned, folder);
  }
  return found;
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
