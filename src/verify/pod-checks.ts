import type { Weights } from '../core/weights.ts';
import type { Message } from '../texts/message.ts';
import type { Sample } from './attribution.ts';
import type { PodEvidence } from './evidence.ts';
import { ReplicaLag } from './replica-lag.ts';
import { SampleCounts } from './sample-counts.ts';
import type { Expectation, Origin } from './sample-counts.ts';
import { ShareTest } from './statistics/share-test.ts';
import type { IngressPod } from './ways.ts';

/** A proxy may be restarted once, as after a change of the node; a second time, it crashes. */
const RESTARTS = 2;

interface PodCheck {
  /** As it was seen first. */
  readonly first: IngressPod;
  /** As it was seen last. */
  seen: IngressPod;
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
  /** By UID. */
  readonly #pods = new Map<string, PodCheck>();

  constructor(expected: Expectation, options: PodCheckOptions) {
    this.#expected = expected;
    this.#options = options;
  }

  /** @returns which, once a pod is shown to crash again and again, be it asked or not */
  observe(pods: readonly IngressPod[]): Message | undefined {
    const crashing = pods.map((pod) => this.#of(pod)).find((check) => restartsOf(check) >= RESTARTS);
    return crashing === undefined
      ? undefined
      : { kind: 'podCrashes', pod: crashing.seen.name, restarts: restartsOf(crashing) };
  }

  /** @returns how, once a pod is shown not to do as the routes say */
  add(pod: IngressPod, sample: Sample, now: number): Message | undefined {
    const check = this.#of(pod);
    const origin = check.counts.add(sample);
    if (origin === 'other-host') return undefined;
    return this.#judge(check, { sample, origin, now });
  }

  /** Counts a sample that decides nothing any more. */
  count(pod: IngressPod, sample: Sample): void {
    this.#of(pod).counts.add(sample);
  }

  /** Why a pod is not yet known to do as the routes say. */
  get obstacle(): Message | undefined {
    const open = [...this.#pods.values()].find(
      ({ stale, withoutRevision }) => stale.state !== 'fine' || withoutRevision.state !== 'fine',
    );
    return open === undefined ? undefined : this.#behind(open);
  }

  get isOpen(): boolean {
    return [...this.#pods.values()].some(
      ({ stale, withoutRevision }) => stale.state === 'open' || withoutRevision.state === 'open',
    );
  }

  get evidence(): readonly PodEvidence[] {
    const checks = [...this.#pods.values()].filter(
      (check) => check.counts.requests > 0 || restartsOf(check) > 0,
    );
    return checks.map((check, index) => {
      const { counts, seen } = check;
      // A StatefulSet gives the name to the next one.
      const isReplaced = checks.slice(index + 1).some((later) => later.seen.name === seen.name);
      return {
        pod: seen.name,
        ...(isReplaced ? { replaced: true } : {}),
        requests: counts.requests,
        samples: counts.samples,
        counts: new Map(counts.versions),
        errors: new Map(counts.errors),
        stale: new Map(counts.stale),
        withoutRevision: counts.withoutRevision,
        restarts: restartsOf(check),
      };
    });
  }

  #judge(
    check: PodCheck,
    { sample, origin, now }: { readonly sample: Sample; readonly origin: Origin; readonly now: number },
  ): Message | undefined {
    const { counts, stale, withoutRevision, shares, seen } = check;
    stale.add(origin === 'stale', now);
    if (origin !== 'stale') withoutRevision.add(origin === 'without-revision', now);
    if (stale.state === 'behind' || withoutRevision.state === 'behind') return this.#behind(check);
    const { version } = sample;
    if (origin !== 'own' || version === undefined || !counts.versions.has(version)) return undefined;
    const verdict = shares.add([...this.#expected.weights.keys()].map((name) => (name === version ? 1 : 0)));
    return verdict === 'fail'
      ? {
          kind: 'podSplitsOtherwise',
          pod: seen.name,
          versions: new Map(counts.versions),
          samples: counts.samples,
        }
      : undefined;
  }

  #behind({ counts, seen }: PodCheck): Message {
    const { revision = '' } = this.#expected;
    const { own, stale, withoutRevision } = counts;
    return {
      kind: 'podStaysBehind',
      pod: seen.name,
      own,
      revision,
      stale: new Map(stale),
      withoutRevision,
    };
  }

  #of(pod: IngressPod): PodCheck {
    const check = this.#pods.get(pod.uid) ?? this.#begin(pod);
    // Samples arrive in the order in which their requests were sent, not in which they ended.
    if (pod.restarts >= check.seen.restarts) check.seen = pod;
    return check;
  }

  #begin(pod: IngressPod): PodCheck {
    const { alpha, catchUpMs, tolerance } = this.#options;
    // Nobody knows how many will come. 1/2 + 1/6 + 1/12 + … = 1: all of them together never use up more than there is.
    const number = this.#pods.size + 1;
    const own = alpha / (number * (number + 1));
    const check = {
      first: pod,
      seen: pod,
      counts: new SampleCounts(this.#expected),
      stale: new ReplicaLag(own, catchUpMs),
      withoutRevision: new ReplicaLag(own, catchUpMs),
      shares: new ShareTest(sizes(this.#expected.weights), { tolerance, alpha: own, onlyFails: true }),
    };
    this.#pods.set(pod.uid, check);
    return check;
  }
}

function sizes(weights: Weights): readonly number[] {
  return [...weights.values()];
}

function restartsOf({ first, seen }: PodCheck): number {
  return Math.max(0, seen.restarts - first.restarts);
}
