import type { VersionName, Weights } from '../core/weights.ts';
import type { Sample } from './attribution.ts';

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

/** Whose answer a sample is: the release's under the revision in force (or nobody's), another host's, or another route's. */
export type Origin = 'own' | 'elsewhere' | 'stale' | 'unmarked';

/** The samples of one ingress, counted. */
export class Counts {
  readonly #expected: Expectation;
  /** Samples by version. */
  readonly versions: Map<VersionName, number>;
  readonly errors = new Map<string, number>();
  readonly stale = new Map<string, number>();
  readonly contradictions = new Map<string, number>();
  requests = 0;
  /** Requests that count for the error rate: all but answers of other hosts, or under another revision. */
  judged = 0;
  samples = 0;
  unmarked = 0;
  elsewhere = 0;
  unanswered = 0;

  constructor(expected: Expectation) {
    this.#expected = expected;
    this.versions = new Map([...expected.weights.keys()].map((version) => [version, 0]));
  }

  /** Requests whose answers were the release's to give. */
  get own(): number {
    return this.requests - this.elsewhere;
  }

  add(sample: Sample): Origin {
    const { version, revision, contradiction, error } = sample;
    const origin = this.#originOf(sample);
    this.requests += 1;
    if (origin === 'elsewhere') this.elsewhere += 1;
    if (origin === 'stale') increment(this.stale, revision ?? '');
    if (origin === 'elsewhere' || origin === 'stale') return origin;
    this.judged += 1;
    if (error !== undefined) increment(this.errors, error);
    // A body may speak of some other version (of a page, of an API): only the release's own contradict the header.
    if (version !== undefined && contradiction !== undefined && this.versions.has(contradiction)) {
      increment(this.contradictions, `${version} → ${contradiction}`);
    }
    if (origin === 'unmarked') {
      this.unmarked += 1;
    } else if (version !== undefined && this.versions.has(version)) {
      increment(this.versions, version);
      this.samples += 1;
    }
    return origin;
  }

  #originOf(sample: Sample): Origin {
    const { version, revision } = sample;
    const expected = this.#expected.revision;
    if (this.#isElsewhere(sample)) return 'elsewhere';
    if (expected === undefined) return 'own';
    if (revision !== undefined) return revision === expected ? 'own' : 'stale';
    return version !== undefined && this.versions.has(version) ? 'unmarked' : 'own';
  }

  /** Where the routes mark no answers, one that tells a version of the weights is the release's. */
  #isElsewhere({ foreign, version }: Sample): boolean {
    const { elsewhere, revision } = this.#expected;
    return (
      elsewhere && foreign && (revision !== undefined || version === undefined || !this.versions.has(version))
    );
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
