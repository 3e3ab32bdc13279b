import { fillTemplate, flaggerVariables } from './template-arguments.ts';
import type { TemplateNames } from './template-arguments.ts';
import type { TemplateReader } from './template-reader.ts';

/** What a MetricTemplate says; its limits are in the Canary. */
export interface FlaggerMetric {
  readonly name: string;
  readonly address: string | undefined;
  readonly query: string;
}

/** A MetricTemplate of Flagger (https://docs.flagger.app/usage/metrics#custom-metrics). @param given variables from beside the file */
export function readMetricTemplate(
  reader: TemplateReader,
  given: ReadonlyMap<string, string>,
  names: TemplateNames,
  interval: string,
): FlaggerMetric | undefined {
  const provider = ['spec', 'provider'];
  reader.refuseOthers(['spec'], ['provider', 'query'], []);
  const type = reader.text([...provider, 'type']);
  if (type !== 'prometheus') {
    reader.report(
      type === undefined ? ['spec'] : [...provider, 'type'],
      `the provider ${type ?? 'is missing'}${type === undefined ? '' : ' is not supported'}; expected prometheus`,
    );
    return undefined;
  }
  reader.refuseOthers(provider, ['type', 'address'], []);
  const name = reader.text(['metadata', 'name']);
  const text = reader.text(['spec', 'query']);
  if (text === undefined || name === undefined) {
    reader.report(['spec'], 'has no query, or no metadata.name');
    return undefined;
  }
  const variables = flaggerVariables(names, interval);
  const valueOf = (variable: string): string | undefined =>
    given.get(variable) ?? given.get(variable.replace(/^variables\./, '')) ?? variables.get(variable);
  const query = reader.try(['spec', 'query'], () => fillTemplate(text, valueOf));
  return query === undefined ? undefined : { name, address: reader.text([...provider, 'address']), query };
}
