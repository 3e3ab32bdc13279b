import fc from 'fast-check';
import type { Fate } from './memory-cluster.ts';

/** What may happen to a release: runs, their faults, and other people's edits, each at its time. */

export const CLUSTERS = ['east', 'north', 'west'] as const;
export type ClusterName = (typeof CLUSTERS)[number];

/** What a call is for. */
export type Purpose = 'read lease' | 'write lease' | 'read routes' | 'write routes';

export interface Fault {
  readonly cluster: ClusterName;
  readonly purpose: Purpose;
  /** Which of these calls, counted from 0. */
  readonly nth: number;
  readonly fate: Fate;
}

export interface RunStep {
  readonly kind: 'run';
  readonly atMs: number;
  readonly target: number;
  readonly direction: 'forward' | 'back';
  readonly verdict: 'pass' | 'fail';
  readonly faults: readonly Fault[];
  /** When it is cancelled, in ms after it began; undefined: never. */
  readonly cancelledAfterMs: number | undefined;
  /** What happens to its post step; undefined where that never runs. */
  readonly post: readonly Fault[] | undefined;
}

export interface EditStep {
  readonly kind: 'edit';
  readonly atMs: number;
  readonly cluster: ClusterName;
  readonly what: 'annotation' | 'foreign route' | 'timeout' | 'host' | 'weights';
}

export interface OutageStep {
  readonly kind: 'outage';
  readonly atMs: number;
  readonly cluster: ClusterName;
  readonly forMs: number;
}

export type Step = RunStep | EditStep | OutageStep;

export interface History {
  readonly clusters: number;
  /** Decides how long each call is on the way. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

const cluster = fc.constantFrom(...CLUSTERS);
const atMs = fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 120_000 }));

const fault: fc.Arbitrary<Fault> = fc.record({
  cluster,
  purpose: fc.constantFrom('write routes', 'write lease', 'read lease', 'read routes'),
  nth: fc.nat(5),
  fate: fc.constantFrom(
    'failed',
    'refused',
    'answer lost',
    'call lost',
    'hangs',
    'killed before',
    'killed after',
  ),
});

const faults = fc.array(fault, { maxLength: 3 });

const run: fc.Arbitrary<RunStep> = fc.record({
  kind: fc.constant('run'),
  atMs,
  target: fc.nat(3),
  direction: fc.constantFrom('forward', 'forward', 'back'),
  verdict: fc.constantFrom('pass', 'pass', 'fail'),
  faults,
  cancelledAfterMs: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(3_000) },
  ),
  post: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: faults },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
});

const edit: fc.Arbitrary<EditStep> = fc.record({
  kind: fc.constant('edit'),
  atMs,
  cluster,
  what: fc.constantFrom('annotation', 'foreign route', 'timeout', 'host', 'weights'),
});

const outage: fc.Arbitrary<OutageStep> = fc.record({
  kind: fc.constant('outage'),
  atMs,
  cluster,
  forMs: fc.integer({ min: 100, max: 60_000 }),
});

export const history: fc.Arbitrary<History> = fc.record({
  clusters: fc.constantFrom(2, 2, 3),
  seed: fc.nat(),
  steps: fc.array(
    fc.oneof({ weight: 3, arbitrary: run }, { weight: 1, arbitrary: edit }, { weight: 1, arbitrary: outage }),
    { minLength: 1, maxLength: 5 },
  ),
});
