import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { CanaryError, messageOf } from '../../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../../core/read-file.ts';
import { secrets } from '../../core/secrets.ts';
import { parseYaml } from '../../core/yaml.ts';
import { inputPlace, worded } from '../../core/wording.ts';
import { mergeFiles } from './contexts.ts';
import type { MergedConfig } from './contexts.ts';
import { addIgnoredParts, entriesOf } from './kubeconfig-entries.ts';

export type { KubeConfig };

/**
 * Reads a kubeconfig from any form that a user may pass: its text (YAML or JSON), that text in base64, or one or more paths
 * (one per line, or separated as in `$KUBECONFIG`). Several files are merged (see `mergeFiles`). Without a value:
 * `$KUBECONFIG`, then `~/.kube/config`.
 *
 * @throws CanaryError; its message never shows the contents, which are secret
 */
export function readKubeconfig(
  value: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): MergedConfig {
  const given = value?.trim() ?? '';
  if (given !== '' && isKubeconfigText(given)) {
    secrets.hideWhole(given);
    return alone(parse(given, inputPlace('kubeconfig')), inputPlace('kubeconfig'));
  }
  const decoded = decodeBase64(given);
  if (decoded !== undefined) {
    secrets.hideWhole(decoded);
    return alone(parse(decoded, `${inputPlace('kubeconfig')} (base64)`), inputPlace('kubeconfig'));
  }
  return fromFiles(given, env);
}

function alone(config: KubeConfig, source: string): MergedConfig {
  assertContexts(config, source);
  return mergeFiles([{ path: source, config }]);
}

const WITHOUT_KUBECONFIG = {
  step:
    'If the input comes from a secret, does the secret exist, and is it available to this event? ' +
    'Pull requests from forks and from Dependabot get no repository secrets, and a reusable workflow gets them only with "secrets: inherit".',
  command: 'Set one of them to the path of your kubeconfig.',
};

function fromFiles(given: string, env: NodeJS.ProcessEnv): MergedConfig {
  const source = given !== '' ? inputPlace('kubeconfig') : '$KUBECONFIG';
  const list = given !== '' ? given : (env['KUBECONFIG'] ?? '');
  const paths = list
    .split(new RegExp(`[\n,${delimiter}]`))
    .map((path) => path.trim())
    .filter((path) => path !== '');
  if (paths.length === 0) paths.push(join(homedir(), '.kube', 'config'));
  const missing = paths.filter((path) => !existsSync(path));
  // kubectl skips files of $KUBECONFIG that do not exist; a path in the input must exist.
  const present = given === '' ? paths.filter((path) => existsSync(path)) : paths;
  if (given === '' && !env['KUBECONFIG'] && present.length === 0) {
    throw new CanaryError(
      `${worded({ step: 'Input kubeconfig is empty', command: '--kubeconfig and $KUBECONFIG are not set' })}, and ${paths.join('')} does not exist. ${worded(WITHOUT_KUBECONFIG)}`,
    );
  }
  if (present.length === 0 || (given !== '' && missing.length > 0)) {
    const areShown = missing.every(readsAsPath);
    if (!areShown) secrets.hideWhole(list);
    const problem = areShown
      ? `names ${missing.join(', ')}, which is not a file`
      : 'is neither a kubeconfig nor its base64 encoding, and names no file either';
    throw new CanaryError(
      `${source} ${problem}. Pass ${worded({ step: "the kubeconfig's text, its base64 encoding, or the path of a file that an earlier step wrote", command: 'the path of a kubeconfig' })}.`,
    );
  }
  const files = present.map((path) => {
    const config = parse(readText(path), `Kubeconfig ${path}`, dirname(path));
    config.makePathsAbsolute(dirname(path));
    return { path, config };
  });
  const merged = mergeFiles(files);
  assertContexts(merged, `Kubeconfig ${present.join(', ')}`);
  return merged;
}

function assertContexts(config: KubeConfig, source: string): void {
  if (config.getContexts().length === 0)
    throw new CanaryError(`${source} contains no context. Is it a kubeconfig?`);
}

function readText(path: string): string {
  try {
    return readBoundedFile(path, FILE_LIMITS.kubeconfig);
  } catch (error) {
    throw new CanaryError(`Kubeconfig ${path} ${messageOf(error)}`, { cause: error });
  }
}

const PATH_CHARACTERS = /^(?!- )[\w.~@/\\:; -]+$/;
/** A word alone may be a password. */
const PATH_MARK = /[/\\]|\.(?:ya?ml|json|conf|config|kubeconfig)$/;
/** What people name files: words and numbers. A token has capitals and digits anywhere. */
const WORD = /^(?:(?:[A-Z]?[a-z]+){1,4}|[A-Z]+|)\d{0,8}$/;

/** Whether a text may be shown: it is a path, and nothing in it is random enough to be a secret. */
function readsAsPath(text: string): boolean {
  return (
    PATH_CHARACTERS.test(text) &&
    PATH_MARK.test(text) &&
    !/:[ \t]/.test(text) &&
    text.split(/[^A-Za-z0-9]+/).every(isWord)
  );
}

function isWord(run: string): boolean {
  return run.length < 24 && WORD.test(run);
}

function isKubeconfigText(text: string): boolean {
  return (
    /^[ \t]*["']?(apiVersion|kind|clusters|contexts|users|current-context|preferences)["']?\s*:/m.test(
      text,
    ) || text.startsWith('{')
  );
}

function decodeBase64(text: string): string | undefined {
  const compact = text.replaceAll(/\s/g, '');
  if (compact.length < 40 || !/^[A-Za-z0-9+/_-]+=*$/.test(compact)) return undefined;
  const decoded = Buffer.from(compact, 'base64').toString('utf8');
  return isKubeconfigText(decoded) ? decoded : undefined;
}

/** @param folder to which its paths are relative */
function parse(text: string, source: string, folder = '.'): KubeConfig {
  const config = new KubeConfig();
  try {
    // Refuses aliases that express too much, before the library repeats them.
    const entries = entriesOf(parseYaml(text));
    if (typeof entries === 'string') throw new InvalidEntries(entries);
    config.loadFromString(text);
    addIgnoredParts(config, entries, folder);
    return config;
  } catch (error) {
    // Without cause, and without most messages: the parser quotes parts of the text, such as an alias or a tag.
    throw new CanaryError(`${source} is not a kubeconfig${problemOf(error)}.`);
  }
}

/** What the YAML parser throws; its lines start at 0. */
const yamlError = z.object({ mark: z.object({ line: z.number() }) });

/** Entries that kubectl would refuse; its message shows no value. */
class InvalidEntries extends Error {}

function problemOf(error: unknown): string {
  if (error instanceof InvalidEntries) return ` that kubectl would accept: ${error.message}`;
  const place = yamlError.safeParse(error).data;
  return place === undefined ? '' : `: line ${String(place.mark.line + 1)} is not valid YAML`;
}
