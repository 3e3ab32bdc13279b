import { inputPlace } from '../../core/wording.ts';
import { closestMatch } from 'leven';
import { z } from 'zod';
import { parseLocatedYaml } from '../located-yaml.ts';
import type { LocatedDocument, ValuePath } from '../located-yaml.ts';
import { placeInText } from '../places.ts';
import type { Place } from '../places.ts';
import { entries } from './entries.ts';
import { FORMS } from './metric-entries.ts';
import type { FormName, MetricEntry } from './metric-entries.ts';

/** The list of metrics: YAML in the release file, YAML text or globs of files in the input. */

/** More than anybody watches. */
const MOST_METRICS = 200;

/** An item of the list: a metric, or the files that have some; and the path to it. */
export type MetricItem = (MetricEntry | { readonly form: 'files'; readonly glob: string }) & {
  readonly path: ValuePath;
};

export interface GivenMetrics {
  readonly items: readonly MetricItem[];
  /** The places in the text of the input; undefined: the value is YAML of the release file, which has places of its own. */
  readonly place: Place | undefined;
}

/** What is wrong with a value in the list. */
export interface ItemProblem {
  readonly path: ValuePath;
  readonly message: string;
}

const EXPECTED = 'istio, a list of metrics, or globs of files that have some';
const KEYS = Object.keys(FORMS);

/** What the release file may contain, for the JSON Schema: the list reports its own problems. */
export const METRICS_FORM = z.union([
  z.string(),
  z.array(z.union([z.string(), ...Object.values(FORMS)])),
  FORMS.istio,
]);

export const metrics = z.unknown().transform((given, context): GivenMetrics => {
  const text = typeof given === 'string' ? readText(given) : undefined;
  const found = text ?? readMetricList(given);
  if ('message' in found) {
    context.addIssue({ code: 'custom', message: found.message });
    return z.NEVER;
  }
  const place = text !== undefined && 'place' in text ? text.place : undefined;
  for (const { path, message } of found.problems)
    context.addIssue(
      place === undefined
        ? { code: 'custom', path: [...path], message }
        : { code: 'custom', message: `${place(path).replace(`${inputPlace('metrics')}, `, '')}: ${message}` },
    );
  return { items: found.items, place };
});

interface ReadItems {
  readonly items: readonly MetricItem[];
  readonly problems: readonly ItemProblem[];
}

type ReadText = (ReadItems & { readonly place?: Place }) | { readonly message: string };

/** The text of an input, without the white space around it, as of every input: YAML, or globs. */
function readText(text: string): ReadText {
  const given = text.trim();
  const parsed = parseLocatedYaml(given);
  if ('problem' in parsed) {
    const { line, reason } = parsed.problem;
    return {
      message: `${line === undefined ? '' : `line ${String(line)} `}does not parse: ${reason}; expected ${EXPECTED}`,
    };
  }
  const [first, ...others] = parsed.documents;
  if (others.length > 0) return { message: `got several YAML documents; expected ${EXPECTED}` };
  if (first === undefined || typeof first.value !== 'object' || first.value === null)
    return readMetricList(entries(given));
  return { ...readMetricList(first.value), place: placeInText('metrics', first.lineOf) };
}

/** The items of a list, and what is wrong with the others; a mapping counts as a list of one. */
export function readMetricList(given: unknown): ReadItems {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length > MOST_METRICS)
    return {
      items: [],
      problems: [
        {
          path: [],
          message: `got ${String(list.length)} metrics, of which at most ${String(MOST_METRICS)} are accepted`,
        },
      ],
    };
  const read = list.map((item, i) => readItem(item, Array.isArray(given) ? [i] : []));
  return {
    items: read.flatMap(({ items }) => items),
    problems: read.flatMap(({ problems }) => problems),
  };
}

/** The metrics of a file. */
export function readMetricDocument({ value }: LocatedDocument): ReadItems {
  return readMetricList(value);
}

function readItem(given: unknown, path: ValuePath): ReadItems {
  if (typeof given === 'string' && given.trim() !== '') {
    const glob = given.trim();
    const { data } = FORMS.istio.safeParse({ istio: {} });
    if (glob !== 'istio' || data === undefined)
      return { items: [{ form: 'files', glob, path }], problems: [] };
    return { items: [{ form: 'istio', entry: data.istio, path }], problems: [] };
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return wrong(path, `got ${JSON.stringify(given)}; expected ${EXPECTED}`);
  const form = KEYS.find((key): key is FormName => Object.hasOwn(given, key));
  if (form === undefined) return wrong(path, missingForm(Object.keys(given)));
  // `- istio:` alone
  const value = form === 'istio' && isEmpty(given) ? { ...given, istio: {} } : given;
  switch (form) {
    case 'istio': {
      const read = FORMS.istio.safeParse(value);
      return read.success
        ? { items: [{ form, entry: read.data.istio, path }], problems: [] }
        : refused(read.error, path, form);
    }
    case 'from': {
      const read = FORMS.from.safeParse(value);
      return read.success ? found({ form, entry: read.data, path }) : refused(read.error, path, form);
    }
    case 'url': {
      const read = FORMS.url.safeParse(value);
      return read.success ? found({ form, entry: read.data, path }) : refused(read.error, path, form);
    }
    case 'requests': {
      const read = FORMS.requests.safeParse(value);
      return read.success ? found({ form, entry: read.data, path }) : refused(read.error, path, form);
    }
    case 'query': {
      const read = FORMS.query.safeParse(value);
      return read.success ? found({ form, entry: read.data, path }) : refused(read.error, path, form);
    }
  }
}

function isEmpty(given: object): boolean {
  return 'istio' in given && (given.istio === null || given.istio === '');
}

/** An item whose keys are right, each by itself, if they are together too. */
function found(item: MetricItem): ReadItems {
  const problem = contradictionIn(item);
  return problem === undefined ? { items: [item], problems: [] } : wrong(item.path, problem);
}

function contradictionIn(item: MetricItem): string | undefined {
  switch (item.form) {
    case 'url':
    case 'query': {
      const { max, min } = item.entry;
      if (max === undefined && min === undefined)
        return 'has neither max nor min, so no value of it would be bad';
      return max !== undefined && min !== undefined && min > max
        ? `min is ${String(min)}, above max, which is ${String(max)}: no value of it would be good`
        : undefined;
    }
    case 'requests': {
      const { errors, slow, 'version-label': label, 'version-pattern': pattern } = item.entry;
      if (errors !== undefined && slow !== undefined)
        return 'has both errors and slow; make two metrics, because each is judged by itself';
      return pattern !== undefined && label === undefined
        ? 'has a version-pattern without the version-label that it is for'
        : undefined;
    }
    case 'from': {
      const { max, min } = item.entry;
      return max !== undefined && min !== undefined && min > max
        ? `min is ${String(min)}, above max, which is ${String(max)}: no value of it would be good`
        : undefined;
    }
    default:
      return undefined;
  }
}

function wrong(path: ValuePath, message: string): ReadItems {
  return { items: [], problems: [{ path, message }] };
}

const WHAT: Readonly<Record<FormName, string>> = {
  istio: 'istio',
  from: 'a metric from a template',
  url: 'a metric of provider web',
  requests: 'a metric of counters',
  query: 'a metric with a query',
};

function refused({ issues }: z.ZodError, path: ValuePath, form: FormName): ReadItems {
  return {
    items: [],
    problems: issues.flatMap((issue) => {
      const within = [...path, ...issue.path];
      if (issue.code !== 'unrecognized_keys') return [{ path: within, message: issue.message }];
      const keys = keysAt(form, issue.path);
      return issue.keys.map((key) => ({
        path: [...within, key],
        message: `is not a key of ${WHAT[form]}; did you mean ${closestMatch(key, keys) ?? ''}?`,
      }));
    }),
  };
}

function keysAt(form: FormName, path: ValuePath): string[] {
  const { shape } = path[0] === 'istio' ? FORMS.istio.shape.istio : FORMS[form];
  return Object.keys(shape);
}

/** No key says which form is meant. A key that is nearly one of them is a typing error. */
function missingForm(keys: readonly string[]): string {
  const [near] = keys.flatMap((key) => {
    const match = closestMatch(key, KEYS, { maxDistance: 2 });
    return match === undefined ? [] : [`${key} is not a key of a metric; did you mean ${match}?`];
  });
  return (
    near ??
    'has none of the keys that say what it is: istio; query (with max or min); requests (with errors or slow, or alone for the shares); url (with provider: web); from (a template)'
  );
}
