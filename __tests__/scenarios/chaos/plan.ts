import type { FleetPart } from '../../../testbed/fleet.ts';
import type { TrafficApi } from '../support/traffic-api.ts';
import { lifeOf } from './acts.ts';
import type { Act, Stage } from './acts.ts';
import { Random } from './random.ts';

const CLUSTERS = ['east', 'west'] as const;
export type Cluster = (typeof CLUSTERS)[number];

/** What happens to a cluster. `untilEnd`: it is back only once the run has ended; otherwise after `awayMs`. */
export type Blow =
  | { readonly kind: 'pod lost'; readonly version: string }
  | {
      readonly kind: 'killed' | 'cut off';
      readonly part: FleetPart;
      readonly back: number | 'after the run';
    };

/** A blow, and the cluster that it hits. */
export interface Hit {
  readonly cluster: Cluster;
  readonly blow: Blow;
}

/** One disturbed operation. */
export interface Disturbance {
  readonly act: Act;
  readonly stage: Stage;
  /** What happens at the same moment. */
  readonly hits: readonly [Hit, ...Hit[]];
  /** After the stage is seen. */
  readonly delayMs: number;
}

const LONGEST_DELAY_MS = 250;
const LONGEST_CUT_MS = 6_000;
/** How often two failures come at once. */
const TWO_AT_ONCE = 0.4;
/** The draws of second failures are their own, so that a seed keeps its first ones. */
const SECOND = 0x2ad;

/** A life to be lived. */
export interface LifePlan {
  /** What holds the weights of the release. */
  readonly api: TrafficApi;
  /** Each operation is disturbed once. */
  readonly disturbances: readonly Disturbance[];
}

/** What a seed stands for: the life of a release, by an HTTPRoute if the seed is odd. */
export function planOf(seed: number): LifePlan {
  const api = seed % 2 === 0 ? 'VirtualService' : 'HTTPRoute';
  const random = new Random(seed);
  const another = new Random(seed ^ SECOND);
  const disturbances = lifeOf(api).map((act): Disturbance => {
    const stage = random.pick(act.stages);
    const cluster = random.pick(CLUSTERS);
    const hit = { cluster, blow: blowOn(cluster, act, random) };
    const second = another.next() < TWO_AT_ONCE ? secondHit(hit, act, another) : undefined;
    const delayMs = random.upTo(LONGEST_DELAY_MS);
    return { act, stage, hits: second === undefined ? [hit] : [hit, second], delayMs };
  });
  return { api, disturbances };
}

/** A failure beside another one; undefined where what is drawn does not go with it. */
function secondHit(first: Hit, act: Act, random: Random): Hit | undefined {
  const cluster = random.pick(CLUSTERS);
  const second = { cluster, blow: blowOn(cluster, act, random) };
  return goTogether(first, second) ? second : undefined;
}

/**
 * Two failures whose cost to users is the sum of what each costs alone. Gateways learn from the control planes that a pod is gone, and one
 * that restarts gets its routes from istiod, which needs its API server to start. A part fails once.
 */
function goTogether(one: Hit, other: Hit): boolean {
  const [a, b] = [partOf(one), partOf(other)];
  if (a === 'pod' || b === 'pod') return a !== b && (a === 'gateway' || b === 'gateway');
  if (one.cluster !== other.cluster) return true;
  return a !== b && a !== 'istiod' && b !== 'istiod';
}

/** An API server that is killed and one that is cut off are both gone. */
function partOf({ blow }: Hit): 'api' | 'istiod' | 'gateway' | 'pod' {
  if (blow.kind === 'pod lost') return 'pod';
  return blow.part === 'api-server' || blow.part === 'api-network' ? 'api' : blow.part;
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

/** `api-server killed`, or both of two. */
export function kindsOf({ hits }: Disturbance): string {
  return hits
    .map(({ blow }) => kindOf(blow))
    .toSorted()
    .join(' and ');
}

/** `canary, lock + 31 ms: api-server killed in east` */
export function describeDisturbance({ act, stage: [stage], hits, delayMs }: Disturbance): string {
  return `${act.name}, ${stage} + ${String(delayMs)} ms: ${hits.map(describeHit).join(' and ')}`;
}

function describeHit({ cluster, blow }: Hit): string {
  const away = blow.kind === 'cut off' && blow.back !== 'after the run' ? ` for ${String(blow.back)} ms` : '';
  const what = blow.kind === 'pod lost' ? `pod of ${blow.version} lost` : kindOf(blow);
  return `${what}${away} in ${cluster}`;
}
