import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CanaryError, messageOf } from '../release/errors.ts';

export type { KubeConfig };

/**
 * Reads a kubeconfig from what a user may give: its text (YAML or JSON), that text in base64, or one or more paths
 * (a path a line, or separated as in `$KUBECONFIG`). Several files are merged; of two entries of one name the first
 * counts, as with kubectl. Without a value: `$KUBECONFIG`, then `~/.kube/config`.
 *
 * @throws CanaryError without the contents in its message, which are secret
 */
export function readKubeconfig(value: string | undefined, env: NodeJS.ProcessEnv = process.env): KubeConfig {
  const given = value?.trim() ?? '';
  if (given !== '' && isKubeconfigText(given)) return parse(given, 'Input kubeconfig');
  const decoded = decodeBase64(given);
  if (decoded !== undefined) return parse(decoded, 'Input kubeconfig (base64)');
  return fromFiles(given, env);
}

function fromFiles(given: string, env: NodeJS.ProcessEnv): KubeConfig {
  const source = given !== '' ? 'Input kubeconfig' : env['KUBECONFIG'] ? '$KUBECONFIG' : 'The home directory';
  const list = given !== '' ? given : (env['KUBECONFIG'] ?? '');
  const paths = list
    .split(new RegExp(`[\n,${delimiter}]`))
    .map((path) => path.trim())
    .filter((path) => path !== '');
  if (paths.length === 0) paths.push(join(homedir(), '.kube', 'config'));
  const missing = paths.filter((path) => !existsSync(path));
  // kubectl passes over files of $KUBECONFIG that do not exist; a path given to the action is meant.
  const present = given === '' ? paths.filter((path) => existsSync(path)) : paths;
  if (present.length === 0 || (given !== '' && missing.length > 0)) {
    const shown =
      missing.length === 1 && (missing[0] ?? '').length > 200
        ? 'a text that is neither YAML nor base64'
        : missing.join(', ');
    throw new CanaryError(
      `${source} names ${shown}, which is no file. Give the kubeconfig's text, its base64, or the path of a file that an earlier step wrote.`,
    );
  }
  return present
    .map((path) => {
      const config = parse(readFileSync(path, 'utf8'), `Kubeconfig ${path}`);
      config.makePathsAbsolute(dirname(path));
      return config;
    })
    .reduce(merge);
}

function isKubeconfigText(text: string): boolean {
  return (
    /^\s*["']?(apiVersion|kind|clusters|contexts|users|current-context|preferences)["']?\s*:/m.test(text) ||
    text.startsWith('{')
  );
}

function decodeBase64(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, '');
  if (compact.length < 40 || !/^[A-Za-z0-9+/_-]+=*$/.test(compact)) return undefined;
  const decoded = Buffer.from(compact, 'base64').toString('utf8');
  return isKubeconfigText(decoded) ? decoded : undefined;
}

function parse(text: string, source: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    // The parser's message quotes the text; only its first line, without the excerpt, may be shown.
    throw new CanaryError(`${source} is not a kubeconfig: ${firstLine(error)}`);
  }
  if (config.getContexts().length === 0)
    throw new CanaryError(`${source} holds no context. Is it a kubeconfig?`);
  return config;
}

function firstLine(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').replaceAll(/[A-Za-z0-9+/=_-]{16,}/g, '…');
}

function merge(first: KubeConfig, second: KubeConfig): KubeConfig {
  const named = <T extends { readonly name: string }>(a: readonly T[], b: readonly T[]): T[] => [
    ...a,
    ...b.filter(({ name }) => !a.some((entry) => entry.name === name)),
  ];
  first.loadFromOptions({
    clusters: named(first.getClusters(), second.getClusters()),
    users: named(first.getUsers(), second.getUsers()),
    contexts: named(first.getContexts(), second.getContexts()),
    currentContext: first.getCurrentContext() || second.getCurrentContext(),
  });
  return first;
}

/** What in a kubeconfig must never be shown: tokens, passwords and keys, in the forms in which they could appear. */
export function secretsOf(config: KubeConfig): readonly string[] {
  return config
    .getUsers()
    .flatMap((user) =>
      [user.token, user.password, user.keyData, user.certData].flatMap((secret) => (secret ? [secret] : [])),
    );
}
