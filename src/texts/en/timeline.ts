import { count } from '../../core/plural.ts';
import type { TimelineTexts } from '../catalogue/timeline.ts';
import { headline } from './headline.ts';
import { outcomes } from './outcomes.ts';

const CHECKS = { verify: 'Verify', bake: 'Bake at' } as const;

export const timeline: TimelineTexts = {
  title: 'Timeline',
  phases: {
    Bake: 'Bake',
    Deploy: 'Deploy',
    Lock: 'Lock',
    Namespace: 'Namespace',
    Plan: 'Plan',
    Preflight: 'Preflight',
    Preview: 'Preview',
    'Preview routes': 'Preview routes',
    Read: 'Read',
    Ready: 'Ready',
    Recover: 'Recover',
    'Restore workloads': 'Restore workloads',
    'Roll back': 'Roll back',
    Routes: 'Routes',
    Seen: 'Seen',
    Services: 'Services',
    Status: 'Status',
    Subset: 'Subset',
    Subsets: 'Subsets',
    Verify: 'Verify',
    Watch: 'Watch',
    Weights: 'Weights',
    Workload: 'Workload',
  },
  notCompleted: (phase) => `${phase}: not completed`,
  weightsSet: (weights) => `Weights set: ${headline.weights(weights)}`,
  weightsRestored: (weights) => `Weights restored: ${headline.weights(weights)}`,
  check: ({ kind, weights, verdict, samples }) =>
    `${CHECKS[kind]} ${headline.weights(weights)}: ${outcomes.verdicts[verdict]} (${count(samples, 'sample')})`,
};
