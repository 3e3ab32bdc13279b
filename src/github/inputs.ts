import { z } from 'zod';
import { LANGUAGES } from '../texts/language.ts';
import { ingresses, placement } from './parsers/clusters.ts';
import { duration } from './parsers/duration.ts';
import { images } from './parsers/images.ts';
import { metricAddress } from './parsers/metric-address.ts';
import { metrics } from './parsers/metrics.ts';
import { dnsLabel, gatewayName, objectName, objectNames } from './parsers/kubernetes-names.ts';
import { manifestGlobs } from './parsers/manifest-globs.ts';
import { number, wholeNumber } from './parsers/numbers.ts';
import { anyText, choice, flag, list, map } from './parsers/plain.ts';
import { headers, host, metricHeaders, urlPath } from './parsers/request.ts';
import type { Place } from './places.ts';
import { versionSource } from './parsers/version-source.ts';
import { steps, version, weights } from './parsers/versions.ts';
import { inputPlace } from '../core/wording.ts';

export const OPERATIONS = ['rollout', 'plan', 'verify', 'promote', 'rollback', 'retire', 'status'] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Every input of the action: what it accepts, what it is read as, and its default. The release file has the same keys and
 * accepts YAML lists, mappings and numbers too. An empty value counts as not given.
 */
export const INPUTS = z.object({
  operation: choice(...OPERATIONS).prefault('rollout'),

  kubeconfig: anyText.optional(),
  clusters: placement,
  'config-clusters': list.optional(),
  'insecure-clusters': list.optional(),
  ingress: ingresses.default(new Map()),

  app: dnsLabel,
  namespace: dnsLabel,
  version: version.optional(),
  image: images.optional(),
  manifests: manifestGlobs.optional(),
  port: wholeNumber(1, 65_535).optional(),
  'target-port': wholeNumber(1, 65_535).optional(),
  'port-name': dnsLabel.optional(),
  replicas: wholeNumber(0, 10_000).optional(),
  injection: objectName.optional(),
  pods: choice('sidecar', 'ambient', 'none').prefault('sidecar'),
  'ready-timeout': duration.prefault('300s'),

  weights: weights.optional(),
  steps: steps.default([]),
  'promote-to': wholeNumber(1, 100).optional(),
  bake: duration.prefault('0s'),
  'propagation-time': duration.prefault('15s'),
  'virtual-service': objectNames.optional(),
  'destination-rule': objectName.optional(),
  'http-route': objectName.optional(),
  gateway: gatewayName.optional(),
  'gateway-selector': map.prefault('istio=ingressgateway'),
  hosts: list.optional(),
  routes: list.optional(),

  path: urlPath.prefault('/'),
  host: host.optional(),
  headers: headers.default({}),
  'version-from': versionSource.prefault('auto'),
  tolerance: number(0.1, 50, 'points').prefault(5),
  confidence: number(50, 99.9999, 'percent').prefault(99),
  'max-samples': wholeNumber(1, 10_000_000).optional(),
  'max-rps': number(0.1, 100_000, 'requests per second per ingress').prefault(100),
  'verify-timeout': duration.prefault('300s'),
  watch: duration.optional(),
  'max-error-rate': number(0, 100, 'percent').prefault(1),
  'max-latency-increase': number(0, 10_000, 'percent').optional(),

  metrics: metrics.optional(),
  'metrics-address': metricAddress.optional(),
  'metrics-headers': metricHeaders.default({}),

  'on-failure': choice('rollback', 'keep').prefault('rollback'),
  config: anyText.optional(),
  'github-token': anyText.optional(),
  comment: flag.prefault(true),
  summary: flag.prefault(true),
  report: anyText.optional(),
  language: choice(...LANGUAGES).optional(),
});

export type Inputs = z.output<typeof INPUTS>;
export type InputName = keyof Inputs;

/** Inputs that have a value in every run, given or by default; such a value is missing only if it could not be read. */
const ALWAYS_SET: readonly InputName[] = INPUTS.keyof().options.filter(
  (name) => !(INPUTS.shape[name] instanceof z.ZodOptional),
);

export function areComplete(values: Partial<Inputs>): values is Inputs {
  return ALWAYS_SET.every((name) => values[name] !== undefined);
}

/** The value of a key in the release file, and how messages name its place: `.github/canary.yml:7: weights`. */
export interface FileValue {
  readonly value: unknown;
  readonly source: string;
  /** The places of the values within. */
  readonly place?: Place | undefined;
}

/** The values that could be read, and a sentence for each that could not. */
export interface ReadInputs {
  readonly values: Partial<Inputs>;
  readonly problems: readonly string[];
  /** Where each given value comes from. */
  readonly sources: Sources;
  /** The places of the values within those that come from the release file. */
  readonly places: ReadonlyMap<string, Place>;
}

/** How messages name the place of a value: `Input weights`, `.github/canary.yml:7: weights`. */
export type Sources = ReadonlyMap<string, string>;

/**
 * Reads every input by itself, so that all problems are reported at once. An input overrides the release file, whose value
 * must be valid even then.
 */
export function readInputs(
  textOf: (name: string) => string,
  file: ReadonlyMap<string, FileValue> = new Map(),
): ReadInputs {
  const problems: string[] = [];
  const sources = new Map<string, string>();
  const places = new Map<string, Place>();
  const read = (schema: z.ZodType, { value, source, place }: FileValue): unknown => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues)
      problems.push(`${place === undefined || path.length === 0 ? source : place(path)}: ${message}.`);
    return undefined;
  };
  const values = Object.fromEntries(
    Object.entries(INPUTS.shape).map(([name, schema]) => {
      const text = textOf(name);
      const inFile = file.get(name);
      const given = [
        ...(text.trim() === '' ? [] : [{ value: text, source: inputPlace(name) }]),
        ...(inFile === undefined ? [] : [inFile]),
      ];
      const [first] = given;
      if (first !== undefined) {
        sources.set(name, first.source);
        if (first.place !== undefined) places.set(name, first.place);
        return [name, given.map((candidate) => read(schema, candidate))[0]];
      }
      const missing = schema.safeParse(undefined);
      if (!missing.success) {
        const [issue] = missing.error.issues;
        problems.push(
          `${inputPlace(name)}: ${issue?.message ?? 'is required'}. You can set it in the release file too.`,
        );
      }
      return [name, missing.data];
    }),
  );
  return { values, problems, sources, places };
}
