import { setTimeout as delay } from 'node:timers/promises';
import type { CheckSpec } from '../release/release.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { CONNECTIONS } from './client.ts';
import type { IngressClient } from './client.ts';
import type { IngressEvidence } from './evidence.ts';
import { Tally } from './tally.ts';
import type { Expectation } from './tally.ts';

/** Once an ingress has failed, the others have this long to reach a verdict of their own. */
const GRACE_MS = 1_000;
const PROGRESS_MS = 2_000;
const WATCH_PROGRESS_MS = 30_000;

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
  const runs = clients.map(async (client) => {
    const tally = new Tally(client.target, expect(client), options, clients.length);
    await sampleOne(client, tally, { failed: failed.signal, deadline }, options);
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
  { failed, deadline }: { readonly failed: AbortSignal; readonly deadline: AbortSignal },
  options: SamplingOptions,
): Promise<void> {
  const interval = 1000 / options.check.maxRps;
  let slot = performance.now();
  let reported = slot;
  const ended = new AbortController();
  const cut = AbortSignal.any([failed, ended.signal, options.signal]);
  const sending = AbortSignal.any([cut, deadline]);
  // What passes at its end must not leave out the requests that were still open: a version that hangs shows in them alone.
  const open = options.watch ? cut : sending;
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
    while (!sending.aborted) {
      const now = performance.now();
      slot = Math.max(slot + interval, now);
      if (slot > now) await delay(slot - now, undefined, { signal: sending });
      const index = sent;
      sent += 1;
      count(index, attribute(await client.send({ signal: open }), options.check.versionFrom));
      if (performance.now() - reported > (options.watch ? WATCH_PROGRESS_MS : PROGRESS_MS)) {
        reported = performance.now();
        options.onProgress(tally.evidence('undecided'));
      }
    }
  };
  const workers = Array.from({ length: CONNECTIONS }, () =>
    worker().catch((error: unknown) => {
      if (!sending.aborted) throw error;
    }),
  );
  await Promise.all(workers);
  options.signal.throwIfAborted();
}
