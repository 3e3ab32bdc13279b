import { addCredentials } from '../kubernetes/client/credentials.ts';
import { readKubeconfig } from '../kubernetes/client/kubeconfig.ts';
import type { MergedConfig } from '../kubernetes/client/contexts.ts';
import type { KubeConfig } from '../kubernetes/client/kubeconfig.ts';
import { messageOf } from '../core/errors.ts';
import { isSecretHeader } from '../core/secret-names.ts';
import { secrets } from '../core/secrets.ts';
import { secretValuesOf } from '../kubernetes/secret-values.ts';
import type { Release } from '../release/release.ts';
import type { Log } from '../report/log.ts';
import type { Language } from '../texts/language.ts';
import { emptyRecord } from '../report/run-record.ts';
import { Announcer } from './announcer.ts';
import { contextsInUse, notesOfConnections, problemsOfConnections } from './connections.ts';
import type { ConnectionNote } from './connections.ts';
import { readEvent } from './event.ts';
import type { Host } from './host.ts';
import { readInputs } from './inputs.ts';
import type { Operation, ReadInputs } from './inputs.ts';
import { readReleaseFile } from './release-file.ts';
import { problemsOfReportFolder } from './report-folder.ts';
import { RefusedJob } from './refused-job.ts';
import { releaseFromInputs } from './release-from-inputs.ts';
import { inputPlace, theInput } from '../core/wording.ts';

/** What this step of a workflow is to do. */
export interface Job {
  readonly operation: Operation;
  readonly release: Release;
  /** Of what people read. */
  readonly language: Language;
  readonly kubeconfig: KubeConfig;
  readonly summary: boolean;
  /** Folder for the report; undefined if none is written. */
  readonly report: string | undefined;
  /** What is unusual about the way to the clusters. */
  readonly connections: readonly ConnectionNote[];
  /** Reports to GitHub; undefined where nothing is reported. */
  readonly announcer: Announcer | undefined;
}

/** Reads all inputs, the release file, the kubeconfig and the manifests. @throws RefusedJob with every problem at once */
export async function readJob(host: Host): Promise<Job> {
  const { log } = host;
  secrets.watch((secret) => {
    host.mask(secret);
  });
  const { textOf, problems: ofHost } = host.takeInputs();
  const file = readReleaseFile(textOf('config'));
  const inputs = readInputs(textOf, file.values);
  const { values, problems, sources } = inputs;
  secrets.allow(visibleNames(values));
  addSecrets(values);
  const { language = host.language } = values;
  const announcer = announcerOf(inputs, language, log);
  let kubeconfig: MergedConfig | undefined;
  const found: string[] = [];
  try {
    kubeconfig = readKubeconfig(values.kubeconfig);
    addCredentials(kubeconfig, secrets);
    found.push(...ambiguous(values, kubeconfig), ...problemsOfConnections(values, kubeconfig));
  } catch (error) {
    found.push(messageOf(error));
  }
  // The weights of the release file are permanent, and for other operations.
  if (values.operation === 'promote' && sources.get('weights') === inputPlace('weights'))
    log.warn(
      `${inputPlace('weights')} is ignored: the operation promote goes to the next of the steps. To set weights, use rollout.`,
    );
  const read = releaseFromInputs(
    values,
    kubeconfig?.getContexts().map(({ name }) => name),
    sources,
    inputs.places,
  );
  for (const { source } of read.release?.metrics ?? []) hideHeaders(source.headers);
  for (const sentence of read.warnings) log.warn(sentence);
  // An API server or a webhook may quote what it refuses.
  for (const { object } of read.release?.workload.manifests ?? [])
    for (const value of secretValuesOf(object)) secrets.hideWhole(value);
  const ofReport = problemsOfReportFolder(values.report, sources.get('report') ?? inputPlace('report'));
  const all = [...ofHost, ...file.problems, ...problems, ...found, ...read.problems, ...ofReport];
  const { operation = 'rollout', summary = true, report, app, namespace } = values;
  if (all.length > 0) {
    const refused = new RefusedJob(all, {
      record: emptyRecord(operation, app ?? '', namespace ?? '', { language }),
      summary,
      report: ofReport.length === 0 ? report : undefined,
    });
    // A required status that never arrives would block a pull request without explanation.
    if (app !== undefined && namespace !== undefined)
      await announcer?.end(secrets.redactIn(refused.record), false);
    throw refused;
  }
  if (read.release === undefined || kubeconfig === undefined)
    throw new Error('The inputs have no problem, but there is no release');
  const connections = notesOfConnections(values, kubeconfig);
  const { release } = read;
  return { operation, release, language, kubeconfig, summary, report, connections, announcer };
}

/** The contexts in use whose name means different clusters or users in several files. */
function ambiguous(values: ReadInputs['values'], { clashes }: MergedConfig): readonly string[] {
  return contextsInUse(values).flatMap((name) => {
    const files = clashes.get(name);
    return files === undefined
      ? []
      : [
          `${inputPlace('kubeconfig')}: ${files.join(' and ')} each contain a context ${name}, and the two differ. Rename one of them, and use the one you mean in ${theInput('clusters')}: kubectl --kubeconfig ${files.at(-1) ?? ''} config rename-context ${name} NEW-NAME`,
        ];
  });
}

function announcerOf({ values, sources }: ReadInputs, language: Language, log: Log): Announcer | undefined {
  const { operation = 'rollout', app, comment = true, 'github-token': token } = values;
  if (app === undefined) return undefined;
  const explicit = sources.has('github-token') || (comment && sources.has('comment'));
  return Announcer.of({ operation, app, language, token, comment, explicit }, readEvent(), (text) => {
    log.warn(text);
  });
}

/** What stays visible even if a password is the same: versions, clusters, hosts and the names of the release. */
function visibleNames(values: ReadInputs['values']): readonly string[] {
  const { app, namespace, version, clusters, weights, image, ingress, host, hosts } = values;
  return [
    ...[app, namespace, version, host].filter((name) => name !== undefined),
    ...(clusters?.clusters ?? []),
    ...(clusters?.byVersion.keys() ?? []),
    ...(values['config-clusters'] ?? []),
    ...(weights?.keys() ?? []),
    ...(typeof image === 'object' ? image.keys() : []),
    ...(ingress ?? new Map<string, string>()).entries().flatMap((entry) => entry),
    ...(hosts ?? []),
  ];
}

/** Adds the credentials of the inputs, before any of them is used. */
function addSecrets({
  headers = {},
  'metrics-headers': metricsHeaders = {},
  'github-token': token,
}: ReadInputs['values']): void {
  hideHeaders(headers);
  hideHeaders(metricsHeaders);
  // As the password of this user, git sends the token.
  if (token !== undefined) secrets.addBasic('x-access-token', token);
}

function hideHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) if (isSecretHeader(name)) secrets.addHeader(value);
}
