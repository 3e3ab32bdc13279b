import { afterEach, describe, expect, test } from '@jest/globals';
import { toldOf } from '../support/english.ts';
import type { Told } from '../support/english.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import { CONNECTIONS } from '../../src/verify/ways.ts';
import { sampleAll } from '../../src/verify/sampler.ts';
import type { IngressEvidence } from '../../src/verify/evidence.ts';
import type { CheckSpec } from '../../src/release/release.ts';
import { MONOTONIC_CLOCK } from '../../src/core/clock.ts';
import type { Clock } from '../../src/core/clock.ts';
import { CanaryError } from '../../src/core/errors.ts';
import '../support/one-realm.ts';
import { release, weights } from '../support/release.ts';
import { Opened, answer, deadUrl, serve } from '../support/server.ts';
import type { Handler } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const REVISION = '4';
/** About a hundred samples decide at this tolerance; at the default it takes seven times as many. */
const WIDE = 0.15;
/** A replica may lag for this long here, and for seconds in production. */
const CATCH_UP_MS = 50;
const EIGHTY_TWENTY = weights({ v1: 80, v2: 20 });

interface Options {
  readonly check?: Partial<CheckSpec>;
  readonly expected?: ReturnType<typeof weights>;
  readonly revision?: string | undefined;
  readonly version?: string;
  readonly signal?: AbortSignal;
  readonly watch?: boolean;
  readonly sharedWithOtherHosts?: boolean;
  /** How long one request may take. */
  readonly timeoutMs?: number;
  /** How long a gateway replica may be late. */
  readonly catchUpMs?: number;
  readonly clock?: Clock;
}

async function sampleAt(
  urls: readonly string[],
  {
    check,
    expected = EIGHTY_TWENTY,
    version,
    watch = false,
    sharedWithOtherHosts = false,
    timeoutMs = 10_000,
    catchUpMs = CATCH_UP_MS,
    signal = new AbortController().signal,
    clock = MONOTONIC_CLOCK,
    ...rest
  }: Options,
): Promise<readonly Told<IngressEvidence>[]> {
  const clients = await Promise.all(
    urls.map(async (url, i) =>
      opened.add(
        await IngressClient.open(
          { cluster: `cluster-${String(i)}`, url, path: '/', host: undefined, headers: {} },
          { timeoutMs },
        ),
      ),
    ),
  );
  const revision = 'revision' in rest ? rest.revision : REVISION;
  const asSpecified = release({ check: { tolerance: WIDE, ...check } }).check;
  const seen = await sampleAll(
    clients,
    () => ({ weights: expected, revision, sharedWithOtherHosts: sharedWithOtherHosts, version }),
    {
      check: asSpecified,
      watch: watch ? { forMs: asSpecified.verifyTimeoutMs, maxRps: asSpecified.maxRps } : undefined,
      catchUpMs,
      signal,
      onProgress: () => undefined,
      clock,
    },
  );
  return seen.map(toldOf);
}

/** What is seen at one ingress that answers so. */
async function sample(handler: Handler, options: Options = {}): Promise<Told<IngressEvidence>> {
  const [seen] = await sampleAt([await urlOf(handler)], options);
  if (seen === undefined) throw new Error('nothing was seen');
  return seen;
}

async function urlOf(handler: Handler): Promise<string> {
  return opened.add(await serve(handler)).url;
}

/** A handler that knows the number of each request, from 0. */
function counting(handle: (n: number, response: Parameters<Handler>[1]) => void): Handler {
  let n = 0;
  return (_asked, response) => {
    handle(n, response);
    n += 1;
  };
}

/** A clock on which no time passes until it jumps to these milliseconds. */
function stoppedUntil(limitMs: number): { readonly clock: Clock; readonly end: () => void } {
  const jump = Promise.withResolvers<undefined>();
  let ms = 0;
  return {
    clock: { now: () => ms, sleep: () => jump.promise },
    end: () => {
      ms = limitMs;
      jump.resolve(undefined);
    },
  };
}

/** Every fifth answer is v2's. */
const versionOf = (n: number): string => (n % 5 === 4 ? 'v2' : 'v1');
const onTarget = counting((n, response) => {
  answer(response, { version: versionOf(n) });
});
const silent: Handler = () => undefined;

describe('80/20', () => {
  test('split as configured passes', async () => {
    const { verdict, reason } = await sample(onTarget, { check: { tolerance: 0.05 } });
    expect([verdict, reason]).toEqual([
      'pass',
      expect.stringMatching(/^the shares match the weights \([\d,]+ samples\)$/),
    ]);
  });

  test('swapped fails', async () => {
    const { verdict, reason } = await sample(
      counting((n, response) => {
        answer(response, { version: versionOf(n) === 'v1' ? 'v2' : 'v1' });
      }),
    );
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(
        /^the shares do not match the weights \([\d,]+ samples; chance of seeing this if the split were right: below 1 in [\d,]+\)$/,
      ),
    ]);
  });

  test('counts each sample for its version', async () => {
    const { counts, samples, requests } = await sample(onTarget);
    expect([(counts.get('v1') ?? 0) + (counts.get('v2') ?? 0), requests]).toEqual([samples, samples]);
  });

  test('without a decision within max-samples is inconclusive', async () => {
    const { verdict, reason, samples } = await sample(onTarget, { check: { maxSamples: 50 } });
    expect([verdict, reason, samples]).toEqual([
      'inconclusive',
      'undecided after 50 samples, as many as the input max-samples allows: raise it, or omit it',
      50,
    ]);
  });

  // Seven of the newer version's answers are always under way: what comes first is not what was sent first.
  test('passes even if the newer version responds more slowly', async () => {
    const held: Parameters<Handler>[1][] = [];
    const { verdict } = await sample(
      counting((n, response) => {
        if (versionOf(n) === 'v1') answer(response, { version: 'v1' });
        else held.push(response);
        const first = held.length > 7 ? held.shift() : undefined;
        if (first !== undefined) answer(first, { version: 'v2' });
      }),
    );
    expect(verdict).toBe('pass');
  });
});

describe('one version alone', () => {
  const alone = weights({ v1: 100 });

  test('passes after max-samples, if those are fewer', async () => {
    const seen = await sample(
      (_asked, response) => {
        answer(response, { version: 'v1' });
      },
      { expected: alone, check: { maxSamples: 30 } },
    );
    expect(seen).toMatchObject({ verdict: 'pass', samples: 30 });
  });

  test('passes after a hundred samples', async () => {
    const { verdict, samples } = await sample(
      (_asked, response) => {
        answer(response, { version: 'v1' });
      },
      { expected: alone },
    );
    expect([verdict, samples]).toEqual(['pass', 100]);
  });

  test('fails at the first response of another version', async () => {
    const { verdict, reason } = await sample(
      counting((n, response) => {
        answer(response, { version: n === 50 ? 'v9' : 'v1' });
      }),
      { expected: alone },
    );
    expect([verdict, reason]).toEqual(['fail', 'version v9 responded, which the weights do not name (v1)']);
  });

  test('next to one at 0 fails at the first response of that one', async () => {
    const { verdict } = await sample(
      counting((n, response) => {
        answer(response, { version: n === 50 ? 'v2' : 'v1' });
      }),
      { expected: weights({ v1: 100, v2: 0 }) },
    );
    expect(verdict).toBe('fail');
  });
});

describe('a response of a version outside the weights', () => {
  test('fails immediately and names it', async () => {
    const { verdict, reason } = await sample((_asked, response) => {
      answer(response, { version: 'v3' });
    });
    expect([verdict, reason]).toEqual([
      'fail',
      'version v3 responded, which the weights do not name (v1, v2)',
    ]);
  });
});

describe('failed requests', () => {
  test('alone fail the check and are reported by kind', async () => {
    const { verdict, reason, samples } = await sample((_asked, response) => {
      answer(response, { status: 500 });
    });
    expect([verdict, reason, samples]).toEqual([
      'fail',
      '6 of 6 requests failed, more than 1% (6 × status 500)',
      0,
    ]);
  });

  test('fail the check of an ingress where nothing listens', async () => {
    const [seen] = await sampleAt([await deadUrl()], {});
    expect(seen).toMatchObject({
      verdict: 'fail',
      reason: '6 of 6 requests failed, more than 1% (6 × connection refused)',
    });
  });

  test('include responses without a version', async () => {
    const { errors } = await sample((_asked, response) => response.end('ok'));
    expect([...errors.keys()]).toEqual(['no version in the response']);
  });

  test('that name their version are samples as well', async () => {
    const { samples, errors } = await sample((_asked, response) => {
      answer(response, { version: 'v1', status: 503 });
    });
    expect([samples, errors]).toEqual([6, new Map([['status 503', 6]])]);
  });

  const failingEvery = (every: number): Handler =>
    counting((n, response) => {
      answer(response, { version: versionOf(n), status: n % every === every - 1 ? 503 : 200 });
    });

  test('within the rate are accepted and reported', async () => {
    const { verdict, errors } = await sample(failingEvery(40), { check: { maxErrorRate: 0.05 } });
    expect([verdict, [...errors.keys()]]).toEqual(['pass', ['status 503']]);
  });

  test('above the rate fail the check although the shares are right', async () => {
    const { verdict, reason } = await sample(failingEvery(14), { check: { maxErrorRate: 0.05 } });
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/^[\d,]+ of [\d,]+ requests failed, more than 5% \([\d,]+ × status 503\)$/),
    ]);
  });

  test('are not accepted at all if the rate is 0', async () => {
    const { verdict, requests } = await sample(failingEvery(20), { check: { maxErrorRate: 0 } });
    expect(verdict).toBe('fail');
    // Sixteen are under way at a time: the server's twentieth is not the twentieth that was sent.
    expect(requests).toBeLessThanOrEqual(20 + 16);
  });
});

describe('responses under another revision', () => {
  test('alone fail the check: the ingress has not received the change', async () => {
    const { verdict, reason, samples } = await sample((_asked, response) => {
      answer(response, { version: 'v1', revision: '3' });
    });
    expect([verdict, reason, samples]).toEqual([
      'fail',
      expect.stringMatching(/^([\d,]+) of \1 responses carried a revision other than 4 \(\1 × revision 3\)$/),
      0,
    ]);
  });

  const lateEvery = (every: number): Handler => {
    let marked = 0;
    return counting((n, response) => {
      if (n % every === 0) answer(response, { version: 'v1', revision: '3' });
      else answer(response, { version: versionOf(marked++) });
    });
  };

  test('that are rare are reported and not counted', async () => {
    const { verdict, stale, samples, requests } = await sample(lateEvery(50));
    expect([verdict, stale.get('3')]).toEqual(['pass', requests - samples]);
  });

  test('of one replica in ten fail the check', async () => {
    const { verdict, reason } = await sample(lateEvery(10));
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/ responses carried a revision other than 4 \([\d,]+ × revision 3\)$/),
    ]);
  });

  test('do not exist if the routes set no revision', async () => {
    const { verdict } = await sample(onTarget, { revision: undefined });
    expect(verdict).toBe('pass');
  });
});

describe('responses without a revision, which no managed route gave,', () => {
  const strayEvery = (every: number): Handler => {
    let marked = 0;
    return counting((n, response) => {
      if (n % every === 0) response.end('Hello version: v1');
      else answer(response, { version: versionOf(marked++) });
    });
  };

  test('fail the check if there are no others, whatever their shares', async () => {
    const { verdict, reason, samples } = await sample(
      counting((n, response) => {
        response.end(`Hello version: ${versionOf(n)}`);
      }),
    );
    expect([verdict, reason, samples]).toEqual([
      'fail',
      expect.stringMatching(
        /^([\d,]+) of \1 responses came from another route: they carry no revision, but the managed route sets 4$/,
      ),
      0,
    ]);
  });

  test('fail the check if they are one in ten', async () => {
    const { verdict, reason } = await sample(strayEvery(10));
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/^[\d,]+ of [\d,]+ responses came from another route/),
    ]);
  });

  test('are reported and excluded from the shares if there are few', async () => {
    const { verdict, withoutRevision, samples, requests } = await sample(strayEvery(50));
    expect([verdict, withoutRevision]).toEqual(['pass', requests - samples]);
    expect(withoutRevision).toBeGreaterThan(0);
  });

  test('count like any other if the routes set no revision', async () => {
    const { verdict, withoutRevision } = await sample(
      counting((n, response) => {
        response.end(`Hello version: ${versionOf(n)}`);
      }),
      { revision: undefined },
    );
    expect([verdict, withoutRevision]).toEqual(['pass', 0]);
  });
});

describe('if the routes send a share to other hosts', () => {
  /** Every other answer is another host's. */
  const shared = (other: Handler): Handler => {
    let own = 0;
    return counting((n, response) => {
      if (n % 2 === 0) other({} as Parameters<Handler>[0], response);
      else answer(response, { version: versionOf(own++) });
    });
  };

  test.each<[string, Handler]>([
    ['without a version', (_asked, response) => response.end('a shop')],
    ['with another version', (_asked, response) => response.end('Hello version: v9')],
    ['with a version of the same name', (_asked, response) => response.end('Hello version: v1')],
    ['with status 404', (_asked, response) => response.writeHead(404).end()],
  ])('their answers %s are neither counted nor errors', async (_what, other) => {
    const { verdict, reason, samples, requests, errors, otherHosts } = await sample(shared(other), {
      sharedWithOtherHosts: true,
    });
    expect([verdict, errors.size, otherHosts]).toEqual(['pass', 0, requests - samples]);
    expect(reason).toBe(
      `the shares match the weights (${String(samples)} samples besides ${String(otherHosts)} responses from other hosts)`,
    );
  });

  test('their failures are errors, since nothing shows who failed', async () => {
    const { verdict, errors } = await sample(
      shared((_asked, response) => response.writeHead(503).end()),
      { sharedWithOtherHosts: true },
    );
    expect([verdict, [...errors.keys()]]).toEqual(['fail', ['status 503']]);
  });

  test('a stale replica is found among the other responses, however few they are', async () => {
    const { verdict, reason } = await sample(
      counting((n, response) => {
        if (n % 20 !== 0) response.end('a shop');
        else answer(response, { version: versionOf(n), revision: n % 40 === 0 ? '3' : '4' });
      }),
      { sharedWithOtherHosts: true },
    );
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(/^[\d,]+ of [\d,]+ responses carried a revision other than 4 /),
    ]);
  });

  test('their responses alone do not pass', async () => {
    const { verdict, reason } = await sample((_asked, response) => response.end('a shop'), {
      sharedWithOtherHosts: true,
      check: { verifyTimeoutMs: 1_000 },
    });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      expect.stringMatching(/^undecided after 1 s and 0 samples besides [\d,]+ responses from other hosts /),
    ]);
  });

  test("and set no revision, answers of the versions are the release's, and others are not", async () => {
    let own = 0;
    const { verdict, errors, otherHosts, samples } = await sample(
      counting((n, response) => {
        response.end(n % 2 === 0 ? 'a shop' : `Hello version: ${versionOf(own++)}`);
      }),
      { sharedWithOtherHosts: true, revision: undefined },
    );
    expect([verdict, errors.size]).toEqual(['pass', 0]);
    expect(otherHosts).toBeGreaterThan(samples / 2);
  });
});

describe('a body that contradicts the header', () => {
  test('in every response fails the check', async () => {
    const { verdict, reason, contradictions } = await sample(
      counting((n, response) => {
        answer(response, { version: versionOf(n), body: 'Hello version: v1' });
      }),
    );
    expect([verdict, reason, [...contradictions.keys()]]).toEqual([
      'fail',
      'the header and the body of responses name different versions (6 × v2 → v1)',
      ['v2 → v1'],
    ]);
  });

  test('once blocks a pass', async () => {
    const { verdict, reason } = await sample(
      counting((n, response) => {
        answer(response, { version: versionOf(n), body: n === 4 ? 'Hello version: v1' : 'ok' });
      }),
    );
    expect([verdict, reason]).toEqual([
      'fail',
      'the body of a response names another version than its header',
    ]);
  });

  test('with a version of something else does not', async () => {
    const { verdict } = await sample(
      counting((n, response) => {
        answer(response, { version: versionOf(n), body: '<?xml version="1.0"?>' });
      }),
    );
    expect(verdict).toBe('pass');
  });
});

describe('a version that does not respond', () => {
  /** v2 answers nothing at all, from the first request on. */
  const hanging = (): Handler =>
    counting((n, response) => {
      if (versionOf(n) === 'v1') answer(response, { version: 'v1' });
    });

  test('fails once its first requests time out, and names it and the versions that responded', async () => {
    // The time of the check never ends: only what the requests come to can end it.
    const clock = { now: () => 0, sleep: () => Promise.withResolvers<undefined>().promise };
    const { verdict, reason, requests } = await sample(hanging(), {
      // Long enough that no response of v1 takes as long on a busy machine.
      timeoutMs: 2_000,
      check: { maxRps: Infinity },
      clock,
    });
    expect([verdict, reason]).toEqual([
      'fail',
      expect.stringMatching(
        /^v2 does not respond: [\d,]+ of [\d,]+ requests got no response within 10 s, more than 1%, and all [\d,]+ responses came from v1$/,
      ),
    ]);
    // Every fifth request waits for v2. No connection has waited for a third one.
    expect(requests).toBeLessThanOrEqual(2 * 5 * CONNECTIONS);
  });

  test('is named if the check times out first, and the responses received count', async () => {
    // The time is up when every connection waits for v2, however long this machine takes until then.
    const { clock, end } = stoppedUntil(1_500);
    let open = 0;
    const handler = counting((n, response) => {
      if (versionOf(n) === 'v1') answer(response, { version: 'v1' });
      else open += 1;
      if (open === CONNECTIONS) end();
    });
    const { verdict, reason, samples, requests, unanswered, counts } = await sample(handler, {
      check: { verifyTimeoutMs: 1_500, maxRps: Infinity },
      clock,
    });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      'undecided after 1.5 s and 64 samples: v2 does not respond: 16 requests had no response yet, and all 64 responses came from v1 (raise the input verify-timeout)',
    ]);
    expect([samples, requests, unanswered, counts]).toEqual([
      64,
      64,
      16,
      new Map([
        ['v1', 64],
        ['v2', 0],
      ]),
    ]);
  });

  test('once does not delay the others for longer than its own timeout', async () => {
    const { verdict, errors } = await sample(
      counting((n, response) => {
        if (n !== 20) answer(response, { version: versionOf(n) });
      }),
      { timeoutMs: 2_500, check: { maxErrorRate: 0.05 } },
    );
    expect([verdict, errors]).toEqual(['pass', new Map([['no response in time', 1]])]);
  });
});

describe('a lagging gateway replica', () => {
  test('is waited for: a burst of responses under the earlier revision does not fail', async () => {
    const { verdict, stale } = await sample(
      counting((n, response) => {
        if (n < 60 && n % 3 === 0) answer(response, { version: 'v1', revision: '3' });
        else answer(response, { version: versionOf(n) });
      }),
    );
    expect([verdict, stale]).toEqual(['pass', new Map([['3', 20]])]);
  });

  test('that lags for longer than the check lasts is inconclusive and reported', async () => {
    // The time is up after many times the requests that decide, however long this machine takes for them.
    const { clock, end } = stoppedUntil(300);
    const { verdict, reason } = await sample(
      counting((n, response) => {
        if (n % 3 === 0) answer(response, { version: 'v1', revision: '3' });
        else answer(response, { version: versionOf(Math.floor((2 * n) / 3)) });
        if (n === 1_000) end();
      }),
      { catchUpMs: 10_000, check: { verifyTimeoutMs: 300, maxRps: Infinity }, clock },
    );
    expect([verdict, reason]).toEqual([
      'inconclusive',
      expect.stringMatching(
        /^undecided after 0\.3 s and [\d,]+ samples: [\d,]+ of [\d,]+ responses carried a revision other than 4 \([\d,]+ × revision 3\) \(raise the input verify-timeout\)$/,
      ),
    ]);
  });
});

describe('the time', () => {
  test('is up before a response: inconclusive', async () => {
    const { verdict, reason } = await sample(silent, { check: { verifyTimeoutMs: 20 } });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      'undecided after 0.02 s and 0 samples (raise the input verify-timeout)',
    ]);
  });

  test('may be any duration that the input accepts', async () => {
    const { verdict } = await sample(onTarget, { check: { verifyTimeoutMs: 60_000.5 } });
    expect(verdict).toBe('pass');
  });
});

describe('watching', () => {
  test('lasts its full time and passes if nothing drifted', async () => {
    const { verdict, reason } = await sample(onTarget, { watch: true, check: { verifyTimeoutMs: 500 } });
    expect([verdict, reason]).toEqual([
      'pass',
      expect.stringMatching(/^no drift in 0\.5 s and [\d,]+ samples$/),
    ]);
  });

  test('ends as soon as the shares drift', async () => {
    const { verdict } = await sample(
      (_asked, response) => {
        answer(response, { version: 'v2' });
      },
      { watch: true },
    );
    expect(verdict).toBe('fail');
  });

  test('without a response does not pass', async () => {
    const { verdict, reason } = await sample(silent, {
      watch: true,
      timeoutMs: 50,
      check: { verifyTimeoutMs: 20, maxErrorRate: 1 },
    });
    expect([verdict, reason]).toEqual([
      'inconclusive',
      expect.stringMatching(/^undecided after \d+\.\d s and 0 samples \(raise the input verify-timeout\)$/),
    ]);
  });

  test('waits at its end for open requests, so that a hanging version does not pass', async () => {
    const { verdict, errors, requests } = await sample(
      counting((n, response) => {
        if (versionOf(n) === 'v1') answer(response, { version: 'v1' });
      }),
      { watch: true, timeoutMs: 500, check: { verifyTimeoutMs: 400, maxRps: 100 } },
    );
    expect([verdict, [...errors.keys()]]).toEqual(['fail', ['no response in time']]);
    expect(requests).toBeGreaterThan(6);
  });

  test('counts the responses that arrive after its end', async () => {
    const { verdict, samples } = await sample(
      (_asked, response) => {
        setTimeout(() => {
          answer(response, { version: 'v1' });
        }, 100);
      },
      { watch: true, expected: weights({ v1: 100 }), check: { verifyTimeoutMs: 20 } },
    );
    expect([verdict, samples]).toEqual(['pass', 16]);
  });

  test('lasts its full time with one version alone, which a hundred samples would decide', async () => {
    // The time is up with the 300th request, however long this machine takes until then.
    const timeIsUp = Promise.withResolvers<undefined>();
    let ms = 0;
    const handler = counting((n, response) => {
      answer(response, { version: 'v1' });
      if (n < 300) return;
      ms = 500;
      timeIsUp.resolve(undefined);
    });
    const { verdict, samples } = await sample(handler, {
      watch: true,
      expected: weights({ v1: 100 }),
      check: { verifyTimeoutMs: 500, maxRps: Infinity },
      clock: { now: () => ms, sleep: () => timeIsUp.promise },
    });
    expect(verdict).toBe('pass');
    expect(samples).toBeGreaterThanOrEqual(300);
  });
});

test('a cancelled run throws the reason of its cancellation', async () => {
  const controller = new AbortController();
  const cancel: Handler = () => {
    controller.abort(new CanaryError('Cancelled by SIGINT.'));
  };
  await expect(sample(cancel, { signal: controller.signal })).rejects.toThrow('Cancelled by SIGINT.');
});

describe('several ingresses', () => {
  test('are reported in order, each with its own verdict', async () => {
    // The second one fails when the first is halfway through, so that the first is not stopped on its way.
    const held: (() => void)[] = [];
    const first = await urlOf(
      counting((n, response) => {
        answer(response, { version: versionOf(n) });
        if (n >= 50) for (const release of held.splice(0)) release();
      }),
    );
    const second = await urlOf((_asked, response) => {
      held.push(() => {
        answer(response, { version: 'v2' });
      });
    });
    const seen = await sampleAt([first, second], {});
    expect(seen.map(({ cluster, url, verdict }) => [cluster, url, verdict])).toEqual([
      ['cluster-0', first, 'pass'],
      ['cluster-1', second, 'fail'],
    ]);
  });

  test('are no longer waited for once one has failed', async () => {
    const urls = [
      await urlOf(silent),
      await urlOf((_asked, response) => {
        answer(response, { version: 'v2' });
      }),
    ];
    const [first] = await sampleAt(urls, {});
    expect([first?.verdict, first?.reason]).toEqual([
      'undecided',
      'stopped after 0 samples because another part of the check failed',
    ]);
  });
});
