import { afterEach, describe, expect, test } from '@jest/globals';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import { awaitPreview, awaitRevision } from '../../src/verify/probe.ts';
import { CanaryError } from '../../src/core/errors.ts';
import '../support/one-realm.ts';
import { release } from '../support/release.ts';
import { Opened, answer, serve } from '../support/server.ts';
import type { Handler, LocalServer } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

interface Stage {
  readonly server: LocalServer;
  readonly preview: (version: string, revision: string | undefined) => Promise<void>;
  readonly revision: (revision: string) => Promise<void>;
}

/** An ingress that answers so, and the two ways to wait for it. */
async function stage(
  handler: Handler,
  { signal = new AbortController().signal, verifyTimeoutMs = 60_000, sharedWithOtherHosts = false } = {},
): Promise<Stage> {
  const server = opened.add(await serve(handler));
  const client = opened.add(
    await IngressClient.open({
      cluster: 'west',
      url: server.url,
      path: '/hello',
      host: undefined,
      headers: {},
    }),
  );
  const options = { check: release({ check: { verifyTimeoutMs } }).check, signal };
  return {
    server,
    preview: (version, revision) => awaitPreview(client, version, revision, ['v1', 'v2'], options),
    revision: (revision) => awaitRevision(client, revision, { ...options, sharedWithOtherHosts }),
  };
}

/** The first answers are of another kind than those that follow. */
function after(count: number, first: Handler, then: Handler): Handler {
  let n = 0;
  return (asked, response) => {
    n += 1;
    (n <= count ? first : then)(asked, response);
  };
}

const v2: Handler = (_asked, response) => {
  answer(response, { version: 'v2', revision: '7' });
};
const old: Handler = (_asked, response) => {
  answer(response, { version: 'v1', revision: '6' });
};

describe('a version that never responds', () => {
  const hanging = async (work: (client: IngressClient) => Promise<void>): Promise<void> => {
    const server = opened.add(await serve(() => undefined));
    const target = { cluster: 'west', url: server.url, path: '/hello', host: undefined, headers: {} };
    await work(opened.add(await IngressClient.open(target, { timeoutMs: 50 })));
  };
  const options = {
    check: release({ check: { verifyTimeoutMs: 100 } }).check,
    signal: new AbortController().signal,
  };

  test('is named, with what to check', async () => {
    await hanging((client) =>
      expect(awaitPreview(client, 'v2', '7', ['v1', 'v2'], options)).rejects.toThrow(
        /^v2 does not respond: \d requests through the ingress of west \(http.*\/hello\) got no response within 10 s\. Check why its pods/,
      ),
    );
  });

  test('is the service as a whole if any version could have responded', async () => {
    await hanging((client) =>
      expect(awaitRevision(client, '7', options)).rejects.toThrow(/^The service does not respond: /),
    );
  });

  test('next to one that does respond casts no doubt on the change', async () => {
    let n = 0;
    const server = opened.add(
      await serve((asked, response) => {
        n += 1;
        if (n % 5 !== 0) v2(asked, response);
      }),
    );
    const target = { cluster: 'west', url: server.url, path: '/hello', host: undefined, headers: {} };
    const client = opened.add(await IngressClient.open(target, { timeoutMs: 1_000 }));
    await awaitRevision(client, '7', { ...options, check: release().check });
    expect(n).toBe(12);
  });
});

describe('waiting for a preview', () => {
  test('requests the version by header', async () => {
    const { preview, server } = await stage(v2);
    await preview('v2', '7');
    expect(new Set(server.asked.map(({ headers }) => headers['x-canary-version']))).toEqual(new Set(['v2']));
  });

  test('takes ten responses, each over a new connection', async () => {
    const { preview, server } = await stage(v2);
    await preview('v2', '7');
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each<[string, Handler]>([
    ['another version', old],
    [
      'an error',
      (_asked, response) => {
        answer(response, { version: 'v2', revision: '7', status: 503 });
      },
    ],
    [
      'an older revision',
      (_asked, response) => {
        answer(response, { version: 'v2', revision: '6' });
      },
    ],
    [
      'no revision',
      (_asked, response) => {
        answer(response, { version: 'v2', revision: '' });
      },
    ],
    ['a cut connection', (_asked, response) => response.destroy()],
  ])('continues after %s', async (_what, first) => {
    const { preview, server } = await stage(after(2, first, v2));
    await preview('v2', '7');
    expect(server.asked).toHaveLength(12);
  });

  test('requires ten more in a row after a late replica among matching responses', async () => {
    let n = 0;
    const { preview, server } = await stage((asked, response) => {
      n += 1;
      (n === 6 ? old : v2)(asked, response);
    });
    await preview('v2', '7');
    expect(server.asked).toHaveLength(6 + 20);
  });

  test('requires no more than a hundred in a row, however many late ones there were', async () => {
    let n = 0;
    const { preview, server } = await stage((asked, response) => {
      n += 1;
      (n <= 60 && n % 2 === 0 ? old : v2)(asked, response);
    });
    await preview('v2', '7');
    expect(server.asked).toHaveLength(60 + 100);
  });

  test('does not mistake a stale replica for a late one', async () => {
    // Every twentieth connection reaches it: ten right answers in a row are there all the time.
    let n = 0;
    const { preview } = await stage(
      (asked, response) => {
        n += 1;
        (n % 20 === 5 ? old : v2)(asked, response);
      },
      { verifyTimeoutMs: 500 },
    );
    await expect(preview('v2', '7')).rejects.toThrow(
      /did not get through .* The others were right, so a gateway replica seems to keep an earlier configuration/,
    );
  });

  test('accepts any revision if none is required', async () => {
    const { preview, server } = await stage(v2);
    await preview('v2', undefined);
    expect(server.asked).toHaveLength(10);
  });

  test('fails immediately if the pods run another version', async () => {
    const { preview, server } = await stage((_asked, response) => {
      answer(response, { version: 'v2', revision: '7', body: 'Hello version: v1' });
    });
    await expect(preview('v2', '7')).rejects.toThrow(
      'A preview request (x-canary-version: v2) through the ingress of west was answered by v1: the labels that select v2 match pods of v1.',
    );
    expect(server.asked).toHaveLength(1);
  });

  test('ignores a body that mentions a version of something else', async () => {
    const { preview, server } = await stage((_asked, response) => {
      answer(response, { version: 'v2', revision: '7', body: '<?xml version="1.0"?>' });
    });
    await preview('v2', '7');
    expect(server.asked).toHaveLength(10);
  });

  test('fails when the time is up, with what came back instead', async () => {
    const { preview, server } = await stage(old, { verifyTimeoutMs: 0 });
    await expect(preview('v2', '7')).rejects.toThrow(
      `A preview request (x-canary-version: v2) did not get through the ingress of west (${server.url}/hello) within 0 s: of 1 responses 1 × a success with version v1 with revision 6. Check that the path exists (input path) and that no other route matches it.`,
    );
  });

  test('throws the reason of a cancellation', async () => {
    const controller = new AbortController();
    const { preview } = await stage(
      after(1, old, () => {
        controller.abort(new CanaryError('Cancelled by SIGINT.'));
      }),
      { signal: controller.signal },
    );
    await expect(preview('v2', '7')).rejects.toThrow('Cancelled by SIGINT.');
  });
});

describe('waiting for a revision', () => {
  test('sends requests like a user, without the preview header', async () => {
    const { revision, server } = await stage(v2);
    await revision('7');
    expect(server.asked[0]?.headers).not.toHaveProperty('x-canary-version');
  });

  test('continues until the new one responds', async () => {
    const { revision, server } = await stage(after(3, old, v2));
    await revision('7');
    expect(server.asked).toHaveLength(13);
  });

  test.each([
    ['ignores', true],
    ['is broken by', false],
  ])('%s responses of other hosts, if they get a share: %s', async (_how, sharedWithOtherHosts) => {
    let n = 0;
    const { revision, server } = await stage(
      (asked, response) => {
        n += 1;
        if (n % 2 === 0 && n < 10) response.end('a shop');
        else v2(asked, response);
      },
      { sharedWithOtherHosts },
    );
    await revision('7');
    expect(server.asked).toHaveLength(sharedWithOtherHosts ? 14 : 9 + 50 - 1);
  });

  test('counts an error under the new revision: it has arrived', async () => {
    const { revision, server } = await stage((_asked, response) => {
      answer(response, { version: 'v2', revision: '7', status: 503 });
    });
    await revision('7');
    expect(server.asked).toHaveLength(10);
  });

  test('fails when the time is up', async () => {
    const { revision } = await stage((_asked, response) => response.end('ok'), { verifyTimeoutMs: 0 });
    await expect(revision('7')).rejects.toThrow(
      /^A request for revision 7 did not get through .* of 1 responses 1 × no version in the response with no revision\./,
    );
  });
});
