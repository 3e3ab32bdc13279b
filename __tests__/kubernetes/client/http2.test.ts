import { constants } from 'node:http2';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import '../../support/one-realm.ts';
import { answer, overHttp2 } from '../../support/http2-api.ts';
import { Opened } from '../../support/server.ts';

const CANCELLED_WRITES = join(import.meta.dirname, '../../support/cancelled-writes.ts');

const opened = new Opened();
afterEach(() => opened.close());

const readMany = (cluster: Cluster, number: number): Promise<readonly unknown[]> =>
  Promise.all(Array.from({ length: number }, (_, i) => cluster.read('v1', 'Node', `n${String(i)}`)));

describe('an API server over HTTP/2', () => {
  test('gets one connection for all calls', async () => {
    const { cluster, handshakes } = await overHttp2(opened, (_, response) => {
      answer(response);
    });
    expect(await readMany(cluster, 50)).toHaveLength(50);
    expect(handshakes()).toBe(1);
  });

  test('may allow few calls at a time', async () => {
    const { cluster } = await overHttp2(
      opened,
      (_, response) => {
        setImmediate(() => {
          answer(response);
        });
      },
      { settings: { maxConcurrentStreams: 3 } },
    );
    expect(await readMany(cluster, 20)).toHaveLength(20);
  });

  test('may send clients away between two calls (GOAWAY), as behind a load balancer', async () => {
    const { cluster, handshakes } = await overHttp2(opened, (request, response, asked) => {
      answer(response);
      if (asked % 5 === 0) request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    });
    for (let i = 0; i < 20; i += 1) await cluster.read('v1', 'Node', 'n1');
    expect(handshakes()).toBeGreaterThan(1);
  });

  test('may reset single calls, which are repeated', async () => {
    const { cluster, handshakes } = await overHttp2(opened, (_, response, asked) => {
      if (asked % 2 === 1) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else answer(response);
    });
    await cluster.read('v1', 'Node', 'n1');
    expect(handshakes()).toBe(1);
  });

  /** In a process of its own, which tells whether it could still do something else. */
  test.each([
    ['in the turn in which they are sent', 'at-once'],
    ['while the server takes no more of their bodies', 'on-the-way'],
  ])('gets no more of writes that are cancelled %s', async (_, moment) => {
    const run = execa({ node: true, timeout: 30_000, reject: false });
    const { stdout, timedOut } = await run`${CANCELLED_WRITES} ${moment}`;
    expect({ stdout, timedOut }).toEqual({ stdout: 'read a Node', timedOut: false });
  });
});
