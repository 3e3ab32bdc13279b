import { isSecretHeader } from '../../core/secret-names.ts';
import type { MetricSource } from '../../release/metric-specs.ts';
import type { ValuePath } from '../located-yaml.ts';
import { httpUrl } from '../parsers/metric-address.ts';
import { metricHeaders } from '../parsers/request.ts';
import { pointerOf } from './json-path.ts';
import type { TemplateReader } from './template-reader.ts';
import { theInput } from '../../core/wording.ts';

type WebSource = Extract<MetricSource, { provider: 'web' }>;
type Fill = (path: ValuePath) => string | undefined;

/** The provider `web` of an AnalysisTemplate (https://argo-rollouts.readthedocs.io/en/stable/analysis/web/), as far as it is a GET. */
export function webSource(reader: TemplateReader, path: ValuePath, fill: Fill): WebSource | undefined {
  reader.refuseOthers(path, ['url', 'method', 'headers', 'jsonPath'], ['timeoutSeconds']);
  const method = reader.text([...path, 'method']);
  if (method !== undefined && method !== 'GET')
    reader.report([...path, 'method'], `${method} is not supported; expected GET`);
  const url = fill([...path, 'url']);
  if (reader.text([...path, 'url']) === undefined) reader.report(path, 'has no url');
  const headers = headersAt(reader, [...path, 'headers'], fill);
  const jsonPath = fill([...path, 'jsonPath']);
  const pointer = jsonPath === undefined ? '' : reader.try([...path, 'jsonPath'], () => pointerOf(jsonPath));
  const href = url === undefined ? undefined : reader.try([...path, 'url'], () => httpUrl(url).href);
  if (href === undefined || headers === undefined || pointer === undefined) return undefined;
  return { provider: 'web', url: href, headers, pointer, matches: undefined };
}

function headersAt(
  reader: TemplateReader,
  path: ValuePath,
  fill: Fill,
): Readonly<Record<string, string>> | undefined {
  const found = reader.items(path).flatMap((item) => {
    const name = fill([...item, 'key']) ?? '';
    if (!isSecretHeader(name)) return [[name, fill([...item, 'value']) ?? ''] as const];
    reader.report(
      item,
      `the header ${name} is a login, and whoever may change this file could send it to any url. Write the metric in ${theInput('metrics')} instead (provider: web, with url, pointer and headers)`,
    );
    return [];
  });
  const { data, error } = metricHeaders.safeParse(Object.fromEntries(found));
  if (error !== undefined) reader.report(path, error.issues[0]?.message ?? 'are not headers');
  return data;
}

/** `result == true`, `result != "ok"`: what the provider `web` may find instead of a number. */
const LITERAL = /^\(?\s*result\s*([=!]=)\s*(?:(true|false)|"([^"\\]*)"|'([^'\\]*)')\s*\)?$/;

/** A condition that compares the result with a literal; undefined for any other. */
export function literalCondition(
  text: string,
): { readonly operator: '==' | '!='; readonly literal: string | boolean } | undefined {
  const [, operator, truth, double, single] = LITERAL.exec(text.trim()) ?? [];
  if (operator === undefined) return undefined;
  return {
    operator: operator === '==' ? '==' : '!=',
    literal: truth === undefined ? (double ?? single ?? '') : truth === 'true',
  };
}
