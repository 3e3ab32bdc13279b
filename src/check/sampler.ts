import { setTimeout as delay } from 'node:timers/promises';
import type { CheckSpec } from '../release/release.ts';
import type { VersionName, Weights } from '../release/weights.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { CONNECTIONS } from './client.ts';
import type { IngressClient } from './client.ts';
import { total } from './evidence.ts';
import type { IngressEvidence, IngressVerdict } from './evidence.ts';
import { ShareTest } from './share-test.ts';

/** A run that has nothing to split (one version at 100) still looks this often. */
const MIN_SAMPLES = 100;
/** So many errors of a kind may happen before they are looked at as a rate. */
const FREE_ERRORS = 5;
/** A share of stale answers up to this much is a replica that was late, not one that stays behind. */
const STALE_SHARE = 0.05;
/** Once an ingress has failed, the others have this long to reach a verdict of their own. */
const GRACE_MS = 1_000;
const PROGRESS_MS = 2_000;
const WATCH_PROGRESS_MS = 30_000;
/** A probability of a wrong pass that no number of samples reaches: the evidence against the weights stays valid for ever. */
const NEVER = 1e-300;

/** What the answers of one ingress are tested against. */
export interface Expectation {
  readonly weights: Weights;
  /** Revision of the managed routes that serve the ingress; undefined where they set none. */
  readonly revision: string | undefined;
}

export interface SamplingOptions {
  readonly check: CheckSpec;
  /** Goes on for the whole `verifyTimeoutMs`, passes at its end, and fails as soon as the evidence is there. */
  readonly watch: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (evidence: IngressEvidence) => void;
}

/**
 * Samples every ingress side by side until each has a verdict, the time is over, or one has failed.
 * The order of the result is that of the clients.
 */
export async function sampleAll(
  clients: readonly IngressClient[],
  expect: (client: IngressClient) => Expectation,
  options: SamplingOptions,
): Promise<readonly IngressEvidence[]> {
  const failed = new AbortController();
  const deadline = AbortSignal.timeout(Math.ceil(options.check.verifyTimeoutMs));
  let grace: NodeJS.Timeout | undefined;
  const stop = AbortSignal.any([failed.signal, deadline]);
  const runs = clients.map(async (client) => {
    const tally = new Tally(client, expect(client), options, clients.length);
    await sampleOne(client, tally, stop, options);
    const evidence = tally.evidence(failed.signal.aborted ? 'undecided' : tally.atEnd());
    if (evidence.verdict === 'fail')
      grace ??= setTimeout(() => {
        failed.abort();
      }, GRACE_MS);
    return evidence;
  });
  try {
    return await Promise.all(runs);
  } finally {
    clearTimeout(grace);
    failed.abort();
  }
}

async function sampleOne(
  client: IngressClient,
  tally: Tally,
  stop: AbortSignal,
  options: SamplingOptions,
): Promise<void> {
  const interval = 1000 / options.check.maxRps;
  let slot = performance.now();
  let reported = slot;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal, options.signal]);
  // Samples count in the order in which they were sent: in the order of their answers, the first ones would all be of the
  // quicker version, and look like a drift.
  const waiting = new Map<number, Sample>();
  let sent = 0;
  let counted = 0;
  const count = (index: number, sample: Sample): void => {
    waiting.set(index, sample);
    for (let next = waiting.get(counted); next !== undefined; next = waiting.get(counted)) {
      waiting.delete(counted);
      counted += 1;
      if (tally.add(next)) ended.abort();
    }
  };
  const worker = async (): Promise<void> => {
    while (!signal.aborted) {
      const now = performance.now();
      slot = Math.max(slot + interval, now);
      if (slot > now) await delay(slot - now, undefined, { signal });
      const index = sent;
      sent += 1;
      count(index, attribute(await client.send({ signal }), options.check.versionFrom));
      if (performance.now() - reported > (options.watch ? WATCH_PROGRESS_MS : PROGRESS_MS)) {
        reported = performance.now();
        options.onProgress(tally.evidence('undecided'));
      }
    }
  };
  const workers = Array.from({ length: CONNECTIONS }, () =>
    worker().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  );
  await Promise.all(workers);
  options.signal.throwIfAborted();
}

/** Counts the samples of one ingress and decides. */
class Tally {
  readonly #client: IngressClient;
  readonly #expected: Expectation;
  readonly #check: CheckSpec;
  readonly #watch: boolean;
  readonly #versions: readonly VersionName[];
  readonly #test: ShareTest;
  readonly #start = performance.now();
  readonly #counts: Map<VersionName, number>;
  readonly #errors = new Map<string, number>();
  readonly #stale = new Map<string, number>();
  readonly #contradictions = new Map<string, number>();
  #requests = 0;
  #samples = 0;
  #unmarked = 0;
  #final: { readonly verdict: IngressVerdict; readonly reason: string; readonly seconds: number } | undefined;

  constructor(
    client: IngressClient,
    expected: Expectation,
    { check, watch }: Pick<SamplingOptions, 'check' | 'watch'>,
    ingresses: number,
  ) {
    this.#client = client;
    this.#expected = expected;
    this.#check = check;
    this.#watch = watch;
    this.#versions = [...expected.weights.keys()];
    this.#counts = new Map(this.#versions.map((version) => [version, 0]));
    this.#test = new ShareTest([...expected.weights.values()], {
      tolerance: check.tolerance,
      alpha: 1 - check.confidence,
      beta: watch ? NEVER : 1 - check.confidence,
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
      cluster: this.#client.target.cluster,
      url: this.#client.target.url,
      ...final,
      weights: this.#expected.weights,
      requests: this.#requests,
      samples: this.#samples,
      counts: new Map(this.#counts),
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

  #count(sample: Sample): { readonly verdict: IngressVerdict; readonly reason: string } | undefined {
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
      this.#test.add(this.#versions.map((name) => (name === version ? 1 : 0)));
    }
    return this.#contradicted() ?? this.#tooManyErrors() ?? this.#shareVerdict();
  }

  #contradicted(): { readonly verdict: 'fail'; readonly reason: string } | undefined {
    if (total(this.#contradictions) <= FREE_ERRORS) return undefined;
    const seen = [...this.#contradictions].map(([pair, count]) => `${String(count)} × ${pair}`).join(', ');
    return { verdict: 'fail', reason: `header and body of the answers name different versions (${seen})` };
  }

  #shareVerdict(): { readonly verdict: IngressVerdict; readonly reason: string } | undefined {
    // The test keeps its verdict: with nothing to add, it tells the one it has.
    const verdict = this.#samples === 0 ? 'continue' : this.#test.add(this.#versions.map(() => 0));
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
        if (this.#samples < MIN_SAMPLES && this.#versions.length === 1) return undefined;
        const errors = total(this.#errors);
        if (errors > this.#check.maxErrorRate * this.#requests) return this.#errorFailure(errors);
        if (this.#contradictions.size > 0) {
          return { verdict: 'fail', reason: 'the body of an answer names another version than its header' };
        }
        return { verdict, reason: `the shares match the weights (${samples})` };
      }
    }
  }

  #tooManyErrors(): { readonly verdict: IngressVerdict; readonly reason: string } | undefined {
    const errors = total(this.#errors);
    const limit = this.#check.maxErrorRate;
    const free = limit === 0 ? 0 : FREE_ERRORS;
    return errors > free && errors > 2 * limit * this.#requests ? this.#errorFailure(errors) : undefined;
  }

  #errorFailure(errors: number): { readonly verdict: 'fail'; readonly reason: string } {
    const kinds = [...this.#errors]
      .toSorted((a, b) => b[1] - a[1])
      .map(([kind, count]) => `${String(count)} × ${kind}`);
    const limit = `${String(Number((this.#check.maxErrorRate * 100).toFixed(3)))} %`;
    return {
      verdict: 'fail',
      reason: `${String(errors)} of ${String(this.#requests)} requests failed, more than ${limit} (${kinds.join(', ')})`,
    };
  }

  #tooManyStale(): { readonly verdict: 'fail'; readonly reason: string } | undefined {
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
