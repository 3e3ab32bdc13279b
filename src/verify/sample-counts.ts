import type { VersionName, Weights } from '../core/weights.ts';
import type { Sample } from './attribution.ts';

/** What the responses of one ingress are tested against. */
export interface Expectation {
  readonly weights: Weights;
  /** Revision of the managed routes that serve the ingress; undefined if they set none. */
  readonly revision: string | undefined;
  /** Whether those routes send a share of the requests to other hosts, whose responses are not the release's. */
  readonly sharedWithOtherHosts: boolean;
  /** The version being released, which is compared with the others; undefined: no comparison. */
  readonly version: VersionName | undefined;
}

/** Who gave a response: the release under the revision in force (or nobody), another host, or another route. */
export type Origin = 'own' | 'other-host' | 'stale' | 'without-revision';

/** The samples of one ingress, counted. */
export class SampleCounts {
  readonly #expected: Expectation;
  /** Samples by version. */
  readonly versions: Map<VersionName, number>;
  readonly errors = new Map<string, number>();
  readonly stale = new Map<string, number>();
  readonly contradictions = new Map<string, number>();
  requests = 0;
  /** Requests that count for the error rate: all but those answered by other hosts, or under another revision. */
  judged = 0;
  samples = 0;
  withoutRevision = 0;
  otherHosts = 0;
  unanswered = 0;

  constructor(expected: Expectation) {
    this.#expected = expected;
    this.versions = new Map([...expected.weights.keys()].map((version) => [version, 0]));
  }

  /** Requests that the release had to answer. */
  get own(): number {
    return this.requests - this.otherHosts;
  }

  add(sample: Sample): Origin {
    const { version, revision, contradiction, error } = sample;
    const origin = this.#originOf(sample);
    this.requests += 1;
    if (origin === 'other-host') this.otherHosts += 1;
    if (origin === 'stale') increment(this.stale, revision ?? '');
    if (origin === 'other-host' || origin === 'stale') return origin;
    this.judged += 1;
    if (error !== undefined) increment(this.errors, error);
    // A body may mention some other version (of a page, of an API): only the release's own contradict the header.
    if (version !== undefined && contradiction !== undefined && this.versions.has(contradiction)) {
      increment(this.contradictions, `${version} → ${contradiction}`);
    }
    if (origin === 'without-revision') {
      this.withoutRevision += 1;
    } else if (version !== undefined && this.versions.has(version)) {
      increment(this.versions, version);
      this.samples += 1;
    }
    return origin;
  }

  #originOf(sample: Sample): Origin {
    const { version, revision } = sample;
    const expected = this.#expected.revision;
    if (this.#isFromOtherHost(sample)) return 'other-host';
    if (expected === undefined) return 'own';
    if (revision !== undefined) return revision === expected ? 'own' : 'stale';
    return version !== undefined && this.versions.has(version) ? 'without-revision' : 'own';
  }

  /** If the routes set no revision, a response with a version of the weights is the release's. */
  #isFromOtherHost({ unmanaged: foreign, version }: Sample): boolean {
    const { sharedWithOtherHosts, revision } = this.#expected;
    return (
      sharedWithOtherHosts &&
      foreign &&
      (revision !== undefined || version === undefined || !this.versions.has(version))
    );
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
