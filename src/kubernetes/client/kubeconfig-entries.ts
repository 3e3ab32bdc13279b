import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { describeIssue } from './describe-issue.ts';
import { impersonationSchema } from './impersonation.ts';
import { KubeConfig } from './kube-config.ts';
import type { KubeCluster, KubeUser } from './kube-config.ts';

// The settings of a kubeconfig with the types of client-go (tools/clientcmd/api/v1), which refuses a file with others.

const text = z.string().nullish();

const clusterSchema = z.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  extensions: z.array(z.object({ name: z.string(), extension: z.unknown() })).nullish(),
});

const userSchema = impersonationSchema.extend({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  'token-file': z.never('kubectl does not know this setting; use tokenFile').optional(),
  username: text,
  password: text,
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
});

const contextSchema = z.object({ cluster: text, user: text, namespace: text });

const name = z.string().min(1);

const entriesSchema = z.object({
  'current-context': text,
  clusters: z.array(z.object({ name, cluster: clusterSchema.nullish() })).nullish(),
  users: z.array(z.object({ name, user: userSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name, context: contextSchema.nullish() })).nullish(),
});
type Entries = z.infer<typeof entriesSchema>;

/**
 * The entries of a kubeconfig, or what is wrong with them, without a value: a setting that has another type than kubectl accepts would
 * be ignored, and the run might act as someone else.
 */
export function entriesOf(root: unknown): Entries | string {
  const { data, error } = entriesSchema.safeParse(root);
  if (data === undefined) return error.issues.map(describeIssue).join('; ');
  for (const kind of ['clusters', 'users', 'contexts'] as const) {
    const names = (data[kind] ?? []).map(({ name }) => name);
    const repeated = names.find((name, i) => names.indexOf(name) !== i);
    if (repeated !== undefined) return `${kind} has several entries with the name ${repeated}`;
  }
  return data;
}

/** The extension of a cluster that its login commands get (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/). */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';
const withCommand = z.looseObject({ command: z.string() });

/**
 * A kubeconfig by its entries.
 *
 * @param folder to which its paths are relative; undefined where it is no file
 * @returns what is missing, as a text
 */
export function configOf(entries: Entries, folder: string | undefined): KubeConfig | string {
  const { clusters, users, contexts, 'current-context': currentContext } = entries;
  const missing = [
    ...(clusters ?? []).map(({ cluster }, i) =>
      cluster?.server ? '' : `clusters[${String(i)}].cluster.server`,
    ),
    ...(contexts ?? []).map(({ context }, i) =>
      context?.cluster ? '' : `contexts[${String(i)}].context.cluster`,
    ),
  ].find((one) => one !== '');
  if (missing !== undefined) return `${missing} is missing`;
  return new KubeConfig({
    clusters: (clusters ?? []).map((entry) => clusterOf(entry, folder)),
    users: (users ?? []).map((entry) => userOf(entry, folder)),
    contexts: (contexts ?? []).map(({ name, context }) => ({
      name,
      cluster: context?.cluster ?? '',
      user: nonEmpty(context?.user),
      namespace: nonEmpty(context?.namespace),
    })),
    currentContext: currentContext ?? '',
  });
}

type Entry<K extends 'clusters' | 'users'> = NonNullable<Entries[K]>[number];

function clusterOf({ name, cluster }: Entry<'clusters'>, folder: string | undefined): KubeCluster {
  const own = cluster?.extensions?.find((one) => one.name === EXEC_EXTENSION);
  return {
    name,
    server: (cluster?.server ?? '').replace(/\/$/, ''),
    caData: cluster?.['certificate-authority-data'] ?? undefined,
    caFile: pathIn(folder, cluster?.['certificate-authority']),
    skipTLSVerify: cluster?.['insecure-skip-tls-verify'] === true,
    tlsServerName: cluster?.['tls-server-name'] ?? undefined,
    proxyUrl: cluster?.['proxy-url'] ?? undefined,
    execConfig: own?.extension,
  };
}

function userOf({ name, user }: Entry<'users'>, folder: string | undefined): KubeUser {
  const exec = withCommand.safeParse(user?.exec).data;
  return {
    name,
    certData: user?.['client-certificate-data'] ?? undefined,
    certFile: pathIn(folder, user?.['client-certificate']),
    keyData: user?.['client-key-data'] ?? undefined,
    keyFile: pathIn(folder, user?.['client-key']),
    token: user?.token ?? undefined,
    tokenFile: user?.tokenFile ? resolve(folder ?? '.', user.tokenFile) : undefined,
    username: user?.username ?? undefined,
    password: user?.password ?? undefined,
    authProvider: user?.['auth-provider'],
    // A command without a slash is looked up in $PATH.
    exec: exec?.command.includes('/')
      ? { ...exec, command: resolve(folder ?? '.', exec.command) }
      : user?.exec,
    impersonation: impersonationSchema.parse(user ?? {}),
  };
}

/** An empty path is none. */
function pathIn(folder: string | undefined, path: string | null | undefined): string | undefined {
  if (!path) return undefined;
  return folder === undefined || isAbsolute(path) ? path : join(folder, path);
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === '' ? undefined : (text ?? undefined);
}
