import type { VersionName, Weights } from '../core/weights.ts';
import type { Sample } from './attribution.ts';
import type { PodEvidence } from './evidence.ts';
import { total } from './evidence.ts';
import { ReplicaLag } from './replica-lag.ts';
import { SampleCounts } from './sample-counts.ts';
import type { Expectation, Origin } from './sample-counts.ts';
import { ShareTest } from './statistics/share-test.ts';

interface PodCheck {
  readonly counts: SampleCounts;
  readonly stale: ReplicaLag;
  readonly withoutRevision: ReplicaLag;
  readonly shares: ShareTest;
}

export interface PodCheckOptions {
  readonly tolerance: number;
  /** Probability of a false alarm, over all pods together. */
  readonly alpha: number;
  /** How long a pod may lag behind. */
  readonly catchUpMs?: number | undefined;
}

/**
 * What each pod of a gateway answers. The ingress is all of them together, each asked as often as any other; but one pod among many
 * that keeps the old routes would not show in their sum.
 */
export class PodChecks {
  readonly #expected: Expectation;
  readonly #options: PodCheckOptions;
  readonly #pods = new Map<string, PodCheck>();

  constructor(expected: Expectation, options: PodCheckOptions) {
    this.#expected = expected;
    this.#options = options;
  }

  /** @returns a sentence, once a pod is shown not to do as the routes say */
  add(pod: string, sample: Sample, now: number): string | undefined {
    const check = this.#pods.get(pod) ?? this.#begin(pod);
    const origin = check.counts.add(sample);
    if (origin === 'other-host') return undefined;
    return this.#judge(pod, check, { sample, origin, now });
  }

  /** Counts a sample that decides nothing any more. */
  count(pod: string, sample: Sample): void {
    (this.#pods.get(pod) ?? this.#begin(pod)).counts.add(sample);
  }

  /** Why a pod is not yet known to do as the routes say. */
  get obstacle(): string | undefined {
    const open = [...this.#pods].find(
      ([, { stale, withoutRevision }]) => stale.state !== 'fine' || withoutRevision.state !== 'fine',
    );
    return open === undefined ? undefined : this.#behind(...open);
  }

  get isOpen(): boolean {
    return [...this.#pods.values()].some(
      ({ stale, withoutRevision }) => stale.state === 'open' || withoutRevision.state === 'open',
    );
  }

  get evidence(): readonly PodEvidence[] {
    return [...this.#pods].map(([pod, { counts }]) => ({
      pod,
      requests: counts.requests,
      samples: counts.samples,
      counts: new Map(counts.versions),
      errors: new Map(counts.errors),
      stale: new Map(counts.stale),
      withoutRevision: counts.withoutRevision,
    }));
  }

  #judge(
    pod: string,
    check: PodCheck,
    { sample, origin, now }: { readonly sample: Sample; readonly origin: Origin; readonly now: number },
  ): string | undefined {
    const { counts, stale, withoutRevision, shares } = check;
    stale.add(origin === 'stale', now);
    if (origin !== 'stale') withoutRevision.add(origin === 'without-revision', now);
    if (stale.state === 'behind' || withoutRevision.state === 'behind') return this.#behind(pod, check);
    const { version } = sample;
    if (origin !== 'own' || version === undefined || !counts.versions.has(version)) return undefined;
    const verdict = shares.add([...this.#expected.weights.keys()].map((name) => (name === version ? 1 : 0)));
    return verdict === 'fail'
      ? `Pod ${pod} splits its requests otherwise than the weights say: ${seen(counts.versions)} of ${String(counts.samples)} samples`
      : undefined;
  }

  #behind(pod: string, { counts }: PodCheck): string {
    const { revision = '' } = this.#expected;
    const parts = [
      ...[...counts.stale].map(([older, count]) => `${String(count)} × revision ${older}`),
      ...(counts.withoutRevision === 0 ? [] : [`${String(counts.withoutRevision)} × no revision`]),
    ];
    const other = total(counts.stale) + counts.withoutRevision;
    return `Pod ${pod} stays behind: ${String(other)} of its ${String(counts.own)} responses did not carry revision ${revision} (${parts.join(', ')})`;
  }

  #begin(pod: string): PodCheck {
    const { alpha, catchUpMs, tolerance } = this.#options;
    // Nobody knows how many will come. 1/2 + 1/6 + 1/12 + … = 1: all of them together never use up more than there is.
    const number = this.#pods.size + 1;
    const own = alpha / (number * (number + 1));
    const check = {
      counts: new SampleCounts(this.#expected),
      stale: new ReplicaLag(own, catchUpMs),
      withoutRevision: new ReplicaLag(own, catchUpMs),
      shares: new ShareTest(sizes(this.#expected.weights), { tolerance, alpha: own, onlyFails: true }),
    };
    this.#pods.set(pod, check);
    return check;
  }
}

function sizes(weights: Weights): readonly number[] {
  return [...weights.values()];
}

function seen(versions: ReadonlyMap<VersionName, number>): string {
  return [...versions].map(([version, count]) => `${version} ${String(count)}`).join(', ');
}
