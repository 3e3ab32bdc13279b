import { MONOTONIC_CLOCK } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { Turns } from '../core/turns.ts';
import type { CheckSpec } from '../release/release.ts';
import { attribute } from './attribution.ts';
import type { Sample } from './attribution.ts';
import { CONNECTIONS } from './ways.ts';
import type { IngressClient } from './ingress-client.ts';
import type { Expectation } from './sample-counts.ts';
import type { IngressEvidence } from './evidence.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { Evaluation } from './evaluation.ts';
import { INGRESS } from '../core/deadlines.ts';

const PROGRESS_MS = 2_000;
const WATCH_PROGRESS_MS = 30_000;
/** Requests at a time for each pod, as where a gateway has many: they share the rate. */
const WORKERS_PER_POD = 4;
/**
 * Requests that begin in one turn of the event loop, over all ingresses: where there are more ingresses than one processor can sample
 * at their rate, timers and signals wait for some milliseconds only, and each ingress gets the same part.
 */
const REQUESTS_PER_TURN = 16;

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
  /** Ends the sampling early, without a decision. */
  readonly stopped?: AbortSignal;
  readonly onProgress: (evidence: IngressEvidence) => void;
  /** How often `onProgress` is called at most. */
  readonly progressMs?: number;
  /** How long a gateway replica may lag behind. */
  readonly catchUpMs?: number | undefined;
  readonly clock?: Clock;
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
  const { check, watch, catchUpMs, stopped, clock = MONOTONIC_CLOCK } = options;
  const failed = new AbortController();
  const stop = (): void => {
    failed.abort();
  };
  if (stopped?.aborted === true) stop();
  stopped?.addEventListener('abort', stop, { once: true });
  const deadline = abortedAfter(watch?.forMs ?? check.verifyTimeoutMs, clock, failed.signal);
  const turns = new Turns(REQUESTS_PER_TURN);
  let grace: NodeJS.Timeout | undefined;
  const runs = clients.map(async (client) => {
    const evaluation = new Evaluation(client.target, expect(client), {
      check,
      watchMs: watch?.forMs,
      ingresses: clients.length,
      hasAnswered: client.hasAnswered,
      catchUpMs,
      now: clock.now,
    });
    await sampleOne(client, evaluation, { failed: failed.signal, deadline, turns }, options);
    const evidence = evaluation.evidence(failed.signal.aborted ? 'undecided' : evaluation.verdictAtEnd());
    if (evidence.verdict === 'fail') grace ??= setTimeout(stop, INGRESS.afterFailureMs);
    return evidence;
  });
  try {
    return await Promise.all(runs);
  } finally {
    clearTimeout(grace);
    stopped?.removeEventListener('abort', stop);
    failed.abort();
  }
}

/** What all ingresses of a check share. */
interface Shared {
  readonly failed: AbortSignal;
  readonly deadline: AbortSignal;
  readonly turns: Turns;
}

async function sampleOne(
  client: IngressClient,
  evaluation: Evaluation,
  { failed, deadline, turns }: Shared,
  options: SamplingOptions,
): Promise<void> {
  const { check, watch, signal, onProgress, clock = MONOTONIC_CLOCK } = options;
  const { progressMs = watch === undefined ? PROGRESS_MS : WATCH_PROGRESS_MS } = options;
  const { now } = clock;
  const ended = new AbortController();
  const cut = AbortSignal.any([failed, ended.signal, signal]);
  const workers = Math.max(CONNECTIONS, WORKERS_PER_POD * client.pods.size);
  const order = new ReorderBuffer(now);
  const count = (sample: Sample): void => {
    if (evaluation.add(sample)) ended.abort();
  };
  let shown: typeof client.shown | undefined;
  const observe = (): void => {
    if (client.shown === shown) return;
    ({ shown } = client);
    if (evaluation.observe(shown)) ended.abort();
  };
  observe();
  let reported = now();
  const ask = async (open: AbortSignal): Promise<void> => {
    const index = order.begin();
    order.end(index, attribute(await client.send({ signal: open }), check.versionFrom), count);
    observe();
    if (now() - reported > progressMs) {
      reported = now();
      onProgress(evaluation.evidence('undecided'));
    }
  };
  if (watch === undefined) {
    const sending = AbortSignal.any([cut, deadline]);
    await sendAtRate({ rps: check.maxRps, workers, clock, turns }, sending, () => ask(sending));
  } else {
    // Requests that are still open at the end must count: a version that hangs shows only in them.
    await sendAtRate({ rps: watch.maxRps, workers, clock, turns }, AbortSignal.any([cut, deadline]), () =>
      ask(cut),
    );
    // Nor does it end while errors are neither few enough nor shown to be too many: more requests decide that.
    if (evaluation.isOpen) {
      const more = AbortSignal.any([cut, abortedAfter(check.verifyTimeoutMs, clock, cut)]);
      await sendAtRate({ rps: check.maxRps, workers, clock, turns }, more, async () => {
        await ask(cut);
        if (!evaluation.isOpen) ended.abort();
      });
    }
  }
  signal.throwIfAborted();
  evaluation.close(order.held, order.unanswered);
}

/** A signal that is aborted once the time is up, unless `stopped` is aborted earlier. */
function abortedAfter(ms: number, clock: Clock, stopped: AbortSignal): AbortSignal {
  const over = new AbortController();
  clock.sleep(Math.ceil(ms), stopped).then(
    () => {
      over.abort();
    },
    () => undefined,
  );
  return over.signal;
}

interface Rate {
  readonly rps: number;
  readonly workers: number;
  readonly clock: Clock;
  readonly turns: Turns;
}

/** Sends requests over all connections, at this rate in total, until `sending` is aborted. */
async function sendAtRate(
  { rps, workers: count, clock, turns }: Rate,
  sending: AbortSignal,
  ask: () => Promise<void>,
): Promise<void> {
  const { now, sleep } = clock;
  const interval = 1000 / rps;
  let slot = now();
  const worker = async (): Promise<void> => {
    while (!sending.aborted) {
      slot = Math.max(slot + interval, now());
      const wait = slot - now();
      if (wait > 0) await sleep(wait, sending);
      await turns.next(ask);
      sending.throwIfAborted();
      await ask();
    }
  };
  const workers = Array.from({ length: count }, () =>
    worker().catch((error: unknown) => {
      if (!sending.aborted) throw error;
    }),
  );
  await Promise.all(workers);
}
