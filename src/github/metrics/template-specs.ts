import type { MetricSpec, NoValue } from '../../release/metric-specs.ts';
import type { GivenAddress } from '../parsers/metric-address.ts';
import { metricAddress } from '../parsers/metric-address.ts';
import type { TemplateEntry } from '../parsers/metric-entries.ts';
import { readAnalysisTemplate } from './argo-template.ts';
import type { TemplateMetric } from './argo-template.ts';
import { readMetricTemplate } from './flagger-template.ts';
import { readDocuments } from './metric-files.ts';
import type { FileInputs, PlacedDocument } from './metric-files.ts';
import { NO_VALUES } from './condition-grammar.ts';
import { metricBase, withinLimits } from './metric-specs.ts';
import type { SourceInputs } from './metric-source.ts';
import type { TemplateNames } from './template-arguments.ts';
import { templateDuration } from './template-duration.ts';
import { TemplateReader } from './template-reader.ts';

/** What templates are filled with, and where they are. */
export interface TemplateInputs extends SourceInputs, FileInputs {
  readonly names: TemplateNames;
}

interface Read {
  readonly specs: readonly MetricSpec[];
  readonly problems: readonly string[];
}

const ARGO = ['AnalysisTemplate', 'ClusterAnalysisTemplate'];
const FLAGGER = 'MetricTemplate';

/** The metrics of the templates in a file, and everything in them that cannot be read. */
export function templateSpecs(entry: TemplateEntry, origin: string, inputs: TemplateInputs): Read {
  const files = readDocuments([{ glob: entry.from, origin }], inputs);
  if (files.problems.length > 0) return { specs: [], problems: files.problems };
  const templates = files.documents.flatMap((placed) => {
    const reader = new TemplateReader(placed.document);
    const kind = reader.text(['kind']);
    const isTemplate = kind !== undefined && (ARGO.includes(kind) || kind === FLAGGER);
    const isNamed = entry.template === undefined || reader.text(['metadata', 'name']) === entry.template;
    return isTemplate && isNamed ? [{ ...placed, reader, isFlagger: kind === FLAGGER }] : [];
  });
  const wrong = whatIsWrong(entry, templates);
  if (wrong !== undefined) return { specs: [], problems: [`${origin}: ${wrong}.`] };
  const read = templates.map(({ reader, place, isFlagger }): Read => {
    const specs = isFlagger
      ? flaggerSpecs(reader, entry, origin, inputs)
      : argoSpecs(reader, place, entry, inputs);
    return { specs, problems: reader.problems.map(({ path, message }) => `${place(path)}: ${message}.`) };
  });
  return { specs: read.flatMap(({ specs }) => specs), problems: read.flatMap(({ problems }) => problems) };
}

type Template = PlacedDocument & { readonly isFlagger: boolean };

function whatIsWrong(
  { from, template, max, min }: TemplateEntry,
  templates: readonly Template[],
): string | undefined {
  const limits = max !== undefined || min !== undefined;
  const flagger = templates.filter(({ isFlagger }) => isFlagger);
  if (templates.length === 0)
    return `${from} has no ${[...ARGO, FLAGGER].join(', ')}${template === undefined ? '' : ` named ${template}`}`;
  if (flagger.length > 0 && !limits)
    return 'needs max or min, or both, beside a MetricTemplate: the thresholdRange of the metric in the Canary';
  if (limits && flagger.length !== 1)
    return flagger.length === 0
      ? 'has max or min beside an AnalysisTemplate, which has conditions of its own; remove them'
      : `has limits for one metric, and ${from} has ${String(flagger.length)} MetricTemplates; name one with template`;
  return undefined;
}

function argoSpecs(
  reader: TemplateReader,
  place: PlacedDocument['place'],
  entry: TemplateEntry,
  inputs: TemplateInputs,
): readonly MetricSpec[] {
  const { args = new Map<string, string>() } = entry;
  return readAnalysisTemplate(reader, args, inputs.names).flatMap((metric) => {
    const { path, name, from, success, failure, failureLimit, intervalMs, initialDelayMs } = metric;
    const base =
      from.provider === 'web'
        ? {
            origin: place(path),
            source: from,
            per: 'fleet' as const,
            onNoData: entry['on-no-data'] ?? 'inconclusive',
          }
        : baseOf(reader, path, from.address, entry, place(path), inputs);
    // Problems of the conditions have been reported.
    if (base === undefined || typeof success?.ofValue === 'boolean' || typeof failure?.ofValue === 'boolean')
      return [];
    return [
      {
        ...base,
        kind: 'limit' as const,
        name,
        query: from.provider === 'web' ? undefined : from.query,
        success: success?.ofValue,
        failure: failure?.ofValue,
        failureLimit,
        intervalMs,
        initialDelayMs,
        goodWithout: entry['on-no-data'] === undefined ? goodWithout(metric) : undefined,
      },
    ];
  });
}

/** What a template says is a success although there is no number. */
function goodWithout({ success, failure }: TemplateMetric): readonly NoValue[] {
  return NO_VALUES.filter((one) => success?.without[one] === true && failure?.without[one] !== true);
}

function flaggerSpecs(
  reader: TemplateReader,
  entry: TemplateEntry,
  origin: string,
  inputs: TemplateInputs,
): readonly MetricSpec[] {
  const { args = new Map<string, string>(), interval } = entry;
  const metric = readMetricTemplate(reader, args, inputs.names, interval);
  if (metric === undefined) return [];
  const ofTemplate = (): string | undefined => metric.address;
  const base = baseOf(reader, ['spec', 'provider', 'address'], ofTemplate, entry, origin, inputs);
  if (base === undefined) return [];
  const { name, query } = metric;
  const success = withinLimits(entry);
  return [
    {
      ...base,
      kind: 'limit',
      name,
      query,
      success,
      failure: undefined,
      failureLimit: 0,
      intervalMs: templateDuration(interval),
      initialDelayMs: 0,
    },
  ];
}

function baseOf(
  reader: TemplateReader,
  path: readonly PropertyKey[],
  ofTemplate: () => string | undefined,
  entry: TemplateEntry,
  origin: string,
  inputs: TemplateInputs,
): ReturnType<typeof metricBase> | undefined {
  return reader.try(path, () => {
    // The one in the template is often that of a cluster, which the runner is not in.
    const own = entry.address ?? (inputs.address === undefined ? addressIn(ofTemplate()) : undefined);
    const noData = entry['on-no-data'] ?? 'inconclusive';
    return metricBase({ ...entry, address: own, 'on-no-data': noData }, origin, 'cluster', inputs);
  });
}

/** `http://prometheus.istio-system.svc.cluster.local:9090`, and without what follows the namespace */
const IN_CLUSTER =
  /^http:\/\/([a-z][a-z0-9-]*)\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?(?::(\d+))?(\/.*)?$/;

/** The address of a template. The name of a Service is one of every cluster. @throws Error for what is no address */
function addressIn(text: string | undefined): GivenAddress | undefined {
  if (text === undefined) return undefined;
  const host = /^https?:\/\/([a-z][a-z0-9-]*)(?::\d+)?(?:\/|$)/.exec(text)?.[1];
  if (host !== undefined && host !== 'localhost')
    throw new Error(
      `the address ${text} names a Service without its namespace; give address: service:NAMESPACE/${host}:PORT beside the file`,
    );
  const [match, name = '', namespace = '', port = '80', path = ''] = IN_CLUSTER.exec(text) ?? [];
  const { data, error } = metricAddress.safeParse(
    match === undefined ? text : `service:${namespace}/${name}:${port}${path}`,
  );
  if (error !== undefined) throw new Error(error.issues[0]?.message ?? 'is not an address');
  return data;
}
