import type { InputName, Operation } from '../github/inputs.ts';

/** What the help says about an operation. */
interface OperationHelp {
  /** As in the table of README.md. */
  readonly summary: string;
  readonly example: string;
  /** The inputs that make no difference to it. */
  readonly unused: readonly InputName[];
}

const WORKLOAD = [
  'image',
  'manifests',
  'port',
  'target-port',
  'port-name',
  'replicas',
  'injection',
  'ready-timeout',
] as const;
const SAMPLING = [
  'path',
  'host',
  'headers',
  'version-from',
  'tolerance',
  'confidence',
  'max-samples',
  'max-rps',
  'verify-timeout',
  'watch',
  'max-error-rate',
  'max-latency-increase',
] as const;
const METRICS = ['metrics', 'metrics-address', 'metrics-headers'] as const;
const GITHUB = ['github-token', 'comment'] as const;

export const OPERATION_HELP: Readonly<Record<Operation, OperationHelp>> = {
  rollout: {
    summary:
      'brings workloads, DestinationRule, Gateway and VirtualService in all clusters to the requested state, then verifies the split',
    example: 'rollout --config canary.yml --weights v1=80,v2=20',
    unused: ['promote-to', 'watch'],
  },
  plan: {
    summary:
      'reads everything, runs every change as a server-side dry run, and shows the difference per cluster; writes nothing',
    example: 'plan --config canary.yml --weights v1=80,v2=20',
    unused: ['promote-to', 'watch', 'bake', 'on-failure'],
  },
  verify: {
    summary: 'samples every ingress against the current weights, or the ones you pass; writes nothing',
    example: 'verify --config canary.yml --watch 10m',
    unused: [...WORKLOAD, ...GITHUB, 'promote-to', 'bake', 'on-failure'],
  },
  promote: {
    summary:
      'goes to the next of `steps`; with `promote-to`, through several steps, watching each for `bake` before the next',
    example: 'promote --config canary.yml --max-rps 20',
    unused: ['weights', 'watch'],
  },
  rollback: {
    summary:
      'restores the previous weights, or the ones you pass, and verifies them; run again, it goes one step further back',
    example: 'rollback --config canary.yml',
    unused: [...GITHUB, 'promote-to', 'watch'],
  },
  retire: {
    summary:
      'removes a version at weight 0: route, then workloads, then subset; refuses while anything refers to it',
    example: 'retire --config canary.yml --version v1',
    unused: [...GITHUB, 'promote-to', 'watch'],
  },
  status: {
    summary:
      "reports each cluster's state and any disagreement; fails if clusters hold different weights, a version with weight cannot answer, or nothing exists; writes nothing",
    example: 'status --config canary.yml',
    unused: [
      ...WORKLOAD,
      ...SAMPLING,
      ...METRICS,
      ...GITHUB,
      'weights',
      'promote-to',
      'bake',
      'propagation-time',
      'on-failure',
    ],
  },
};
