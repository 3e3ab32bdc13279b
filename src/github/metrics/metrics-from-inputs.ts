import type { MetricSpec } from '../../release/metric-specs.ts';
import type { GivenMetrics } from '../parsers/metrics.ts';
import type { Place } from '../places.ts';
import { readMetricFiles } from './metric-files.ts';
import { metricSpecs } from './metric-specs.ts';
import type { SpecInputs } from './metric-specs.ts';
import { plainTextHeaders } from './metric-source.ts';
import { templateSpecs } from './template-specs.ts';
import type { TemplateInputs } from './template-specs.ts';
import { WrongMetric } from './wrong-metric.ts';
import { inputPlace, theInput } from '../../core/wording.ts';

/** What metrics need of the other inputs. */
export interface MetricInputs extends SpecInputs, TemplateInputs {
  /** The places of the list, where it has none of its own. */
  readonly place: Place;
}

export interface ReadMetrics {
  readonly specs: readonly MetricSpec[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The metrics that the inputs describe, with everything that is wrong with them. Reads the files that they name. */
export function metricsFromInputs(given: GivenMetrics, inputs: MetricInputs): ReadMetrics {
  const problems: string[] = [];
  const specs: MetricSpec[] = [];
  const listed = given.items.map((item) => ({ item, place: given.place ?? inputs.place }));
  const files = readMetricFiles(
    listed.flatMap(({ item, place }) =>
      item.form === 'files' ? [{ glob: item.glob, origin: place(item.path) }] : [],
    ),
    inputs,
  );
  problems.push(...files.problems);
  for (const { item, place } of [...listed, ...files.items]) {
    if (item.form === 'files') continue;
    const origin = place(item.path);
    try {
      if (item.form === 'from') {
        const read = templateSpecs(item.entry, origin, inputs);
        specs.push(...read.specs);
        problems.push(...read.problems);
      } else specs.push(...metricSpecs(item, origin, inputs));
    } catch (error) {
      if (!(error instanceof WrongMetric)) throw error;
      problems.push(`${place([...item.path, ...error.path])}: ${error.message}.`);
    }
  }
  problems.push(...repeatedNames(specs), ...unsentHeaders(inputs));
  return { specs, problems, warnings: plainTextHeaders(specs) };
}

/** A report names a metric by its name alone. */
function repeatedNames(specs: readonly MetricSpec[]): readonly string[] {
  const groups = Map.groupBy(specs, ({ name }) => name);
  return [...groups].flatMap(([name, [first, ...others]]) =>
    others.map(
      ({ origin }) =>
        `${origin}: the name ${name} is taken by ${first?.origin ?? ''}; each metric needs its own.`,
    ),
  );
}

/** Headers may be secrets, and go to no address but one that the workflow itself names. */
function unsentHeaders({ address, headers }: SpecInputs): readonly string[] {
  if (Object.keys(headers).length === 0 || address?.isInput === true) return [];
  const where =
    address === undefined ? 'which is not given' : `which is in the release file (${address.source})`;
  return [
    `${inputPlace('metrics-headers')}: these are sent only to the address in ${theInput('metrics-address')}, ${where}. Set it beside them.`,
  ];
}
