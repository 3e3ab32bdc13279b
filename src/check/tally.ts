import type { CheckSpec } from '../release/release.ts';
import type { VersionName, Weights } from '../release/weights.ts';
import type { Sample } from './attribution.ts';
import type { Target } from './client.ts';
import { Comparison } from './comparison.ts';
import { Course } from './course.ts';
import { total } from './evidence.ts';
import type { IngressEvidence, IngressVerdict } from './evidence.ts';
import { ShareTest } from './share-test.ts';
import type { ShareVerdict } from './share-test.ts';

/** A run that has nothing to split (one version at 100) still looks this often. */
const MIN_SAMPLES = 100;
/** So many errors of a kind may happen before they are looked at as a rate. */
const FREE_ERRORS = 5;
/** A share of stale answers up to this much is a replica that was late, not one that stays behind. */
const STALE_SHARE = 0.05;
/** A probability of a wrong pass that no number of samples reaches: the evidence against the weights stays valid for ever. */
const NEVER = 1e-300;

/** What the answers of one ingress are tested against. */
export interface Expectation {
  readonly weights: Weights;
  /** Revision of the managed routes that serve the ingress; undefined where they set none. */
  readonly revision: string | undefined;
  /** The version being released, to be compared with the others; undefined: none is. */
  readonly version: VersionName | undefined;
}

/** A verdict, and why, as a sentence. */
interface Decision {
  readonly verdict: IngressVerdict;
  readonly reason: string;
}

/** Counts the samples of one ingress and decides. */
export class Tally {
  readonly #target: Target;
  readonly #expected: Expectation;
  readonly #check: CheckSpec;
  readonly #watch: boolean;
  readonly #versions: readonly VersionName[];
  readonly #test: ShareTest;
  readonly #comparison: Comparison;
  readonly #course = new Course();
  readonly #fewest: number;
  readonly #start = performance.now();
  readonly #counts: Map<VersionName, number>;
  readonly #errors = new Map<string, number>();
  readonly #stale = new Map<string, number>();
  readonly #contradictions = new Map<string, number>();
  #requests = 0;
  #samples = 0;
  #unmarked = 0;
  #shares: ShareVerdict = 'continue';
  #final: (Decision & { readonly seconds: number }) | undefined;

  constructor(
    target: Target,
    expected: Expectation,
    { check, watch }: { readonly check: CheckSpec; readonly watch: boolean },
    ingresses: number,
  ) {
    this.#target = target;
    this.#expected = expected;
    this.#check = check;
    this.#watch = watch;
    this.#versions = [...expected.weights.keys()];
    this.#fewest = Math.min(MIN_SAMPLES, check.maxSamples ?? MIN_SAMPLES);
    this.#counts = new Map(this.#versions.map((version) => [version, 0]));
    const alpha = 1 - check.confidence;
    this.#comparison = new Comparison({
      version: expected.version,
      weights: expected.weights,
      maxLatencyIncrease: check.maxLatencyIncrease,
      alpha: alpha / ingresses,
    });
    this.#test = new ShareTest([...expected.weights.values()], {
      tolerance: check.tolerance,
      alpha,
      beta: watch ? NEVER : alpha,
      ingresses,
      ...(watch
        ? { maxSamples: Infinity }
        : check.maxSamples === undefined
          ? {}
          : { maxSamples: check.maxSamples }),
    });
  }

  /** Counts one sample; true once the verdict is final. */
  add(sample: Sample): boolean {
    if (this.#final !== undefined) return true;
    this.#requests += 1;
    const decision = this.#count(sample);
    if (decision === undefined) return false;
    this.#final = { ...decision, seconds: this.#seconds() };
    return true;
  }

  /** What was seen so far; `otherwise` is the verdict where none has been reached. */
  evidence(otherwise: IngressVerdict): IngressEvidence {
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
      requests: this.#requests,
      samples: this.#samples,
      counts: new Map(this.#counts),
      versions: this.#comparison.versions,
      course: this.#course.upTo(this.#samples, this.#counts.values()),
      errors: new Map(this.#errors),
      stale: new Map(this.#stale),
      unmarked: this.#unmarked,
      contradictions: new Map(this.#contradictions),
    };
  }

  /** The verdict when the time is over before a decision. */
  atEnd(): IngressVerdict {
    const tooMany = total(this.#errors) > this.#check.maxErrorRate * this.#requests;
    return this.#watch && this.#samples > 0 && !tooMany ? 'pass' : 'inconclusive';
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  #undecided(verdict: IngressVerdict): string {
    if (verdict === 'undecided')
      return `stopped after ${String(this.#samples)} samples, since another ingress had failed`;
    const seconds = String(this.#check.verifyTimeoutMs / 1000);
    if (verdict === 'pass') return `no drift in ${seconds} s and ${String(this.#samples)} samples`;
    return `no decision after ${seconds} s and ${String(this.#samples)} samples (input verify-timeout)`;
  }

  #count(sample: Sample): Decision | undefined {
    const { version, revision, contradiction, error } = sample;
    if (
      revision !== undefined &&
      this.#expected.revision !== undefined &&
      revision !== this.#expected.revision
    ) {
      increment(this.#stale, revision);
      return this.#tooManyStale();
    }
    if (error !== undefined) increment(this.#errors, error);
    if (revision === undefined && this.#expected.revision !== undefined && version !== undefined)
      this.#unmarked += 1;
    // A body may speak of some other version (of a page, of an API): only the release's own contradict the header.
    if (version !== undefined && contradiction !== undefined && this.#counts.has(contradiction)) {
      increment(this.#contradictions, `${version} → ${contradiction}`);
    }
    if (version !== undefined && !this.#counts.has(version)) {
      return {
        verdict: 'fail',
        reason: `version ${version} answered, which is none of ${this.#versions.join(', ')}`,
      };
    }
    if (version !== undefined) {
      increment(this.#counts, version);
      this.#samples += 1;
      this.#course.add(this.#samples, this.#counts.values());
      this.#shares = this.#test.add(this.#versions.map((name) => (name === version ? 1 : 0)));
    }
    const worse = this.#comparison.add(sample);
    if (worse !== undefined) return { verdict: 'fail', reason: worse };
    return this.#contradicted() ?? this.#tooManyErrors() ?? this.#shareVerdict();
  }

  #contradicted(): Decision | undefined {
    if (total(this.#contradictions) <= FREE_ERRORS) return undefined;
    const seen = [...this.#contradictions].map(([pair, count]) => `${String(count)} × ${pair}`).join(', ');
    return { verdict: 'fail', reason: `header and body of the answers name different versions (${seen})` };
  }

  #shareVerdict(): Decision | undefined {
    const verdict = this.#shares;
    const samples = `${String(this.#samples)} samples`;
    switch (verdict) {
      case 'continue':
        return undefined;
      case 'fail':
        return { verdict, reason: `the shares are not the weights (${samples})` };
      case 'inconclusive':
        return {
          verdict,
          reason: `no decision after ${samples}: the shares are near the edge of the tolerance`,
        };
      case 'pass': {
        if (this.#samples < this.#fewest && this.#versions.length === 1) return undefined;
        const errors = total(this.#errors);
        if (errors > this.#check.maxErrorRate * this.#requests) return this.#errorFailure(errors);
        if (this.#contradictions.size > 0) {
          return { verdict: 'fail', reason: 'the body of an answer names another version than its header' };
        }
        return { verdict, reason: `the shares match the weights (${samples})` };
      }
    }
  }

  #tooManyErrors(): Decision | undefined {
    const errors = total(this.#errors);
    const limit = this.#check.maxErrorRate;
    const free = limit === 0 ? 0 : FREE_ERRORS;
    return errors > free && errors > 2 * limit * this.#requests ? this.#errorFailure(errors) : undefined;
  }

  #errorFailure(errors: number): Decision {
    const kinds = [...this.#errors]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    const limit = `${String(Number((this.#check.maxErrorRate * 100).toFixed(3)))} %`;
    return {
      verdict: 'fail',
      reason: `${String(errors)} of ${String(this.#requests)} requests failed, more than ${limit} (${kinds.join(', ')})`,
    };
  }

  #tooManyStale(): Decision | undefined {
    const stale = total(this.#stale);
    if (stale <= FREE_ERRORS || stale <= STALE_SHARE * this.#requests) return undefined;
    const seen = [...this.#stale]
      .map(([revision, count]) => `${String(count)} × revision ${revision}`)
      .join(', ');
    return {
      verdict: 'fail',
      reason: `${String(stale)} of ${String(this.#requests)} answers came under another revision than ${this.#expected.revision ?? ''} (${seen})`,
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
