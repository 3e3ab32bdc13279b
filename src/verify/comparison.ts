import type { VersionName, Weights } from '../core/weights.ts';
import type { Message } from '../texts/message.ts';
import type { Sample } from './attribution.ts';
import type { VersionEvidence } from './evidence.ts';
import { RateTest } from './statistics/rate-test.ts';
import { latencyOf } from './latency.ts';

/** The new version may fail up to this many times as often as the others. */
const ERROR_RATIO = 2;
/** From this log evidence (e to 1) on, a worse version explains the samples better than a good one: worth more requests. */
const SUSPICION = 1;

export interface ComparisonOptions {
  /** The version being released, which is compared with the others; undefined: no comparison. */
  readonly version: VersionName | undefined;
  readonly weights: Weights;
  /** How much slower it may be than the others, as a fraction; undefined: not judged. */
  readonly maxLatencyIncrease: number | undefined;
  /** Probability of a false alarm, for errors and for latency each. */
  readonly alpha: number;
}

/**
 * Errors and response times by version, and whether the new version is worse than the others. Versions are compared for the
 * same caller at the same time, so that a slow network or a burst of errors that affects all of them is no finding.
 */
export class Comparison {
  readonly #options: ComparisonOptions;
  readonly #errors = new Map<VersionName, number>();
  readonly #times = new Map<VersionName, number[]>();
  readonly #failing: RateTest | undefined;
  readonly #slower: RateTest | undefined;
  /** The last response times that have no partner yet. */
  #waiting: { readonly own?: number; readonly others?: number } = {};

  constructor(options: ComparisonOptions) {
    this.#options = options;
    const { version, weights, maxLatencyIncrease, alpha } = options;
    for (const name of weights.keys()) {
      this.#errors.set(name, 0);
      this.#times.set(name, []);
    }
    const weight = shareAsked(version, weights);
    if (weight === undefined) return;
    this.#failing = new RateTest((ERROR_RATIO * weight) / (1 - weight + ERROR_RATIO * weight), alpha);
    if (maxLatencyIncrease !== undefined) this.#slower = new RateTest(1 / 2, alpha);
  }

  /**
   * Counts a sample of a version of the weights.
   *
   * @returns how, once the new version is shown to be worse
   */
  add({ version, error, ms }: Sample): Message | undefined {
    if (version === undefined) return undefined;
    if (error !== undefined) {
      this.#errors.set(version, (this.#errors.get(version) ?? 0) + 1);
      return this.#failing?.add(version === this.#options.version) === true
        ? this.#failsMore(version)
        : undefined;
    }
    this.#times.get(version)?.push(ms);
    return this.#slower === undefined ? undefined : this.#compare(version, ms, this.#slower);
  }

  /** Whether the new version looks worse than allowed, without proof so far. */
  get isSuspicious(): boolean {
    return [this.#failing, this.#slower].some((test) => (test?.logEvidence ?? 0) > SUSPICION);
  }

  /** How each version responded, in the order of the weights. */
  get versions(): ReadonlyMap<VersionName, VersionEvidence> {
    return new Map(
      [...this.#times].map(([version, times]) => [
        version,
        { errors: this.#errors.get(version) ?? 0, latency: latencyOf(times) },
      ]),
    );
  }

  /** Pairs each response of the new version with the nearest unpaired one of another version. */
  #compare(version: VersionName, ms: number, slower: RateTest): Message | undefined {
    const { version: judged, maxLatencyIncrease = 0 } = this.#options;
    const pair = { ...this.#waiting, [version === judged ? 'own' : 'others']: ms };
    if (pair.own === undefined || pair.others === undefined) {
      this.#waiting = pair;
      return undefined;
    }
    this.#waiting = {};
    return slower.add(pair.own > (1 + maxLatencyIncrease) * pair.others) ? this.#isSlower() : undefined;
  }

  #failsMore(latest: VersionName): Message {
    const judged = this.#options.version ?? latest;
    const [own, others] = this.#split((name) => this.#errors.get(name) ?? 0);
    const [ownAll, othersAll] = this.#split(
      (name) => (this.#errors.get(name) ?? 0) + (this.#times.get(name)?.length ?? 0),
    );
    return {
      kind: 'failsMoreOften',
      version: judged,
      failed: own,
      requests: ownAll,
      otherFailed: others,
      otherRequests: othersAll,
    };
  }

  #isSlower(): Message {
    const { version: judged = '', maxLatencyIncrease = 0 } = this.#options;
    const own = latencyOf(this.#times.get(judged) ?? []);
    const others = latencyOf([...this.#times].flatMap(([name, times]) => (name === judged ? [] : times)));
    return {
      kind: 'slower',
      version: judged,
      limit: maxLatencyIncrease,
      median: own?.p50 ?? 0,
      otherMedian: others?.p50 ?? 0,
    };
  }

  /** The sum of a count over the new version, and over the others. */
  #split(count: (version: VersionName) => number): readonly [number, number] {
    const names = [...this.#times.keys()];
    const sum = (some: readonly VersionName[]): number => some.reduce((all, name) => all + count(name), 0);
    const { version } = this.#options;
    return [sum(names.filter((name) => name === version)), sum(names.filter((name) => name !== version))];
  }
}

/** The weight of the new version as a fraction; undefined if there is nothing to compare it with. */
function shareAsked(version: VersionName | undefined, weights: Weights): number | undefined {
  if (version === undefined) return undefined;
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  const share = (weights.get(version) ?? 0) / sum;
  return share > 0 && share < 1 ? share : undefined;
}
