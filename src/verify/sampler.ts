import { MONOTONIC_CLOCK, sleep } from '../core/clock.ts';
import type { CheckSpec } from '../release/release.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { CONNECTIONS } from './ingress-client.ts';
import type { IngressClient } from './ingress-client.ts';
import type { Expectation } from './sample-counts.ts';
import type { IngressEvidence } from './evidence.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { Evaluation } from './evaluation.ts';
import { INGRESS } from '../core/deadlines.ts';

const PROGRESS_MS = 2_000;
const WATCH_PROGRESS_MS = 30_000;

const { now } = MONOTONIC_CLOCK;

/** Sampling at a low rate for a fixed time: passes at its end, and fails as soon as there is evidence. */
interface Watch {
  readonly forMs: number;
  readonly maxRps: number;
}

export interface SamplingOptions {
  readonly check: CheckSpec;
  /** undefined: samples until there is a verdict. */
  readonly watch?: Watch | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (evidence: IngressEvidence) => void;
  /** How long a gateway replica may lag behind. */
  readonly catchUpMs?: number | undefined;
}

/**
 * Samples all ingresses in parallel until each has a verdict, the time is up, or one has failed.
 *
 * @returns the evidence, in the order of the clients
 */
export async function sampleAll(
  clients: readonly IngressClient[],
  expect: (client: IngressClient) => Expectation,
  options: SamplingOptions,
): Promise<readonly IngressEvidence[]> {
  const { check, watch, catchUpMs } = options;
  const failed = new AbortController();
  const deadline = AbortSignal.timeout(Math.ceil(watch?.forMs ?? check.verifyTimeoutMs));
  let grace: NodeJS.Timeout | undefined;
  const runs = clients.map(async (client) => {
    const evaluation = new Evaluation(client.target, expect(client), {
      check,
      watchMs: watch?.forMs,
      ingresses: clients.length,
      hasAnswered: client.hasAnswered,
      catchUpMs,
      now,
    });
    await sampleOne(client, evaluation, { failed: failed.signal, deadline }, options);
    const evidence = evaluation.evidence(failed.signal.aborted ? 'undecided' : evaluation.verdictAtEnd());
    if (evidence.verdict === 'fail')
      grace ??= setTimeout(() => {
        failed.abort();
      }, INGRESS.afterFailureMs);
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
  evaluation: Evaluation,
  { failed, deadline }: { readonly failed: AbortSignal; readonly deadline: AbortSignal },
  { check, watch, signal, onProgress }: SamplingOptions,
): Promise<void> {
  const ended = new AbortController();
  const cut = AbortSignal.any([failed, ended.signal, signal]);
  const order = new ReorderBuffer(now);
  const count = (sample: Sample): void => {
    if (evaluation.add(sample)) ended.abort();
  };
  let reported = now();
  const ask = async (open: AbortSignal): Promise<void> => {
    const index = order.begin();
    order.end(index, attribute(await client.send({ signal: open }), check.versionFrom), count);
    if (now() - reported > (watch === undefined ? PROGRESS_MS : WATCH_PROGRESS_MS)) {
      reported = now();
      onProgress(evaluation.evidence('undecided'));
    }
  };
  if (watch === undefined) {
    const sending = AbortSignal.any([cut, deadline]);
    await sendAtRate(check.maxRps, sending, () => ask(sending));
  } else {
    // Requests that are still open at the end must count: a version that hangs shows only in them.
    await sendAtRate(watch.maxRps, AbortSignal.any([cut, deadline]), () => ask(cut));
    // Nor does it end while errors are neither few enough nor shown to be too many: more requests decide that.
    const more = AbortSignal.any([cut, AbortSignal.timeout(Math.ceil(check.verifyTimeoutMs))]);
    if (evaluation.isOpen) {
      await sendAtRate(check.maxRps, more, async () => {
        await ask(cut);
        if (!evaluation.isOpen) ended.abort();
      });
    }
  }
  signal.throwIfAborted();
  evaluation.close(order.held, order.unanswered);
}

/** Sends requests over all connections, at this rate in total, until `sending` is aborted. */
async function sendAtRate(rps: number, sending: AbortSignal, ask: () => Promise<void>): Promise<void> {
  const interval = 1000 / rps;
  let slot = now();
  const worker = async (): Promise<void> => {
    while (!sending.aborted) {
      slot = Math.max(slot + interval, now());
      const wait = slot - now();
      if (wait > 0) await sleep(wait, sending);
      await ask();
    }
  };
  const workers = Array.from({ length: CONNECTIONS }, () =>
    worker().catch((error: unknown) => {
      if (!sending.aborted) throw error;
    }),
  );
  await Promise.all(workers);
}
