import { z } from 'zod';
import * as parse from './parsers.ts';

export const OPERATIONS = ['rollout', 'plan', 'verify', 'promote', 'rollback', 'retire', 'status'] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Every input of the action, from its text to its value: the one place that knows what an input takes, and its default.
 * An input that is empty counts as not given.
 */
export const INPUTS = z.object({
  operation: parse.choice(...OPERATIONS).default('rollout'),

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
  'ready-timeout': parse.duration.default(300_000),

  weights: parse.weights.optional(),
  steps: parse.steps.default([]),
  'promote-to': parse.wholeNumber(1, 100).optional(),
  bake: parse.duration.default(0),
  'virtual-service': parse.objectName.optional(),
  'destination-rule': parse.objectName.optional(),
  gateway: parse.gatewayName.optional(),
  'gateway-selector': parse.map.default(new Map([['istio', 'ingressgateway']])),
  hosts: parse.list.optional(),
  routes: parse.list.optional(),

  path: parse.urlPath.default('/'),
  host: parse.anyText.optional(),
  headers: parse.headers.default({}),
  'version-from': parse.versionSource.default({ from: 'auto' }),
  tolerance: parse.number(0.1, 50, 'points').default(5),
  confidence: parse.number(50, 99.9999, 'percent').default(99),
  'max-samples': parse.wholeNumber(1, 10_000_000).optional(),
  'max-rps': parse.number(0.1, 100_000, 'requests per second and ingress').default(100),
  'verify-timeout': parse.duration.default(300_000),
  'max-error-rate': parse.number(0, 100, 'percent').default(1),
  'max-latency-increase': parse.number(0, 10_000, 'percent').optional(),

  'on-failure': parse.choice('rollback', 'keep').default('rollback'),
  config: parse.anyText.optional(),
  'github-token': parse.anyText.optional(),
  comment: parse.flag.default(true),
  summary: parse.flag.default(true),
  report: parse.anyText.optional(),
});

export type Inputs = z.output<typeof INPUTS>;
export type InputName = keyof Inputs;

/** The values that could be read, and a sentence for each that could not. */
export interface ReadInputs {
  readonly values: Partial<Inputs>;
  readonly problems: readonly string[];
}

/** Reads every input, each on its own, so that all problems are told at once. */
export function readInputs(textOf: (name: string) => string): ReadInputs {
  const problems: string[] = [];
  const values = Object.fromEntries(
    Object.entries(INPUTS.shape).map(([name, schema]) => {
      const text = textOf(name);
      const result = schema.safeParse(text.trim() === '' ? undefined : text);
      if (result.success) return [name, result.data];
      const missing = text.trim() === '';
      problems.push(
        ...result.error.issues.map(({ message }) => `Input ${name}: ${missing ? 'is required' : message}.`),
      );
      return [name, undefined];
    }),
  );
  return { values, problems };
}
