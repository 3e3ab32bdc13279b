import { z } from 'zod';

/** Parsers from the text of an input to its value. Each tells what it got and what it takes when the text does not fit. */

/** A schema that runs `parse` over the text; `undefined` from it, or an error it throws, is a problem. */
function text<T>(takes: string, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string().transform((value, context) => {
    const trimmed = value.trim();
    let why = '';
    try {
      const parsed = parse(trimmed);
      if (parsed !== undefined) return parsed;
    } catch (error) {
      why = error instanceof Error ? ` (${error.message})` : '';
    }
    const got = trimmed.length > 120 ? `${trimmed.slice(0, 120)}…` : trimmed;
    context.addIssue({ code: 'custom', message: `got ${JSON.stringify(got)}${why}; it takes ${takes}` });
    return z.NEVER;
  });
}

/** One entry a line, or separated by commas. */
function entries(value: string): readonly string[] {
  return value
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Key and value of `key=value` or `key: value`, whichever separator comes first; a colon counts with a space behind it. */
function pair(entry: string): readonly [string, string] | undefined {
  const match = /^(.+?)(?:\s*=\s*|\s*:\s+)(.+)$/.exec(entry);
  const [, key, value] = match ?? [];
  return key === undefined || value === undefined ? undefined : [key.trim(), value.trim()];
}

function pairs(list: readonly string[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const entry of list) {
    const [key, value] = pair(entry) ?? [];
    if (key === undefined || value === undefined) throw new Error(`"${entry}" is no key=value`);
    if (map.has(key)) throw new Error(`"${key}" stands there twice`);
    map.set(key, value);
  }
  return map;
}

function whole(value: string, min: number, max: number): number | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  return number >= min && number <= max ? number : undefined;
}

export const choice = <const T extends string>(...values: readonly T[]): z.ZodType<T, string> =>
  text(`one of ${values.join(', ')}`, (value) => values.find((candidate) => candidate === value));

export const flag = text('true or false', (value) => ({ true: true, false: false })[value.toLowerCase()]);

export const anyText = z.string();

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name as most Kubernetes objects take it (RFC 1123 label). */
export const dnsLabel = text('a name of up to 63 lower-case letters, digits and hyphens', (value) =>
  DNS_LABEL.test(value) ? value : undefined,
);

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
export const objectName = text(
  'the name of an object: lower-case letters, digits, hyphens and dots',
  (value) => (DNS_SUBDOMAIN.test(value) ? value : undefined),
);

export const gatewayName = text('name or namespace/name of a Gateway', (value) =>
  value.split('/').length <= 2 && value.split('/').every((part) => DNS_SUBDOMAIN.test(part))
    ? value
    : undefined,
);

/** A version is a label value and the name of a subset at once. */
export const version = text(
  'a version label such as v2: lower-case letters, digits, hyphens and dots',
  (value) => (DNS_SUBDOMAIN.test(value) && value.length <= 63 ? value : undefined),
);

export const wholeNumber = (min: number, max: number): z.ZodType<number, string> =>
  text(`a whole number from ${String(min)} to ${String(max)}`, (value) => whole(value, min, max));

export const number = (min: number, max: number, unit: string): z.ZodType<number, string> =>
  text(`a number from ${String(min)} to ${String(max)} (${unit})`, (value) => {
    const parsed = value === '' ? NaN : Number(value);
    return parsed >= min && parsed <= max ? parsed : undefined;
  });

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** A duration in ms. */
export const duration = text('a duration such as 90s, 5m or 1h (a bare number is seconds)', (value) => {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(value) ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNIT_MS[unit] ?? 0);
});

export const list = text('names, one per line or comma separated', (value) => {
  const found = entries(value);
  return found.length > 0 ? found : undefined;
});

export const map = text('key=value, one per line or comma separated', (value) => pairs(entries(value)));

/** HTTP headers, one a line: their values may hold commas. */
export const headers = text('name: value, one per line', (value) => {
  const lines = value.split('\n').map((line) => line.trim());
  return Object.fromEntries(pairs(lines.filter((line) => line !== '')));
});

/** Weights, whole percent; that they sum to 100 is part of what they take. */
export const weights = text('a whole percent for each version, 100 in all, such as v1=80,v2=20', (value) => {
  const parsed = new Map<string, number>();
  for (const [name, weight] of pairs(entries(value))) {
    const percent = whole(weight, 0, 100);
    if (percent === undefined)
      throw new Error(`${name} has ${weight}, which is no whole percent from 0 to 100`);
    parsed.set(name, percent);
  }
  const sum = [...parsed.values()].reduce((a, b) => a + b, 0);
  if (sum !== 100) throw new Error(`they sum to ${String(sum)}`);
  return parsed;
});

export const steps = text('rising whole percents from 1 to 100, such as 20,50,100', (value) => {
  const parsed = entries(value).map((entry) => whole(entry.replace(/\s*%$/, ''), 1, 100));
  const rising = parsed.every((step, i) => step !== undefined && (i === 0 || step > (parsed[i - 1] ?? 0)));
  return rising && parsed.length > 0 ? parsed.filter((step) => step !== undefined) : undefined;
});

/** Clusters, plain or by version; the entries behind a version up to the next one are its own. */
export interface Placement {
  readonly byVersion: ReadonlyMap<string, readonly string[]>;
  readonly clusters: readonly string[];
}

export const placement = text(
  'kubeconfig contexts, one per line or comma separated, or such a list behind each version (v1: east)',
  (value): Placement | undefined => {
    const byVersion = new Map<string, string[]>();
    const plain: string[] = [];
    let current: string[] = plain;
    for (const entry of entries(value)) {
      const [key, cluster] = pair(entry) ?? [undefined, entry];
      if (key !== undefined) {
        if (byVersion.has(key)) throw new Error(`version "${key}" stands there twice`);
        current = [];
        byVersion.set(key, current);
      }
      if (current.includes(cluster)) throw new Error(`"${cluster}" stands there twice`);
      current.push(cluster);
    }
    if (plain.length > 0 && byVersion.size > 0)
      throw new Error(`"${plain.join(', ')}" stands before the first version`);
    const clusters = [...new Set([...plain, ...[...byVersion.values()].flat()])];
    return clusters.length > 0 ? { byVersion, clusters } : undefined;
  },
);

/** An image for the version of the release, or one for each of several. */
export const images = text(
  'an image, or version=image for each version',
  (value): string | ReadonlyMap<string, string> | undefined => {
    if (value === '') return undefined;
    const found = entries(value);
    const [first = ''] = found;
    if (found.length === 1 && pair(first) === undefined) return image(first);
    return new Map([...pairs(found)].map(([name, reference]) => [name, image(reference)]));
  },
);

function image(reference: string): string {
  // distribution/reference: no white space, no upper case in the repository, a name before tag or digest.
  if (!/^[a-z0-9][a-z0-9._:/-]*(:[\w][\w.-]{0,127})?(@[a-z0-9]+:[a-f0-9]{32,})?$/i.test(reference)) {
    throw new Error(`"${reference}" is no image reference`);
  }
  return reference;
}

export const versionSource = text('auto, header:NAME, body:REGEX or json:POINTER', (value) => {
  const [, kind, rest = ''] = /^(auto|header|body|json)(?::(.+))?$/s.exec(value) ?? [];
  switch (kind) {
    case 'auto':
      return rest === '' ? ({ from: 'auto' } as const) : undefined;
    case 'header':
      return rest === '' ? undefined : ({ from: 'header', name: rest } as const);
    case 'body':
      return rest === '' ? undefined : ({ from: 'body', pattern: new RegExp(rest) } as const);
    case 'json':
      return rest.startsWith('/') ? ({ from: 'json', pointer: rest } as const) : undefined;
    default:
      return undefined;
  }
});

/** Base URLs by cluster; `none` for a cluster through which no user enters. */
export const ingresses = text('cluster=URL (or cluster=none), one per line or comma separated', (value) => {
  const found = [...pairs(entries(value))].map(
    ([cluster, address]) => [cluster, address === 'none' ? address : baseUrl(address)] as const,
  );
  return new Map(found);
});

function baseUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`"${address}" is no http or https URL`);
  if (url.pathname !== '/' || url.search !== '')
    throw new Error(`"${address}" has a path, which belongs into the input path`);
  return url.origin;
}

export const urlPath = text('a path that begins with /', (value) =>
  /^\/\S*$/.test(value) ? value : undefined,
);
