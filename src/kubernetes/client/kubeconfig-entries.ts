import { resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { describeIssue } from './describe-issue.ts';
import { impersonationSchema } from './impersonation.ts';

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
  // The library would read this file, however long it is.
  'token-file': z.never('kubectl does not know this setting; use tokenFile').optional(),
  username: text,
  password: text,
});

const contextSchema = z.object({ cluster: text, user: text, namespace: text });

const entriesSchema = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema.nullish() })).nullish(),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: contextSchema.nullish() })).nullish(),
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
 * Adds what the library ignores where kubectl has it (seen in version 2.0.1): `tokenFile`, all of impersonation but `as`, the extension
 * of a cluster for login commands, and the folder to which a command is relative.
 */
export function addIgnoredParts(config: KubeConfig, entries: Entries, folder: string): void {
  const clusters = new Map((entries.clusters ?? []).map(({ name, cluster }) => [name, cluster]));
  const users = new Map((entries.users ?? []).map(({ name, user }) => [name, user]));
  config.loadFromOptions({
    clusters: config.getClusters().map((cluster) => {
      const extensions = clusters.get(cluster.name)?.extensions ?? [];
      const own = extensions.find(({ name }) => name === EXEC_EXTENSION);
      return own === undefined ? cluster : { ...cluster, execConfig: own.extension };
    }),
    users: config.getUsers().map((user) => {
      const entry = users.get(user.name);
      const exec = withCommand.safeParse(user.exec).data;
      return {
        ...user,
        // A command without a slash is looked up in $PATH.
        ...(exec?.command.includes('/') ? { exec: { ...exec, command: resolve(folder, exec.command) } } : {}),
        ...(entry?.tokenFile ? { tokenFile: resolve(folder, entry.tokenFile) } : {}),
        impersonation: impersonationSchema.parse(entry ?? {}),
      };
    }),
    contexts: config.getContexts(),
    currentContext: config.getCurrentContext(),
  });
}
