import type { CheckSpec } from '../release/release.ts';
import type { VersionName, Weights } from '../release/weights.ts';
import type { Sample } from './attribution.ts';
import type { Target } from './client.ts';
import { Comparison } from './comparison.ts';
import { Course } from './course.ts';
import { total } from './evidence.ts';
import type { IngressEvidence, IngressVerdict } from './evidence.ts';
import { ExceedanceTest } from './exceedance-test.ts';
import { ShareTest } from './share-test.ts';
import type { ShareVerdict } from './share-test.ts';

/** A run that has nothing to split (one version at 100) still looks this often. */
const MIN_SAMPLES = 100;
/** So many errors of a kind may happen before they are looked at as a rate. */
const FREE_ERRORS = 5;
/** Answers under another revision, or of another route, up to this share are a replica's that was late, not one's that stays behind. */
const STALE_SHARE = 0.05;

/** What the answers of one ingress are tested against. */
export interface Expectation {
  readonly weights: Weights;
  /** Revision of the managed routes that serve the ingress; undefined where they set none. */
  readonly revision: string | undefined;
  /** Whether those routes lead a share of the requests to other hosts, whose answers are not the release's. */
  readonly elsewhere: boolean;
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
  /** undefined where the first error fails, or none does */
  readonly #failing: ExceedanceTest | undefined;
  readonly #course = new Course();
  readonly #fewest: number;
  readonly #start = performance.now();
  readonly #counts: Map<VersionName, number>;
  readonly #errors = new Map<string, number>();
  readonly #stale = new Map<string, number>();
  readonly #contradictions = new Map<string, number>();
  #requests = 0;
  /** Requests that count for the error rate: all but answers of other hosts, or under another revision. */
  #judged = 0;
  #samples = 0;
  #unmarked = 0;
  #elsewhere = 0;
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
    const limit = check.maxErrorRate;
    this.#failing =
      limit > 0 && limit < 1 ? new ExceedanceTest(limit, alpha / ingresses, FREE_ERRORS) : undefined;
    this.#test = new ShareTest([...expected.weights.values()], {
      tolerance: check.tolerance,
      alpha,
      beta: alpha,
      ingresses,
      onlyFails: watch,
      ...(watch || check.maxSamples === undefined ? {} : { maxSamples: check.maxSamples }),
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
      revision: this.#expected.revision,
      unmarked: this.#unmarked,
      elsewhere: this.#elsewhere,
      contradictions: new Map(this.#contradictions),
    };
  }

  /** The verdict when the time is over before a decision. */
  atEnd(): IngressVerdict {
    if (!this.#watch || this.#samples === 0) return 'inconclusive';
    // A watch has no time to add: an error among few requests is chance as long as the limit explains it better than a
    // higher rate does.
    return this.#aboveLimit() && (this.#failing?.logEvidence ?? Infinity) > 0 ? 'inconclusive' : 'pass';
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  #undecided(verdict: IngressVerdict): string {
    const samples = this.#seen();
    if (verdict === 'undecided') return `stopped after ${samples}, since another ingress had failed`;
    const asked = `${String(this.#check.verifyTimeoutMs / 1000)} s`;
    if (verdict === 'pass')
      return `no drift in ${asked} and ${samples}${total(this.#errors) === 0 ? '' : `; ${this.#failures()}`}`;
    const after = this.#watch ? `${this.#seconds().toFixed(1)} s` : asked;
    return `no decision after ${after} and ${samples}${this.#watch ? '' : ' (input verify-timeout)'}${this.#aboveLimit() ? `: ${this.#tooMany()}` : ''}`;
  }

  #count(sample: Sample): Decision | undefined {
    const { version, revision, contradiction, error } = sample;
    const expected = this.#expected.revision;
    if (this.#isElsewhere(sample)) {
      this.#elsewhere += 1;
      return undefined;
    }
    if (revision !== undefined && expected !== undefined && revision !== expected) {
      increment(this.#stale, revision);
      return this.#tooManyStale();
    }
    this.#judged += 1;
    if (error !== undefined) increment(this.#errors, error);
    const exceeded = this.#failing?.add(error !== undefined) ?? false;
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
    if (version !== undefined && revision === undefined && expected !== undefined) {
      this.#unmarked += 1;
      return this.#tooManyUnmarked() ?? this.#tooManyErrors(exceeded);
    }
    if (version !== undefined) {
      increment(this.#counts, version);
      this.#samples += 1;
      this.#course.add(this.#samples, this.#counts.values());
      this.#shares = this.#test.add(this.#versions.map((name) => (name === version ? 1 : 0)));
    }
    const worse = this.#comparison.add(sample);
    if (worse !== undefined) return { verdict: 'fail', reason: worse };
    return this.#contradicted() ?? this.#tooManyErrors(exceeded) ?? this.#shareVerdict();
  }

  /** Where the routes mark no answers, one that tells a version of the weights is the release's. */
  #isElsewhere({ foreign, version }: Sample): boolean {
    const { elsewhere, revision } = this.#expected;
    return (
      elsewhere && foreign && (revision !== undefined || version === undefined || !this.#counts.has(version))
    );
  }

  #contradicted(): Decision | undefined {
    if (total(this.#contradictions) <= FREE_ERRORS) return undefined;
    const seen = [...this.#contradictions].map(([pair, count]) => `${String(count)} × ${pair}`).join(', ');
    return { verdict: 'fail', reason: `header and body of the answers name different versions (${seen})` };
  }

  #shareVerdict(): Decision | undefined {
    const verdict = this.#shares;
    const samples = this.#seen();
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
        // Too many errors to pass, too few to be no chance: more requests will tell, as long as there may be more.
        if (this.#aboveLimit()) {
          if (this.#samples < (this.#check.maxSamples ?? Infinity)) return undefined;
          return { verdict: 'inconclusive', reason: `no decision after ${samples}: ${this.#tooMany()}` };
        }
        if (this.#contradictions.size > 0) {
          return { verdict: 'fail', reason: 'the body of an answer names another version than its header' };
        }
        return { verdict, reason: `the shares match the weights (${samples})` };
      }
    }
  }

  /** More errors than the limit allows, by the evidence: the plain rate of a sound release is above it every now and then. */
  #tooManyErrors(exceeded: boolean): Decision | undefined {
    const shown = exceeded || (this.#check.maxErrorRate === 0 && this.#errors.size > 0);
    return shown ? { verdict: 'fail', reason: this.#tooMany() } : undefined;
  }

  #aboveLimit(): boolean {
    return total(this.#errors) > this.#check.maxErrorRate * this.#judged;
  }

  #seen(): string {
    const elsewhere =
      this.#elsewhere === 0 ? '' : ` beside ${String(this.#elsewhere)} answers of other hosts`;
    return `${String(this.#samples)} samples${elsewhere}`;
  }

  #failures(): string {
    return `${String(total(this.#errors))} of ${String(this.#judged)} requests failed`;
  }

  #tooMany(): string {
    const kinds = [...this.#errors]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    const limit = `${String(Number((this.#check.maxErrorRate * 100).toFixed(3)))} %`;
    return `${this.#failures()}, more than ${limit} (${kinds.join(', ')})`;
  }

  #tooManyUnmarked(): Decision | undefined {
    if (!this.#isTooMany(this.#unmarked)) return undefined;
    return {
      verdict: 'fail',
      reason: `${String(this.#unmarked)} of ${String(this.#own())} answers came from another route: they carry no revision, and the managed route sets ${this.#expected.revision ?? ''}`,
    };
  }

  #tooManyStale(): Decision | undefined {
    const stale = total(this.#stale);
    if (!this.#isTooMany(stale)) return undefined;
    const seen = [...this.#stale]
      .map(([revision, count]) => `${String(count)} × revision ${revision}`)
      .join(', ');
    return {
      verdict: 'fail',
      reason: `${String(stale)} of ${String(this.#own())} answers came under another revision than ${this.#expected.revision ?? ''} (${seen})`,
    };
  }

  /** Requests whose answers were the release's to give. */
  #own(): number {
    return this.#requests - this.#elsewhere;
  }

  /** More answers of a kind than a replica gives that was only late. */
  #isTooMany(answers: number): boolean {
    return answers > FREE_ERRORS && answers > STALE_SHARE * this.#own();
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
