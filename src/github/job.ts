import * as core from '@actions/core';
import { readKubeconfig, secretsOf } from '../kubernetes/client/kubeconfig.ts';
import type { MergedConfig } from '../kubernetes/client/contexts.ts';
import type { KubeConfig } from '../kubernetes/client/kubeconfig.ts';
import { InputError, messageOf } from '../core/errors.ts';
import type { Release } from '../release/release.ts';
import { emptyRecord } from '../report/run-record.ts';
import { Announcer } from './announcer.ts';
import { readEvent } from './event.ts';
import { readInputs } from './inputs.ts';
import type { Operation, ReadInputs } from './inputs.ts';
import { jobLog } from './job-log.ts';
import { readReleaseFile } from './release-file.ts';
import { problemsOfReportFolder } from './report-folder.ts';
import { releaseFromInputs } from './release-from-inputs.ts';

/** What this step of a workflow is to do. */
export interface Job {
  readonly operation: Operation;
  readonly release: Release;
  readonly kubeconfig: KubeConfig;
  readonly summary: boolean;
  /** Folder for the report; undefined if none is written. */
  readonly report: string | undefined;
  /** Reports to GitHub; undefined where nothing is reported. */
  readonly announcer: Announcer | undefined;
}

/** Reads all inputs, the release file, the kubeconfig and the manifests. @throws InputError with every problem at once */
export async function readJob(): Promise<Job> {
  const file = readReleaseFile(core.getInput('config'));
  const inputs = readInputs((name) => core.getInput(name), file.values);
  const { values, problems, sources } = inputs;
  mask(secretHeaders(values.headers));
  const announcer = announcerOf(inputs);
  let kubeconfig: MergedConfig | undefined;
  const found: string[] = [];
  try {
    kubeconfig = readKubeconfig(values.kubeconfig);
    mask(secretsOf(kubeconfig));
    found.push(...ambiguous(values, kubeconfig));
  } catch (error) {
    found.push(messageOf(error));
  }
  // The weights of the release file are permanent, and for other operations.
  if (values.operation === 'promote' && sources.get('weights') === 'Input weights')
    jobLog.warn(
      'Input weights is ignored: the operation promote goes to the next of the steps. To set weights, use rollout.',
    );
  const read = releaseFromInputs(
    values,
    kubeconfig?.getContexts().map(({ name }) => name),
    sources,
  );
  const all = [
    ...file.problems,
    ...problems,
    ...found,
    ...read.problems,
    ...problemsOfReportFolder(values.report, sources.get('report') ?? 'Input report'),
  ];
  const { operation = 'rollout', summary = true, report, app, namespace } = values;
  if (all.length > 0) {
    const error = new InputError(all);
    // A required status that never arrives would block a pull request without explanation.
    if (app !== undefined && namespace !== undefined)
      await announcer?.end({ ...emptyRecord(operation, app, namespace), failure: error.message }, false);
    throw error;
  }
  if (read.release === undefined || kubeconfig === undefined)
    throw new Error('The inputs have no problem, but there is no release');
  return { operation, summary, report, announcer, release: read.release, kubeconfig };
}

/** The contexts in use whose name means different clusters or users in several files. */
function ambiguous(
  { clusters, 'config-clusters': config = [] }: ReadInputs['values'],
  { clashes }: MergedConfig,
): readonly string[] {
  return [...new Set([...(clusters?.clusters ?? []), ...config])].flatMap((name) => {
    const files = clashes.get(name);
    return files === undefined
      ? []
      : [
          `Input kubeconfig: ${files.join(' and ')} each contain a context ${name}, and the two differ. Rename one of them, and use the one you mean in the input clusters: kubectl --kubeconfig ${files.at(-1) ?? ''} config rename-context ${name} NEW-NAME`,
        ];
  });
}

function announcerOf({ values, sources }: ReadInputs): Announcer | undefined {
  const { operation = 'rollout', app, comment = true, 'github-token': token } = values;
  if (app === undefined) return undefined;
  if (token !== undefined) mask([token]);
  const explicit = sources.has('github-token') || (comment && sources.has('comment'));
  return Announcer.of({ operation, app, token, comment, explicit }, readEvent(), (text) => {
    jobLog.warn(text);
  });
}

const SECRET_HEADER = /auth|cookie|token|key|secret|password/i;
/** Anything shorter is not a credential, and could be part of a text that must be visible. */
const SHORTEST_SECRET = 8;

/** Credentials for the ingress, both complete and without their scheme. */
function secretHeaders(headers: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
    .filter((value) => value.length >= SHORTEST_SECRET);
}

/** Tells the runner what to hide. Elsewhere nobody reads this command, which would itself show the secret. */
function mask(secrets: readonly string[]): void {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return;
  for (const secret of secrets) core.setSecret(secret);
}
