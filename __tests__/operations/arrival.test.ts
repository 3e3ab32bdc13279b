import { afterEach, expect, test } from '@jest/globals';
import { seeRevision } from '../../src/operations/arrival.ts';
import type { Context } from '../../src/operations/context.ts';
import { IngressClient } from '../../src/verify/ingress-client.ts';
import '../support/one-realm.ts';
import { EAST, WEST, release } from '../support/release.ts';
import { Opened, answer, serve } from '../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** What a run of these clusters logs while west answers under the revision, and why it then ends. */
async function seen(
  clusters: readonly string[],
  ingress: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const server = opened.add(
    await serve((_asked, response) => {
      answer(response, { version: 'v2', revision: '7' });
    }),
  );
  const target = { cluster: WEST, url: server.url, path: '/hello', host: undefined, headers: {} };
  const client = opened.add(await IngressClient.open(target));
  const logged: string[] = [];
  const cancel = new AbortController();
  const log = {
    info: (text: string) => {
      logged.push(text);
      cancel.abort(new Error('cancelled while it waits'));
    },
  };
  const context = {
    release: release({
      clusters,
      configClusters: clusters,
      placement: new Map(),
      check: { ingress, propagationMs: 60_000 },
    }),
    log,
    signal: cancel.signal,
  } as unknown as Context;
  await seeRevision(context, { routes: [] }, 7, [client]).catch((error: unknown) => {
    logged.push(String(error));
  });
  return logged;
}

test('a change is awaited for its time in a cluster whose ingress is not sampled, whatever another one shows', async () => {
  expect(await seen([EAST, WEST], new Map([[EAST, 'none']]))).toEqual([
    'No ingress is sampled in east to show when the change has arrived, so the run waits 60 s (input propagation-time).',
    'Error: cancelled while it waits',
  ]);
});

test('a change that every ingress shows is awaited no longer', async () => {
  expect(await seen([WEST], new Map())).toEqual([]);
});
