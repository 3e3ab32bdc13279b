import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shownLog } from '../../../testbed/run-action.ts';
import type { Run, RunOptions } from '../../../testbed/run-action.ts';
import type { GitHubServer } from '../../support/github-server.ts';
import { NAMESPACE } from './objects.ts';
import { ISTIO } from './kube.ts';
import type { Stage } from './stage.ts';

const KINDS = [
  ['coordination.k8s.io/v1', 'Lease'],
  [ISTIO, 'VirtualService'],
  [ISTIO, 'DestinationRule'],
  [ISTIO, 'Gateway'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
] as const;

/** A run, and every text that it left anywhere, by the name of the place. */
export interface Collected {
  readonly run: Run;
  readonly sinks: ReadonlyMap<string, string>;
}

/** Runs the action, and collects every text that left it: for the runner, for people, for GitHub, for the clusters and on the disk. */
export async function collect(
  stage: Stage,
  inputs: Readonly<Record<string, string>>,
  { env = {}, ...options }: RunOptions,
  github?: GitHubServer,
): Promise<Collected> {
  const folder = await mkdtemp(join(tmpdir(), 'canary-sinks-'));
  const files = ['GITHUB_ENV', 'GITHUB_PATH'];
  try {
    await Promise.all(files.map((name) => writeFile(join(folder, name), '')));
    const paths = Object.fromEntries(files.map((name) => [name, join(folder, name)]));
    const home = { HOME: folder, TMPDIR: folder, RUNNER_TEMP: folder, RUNNER_DEBUG: '1' };
    const run = await stage.run(
      { report: join(folder, 'report'), ...inputs },
      { cwd: folder, ...options, env: { ...paths, ...home, ...env } },
    );
    const sinks = new Map([
      ['log', withoutMasks(run.commands)],
      ['log as shown', shownLog(withoutMasks(run.commands))],
      ['summary', run.summary],
      ['outputs', JSON.stringify(run.outputs)],
      ['state', JSON.stringify(run.state)],
      ...(await filesIn(folder)),
      ...(await objectsOf(stage)),
      ...(github === undefined
        ? []
        : ([
            ['comments', JSON.stringify(github.comments)],
            ['statuses', JSON.stringify(github.statuses)],
          ] as const)),
    ]);
    return { run, sinks };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The log as the runner reads it, without the commands that tell it what to mask. */
export function withoutMasks(log: string): string {
  return log.replaceAll(/^::add-mask::.*$/gm, '');
}

async function filesIn(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(
        async ({ parentPath, name }) =>
          [`file ${name}`, await readFile(join(parentPath, name), 'utf8')] as const,
      ),
  );
}

async function objectsOf({ east, west }: Stage): Promise<readonly (readonly [string, string])[]> {
  return Promise.all(
    Object.entries({ east, west }).flatMap(([cluster, kube]) =>
      KINDS.map(
        async ([version, kind]) =>
          [`${kind}s in ${cluster}`, JSON.stringify(await kube.list(version, kind, NAMESPACE))] as const,
      ),
    ),
  );
}
