import { NO_WORKLOADS, ONLY_V1 } from '../support/objects.ts';
import type { TrafficApi } from '../support/traffic-api.ts';

type Inputs = Readonly<Record<string, string>>;

/** A moment of a run: when its log has shown these texts, one after the other. */
export type Stage = readonly [name: string, ...texts: string[]];

const group = (name: string): string => `::group::${name}\n`;
const PREPARE: Stage = ['prepare', group('Read')];
const LOCK: Stage = ['lock', group('Lock')];
const ROUTE_WRITE: Stage = ['route write', group('Weights')];
const SAMPLING: Stage = ['sampling', group('Verify')];
const ROLLBACK: Stage = ['rollback', group('Roll back')];

/** Every cluster holds the weights; now each ingress has to show them. */
function arrivalOf(api: TrafficApi): Stage {
  const written = `: wrote ${api} gray-demo/helloworld`;
  return ['arrival', group('Weights'), written, written];
}

/** HTTPRoutes split between Services, which come and go with the workloads. */
const onlyWithSubsets = (api: TrafficApi, ...stages: readonly Stage[]): readonly Stage[] =>
  api === 'VirtualService' ? stages : [];

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
export function lifeOf(api: TrafficApi): readonly Act[] {
  const arrival = arrivalOf(api);
  const step: Act['stages'] = [PREPARE, LOCK, ROUTE_WRITE, arrival, SAMPLING];
  const installation: Act['stages'] = [
    ...step,
    ['preflight', group('Preflight')],
    ['deploy', group('Deploy')],
    ['readiness', group('Ready')],
    ...onlyWithSubsets(api, ['subset write', group('Subsets')]),
    ['preview write', group('Preview routes')],
    ['preview', group('Preview')],
  ];
  return [
    {
      name: 'first install',
      inputs: install,
      again: install,
      weights: ['', 'v1=100'],
      stages: installation,
      running: {},
      passes: true,
    },
    {
      name: 'canary',
      inputs: canary,
      again: canary,
      weights: ['v1=100', FIRST],
      stages: installation,
      running: { east: 'v1' },
      passes: true,
    },
    {
      name: 'promotion',
      inputs: { ...LATER, ...STEPS, operation: 'promote', 'promote-to': '50', bake: '2s' },
      again: to(HALF),
      weights: [FIRST, 'v1=65,v2=35', HALF],
      stages: [...step, ['bake', group('Bake')]],
      running: BOTH,
      passes: true,
    },
    {
      name: 'failing step',
      inputs: { ...to(MORE), ...UNDECIDED },
      again: to(MORE),
      weights: [HALF, MORE],
      stages: [ROUTE_WRITE, arrival, SAMPLING, ROLLBACK],
      running: BOTH,
      passes: false,
    },
    {
      name: 'rollback',
      inputs: { ...LATER, operation: 'rollback' },
      again: { ...LATER, operation: 'rollback', weights: HALF },
      weights: [MORE, HALF],
      stages: step,
      running: BOTH,
      passes: true,
    },
    {
      name: 'last step',
      inputs: { ...to(ALL), confidence: '90' },
      again: { ...to(ALL), confidence: '90' },
      weights: [HALF, ALL],
      stages: step,
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
        ...onlyWithSubsets(api, ['retirement of the subset', group('Subset')]),
      ],
      running: { west: 'v2' },
      passes: true,
    },
  ];
}
