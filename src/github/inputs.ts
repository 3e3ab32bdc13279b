import { z } from 'zod';
import * as parse from './parsers.ts';

export const OPERATIONS = ['rollout', 'plan', 'verify', 'promote', 'rollback', 'retire', 'status'] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Every input of the action, from its text to its value: the one place that knows what an input takes, and its default. The
 * release file has the same keys, and there a list, a map or a number may stand as YAML has it. What is empty counts as not
 * given.
 */
export const INPUTS = z.object({
  operation: parse.choice(...OPERATIONS).prefault('rollout'),

  kubeconfig: parse.anyText.optional(),
  clusters: parse.placement,
  'config-clusters': parse.list.optional(),
  ingress: parse.ingresses.default(new Map()),

  app: parse.dnsLabel,
  namespace: parse.dnsLabel,
  version: parse.version.optional(),
  image: parse.images.optional(),
  manifests: parse.list.optional(),
  port: parse.wholeNumber(1, 65_535).optional(),
  'target-port': parse.wholeNumber(1, 65_535).optional(),
  'port-name': parse.dnsLabel.optional(),
  replicas: parse.wholeNumber(0, 10_000).optional(),
  injection: parse.objectName.optional(),
  'ready-timeout': parse.duration.prefault('300s'),

  weights: parse.weights.optional(),
  steps: parse.steps.default([]),
  'promote-to': parse.wholeNumber(1, 100).optional(),
  bake: parse.duration.prefault('0s'),
  'propagation-time': parse.duration.prefault('15s'),
  'virtual-service': parse.objectNames.optional(),
  'destination-rule': parse.objectName.optional(),
  gateway: parse.gatewayName.optional(),
  'gateway-selector': parse.map.prefault('istio=ingressgateway'),
  hosts: parse.list.optional(),
  routes: parse.list.optional(),

  path: parse.urlPath.prefault('/'),
  host: parse.host.optional(),
  headers: parse.headers.default({}),
  'version-from': parse.versionSource.prefault('auto'),
  tolerance: parse.number(0.1, 50, 'points').prefault(5),
  confidence: parse.number(50, 99.9999, 'percent').prefault(99),
  'max-samples': parse.wholeNumber(1, 10_000_000).optional(),
  'max-rps': parse.number(0.1, 100_000, 'requests per second and ingress').prefault(100),
  'verify-timeout': parse.duration.prefault('300s'),
  'max-error-rate': parse.number(0, 100, 'percent').prefault(1),
  'max-latency-increase': parse.number(0, 10_000, 'percent').optional(),

  'on-failure': parse.choice('rollback', 'keep').prefault('rollback'),
  config: parse.anyText.optional(),
  'github-token': parse.anyText.optional(),
  comment: parse.flag.prefault(true),
  summary: parse.flag.prefault(true),
  report: parse.anyText.optional(),
});

export type Inputs = z.output<typeof INPUTS>;
export type InputName = keyof Inputs;

/** Inputs that have a value in every run, given or by default: one is missing only where it could not be read. */
const NEEDED: readonly InputName[] = INPUTS.keyof().options.filter(
  (name) => !(INPUTS.shape[name] instanceof z.ZodOptional),
);

export function areComplete(values: Partial<Inputs>): values is Inputs {
  return NEEDED.every((name) => values[name] !== undefined);
}

/** What stands behind a key of the release file, and how a message names the place: `.github/canary.yml:7: weights`. */
export interface FileValue {
  readonly value: unknown;
  readonly source: string;
}

/** The values that could be read, and a sentence for each that could not. */
export interface ReadInputs {
  readonly values: Partial<Inputs>;
  readonly problems: readonly string[];
  /** Where the values come from that were given. */
  readonly sources: Sources;
}

/** How a message names the place that a value comes from: `Input weights`, `.github/canary.yml:7: weights`. */
export type Sources = ReadonlyMap<string, string>;

/**
 * Reads every input, each on its own, so that all problems are told at once. An input wins over the release file; what stands
 * in the file has to be right even then.
 */
export function readInputs(
  textOf: (name: string) => string,
  file: ReadonlyMap<string, FileValue> = new Map(),
): ReadInputs {
  const problems: string[] = [];
  const sources = new Map<string, string>();
  const read = (schema: z.ZodType, { value, source }: FileValue): unknown => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    problems.push(...result.error.issues.map(({ message }) => `${source}: ${message}.`));
    return undefined;
  };
  const values = Object.fromEntries(
    Object.entries(INPUTS.shape).map(([name, schema]) => {
      const text = textOf(name);
      const inFile = file.get(name);
      const given = [
        ...(text.trim() === '' ? [] : [{ value: text, source: `Input ${name}` }]),
        ...(inFile === undefined ? [] : [inFile]),
      ];
      const [first] = given;
      if (first !== undefined) {
        sources.set(name, first.source);
        return [name, given.map((one) => read(schema, one))[0]];
      }
      const missing = schema.safeParse(undefined);
      if (!missing.success) {
        const [issue] = missing.error.issues;
        problems.push(
          `Input ${name}: ${issue?.message ?? 'is required'}; it can stand in the release file as well.`,
        );
      }
      return [name, missing.data];
    }),
  );
  return { values, problems, sources };
}
