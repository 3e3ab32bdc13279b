import { NO_WORKLOADS, ONLY_V1 } from '../support/objects.ts';

type Inputs = Readonly<Record<string, string>>;

/** A moment of a run: when its log has shown these texts, one after the other. */
export type Stage = readonly [name: string, ...texts: string[]];

const group = (name: string): string => `::group::${name}\n`;
const PREPARE: Stage = ['prepare', group('Read')];
const LOCK: Stage = ['lock', group('Lock')];
const SUBSET_WRITE: Stage = ['subset write', group('Subsets')];
const ROUTE_WRITE: Stage = ['route write', group('Weights')];
/** Every cluster holds the weights; now each ingress has to show them. */
const ARRIVAL: Stage = [
  'arrival',
  group('Weights'),
  ': wrote VirtualService gray-demo/helloworld',
  ': wrote VirtualService gray-demo/helloworld',
];
const SAMPLING: Stage = ['sampling', group('Verify')];
const ROLLBACK: Stage = ['rollback', group('Roll back')];
const STEP: readonly [Stage, ...Stage[]] = [PREPARE, LOCK, ROUTE_WRITE, ARRIVAL, SAMPLING];
const INSTALL: readonly [Stage, ...Stage[]] = [
  ...STEP,
  ['preflight', group('Preflight')],
  ['deploy', group('Deploy')],
  ['readiness', group('Ready')],
  SUBSET_WRITE,
  ['preview write', group('Preview routes')],
  ['preview', group('Preview')],
];

/** One operation in the life of a release. */
export interface Act {
  readonly name: string;
  readonly inputs: Inputs;
  /** Asks for the same end where `inputs` would go on from there. */
  readonly again: Inputs;
  /** All clusters hold one of these before it ends well, and the last one afterwards. */
  readonly weights: readonly [string, ...string[]];
  readonly stages: readonly [Stage, ...Stage[]];
  /** The versions that have users, by the cluster that runs them. */
  readonly running: Partial<Record<'east' | 'west', string>>;
  /** How it ends if nothing disturbs it. */
  readonly passes: boolean;
}

/** Slow enough that sampling takes a moment. */
const CALM = { 'max-rps': '150' };
const LATER = { ...CALM, ...NO_WORKLOADS };
const BOTH = { east: 'v1', west: 'v2' } as const;
const STEPS = { steps: '20,35,50,100' };
const to = (weights: string): Inputs => ({ ...LATER, weights });

const FIRST = 'v1=80,v2=20';
const HALF = 'v1=50,v2=50';
const MORE = 'v1=30,v2=70';
const ALL = 'v1=0,v2=100';
/** Too few samples for a verdict, so the run rolls back. */
const UNDECIDED = { tolerance: '5', 'max-rps': '2', 'verify-timeout': '2s' };

const install = { ...CALM, ...ONLY_V1, replicas: '2' };
const canary = { ...CALM, replicas: '2', weights: FIRST };
const retire = { ...LATER, operation: 'retire', version: 'v1' };

/** The life of a release, from the first install to the retirement of the old version. */
export const LIFE: readonly Act[] = [
  {
    name: 'first install',
    inputs: install,
    again: install,
    weights: ['', 'v1=100'],
    stages: INSTALL,
    running: {},
    passes: true,
  },
  {
    name: 'canary',
    inputs: canary,
    again: canary,
    weights: ['v1=100', FIRST],
    stages: INSTALL,
    running: { east: 'v1' },
    passes: true,
  },
  {
    name: 'promotion',
    inputs: { ...LATER, ...STEPS, operation: 'promote', 'promote-to': '50', bake: '2s' },
    again: to(HALF),
    weights: [FIRST, 'v1=65,v2=35', HALF],
    stages: [...STEP, ['bake', group('Bake')]],
    running: BOTH,
    passes: true,
  },
  {
    name: 'failing step',
    inputs: { ...to(MORE), ...UNDECIDED },
    again: to(MORE),
    weights: [HALF, MORE],
    stages: [ROUTE_WRITE, ARRIVAL, SAMPLING, ROLLBACK],
    running: BOTH,
    passes: false,
  },
  {
    name: 'rollback',
    inputs: { ...LATER, operation: 'rollback' },
    again: { ...LATER, operation: 'rollback', weights: HALF },
    weights: [MORE, HALF],
    stages: STEP,
    running: BOTH,
    passes: true,
  },
  {
    name: 'last step',
    inputs: { ...to(ALL), confidence: '90' },
    again: { ...to(ALL), confidence: '90' },
    weights: [HALF, ALL],
    stages: STEP,
    running: BOTH,
    passes: true,
  },
  {
    name: 'retirement',
    inputs: retire,
    again: retire,
    weights: [ALL, 'v2=100'],
    stages: [
      ['prepare', group('Plan')],
      LOCK,
      ['retirement of the route', group('Routes')],
      ['arrival', group('Seen')],
      ['retirement of the workload', group('Workload')],
      ['retirement of the subset', group('Subset')],
    ],
    running: { west: 'v2' },
    passes: true,
  },
];
