import type { CheckSpec } from '../release/release.ts';
import type { Message } from '../texts/message.ts';
import type { EvaluationOptions } from './evaluation-options.ts';
import type { VersionName } from '../core/weights.ts';
import type { Sample } from './attribution.ts';
import type { Target } from './target.ts';
import type { IngressPod } from './ways.ts';
import { Comparison } from './comparison.ts';
import { SampleCounts } from './sample-counts.ts';
import type { Expectation } from './sample-counts.ts';
import { Convergence } from './convergence.ts';
import { total } from './evidence.ts';
import type { IngressEvidence, IngressVerdict } from './evidence.ts';
import { ErrorRate } from './error-rate.ts';
import { PodChecks } from './pod-checks.ts';
import { ReplicaLag } from './replica-lag.ts';
import {
  contradictingBodies,
  nearTheEdge,
  openAtMaxSamples,
  sharesDiffer,
  sharesMatch,
  staleResponses,
  tooManyErrors,
  unknownVersion,
  withoutDecision,
  responsesWithoutRevision,
} from './verdict-reasons.ts';
import type { Counted } from './verdict-reasons.ts';
import { ShareTest } from './statistics/share-test.ts';
import type { ShareVerdict } from './statistics/share-test.ts';
import { FALSE_ALARM_PROBABILITY } from './statistics/significance.ts';

/** A check with nothing to split (one version at 100) still takes this many samples. */
const MIN_SAMPLES = 100;
/** This many bodies that contradict their headers are tolerated. */
const FREE_CONTRADICTIONS = 5;

/** A verdict, and the reason. */
interface Decision {
  readonly verdict: IngressVerdict;
  readonly reason: Message;
}

const failure = (reason: Message): Decision => ({ verdict: 'fail', reason });
/** Counts the samples of one ingress and reaches a verdict. */
export class Evaluation {
  readonly #target: Target;
  readonly #expected: Expectation;
  readonly #check: CheckSpec;
  readonly #watchMs: number | undefined;
  readonly #ingresses: number;
  readonly #versions: readonly VersionName[];
  readonly #test: ShareTest;
  readonly #comparison: Comparison;
  readonly #errorRate: ErrorRate;
  readonly #lagStale: ReplicaLag;
  readonly #lagWithoutRevision: ReplicaLag;
  readonly #pods: PodChecks;
  readonly #convergence = new Convergence();
  readonly #now: () => number;
  readonly #start: number;
  readonly #counts: SampleCounts;
  #shares: ShareVerdict = 'continue';
  #final: (Decision & { readonly seconds: number }) | undefined;

  constructor(
    target: Target,
    expected: Expectation,
    { check, watchMs, ingresses, hasAnswered, catchUpMs, now }: EvaluationOptions,
  ) {
    this.#target = target;
    this.#expected = expected;
    this.#check = check;
    this.#watchMs = watchMs;
    this.#ingresses = ingresses;
    this.#now = now;
    this.#start = now();
    this.#versions = [...expected.weights.keys()];
    this.#counts = new SampleCounts(expected);
    const alpha = FALSE_ALARM_PROBABILITY / ingresses;
    this.#comparison = new Comparison({
      version: expected.version,
      weights: expected.weights,
      maxLatencyIncrease: check.maxLatencyIncrease,
      alpha,
    });
    this.#errorRate = new ErrorRate(check.maxErrorRate, alpha, { hasAnswered, awayMs: catchUpMs });
    this.#pods = new PodChecks(expected, { tolerance: check.tolerance, alpha, catchUpMs });
    this.#lagStale = new ReplicaLag(alpha, catchUpMs);
    this.#lagWithoutRevision = new ReplicaLag(alpha, catchUpMs);
    this.#test = new ShareTest([...expected.weights.values()], {
      tolerance: check.tolerance,
      beta: 1 - check.confidence,
      ingresses,
      onlyFails: watchMs !== undefined,
      ...(watchMs !== undefined || check.maxSamples === undefined ? {} : { maxSamples: check.maxSamples }),
    });
  }

  /** Counts one sample; true once the verdict is final. */
  add(sample: Sample): boolean {
    if (this.#final !== undefined) return true;
    return this.#decide(this.#count(sample));
  }

  /** Takes note of the pods of the ingress as they are now; true once the verdict is final. */
  observe(pods: readonly IngressPod[]): boolean {
    if (this.#final !== undefined) return true;
    const crashing = this.#pods.observe(pods);
    return this.#decide(crashing === undefined ? undefined : failure(crashing));
  }

  /**
   * The sampling has stopped, and some requests got no response.
   *
   * @param held samples of requests sent after one without a response: they count, but decide nothing, since the faster
   *   version has more of them
   * @param unanswered how many requests got no response
   */
  close(held: readonly Sample[], unanswered: number): void {
    if (this.#final !== undefined) return;
    this.#counts.unanswered = unanswered;
    for (const sample of held) {
      if (sample.pod !== undefined) this.#pods.count(sample.pod, sample);
      if (this.#counts.add(sample) === 'own' && this.#isOfTheWeights(sample)) this.#comparison.add(sample);
    }
  }

  /** Whether errors or a lagging replica leave the verdict open, so that more samples are worth taking. */
  get isOpen(): boolean {
    if (this.#final !== undefined) return false;
    return (
      this.#errorRate.isOpen ||
      this.#pods.isOpen ||
      this.#lagStale.state === 'open' ||
      this.#lagWithoutRevision.state === 'open'
    );
  }

  /** What was seen so far; `otherwise` is the verdict if none has been reached. */
  evidence(otherwise: IngressVerdict): IngressEvidence {
    const counts = this.#counts;
    const final = this.#final ?? {
      verdict: otherwise,
      reason: this.#undecided(otherwise),
      seconds: this.#seconds(),
    };
    return {
      cluster: this.#target.cluster,
      url: this.#target.url,
      ...final,
      weights: this.#expected.weights,
      requests: counts.requests,
      samples: counts.samples,
      counts: new Map(counts.versions),
      versions: this.#comparison.versions,
      convergence: this.#convergence.upTo(counts.samples, counts.versions.values()),
      errors: new Map(counts.errors),
      stale: new Map(counts.stale),
      revision: this.#expected.revision,
      withoutRevision: counts.withoutRevision,
      otherHosts: counts.otherHosts,
      unanswered: counts.unanswered,
      logEvidence: this.#logEvidence(),
      contradictions: new Map(counts.contradictions),
      pods: this.#pods.evidence,
    };
  }

  /** The verdict if the time is up before a decision. */
  verdictAtEnd(): IngressVerdict {
    if (this.#counts.samples === 0 || this.isOpen) return 'inconclusive';
    const { contradictions } = this.#counts;
    const shown = this.#isMatched() && contradictions.size === 0 && this.#obstacle() === undefined;
    return this.#watchMs !== undefined || shown ? 'pass' : 'inconclusive';
  }

  #decide(decision: Decision | undefined): boolean {
    if (decision === undefined) return false;
    this.#final = { ...decision, seconds: this.#seconds() };
    return true;
  }

  #seconds(): number {
    return (this.#now() - this.#start) / 1000;
  }

  /** Corrected for the number of ingresses: the strongest of many looks strong by chance. */
  #logEvidence(): number {
    return this.#test.logEvidence - Math.log(this.#ingresses);
  }

  #counted(): Counted {
    return {
      check: this.#check,
      expected: this.#expected,
      counts: this.#counts,
      logEvidence: this.#logEvidence(),
      setAside: this.#errorRate.setAside,
    };
  }

  #undecided(verdict: IngressVerdict): Message {
    return withoutDecision(verdict, this.#counted(), {
      watchMs: this.#watchMs,
      seconds: this.#seconds(),
      obstacle: this.#obstacle(),
    });
  }

  #count(sample: Sample): Decision | undefined {
    const origin = this.#counts.add(sample);
    const now = this.#now();
    const ofPod = sample.pod === undefined ? undefined : this.#pods.add(sample.pod, sample, now);
    if (origin === 'other-host') return undefined;
    this.#lagStale.add(origin === 'stale', now);
    if (ofPod !== undefined) return failure(ofPod);
    if (origin === 'stale') return this.#replicaBehind();
    this.#lagWithoutRevision.add(origin === 'without-revision', now);
    const { version } = sample;
    this.#errorRate.add(sample, now);
    if (version !== undefined && !this.#isOfTheWeights(sample))
      return failure(unknownVersion(this.#counted(), version));
    if (origin === 'without-revision') return this.#replicaBehind() ?? this.#tooManyErrors();
    if (version !== undefined) {
      this.#convergence.add(this.#counts.samples, this.#counts.versions.values());
      this.#shares = this.#test.add(this.#versions.map((name) => (name === version ? 1 : 0)));
    }
    const worse = this.#comparison.add(sample);
    if (worse !== undefined) return failure(worse);
    return this.#contradicted() ?? this.#tooManyErrors() ?? this.#shareVerdict();
  }

  #isOfTheWeights({ version }: Sample): boolean {
    return version !== undefined && this.#counts.versions.has(version);
  }

  #isMatched(): boolean {
    const fewest = Math.min(MIN_SAMPLES, this.#check.maxSamples ?? MIN_SAMPLES);
    return this.#shares === 'pass' && (this.#versions.length > 1 || this.#counts.samples >= fewest);
  }

  #contradicted(): Decision | undefined {
    return total(this.#counts.contradictions) > FREE_CONTRADICTIONS
      ? failure(contradictingBodies(this.#counted()))
      : undefined;
  }

  #shareVerdict(): Decision | undefined {
    const verdict = this.#shares;
    switch (verdict) {
      case 'continue':
        return undefined;
      case 'fail':
        return { verdict, reason: sharesDiffer(this.#counted()) };
      case 'inconclusive':
        return { verdict, reason: nearTheEdge(this.#counted()) };
      case 'pass': {
        if (!this.#isMatched()) return undefined;
        // Too much of something to pass, too little to rule out chance: more requests decide, as long as they are allowed.
        const why = this.#obstacle();
        if (why !== undefined) {
          if (this.#counts.samples < (this.#check.maxSamples ?? Infinity)) return undefined;
          return { verdict: 'inconclusive', reason: openAtMaxSamples(this.#counted(), why) };
        }
        if (this.#counts.contradictions.size > 0) return failure({ kind: 'contradictingBody' });
        // A version that looks worse may do so by chance, so it does not fail; but it is worth as many requests as the shares may take.
        if (this.#comparison.isSuspicious && this.#counts.samples < this.#test.maxSamples) return undefined;
        return { verdict, reason: sharesMatch(this.#counted()) };
      }
    }
  }

  /** What prevents a pass although the shares are right. */
  #obstacle(): Message | undefined {
    if (this.#errorRate.isAbove) return tooManyErrors(this.#counted());
    if (this.#pods.obstacle !== undefined) return this.#pods.obstacle;
    if (this.#lagStale.state !== 'fine') return staleResponses(this.#counted());
    return this.#lagWithoutRevision.state === 'fine' ? undefined : responsesWithoutRevision(this.#counted());
  }

  /** More errors than the limit allows, beyond chance: the observed rate of a good release exceeds the limit now and then. */
  #tooManyErrors(): Decision | undefined {
    return this.#errorRate.isExceeded ? failure(tooManyErrors(this.#counted())) : undefined;
  }

  /** A gateway replica does not receive the change, whether its earlier configuration set a revision or none. */
  #replicaBehind(): Decision | undefined {
    if (this.#lagStale.state === 'behind') return failure(staleResponses(this.#counted()));
    if (this.#lagWithoutRevision.state !== 'behind') return undefined;
    return failure(responsesWithoutRevision(this.#counted()));
  }
}
