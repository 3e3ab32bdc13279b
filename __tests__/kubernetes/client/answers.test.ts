import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Cluster, OpenOptions } from '../../../src/kubernetes/client/cluster.ts';
import { ClusterError, isRefused, isUncertain } from '../../../src/kubernetes/client/errors.ts';
import { API } from '../../../src/core/deadlines.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { secrets } from '../../../src/core/secrets.ts';
import '../../support/one-realm.ts';
import { clusterAt, kubeApi } from '../../support/kube-api.ts';
import type { Intercept, KubeApi } from '../../support/kube-api.ts';
import { NAMESPACE, service, virtualService } from '../../support/objects.ts';
import { Opened, serve } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const VS = virtualService([{ route: [] }]);
const MIB = 1024 * 1024;

type Use = (cluster: Cluster) => Promise<unknown>;
const read: Use = (cluster) => cluster.read('v1', 'Service', 'helloworld', NAMESPACE);
const list: Use = (cluster) => cluster.list('v1', 'Pod', NAMESPACE);
const write: Use = (cluster) => cluster.replace(service());
const remove: Use = (cluster) => cluster.remove(service());
const discover: Use = (cluster) => cluster.list(VS.apiVersion, 'Sidecar', NAMESPACE);
const review: Use = (cluster) =>
  cluster.allows(
    { verb: 'get', group: '', resource: 'pods', namespace: NAMESPACE, name: 'a' },
    { apiVersion: 'v1', kind: 'Pod' },
  );

async function stage(
  intercept: Intercept,
  options: OpenOptions = {},
): Promise<{ readonly api: KubeApi; readonly cluster: Cluster }> {
  const api = opened.add(await kubeApi());
  api.intercept = intercept;
  return { api, cluster: opened.add(clusterAt(api.url, undefined, undefined, options)) };
}

const always =
  (body: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}): Intercept =>
  (_asked, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
    return true;
  };

/** The error of a call, which is never a defect of the action. */
async function failure(use: Use, intercept: Intercept, options?: OpenOptions): Promise<ClusterError> {
  const { cluster } = await stage(intercept, options);
  const error: unknown = await use(cluster).then(
    () => new Error('the answer was accepted'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ClusterError) return error;
  throw new Error(`not the error of a cluster: ${messageOf(error)}`, { cause: error });
}

describe('an answer that no API server gives is an error that names the call and the cluster', () => {
  const calls: readonly (readonly [string, Use])[] = [
    ['Reading Service gray-demo/helloworld in west: ', read],
    ['Listing Pods of gray-demo in west: ', list],
    ['Updating Service gray-demo/helloworld in west: ', write],
    ['Deleting Service gray-demo/helloworld in west: ', remove],
    ['Looking up the kinds of networking.istio.io/v1 in west: ', discover],
    ['Asking whether get pods/a in namespace gray-demo is allowed in west: ', review],
  ];

  test.each(['null', '"Hello"', '7', 'true', '[]', '[null]', '', '{"items":', '<html>Sign in</html>'])(
    '%s',
    async (body) => {
      for (const [begin, use] of calls) {
        const error = await failure(use, always(body));
        expect(error.message.slice(0, begin.length)).toBe(begin);
      }
    },
  );

  test.each<[string, string, Use, string]>([
    ['a list without items', '{}', list, 'items: expected array, received undefined'],
    ['items that are null', '{"items":null}', list, 'items: expected array, received null'],
    ['an item that is null', '{"items":[null]}', list, 'items[0]: expected object, received null'],
    [
      'an item without metadata',
      '{"items":[{"metadata":{"name":"a"}},{}]}',
      list,
      'items[1].metadata: expected object, received undefined',
    ],
    [
      'an item whose name is a number',
      '{"items":[{"metadata":{"name":7}}]}',
      list,
      'items[0].metadata.name: expected string, received number',
    ],
    [
      'labels that are a list',
      '{"items":[{"metadata":{"name":"a","labels":["b"]}}]}',
      list,
      'items[0].metadata.labels: expected record, received array',
    ],
    [
      'a next page that is a number',
      '{"items":[],"metadata":{"continue":7}}',
      list,
      'metadata.continue: expected string, received number',
    ],
    ['an object without metadata', '{"apiVersion":"v1","kind":"Service"}', read, 'metadata: expected object'],
    ['kinds that are null', '{"resources":null}', discover, 'resources: expected array, received null'],
    ['a review that is a text', '{"status":"yes"}', review, 'status: expected object, received string'],
  ])('%s', async (_what, body, use, problem) => {
    const { message } = await failure(use, always(body));
    expect(message).toContain(problem);
    expect(message).toMatch(/Is this the address of a Kubernetes API server\? \(200\)$/);
  });

  test.each<[string, unknown]>([
    ['a message that is a number', { message: 7 }],
    ['a message that is an object', { message: { text: 'no' } }],
    ['causes that are a text', { message: 'no', details: { causes: 'all' } }],
    ['causes that are null', { message: 'no', details: { causes: [null] } }],
  ])('a refusal with %s', async (_what, status) => {
    for (const code of [403, 409]) {
      const error = await failure(write, always(JSON.stringify({ kind: 'Status', ...Object(status) }), code));
      expect(error.status).toBe(code);
    }
  });

  test('after a write, it is unknown whether the cluster stored it', async () => {
    for (const body of ['null', '{"kind":', '{}']) {
      const error = await failure(write, always(body));
      expect([isUncertain(error), isRefused(error)]).toEqual([true, false]);
    }
  });
});

describe('an answer is bounded', () => {
  test('where a few bytes decompress to many', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MIB));
    const { message } = await failure(read, always(bomb, 200, { 'content-encoding': 'gzip' }));
    expect(message).toBe(
      'Reading Service gray-demo/helloworld in west: the response is longer than 8 MiB (200)',
    );
  });

  test('where a body never ends', async () => {
    let left = true;
    const endless: Intercept = (_asked, response) => {
      response.writeHead(200);
      response.on('close', () => (left = false));
      const chunk = '['.repeat(MIB);
      const send = (): void => {
        while (left && response.write(chunk));
        if (left) response.once('drain', send);
      };
      send();
      return true;
    };
    expect((await failure(read, endless)).message).toContain('longer than 8 MiB');
  });

  test('where a refusal is long, which stays a refusal', async () => {
    const error = await failure(write, always('x'.repeat(MIB), 403));
    expect(error.message).toMatch(/^Updating Service gray-demo\/helloworld in west: x{300} \(403\)/);
    expect(isRefused(error)).toBe(true);
  });

  test('where the message of a refusal is long', async () => {
    const { message } = await failure(
      write,
      always(JSON.stringify({ kind: 'Status', message: 'x'.repeat(60_000) }), 422),
    );
    expect(message.length).toBeLessThan(2_500);
  });

  test('in its depth', async () => {
    const deep = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await failure(read, always(deep))).message).toContain('the response is nested too deeply (200)');
  });

  test('but brackets in texts do not count', async () => {
    const text = `"\\"${'[{'.repeat(1_000)}`;
    const body = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"type":${text}"}}`;
    const { cluster } = await stage(always(body));
    await expect(read(cluster)).resolves.toMatchObject({ metadata: { name: 'a' } });
  });
});

describe('a list is bounded', () => {
  const page = (name: string, next: string, size = 0): string =>
    JSON.stringify({
      metadata: { continue: next },
      items: [{ metadata: { name }, data: 'x'.repeat(size) }],
    });

  test('where the server names the same next page again', async () => {
    const { api, cluster } = await stage(always(page('a', 'again')));
    await expect(list(cluster)).rejects.toThrow(
      'Listing Pods of gray-demo in west: the list repeats itself: the server names the same next page again',
    );
    expect(api.asked).toHaveLength(2);
  });

  test('where pages go round in a circle', async () => {
    const next: Readonly<Record<string, string>> = { '': 'a', a: 'b', b: 'c', c: 'a' };
    const { cluster } = await stage((asked, response) => {
      const at = new URL(asked.path, 'http://api').searchParams.get('continue') ?? '';
      response.end(page('a', next[at] ?? ''));
      return true;
    });
    await expect(list(cluster)).rejects.toThrow('the list repeats itself');
  });

  test('where there is always another page', async () => {
    let pages = 0;
    const { cluster } = await stage((_asked, response) => {
      pages += 1;
      response.end(page('a', String(pages)));
      return true;
    });
    await expect(list(cluster)).rejects.toThrow(
      'Listing Pods of gray-demo in west: the list is not complete after 1000 pages (1000 objects)',
    );
  });

  test('in its time', async () => {
    let now = 0;
    const clock = { now: () => (now += 50_000), sleep: () => Promise.resolve() };
    let pages = 0;
    const { cluster } = await stage(
      (_asked, response) => {
        pages += 1;
        response.end(page('a', String(pages)));
        return true;
      },
      { clock },
    );
    await expect(list(cluster)).rejects.toThrow('the list is not complete after 120 s');
  });

  test('and read in smaller pages where 500 objects are too long', async () => {
    const objects = Array.from({ length: 30 }, (_, i) => ({
      metadata: { name: `pod-${String(i)}` },
      data: 'x'.repeat(MIB),
    }));
    const { api, cluster } = await stage((asked, response) => {
      const query = new URL(asked.path, 'http://api').searchParams;
      const begin = Number(query.get('continue') ?? '0');
      const end = begin + Number(query.get('limit'));
      const metadata = { continue: end < objects.length ? String(end) : '' };
      response.end(JSON.stringify({ metadata, items: objects.slice(begin, end) }));
      return true;
    });
    const found = await cluster.list('v1', 'Pod', NAMESPACE);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(objects.map(({ metadata }) => metadata.name));
    const limits = api.asked.map(({ path }) => new URL(path, 'http://api').searchParams.get('limit'));
    expect(limits.slice(0, 5)).toEqual(['500', '100', '20', '4', '4']);
  });
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 303, 307, 308])('of status %d, neither by a read nor by a write', async (status) => {
    const elsewhere = opened.add(
      await serve((_asked, response) => {
        response.end(JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }));
      }),
    );
    const location = `${elsewhere.url}/collect?token=a-secret`;
    for (const use of [read, list, write, remove]) {
      const error = await failure(use, always('', status, { location }));
      expect(error.message).toContain(
        ` in west: the server redirects to ${elsewhere.url}, which is not followed: the credentials are for the server of this context. Enter the address of the API server itself in the input kubeconfig (${String(status)})`,
      );
      expect(error.message).not.toContain('a-secret');
    }
    expect(elsewhere.asked).toEqual([]);
  });

  test('to an address that is not a URL', async () => {
    const { message } = await failure(read, always('', 302, { location: 'http://[' }));
    expect(message).toContain('the server redirects to an address that is not a URL');
  });
});

test('an answer that drips is bounded by the time of its call', async () => {
  const drip: Intercept = (_asked, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => {
      clearInterval(timer);
    });
    return true;
  };
  const { message } = await failure(write, drip, { limits: { ...API, writeMs: 100 } });
  expect(message).toMatch(/^Updating Service gray-demo\/helloworld in west: .*timeout/);
});

test('only an answer that is quoted is searched for secrets', async () => {
  const redact = jest.spyOn(secrets, 'redact');
  try {
    const { cluster } = await stage(always(JSON.stringify(service())));
    await read(cluster);
    expect(redact).not.toHaveBeenCalled();
    await failure(read, always('<html>'));
    expect(redact).toHaveBeenCalledWith('<html>');
  } finally {
    redact.mockRestore();
  }
});
