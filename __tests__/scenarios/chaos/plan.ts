import type { FleetPart } from '../../../testbed/fleet.ts';
import { LIFE } from './acts.ts';
import type { Act, Stage } from './acts.ts';
import { Random } from './random.ts';

export type Cluster = 'east' | 'west';

/** What happens to a cluster. `untilEnd`: it is back only once the run has ended; otherwise after `awayMs`. */
export type Blow =
  | { readonly kind: 'pod lost'; readonly version: string }
  | {
      readonly kind: 'killed' | 'cut off';
      readonly part: FleetPart;
      readonly back: number | 'after the run';
    };

/** One disturbed operation. */
export interface Disturbance {
  readonly act: Act;
  readonly stage: Stage;
  readonly cluster: Cluster;
  readonly blow: Blow;
  /** After the stage is seen. */
  readonly delayMs: number;
}

const LONGEST_DELAY_MS = 250;
const LONGEST_CUT_MS = 6_000;

/** What a seed stands for: the life of a release, each operation of which is disturbed once. */
export function planOf(seed: number): readonly Disturbance[] {
  const random = new Random(seed);
  return LIFE.map((act) => {
    const stage = random.pick(act.stages);
    const cluster = random.pick<Cluster>(['east', 'west']);
    const blow = blowOn(cluster, act, random);
    return { act, stage, cluster, blow, delayMs: random.upTo(LONGEST_DELAY_MS) };
  });
}

function blowOn(cluster: Cluster, { running }: Act, random: Random): Blow {
  const version = running[cluster];
  const atOnce = (part: FleetPart): Blow => ({ kind: 'killed', part, back: 0 });
  const choices = [
    () => atOnce('api-server'),
    () => atOnce('istiod'),
    () => atOnce('gateway'),
    (): Blow => ({ kind: 'cut off', part: 'api-network', back: random.upTo(LONGEST_CUT_MS) }),
    (): Blow =>
      random.next() < 0.5
        ? { kind: 'killed', part: 'api-server', back: 'after the run' }
        : { kind: 'cut off', part: 'api-network', back: 'after the run' },
    ...(version === undefined ? [] : [(): Blow => ({ kind: 'pod lost', version })]),
  ] as const;
  return random.pick([choices[0], ...choices.slice(1)])();
}

/** `api-server killed`, for counts. */
export function kindOf(blow: Blow): string {
  if (blow.kind === 'pod lost') return blow.kind;
  return `${blow.part} ${blow.kind}${blow.back === 'after the run' ? ' until the run ended' : ''}`;
}

/** `canary, lock + 31 ms: api-server killed in east` */
export function describeDisturbance({ act, stage: [stage], cluster, blow, delayMs }: Disturbance): string {
  const away = blow.kind === 'cut off' && blow.back !== 'after the run' ? ` for ${String(blow.back)} ms` : '';
  const what = blow.kind === 'pod lost' ? `pod of ${blow.version} lost` : kindOf(blow);
  return `${act.name}, ${stage} + ${String(delayMs)} ms: ${what}${away} in ${cluster}`;
}
