import type { ValuePath } from '../located-yaml.ts';
import { readCondition } from './condition-grammar.ts';
import type { ReadCondition } from './condition-grammar.ts';
import type { MetricSource } from '../../release/metric-specs.ts';
import { templateDuration } from './template-duration.ts';
import { fillTemplate, usualArguments } from './template-arguments.ts';
import type { TemplateNames } from './template-arguments.ts';
import type { TemplateReader } from './template-reader.ts';
import { literalCondition, webSource } from './web-provider.ts';

/** A condition, and the text or truth value that it compares with, which a value of 1 stands for. */
interface TemplateCondition extends ReadCondition {
  readonly literal?: string | boolean;
}

/** A metric of a template, filled. */
export interface TemplateMetric {
  readonly path: ValuePath;
  readonly name: string;
  /** Where it is read: a query of Prometheus, or JSON. */
  readonly from:
    | {
        readonly provider: 'prometheus';
        /** As the template has it, filled; undefined: none, which is a problem where it has one that cannot be filled. */
        readonly address: () => string | undefined;
        readonly query: string;
      }
    | Extract<MetricSource, { provider: 'web' }>;
  readonly success: TemplateCondition | undefined;
  readonly failure: TemplateCondition | undefined;
  readonly failureLimit: number;
  readonly intervalMs: number;
  readonly initialDelayMs: number;
}

/** A step is measured until it ends, and the last reading has to succeed. */
const IGNORED = ['count', 'inconclusiveLimit', 'consecutiveErrorLimit'];

/**
 * The metrics of an AnalysisTemplate or ClusterAnalysisTemplate
 * (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/).
 *
 * @param given arguments from beside the file
 */
export function readAnalysisTemplate(
  reader: TemplateReader,
  given: ReadonlyMap<string, string>,
  names: TemplateNames,
): readonly TemplateMetric[] {
  reader.refuseOthers(['spec'], ['args', 'metrics'], ['measurementRetention']);
  const values = argumentsOf(reader, given, names);
  const used = new Set<string>();
  const fill = (path: ValuePath): string | undefined => {
    const text = reader.text(path);
    return text === undefined
      ? undefined
      : reader.try(path, () =>
          fillTemplate(text, (name) => {
            const argument = /^args\.(.*)$/.exec(name)?.[1]?.trim();
            if (argument === undefined) return undefined;
            used.add(argument);
            return values.get(argument);
          }),
        );
  };
  const metrics = reader.items(['spec', 'metrics']);
  if (metrics.length === 0) reader.report(['spec'], 'has no metrics');
  const read = metrics.flatMap((path) => metricAt(reader, path, fill));
  const declared = reader.items(['spec', 'args']).map((path) => reader.text([...path, 'name']));
  for (const name of given.keys())
    if (!declared.includes(name) && !used.has(name))
      reader.report(['spec', 'args'], `there is no argument ${name}, which args gives`);
  return read;
}

/** The value of each argument; undefined where it has none. One that the template uses need not be among its args. */
function argumentsOf(
  reader: TemplateReader,
  given: ReadonlyMap<string, string>,
  names: TemplateNames,
): ReadonlyMap<string, string | undefined> {
  const usual = usualArguments(names);
  const declared = reader.items(['spec', 'args']).flatMap((path) => {
    const name = reader.text([...path, 'name']);
    if (name === undefined) return [];
    const from = reader.at([...path, 'valueFrom']);
    if (!given.has(name) && typeof from === 'object' && from !== null)
      reader.report(
        [...path, 'valueFrom'],
        `${Object.keys(from).join(', ')} is not read; give ${name} in args beside the file`,
      );
    const value = reader.text([...path, 'value']);
    return value === undefined ? [] : [[name, value] as const];
  });
  return new Map([...usual, ...declared, ...given]);
}

function metricAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: (path: ValuePath) => string | undefined,
): readonly TemplateMetric[] {
  const provider = [...path, 'provider'];
  const providers = reader.at(provider);
  const kinds = typeof providers === 'object' && providers !== null ? Object.keys(providers) : [];
  const other = kinds.find((kind) => kind !== 'prometheus' && kind !== 'web');
  const isWeb = kinds.includes('web');
  if (other !== undefined || kinds.length !== 1) {
    reader.report(other === undefined ? path : [...provider, other], unreadProvider(other));
    return [];
  }
  reader.refuseOthers(
    path,
    ['name', 'provider', 'successCondition', 'failureCondition', 'failureLimit', 'interval', 'initialDelay'],
    IGNORED,
  );
  const name = fill([...path, 'name']);
  if (reader.text([...path, 'name']) === undefined) reader.report(path, 'has no name');
  const success = conditionAt(reader, [...path, 'successCondition'], fill, isWeb);
  const failure = conditionAt(reader, [...path, 'failureCondition'], fill, isWeb);
  if (
    reader.text([...path, 'successCondition']) === undefined &&
    reader.text([...path, 'failureCondition']) === undefined
  )
    reader.report(path, 'has neither successCondition nor failureCondition, so no value of it would be bad');
  const limit = fill([...path, 'failureLimit']) ?? '0';
  if (!/^\d{1,6}$/.test(limit))
    reader.report(
      [...path, 'failureLimit'],
      `got ${limit}; expected a whole number from 0, which is how many bad values are tolerated`,
    );
  const intervalMs = durationAt(reader, [...path, 'interval'], fill);
  const initialDelayMs = durationAt(reader, [...path, 'initialDelay'], fill);
  const from = isWeb
    ? webAt(
        reader,
        [...provider, 'web'],
        fill,
        [success, failure].filter((one) => one !== undefined),
      )
    : prometheusAt(reader, [...provider, 'prometheus'], fill);
  if (name === undefined || from === undefined) return [];
  const failureLimit = Number(limit);
  return [{ path, name, from, success, failure, failureLimit, intervalMs, initialDelayMs }];
}

function prometheusAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: (path: ValuePath) => string | undefined,
): Extract<TemplateMetric['from'], { provider: 'prometheus' }> | undefined {
  reader.refuseOthers(path, ['address', 'query'], ['timeout']);
  const query = fill([...path, 'query']);
  if (query === undefined && reader.text([...path, 'query']) === undefined)
    reader.report(path, 'has no query');
  return query === undefined
    ? undefined
    : { provider: 'prometheus', query, address: () => fill([...path, 'address']) };
}

function webAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: (path: ValuePath) => string | undefined,
  conditions: readonly TemplateCondition[],
): Extract<TemplateMetric['from'], { provider: 'web' }> | undefined {
  const source = webSource(reader, path, fill);
  const [matches, ...others] = new Set(conditions.map(({ literal }) => literal));
  if (others.length > 0)
    reader.report(
      path,
      'has conditions with different texts or truth values, or with numbers too; only one is compared',
    );
  return source === undefined ? undefined : { ...source, matches };
}

function unreadProvider(kind: string | undefined): string {
  if (kind === undefined) return 'needs one provider; expected prometheus or web';
  return `the provider ${kind} is not supported; expected prometheus or web`;
}

function durationAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: (path: ValuePath) => string | undefined,
): number {
  const text = fill(path);
  return text === undefined ? 0 : (reader.try(path, () => templateDuration(text)) ?? 0);
}

function conditionAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: (path: ValuePath) => string | undefined,
  isWeb: boolean,
): TemplateCondition | undefined {
  const text = fill(path);
  if (text === undefined) return undefined;
  const literal = isWeb ? literalCondition(text) : undefined;
  if (literal !== undefined)
    return {
      ofValue: { kind: 'compare', operator: literal.operator, limit: 1 },
      without: { 'no series': undefined, NaN: undefined, infinity: undefined },
      literal: literal.literal,
    };
  const read = reader.try(path, () => readCondition(text));
  if (typeof read?.ofValue !== 'boolean') return read;
  reader.report(path, `is ${String(read.ofValue)} of every value`);
  return undefined;
}
