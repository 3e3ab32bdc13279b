import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import {
  HEADER,
  entries,
  entriesOf,
  listOf,
  mapOf,
  pair,
  pairs,
  pairsIn,
  parser,
  scalar,
  text,
} from './forms.ts';
import { PREVIEW_HEADER } from '../istio/routes.ts';
import type { Scalar } from './forms.ts';
import { SUBSET_NAME } from '../core/weights.ts';

/** A parser for the value of each kind of input; each tells what it got and what it takes when that does not fit. */

function whole(value: string, min: number, max: number): number | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  return number >= min && number <= max ? number : undefined;
}

export const choice = <const T extends string>(...values: readonly T[]): z.ZodType<T, Scalar> =>
  text(`one of ${values.join(', ')}`, (value) => values.find((candidate) => candidate === value), {
    text: { enum: values },
  });

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);
export const flag = parser(
  'true or false',
  (complain) => z.union([z.boolean(), z.string().meta({ enum: ['true', 'false'] })], complain),
  (given) => FLAGS.get(String(given).trim().toLowerCase()),
);

export const anyText = text('a text', (value) => value);

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name as most Kubernetes objects take it (RFC 1123 label). */
export const dnsLabel = text(
  'a name of up to 63 lower-case letters, digits and hyphens',
  (value) => (DNS_LABEL.test(value) ? value : undefined),
  { text: { pattern: DNS_LABEL.source }, number: {} },
);

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
export const objectName = text(
  'the name of an object: lower-case letters, digits, hyphens and dots',
  (value) => (DNS_SUBDOMAIN.test(value) ? value : undefined),
  { text: { pattern: DNS_SUBDOMAIN.source }, number: {} },
);

/** Names of objects of one kind, each once. */
export const objectNames = listOf(
  'names of objects, one per line or comma separated',
  (found) => {
    const wrong = found.find((name) => !DNS_SUBDOMAIN.test(name));
    if (wrong !== undefined) throw new Error(`"${wrong}" is not an object name`);
    const twice = found.find((name, i) => found.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`"${twice}" is listed twice`);
    return found.length > 0 ? found : undefined;
  },
  { text: { pattern: DNS_SUBDOMAIN.source } },
);

export const gatewayName = text('name or namespace/name of a Gateway', (value) =>
  value.split('/').length <= 2 && value.split('/').every((part) => DNS_SUBDOMAIN.test(part))
    ? value
    : undefined,
);

/**
 * A version is the name of a subset, which Istio takes in either case, but without dots and underscores
 * (`validateSubsetName`, https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset).
 */
export const version = text(
  'the name of a version, which is that of its subset, such as v2: up to 63 letters, digits and hyphens; Istio allows no dots (write v1-2 for v1.2)',
  (value) => (SUBSET_NAME.test(value) ? value : undefined),
  { text: { pattern: SUBSET_NAME.source }, number: { type: 'integer', minimum: 0 } },
);

function mustBeVersion(name: string): void {
  if (SUBSET_NAME.test(name)) return;
  const remedy = name.includes('.')
    ? `: Istio allows no dots in the name of a subset. Write ${name.replaceAll('.', '-')}; its subset may select pods by a label with dots`
    : ', such as v2';
  throw new Error(`"${name}" is not the name of a version${remedy}`);
}

export const wholeNumber = (min: number, max: number): z.ZodType<number, Scalar> =>
  text(`a whole number from ${String(min)} to ${String(max)}`, (value) => whole(value, min, max), {
    number: { type: 'integer', minimum: min, maximum: max },
  });

export const number = (min: number, max: number, unit: string): z.ZodType<number, Scalar> =>
  text(
    `a number from ${String(min)} to ${String(max)} (${unit})`,
    (value) => {
      const parsed = value === '' ? NaN : Number(value);
      return parsed >= min && parsed <= max ? parsed : undefined;
    },
    { number: { minimum: min, maximum: max } },
  );

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/;
/** Timers hold a signed 32-bit number of ms, and fire at once beyond it (https://nodejs.org/api/timers.html). */
const LONGEST_MS = 2 ** 31 - 1;
/** A duration in whole ms. */
export const duration = text(
  'a duration such as 90s, 5m or 1h, of at most 24 days (a bare number is seconds)',
  (value) => {
    const [, amount, unit = 's'] = DURATION.exec(value) ?? [];
    const ms = amount === undefined ? NaN : Math.round(Number(amount) * (UNIT_MS[unit] ?? NaN));
    return ms <= LONGEST_MS ? ms : undefined;
  },
  {
    text: { pattern: DURATION.source },
    number: { minimum: 0, maximum: Math.floor(LONGEST_MS / 1000) },
  },
);

export const list = listOf('names, one per line or comma separated', (found) =>
  found.length > 0 && !found.includes('') ? found : undefined,
);

export const map = mapOf('key=value, one per line or comma separated', (found) => found);

/** HTTP headers, one a line: their values may hold commas. What they hold may be a credential, so no message tells more than names. */
export const headers = mapOf(
  'name: value, one per line',
  (found) => {
    for (const [name, value] of found) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      if (name.toLowerCase() === PREVIEW_HEADER)
        throw new Error(
          `the header ${name} asks for one version, whatever the weights: no share could be seen`,
        );
    }
    return Object.fromEntries(found);
  },
  {
    read: (value) => pairs(entries(value, /\n/), HEADER, (_, i) => `header ${String(i + 1)}`),
    show: headerNames,
  },
);

/** What headers can be told by: their names, and where a value is missing. */
function headerNames(given: unknown): string {
  const found =
    typeof given === 'object' && given !== null
      ? Object.entries(given)
      : entries(String(given), /\n/).map((entry) => pair(entry, HEADER) ?? ['…', '']);
  return found.map(([name, value]) => (value ? `${name}: …` : name)).join(', ');
}

const HOST = /^(?:\w(?:[\w.-]*\w)?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
export const host = text(
  'a host name as a user asks for it, with a port where it needs one: shop.example.com',
  (value) => (HOST.test(value) ? value : undefined),
  { text: { pattern: HOST.source } },
);

/** Weights, whole percent; that they sum to 100 is part of what they take. */
export const weights = mapOf(
  'a whole percent for each version, 100 in all, such as v1=80,v2=20',
  (found) => {
    const parsed = new Map<string, number>();
    for (const [name, weight] of found) {
      mustBeVersion(name);
      const percent = whole(weight, 0, 100);
      if (percent === undefined)
        throw new Error(`${name} has ${weight}, which is not a whole percent from 0 to 100`);
      parsed.set(name, percent);
    }
    const sum = [...parsed.values()].reduce((a, b) => a + b, 0);
    if (sum !== 100) throw new Error(`they sum to ${String(sum)}`);
    return parsed;
  },
  { number: { type: 'integer', minimum: 0, maximum: 100 } },
);

export const steps = listOf(
  'rising whole percents from 1 to 100, such as 20,50,100',
  (found) => {
    const parsed = found.map((entry) => whole(entry.replace(/\s*%$/, ''), 1, 100));
    const rising = parsed.every((step, i) => step !== undefined && (i === 0 || step > (parsed[i - 1] ?? 0)));
    return rising && parsed.length > 0 ? parsed.filter((step) => step !== undefined) : undefined;
  },
  { number: { type: 'integer', minimum: 1, maximum: 100 } },
);

/** Clusters, plain or by version; the entries behind a version up to the next one are its own. */
export interface Placement {
  readonly byVersion: ReadonlyMap<string, readonly string[]>;
  readonly clusters: readonly string[];
}

export const placement = parser(
  'kubeconfig contexts, one per line or comma separated, or such a list behind each version (v1: east)',
  (complain) => {
    const clusters = z.union([scalar(), z.array(scalar())]);
    return z.union([scalar(), z.array(scalar()), z.record(z.string(), clusters)], complain);
  },
  (given): Placement | undefined => {
    const groups =
      typeof given === 'object' && !isList(given)
        ? Object.entries(given).map(([name, found]) => ({ version: name, clusters: entriesOf(found) }))
        : byVersionIn(entriesOf(given));
    const byVersion = new Map<string, readonly string[]>();
    let plain: readonly string[] = [];
    for (const { version: name, clusters } of groups) {
      if (name !== undefined) mustBeVersion(name);
      if (name === undefined) plain = clusters;
      else if (byVersion.has(name)) throw new Error(`version "${name}" is listed twice`);
      else if (clusters.length === 0) throw new Error(`version "${name}" has no clusters`);
      else byVersion.set(name, clusters);
      const twice = clusters.find((cluster, i) => clusters.indexOf(cluster) !== i);
      if (twice !== undefined) throw new Error(`"${twice}" is listed twice`);
    }
    if (plain.length > 0 && byVersion.size > 0)
      throw new Error(`"${plain.join(', ')}" comes before the first version`);
    const clusters = [...new Set([...plain, ...[...byVersion.values()].flat()])];
    return clusters.length > 0 && !clusters.includes('') ? { byVersion, clusters } : undefined;
  },
);

// Array.isArray does not tell a readonly array from the rest of a union.
function isList<T>(given: readonly T[] | object): given is readonly T[] {
  return Array.isArray(given);
}

/** The entries in front of the first version, then those behind each. */
function byVersionIn(
  list: readonly string[],
): readonly { readonly version: string | undefined; readonly clusters: readonly string[] }[] {
  const groups: { version: string | undefined; clusters: string[] }[] = [];
  for (const entry of list) {
    const [name, cluster] = pair(entry) ?? [undefined, entry];
    const last = groups.at(-1);
    if (last === undefined || name !== undefined) groups.push({ version: name, clusters: [cluster] });
    else last.clusters.push(cluster);
  }
  return groups;
}

/** An image for the version of the release, or one for each of several. */
export const images = parser(
  'an image, or version=image for each version',
  (complain) => z.union([z.string(), z.record(z.string(), scalar())], complain),
  (given): string | ReadonlyMap<string, string> | undefined => {
    if (typeof given === 'object') return imagesIn(pairsIn(given));
    const found = entries(given);
    const [first] = found;
    if (first === undefined) return undefined;
    return found.length === 1 && pair(first) === undefined ? image(first) : imagesIn(pairs(found));
  },
);

function imagesIn(found: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...found].map(([name, reference]) => {
      mustBeVersion(name);
      return [name, image(reference)];
    }),
  );
}

// The grammar of https://pkg.go.dev/github.com/distribution/reference: [registry/]repository[:tag][@digest]
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const REGISTRY = `(?:${LABEL}(?:\\.${LABEL})*|\\[[A-Fa-f0-9:]+\\])(?::\\d+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  `^(?:${REGISTRY}/)?${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][\\w+.-]*:[A-Fa-f0-9]{32,})?$`,
);

function image(reference: string): string {
  if (!IMAGE.test(reference)) throw new Error(`"${reference}" is not an image reference`);
  return reference;
}

export const versionSource = text('auto, header:NAME, body:REGEX or json:POINTER', (value) => {
  const [, kind, rest = ''] = /^(auto|header|body|json)(?::(.+))?$/s.exec(value) ?? [];
  switch (kind) {
    case 'auto':
      return rest === '' ? ({ from: 'auto' } as const) : undefined;
    case 'header':
      validateHeaderName(rest);
      return { from: 'header', name: rest } as const;
    case 'body':
      return rest === '' ? undefined : ({ from: 'body', pattern: new RegExp(rest) } as const);
    case 'json':
      return rest.startsWith('/') ? ({ from: 'json', pointer: rest } as const) : undefined;
    default:
      return undefined;
  }
});

/** Stands for every cluster. */
export const EVERY_CLUSTER = '*';

/** Base URLs by cluster; `none` for a cluster through which no user enters, alone for all of them. */
export const ingresses = mapOf(
  'cluster=URL (or cluster=none), one per line or comma separated, or none for every cluster',
  (found) =>
    new Map(
      [...found].map(
        ([cluster, address]) => [cluster, address === 'none' ? address : baseUrl(address)] as const,
      ),
    ),
  {
    read: (value) => (value.trim() === 'none' ? new Map([[EVERY_CLUSTER, 'none']]) : pairs(entries(value))),
  },
);

function baseUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`"${address}" is not an http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw new Error(`"${address}" contains a user; put it into the input headers (authorization)`);
  if (url.pathname !== '/' || url.search !== '')
    throw new Error(`"${address}" contains a path; put it into the input path`);
  return url.origin;
}

const URL_PATH = /^\/\S*$/;
/** A path, and its query; what HTTP does not carry is percent-encoded. */
export const urlPath = text(
  'a path that begins with /',
  (value) => (URL_PATH.test(value) ? value.replaceAll(/[^\x21-\x7E]+/gu, encodeURIComponent) : undefined),
  { text: { pattern: URL_PATH.source } },
);
