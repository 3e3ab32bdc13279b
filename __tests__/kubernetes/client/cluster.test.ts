import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { API } from '../../../src/core/deadlines.ts';
import type { Cluster, OpenOptions } from '../../../src/kubernetes/client/cluster.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { CanaryError } from '../../../src/core/errors.ts';
import type { KubeObject } from '../../../src/kubernetes/objects.ts';
import '../../support/one-realm.ts';
import { clusterAt, kubeApi, pathOf, refuse } from '../../support/kube-api.ts';
import type { Intercept, KubeApi } from '../../support/kube-api.ts';
import { NAMESPACE, pod, service, versionPod, virtualService } from '../../support/objects.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

interface Stage {
  readonly api: KubeApi;
  readonly cluster: Cluster;
}

async function stage(
  objects: readonly KubeObject[] = [],
  options: OpenOptions & {
    readonly signal?: AbortSignal;
    readonly user?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<Stage> {
  const api = opened.add(await kubeApi(...objects));
  return { api, cluster: opened.add(clusterAt(api.url, options.signal, options.user, options)) };
}

const VS = virtualService([{ route: [] }]);
const readVs = (cluster: Cluster): Promise<KubeObject | undefined> =>
  cluster.read(VS.apiVersion, VS.kind, VS.metadata.name, NAMESPACE);

/** Answers the first requests of this method for an object instead of the API. */
function first(count: number, method: string, answer: Parameters<typeof intercepted>[1]): Intercept {
  let left = count;
  return intercepted(
    (asked) => asked.method === method && asked.path.includes('/namespaces/') && left > 0,
    (asked, response) => {
      left -= 1;
      answer(asked, response);
    },
  );
}

function intercepted(
  when: (asked: Parameters<Intercept>[0]) => boolean,
  answer: (...args: Parameters<Intercept>) => void,
): Intercept {
  return (asked, response) => {
    if (!when(asked)) return false;
    answer(asked, response);
    return true;
  };
}

const names = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name);

/** How often an object was requested. */
const triesIn = (api: KubeApi, method: string): number =>
  api.asked.filter((asked) => asked.method === method && asked.path.includes('/namespaces/')).length;

/** A user who logs in with a command. */
const exec = (script: string): Record<string, unknown> => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] },
});

describe('reading', () => {
  test('returns the object as the server has it, with unknown fields', async () => {
    const odd = { ...VS, someday: { a: [1, null] } };
    const { cluster } = await stage([odd]);
    expect(await readVs(cluster)).toMatchObject(odd);
  });

  test('returns nothing if there is none', async () => {
    const { cluster } = await stage();
    expect(await readVs(cluster)).toBeUndefined();
  });

  test('works for an object without a namespace', async () => {
    const { cluster } = await stage([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }]);
    expect(await cluster.read('v1', 'Node', 'n1')).toMatchObject({ metadata: { name: 'n1' } });
  });

  test('authenticates the user', async () => {
    const { api, cluster } = await stage([VS]);
    await readVs(cluster);
    expect(new Set(api.asked.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer a-token']),
    );
  });

  test('looks up the kinds of an API once', async () => {
    const { api, cluster } = await stage();
    const readSidecar = (): Promise<unknown> =>
      cluster.read('networking.istio.io/v1', 'Sidecar', 'a', NAMESPACE).catch(() => undefined);
    await Promise.all([readSidecar(), readSidecar()]);
    await readSidecar();
    expect(api.asked.filter(({ path }) => path === '/apis/networking.istio.io/v1')).toHaveLength(1);
  });

  test('does not look up the kinds that every mesh serves in the same way', async () => {
    const { api, cluster } = await stage([VS]);
    await readVs(cluster);
    expect(api.asked.map(({ path }) => path)).toEqual([pathOf(VS)]);
  });

  test('reaches a server under a path', async () => {
    const { api } = await stage([VS]);
    const cluster = opened.add(clusterAt(`${api.url}/k8s/clusters/c-1/`));
    await readVs(cluster).catch(() => undefined);
    expect(api.asked[0]?.path).toBe(`/k8s/clusters/c-1${pathOf(VS)}`);
  });

  test('reports a kind that the cluster does not serve, and not an unreachable server', async () => {
    const { cluster } = await stage();
    const refusal = cluster.read('networking.istio.io/v1', 'Sidecar', 'a', NAMESPACE);
    await expect(refusal).rejects.toThrow(
      'Looking up the kind Sidecar of networking.istio.io/v1 in west: the cluster does not serve it',
    );
    await expect(refusal).rejects.not.toThrow('reachable');
  });
});

describe('listing', () => {
  const pods = [
    versionPod('v1'),
    versionPod('v2'),
    pod('other', { app: 'other' }),
    pod('away', { app: 'other' }, { metadata: { namespace: 'away' } }),
  ];

  test.each<[string, string | undefined, Readonly<Record<string, string>> | undefined, readonly string[]]>([
    ['a namespace', NAMESPACE, undefined, ['helloworld-v1-0', 'helloworld-v2-0', 'other']],
    ['all namespaces', undefined, undefined, ['helloworld-v1-0', 'helloworld-v2-0', 'other', 'away']],
    ['what has the labels', NAMESPACE, { app: 'helloworld', version: 'v2' }, ['helloworld-v2-0']],
    ['what has the labels, anywhere', undefined, { app: 'other' }, ['other', 'away']],
  ])('returns %s', async (_what, namespace, labels, found) => {
    const { cluster } = await stage(pods);
    expect(names(await cluster.list('v1', 'Pod', namespace, labels))).toEqual(found);
  });

  test('adds the kind to each object, which lists omit', async () => {
    const { cluster } = await stage([VS]);
    expect(await cluster.list(VS.apiVersion, VS.kind, NAMESPACE)).toMatchObject([
      { apiVersion: VS.apiVersion, kind: VS.kind },
    ]);
  });

  test('reads all pages', async () => {
    const { api, cluster } = await stage();
    const pages: Readonly<Record<string, unknown>> = {
      '': { metadata: { continue: 'b&c' }, items: [{ metadata: { name: 'a' } }] },
      'b&c': { metadata: { continue: 'd' }, items: [{ metadata: { name: 'b' } }] },
      d: { metadata: { continue: '' }, items: [{ metadata: { name: 'c' } }] },
    };
    api.intercept = intercepted(
      ({ path }) => path.includes('/pods?'),
      ({ path }, response) =>
        response.end(JSON.stringify(pages[new URL(path, 'http://api').searchParams.get('continue') ?? ''])),
    );
    expect(names(await cluster.list('v1', 'Pod', NAMESPACE))).toEqual(['a', 'b', 'c']);
  });
});

describe('a list that expires while it is being read (410)', () => {
  const page = (name: string, next: string): string =>
    JSON.stringify({ metadata: { continue: next }, items: [{ metadata: { name } }] });
  /** The list is of two pages; the second expires this often. */
  const expiring = (times: number): Intercept => {
    let left = times;
    return intercepted(
      ({ path }) => path.includes('/pods?'),
      ({ path }, response) => {
        if (!path.includes('continue=')) response.end(page('a', 'next'));
        else if (left > 0) {
          left -= 1;
          refuse(response, 410, 'Expired', 'The provided continue parameter is too old');
        } else response.end(page('b', ''));
      },
    );
  };

  test.each([1, 2])('is restarted after expiring %d times', async (times) => {
    const { api, cluster } = await stage();
    api.intercept = expiring(times);
    expect(names(await cluster.list('v1', 'Pod', NAMESPACE))).toEqual(['a', 'b']);
  });

  test('is given up after the third time', async () => {
    const { api, cluster } = await stage();
    api.intercept = expiring(3);
    await expect(cluster.list('v1', 'Pod', NAMESPACE)).rejects.toThrow(
      'Listing Pods of gray-demo in west: The provided continue parameter is too old (410 Expired). The list expired several times while it was being read',
    );
  });
});

describe('a call that gets no response at first', () => {
  const slow = (ms: number, method: string): Intercept => {
    const pass = first(1, method, () => undefined);
    return (asked, response) => {
      if (!pass(asked, response)) return false;
      setTimeout(() => response.end(JSON.stringify(VS)), ms).unref();
      return true;
    };
  };

  test('is repeated if it reads, and may take the time of a slow admission webhook if it writes, dry run or not', async () => {
    const tries = async (method: string, call: (cluster: Cluster) => Promise<unknown>): Promise<number> => {
      const limits = { ...API, readSilenceMs: 400 };
      const { api, cluster } = await stage([VS], { limits });
      api.intercept = slow(1_000, method);
      await call(cluster);
      return triesIn(api, method);
    };
    const all = await Promise.all([
      tries('PUT', (cluster) => cluster.replace(VS)),
      tries('PUT', (cluster) => cluster.replace(VS, { dryRun: true })),
      tries('GET', readVs),
    ]);
    expect(all).toEqual([1, 1, 2]);
  });
});

describe('writing', () => {
  const path = pathOf(VS);
  const by = 'fieldManager=multicluster-canary';

  test.each<[string, (cluster: Cluster) => Promise<unknown>, string]>([
    ['apply', (cluster) => cluster.apply(service()), `PATCH ${pathOf(service())}?${by}`],
    [
      'apply, tried out',
      (cluster) => cluster.apply(service(), { dryRun: true }),
      `PATCH ${pathOf(service())}?${by}&dryRun=All`,
    ],
    [
      'create',
      (cluster) => cluster.create(service()),
      `POST ${pathOf(service()).replace(/\/[^/]+$/, '')}?${by}`,
    ],
    [
      'create, tried out',
      (cluster) => cluster.create(service(), { dryRun: true }),
      `POST ${pathOf(service()).replace(/\/[^/]+$/, '')}?${by}&dryRun=All`,
    ],
    ['remove', (cluster) => cluster.remove(VS), `DELETE ${path}?propagationPolicy=Background`],
    [
      'remove, tried out',
      (cluster) => cluster.remove(VS, { dryRun: true }),
      `DELETE ${path}?propagationPolicy=Background&dryRun=All`,
    ],
  ])('%s', async (_what, write, request) => {
    const { api, cluster } = await stage([VS]);
    await write(cluster);
    expect(api.writes).toEqual([request]);
  });

  test('uses server-side apply without force', async () => {
    const { api, cluster } = await stage();
    await cluster.apply(service());
    const asked = api.asked.find(({ method }) => method === 'PATCH');
    expect([asked?.headers['content-type'], asked?.path.includes('force')]).toEqual([
      'application/apply-patch+yaml',
      false,
    ]);
  });

  test('replaces what was read, and returns what is stored', async () => {
    const { api, cluster } = await stage([VS]);
    const read = await readVs(cluster);
    const stored = read && (await cluster.replace({ ...read, spec: { hosts: ['a'] } }));
    expect(api.objects.get(path)).toEqual(stored);
  });

  test('does not overwrite a concurrent change', async () => {
    const { cluster } = await stage([VS]);
    const read = (await readVs(cluster)) ?? VS;
    await cluster.replace(read);
    await expect(cluster.replace(read)).rejects.toThrow(
      'Updating VirtualService gray-demo/helloworld in west: the object has been modified (409 Conflict). Someone else changed it in the meantime; run again.',
    );
  });

  test('counts a missing object as removed', async () => {
    const { cluster } = await stage();
    await expect(cluster.remove(VS)).resolves.toBeUndefined();
  });
});

describe('a transient failure', () => {
  const broken: Parameters<typeof first>[2] = (_asked, response) => {
    refuse(response, 500, 'InternalError', 'etcd is slow');
  };
  const cut: Parameters<typeof first>[2] = (_asked, response) => response.destroy();
  const busy: Parameters<typeof first>[2] = (_asked, response) => {
    refuse(response, 429, 'TooManyRequests', 'later');
  };

  test.each([
    ['an error of the server', broken],
    ['a cut connection', cut],
    ['too many requests', busy],
  ])('of a read is retried: %s', async (_what, answer) => {
    const { api, cluster } = await stage([VS]);
    api.intercept = first(1, 'GET', answer);
    expect([await readVs(cluster), triesIn(api, 'GET')]).toMatchObject([{ kind: 'VirtualService' }, 2]);
  });

  test.each([
    ['an error of the server', broken],
    ['a cut connection', cut],
  ])('of a write is not retried, since it may have been stored: %s', async (_what, answer) => {
    const { api, cluster } = await stage([VS]);
    const read = (await readVs(cluster)) ?? VS;
    api.intercept = first(1, 'PUT', answer);
    await expect(cluster.replace(read)).rejects.toThrow(
      'Updating VirtualService gray-demo/helloworld in west: ',
    );
    expect(triesIn(api, 'PUT')).toBe(1);
  });

  test('of a dry run is retried, since nothing is stored', async () => {
    const { api, cluster } = await stage([VS]);
    const read = (await readVs(cluster)) ?? VS;
    api.intercept = first(1, 'PUT', broken);
    await cluster.replace(read, { dryRun: true });
    expect(triesIn(api, 'PUT')).toBe(2);
  });

  test('of a write is retried if the server did not accept it: too many requests', async () => {
    const { api, cluster } = await stage([VS]);
    const read = (await readVs(cluster)) ?? VS;
    api.intercept = first(1, 'PUT', busy);
    await cluster.replace(read);
    expect(triesIn(api, 'PUT')).toBe(2);
  });
});

describe('an API server that restarts', () => {
  const away: Parameters<typeof first>[2] = (_asked, response) => response.destroy();
  const forbidden: Parameters<typeof first>[2] = (_asked, response) => {
    refuse(
      response,
      403,
      'Forbidden',
      'virtualservices.networking.istio.io "helloworld" is forbidden: User "canary" cannot get resource "virtualservices"',
    );
  };
  const instantly: Clock = { now: () => 0, sleep: () => Promise.resolve() };

  /** Answers the first requests for an object with these, one after the other. */
  function inTurn(method: string, ...answers: readonly Parameters<typeof first>[2][]): Intercept {
    const left = [...answers];
    return intercepted(
      (asked) => asked.method === method && asked.path.includes('/namespaces/') && left.length > 0,
      (...args) => left.shift()?.(...args),
    );
  }

  test('is waited for longer than one that has never answered', async () => {
    const { api, cluster } = await stage([VS]);
    await readVs(cluster);
    api.intercept = first(5, 'GET', away);
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
  });

  test('is not believed when it forbids a read right after it was away: it does not know its roles yet', async () => {
    const { api, cluster } = await stage([VS]);
    api.intercept = inTurn('GET', away, forbidden, forbidden);
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
  });

  test('is not believed when it forbids a write right after it was away, which has changed nothing', async () => {
    const { api, cluster } = await stage([VS]);
    const read = (await readVs(cluster)) ?? VS;
    api.intercept = inTurn('PUT', away, forbidden);
    await expect(cluster.replace(read)).rejects.toThrow('Is the API server of this context reachable');
    await cluster.replace(read);
    expect(triesIn(api, 'PUT')).toBe(3);
  });

  test('is not believed when it forbids what it has allowed before, although nothing was seen of its restart', async () => {
    const { api, cluster } = await stage([VS]);
    await readVs(cluster);
    api.intercept = first(1, 'GET', forbidden);
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
  });

  test('is believed when it goes on forbidding', async () => {
    const { api, cluster } = await stage([VS]);
    await readVs(cluster);
    const before = triesIn(api, 'GET');
    api.intercept = first(99, 'GET', forbidden);
    await expect(readVs(cluster)).rejects.toThrow(
      'Grant this to the user of the kubeconfig in this cluster.',
    );
    expect(triesIn(api, 'GET') - before).toBe(4);
  });

  test.each([
    ['denied for a moment', 2, true],
    ['denied for good', 99, false],
  ])('is asked again whether something is allowed: %s', async (_what, denials, expected) => {
    const { api, cluster } = await stage([VS], { clock: instantly });
    const reviews: boolean[] = [];
    const answersReview = intercepted(
      ({ path }) => path.endsWith('/selfsubjectaccessreviews'),
      (_asked, response) => {
        reviews.push(reviews.length >= denials);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ status: { allowed: reviews.at(-1) } }));
      },
    );
    const cut = inTurn('GET', away);
    api.intercept = (...args) => cut(...args) || answersReview(...args);
    await readVs(cluster);
    const access = { verb: 'get', group: '', resource: 'pods', namespace: NAMESPACE, name: 'a' };
    await expect(cluster.allows(access, { apiVersion: 'v1', kind: 'Pod' })).resolves.toBe(expected);
    expect(reviews).toHaveLength(expected ? 3 : 5);
  });
});

describe('a refusal is final', () => {
  test.each([
    [400, 'BadRequest'],
    [403, 'Forbidden'],
    [409, 'Conflict'],
    [422, 'Invalid'],
  ])('of status %d', async (status, reason) => {
    const { api, cluster } = await stage([VS]);
    api.intercept = first(1, 'PUT', (_asked, response) => {
      refuse(response, status, reason, 'no');
    });
    await expect(cluster.replace(VS)).rejects.toThrow(`no (${String(status)} ${reason})`);
    expect(triesIn(api, 'PUT')).toBe(1);
  });
});

describe('a response that is not from Kubernetes', () => {
  test('is quoted in part', async () => {
    const { api, cluster } = await stage([VS]);
    api.intercept = first(1, 'GET', (_asked, response) => {
      response.end(`<html>Please log in${'x'.repeat(1000)}`);
    });
    await expect(readVs(cluster)).rejects.toThrow(
      /^Reading VirtualService gray-demo\/helloworld in west: <html>Please log inx{281} \(200\)/,
    );
  });
});

test('a read that never gets a response fails after three retries, and asks whether the server is reachable', async () => {
  const { api, cluster } = await stage();
  api.intercept = (_asked, response) => {
    response.destroy();
    return true;
  };
  await expect(readVs(cluster)).rejects.toThrow(
    /^Reading VirtualService gray-demo\/helloworld in west: .*\. Is the API server of this context reachable from the runner\?$/,
  );
  expect(api.asked).toHaveLength(4);
});

describe('an overloaded server', () => {
  test('is asked again after the time that it names', async () => {
    const slept: number[] = [];
    const clock: Clock = {
      now: () => 0,
      sleep(ms) {
        slept.push(ms);
        return Promise.resolve();
      },
    };
    const { api, cluster } = await stage([VS], { clock });
    api.intercept = first(2, 'GET', (_asked, response) => {
      response.setHeader('retry-after', '7');
      refuse(response, 429, 'TooManyRequests', 'too many requests');
    });
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
    expect(slept).toEqual([7_000, 7_000]);
  });

  test('is no longer waited for once the run is cancelled', async () => {
    const reason = new CanaryError('Cancelled by SIGINT.');
    const controller = new AbortController();
    const { api, cluster } = await stage([VS], { signal: controller.signal });
    api.intercept = first(9, 'GET', (_asked, response) => {
      response.setHeader('retry-after', '3600');
      response.on('close', () => {
        controller.abort(reason);
      });
      refuse(response, 429, 'TooManyRequests', 'too many requests');
    });
    await expect(readVs(cluster)).rejects.toBe(reason);
  });
});

describe('credentials that expire during the run', () => {
  test('are requested again from a command that named no expiry', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
    opened.add({
      close() {
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    });
    const count = join(folder, 'count');
    const script = `echo x >> ${count}; echo "{\\"kind\\": \\"ExecCredential\\", \\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"status\\": {\\"token\\": \\"$(wc -l < ${count} | tr -d ' ')\\"}}"`;
    const { api, cluster } = await stage([VS], { user: exec(script) });
    api.intercept = intercepted(
      ({ headers }) => headers.authorization !== 'Bearer 2',
      (_asked, response) => {
        refuse(response, 401, 'Unauthorized', 'Unauthorized');
      },
    );
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
  });

  test('are renewed, and the call is repeated', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
    const login = join(folder, 'credential.json');
    const give = (token: string): void => {
      const status = { token, expirationTimestamp: '2020-01-01T00:00:00Z' };
      writeFileSync(
        login,
        JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }),
      );
    };
    opened.add({
      close() {
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    });
    give('first');
    const user = {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'cat',
        args: [login],
        interactiveMode: 'Never',
      },
    };
    const { api, cluster } = await stage([VS], { user });
    await readVs(cluster);
    give('second');
    api.intercept = intercepted(
      ({ headers }) => headers.authorization !== 'Bearer second',
      (_asked, response) => {
        refuse(response, 401, 'Unauthorized', 'Unauthorized');
      },
    );
    await expect(readVs(cluster)).resolves.toMatchObject({ kind: 'VirtualService' });
  });
});

describe('unusable credentials are reported without showing them', () => {
  const told = async (user: Record<string, unknown>): Promise<string> => {
    const { api, cluster } = await stage([VS], { user });
    const message = await readVs(cluster).then(String, String);
    expect(api.asked).toEqual([]);
    expect(message).toMatch(/in west: this context has no login: .*\. Fix it in the input kubeconfig\.$/);
    return message;
  };

  test('a token with a line break', async () => {
    const message = await told({ token: 'aaa\nbbb' });
    expect(message).toContain('contain a line break');
    expect(message).not.toMatch(/aaa|bbb/);
  });

  test('a login command that prints no ExecCredential', async () => {
    const message = await told(exec('echo a-token'));
    expect(message).toContain('did not print the JSON of an ExecCredential');
    expect(message).not.toContain('a-token');
  });

  test.each([
    ['names the command', undefined, 'Install it in an earlier step of the job.'],
    [
      'passes on the install hint',
      'Get it: apt-get install corp-login.\n',
      'Get it: apt-get install corp-login.',
    ],
  ])('a login command that is not installed %s', async (_what, installHint, remedy) => {
    const { cluster } = await stage([VS], {
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'corp-login',
          ...(installHint === undefined ? {} : { installHint }),
        },
      },
    });
    await expect(readVs(cluster)).rejects.toThrow(
      `in west: this context has no login: its login command corp-login (exec) is not installed on the runner. ${remedy}`,
    );
  });

  test('a login command that fails, with its own message', async () => {
    await expect(told(exec('echo no session >&2; exit 1'))).resolves.toContain('no session');
  });
});

describe('a cancelled call throws the reason of the cancellation', () => {
  test('while a login command hangs', async () => {
    const controller = new AbortController();
    const { cluster } = await stage([VS], { user: exec('exec sleep 5'), signal: controller.signal });
    const read = readVs(cluster);
    setImmediate(() => {
      controller.abort(reason);
    });
    await expect(read).rejects.toBe(reason);
  });

  const reason = new CanaryError('Cancelled by SIGINT.');

  test('while it waits for a response', async () => {
    const controller = new AbortController();
    const { api, cluster } = await stage([VS], { signal: controller.signal });
    api.intercept = first(1, 'GET', () => {
      controller.abort(reason);
    });
    await expect(readVs(cluster)).rejects.toBe(reason);
  });

  test('instead of being retried', async () => {
    const controller = new AbortController();
    const { api, cluster } = await stage([VS], { signal: controller.signal });
    api.intercept = first(9, 'GET', (_asked, response) => {
      response.on('close', () => {
        controller.abort(reason);
      });
      refuse(response, 500, 'InternalError', 'etcd is slow');
    });
    await expect(readVs(cluster)).rejects.toBe(reason);
    expect(triesIn(api, 'GET')).toBe(1);
  });

  test('before it started', async () => {
    const { api, cluster } = await stage([VS], { signal: AbortSignal.abort(reason) });
    await expect(readVs(cluster)).rejects.toBe(reason);
    expect(api.asked).toEqual([]);
  });

  test('but not if the cluster is used with another signal', async () => {
    const { cluster } = await stage([VS], { signal: AbortSignal.abort(reason) });
    const rescue = cluster.withSignal(new AbortController().signal);
    await expect(readVs(rescue)).resolves.toMatchObject({ kind: 'VirtualService' });
  });
});

describe('an access review', () => {
  const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const UPDATE = {
    verb: 'update',
    group: 'networking.istio.io',
    resource: 'virtualservices',
    namespace: NAMESPACE,
    name: 'helloworld',
  } as const;
  const review = async (status: unknown): Promise<readonly [boolean, unknown]> => {
    const { api, cluster } = await stage();
    api.intercept = intercepted(
      ({ path }) => path === PATH,
      (_asked, response) => response.end(JSON.stringify({ status })),
    );
    const allowed = await cluster.allows(UPDATE, VS);
    return [allowed, JSON.parse(api.asked.find(({ path }) => path === PATH)?.body ?? '')];
  };

  test('names verb, group, resource, namespace and object', async () => {
    const [, asked] = await review({ allowed: true });
    expect(asked).toMatchObject({
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb: 'update',
          group: 'networking.istio.io',
          resource: 'virtualservices',
          namespace: NAMESPACE,
          name: 'helloworld',
        },
      },
    });
  });

  test.each([
    ['get', 'GET', '/helloworld'],
    ['create', 'POST', '?dryRun=All'],
    ['update', 'PUT', '/helloworld?dryRun=All'],
    ['patch', 'PATCH', '/helloworld?dryRun=All'],
    ['delete', 'DELETE', '/helloworld?dryRun=All'],
  ])(
    'that the cluster refuses is replaced by an attempt to %s, which stores nothing',
    async (verb, method, rest) => {
      const { api, cluster } = await stage();
      const attempt = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices${rest}`;
      let status = 403;
      api.intercept = ({ path }, response) => {
        if (path !== PATH && path !== attempt) return false;
        response.writeHead(path === PATH ? 403 : status, { 'content-type': 'application/json' });
        response.end('{}');
        return true;
      };
      await expect(cluster.allows({ ...UPDATE, verb }, VS)).resolves.toBe(false);
      status = 422;
      await expect(cluster.allows({ ...UPDATE, verb }, VS)).resolves.toBe(true);
      expect(api.asked.filter(({ path }) => path === attempt).map((one) => one.method)).toEqual([
        method,
        method,
      ]);
    },
  );

  test.each(['the review', 'the attempt'])(
    'says nothing if %s shows that the login is rejected',
    async (what) => {
      const { api, cluster } = await stage();
      api.intercept = ({ path }, response) => {
        const isReview = path === PATH;
        if (!isReview && !path.endsWith('dryRun=All')) return false;
        response.writeHead(isReview && what === 'the attempt' ? 403 : 401, {
          'content-type': 'application/json',
        });
        response.end('{}');
        return true;
      };
      await expect(cluster.allows(UPDATE, VS)).rejects.toThrow(
        'The credentials of this context were rejected',
      );
    },
  );

  test.each([
    [{ allowed: true }, true],
    [{ allowed: false }, false],
    [{ allowed: false, denied: true }, false],
    [undefined, false],
  ])('takes %j as %j', async (status, allowed) => {
    expect((await review(status))[0]).toBe(allowed);
  });
});

describe('the API of Istio', () => {
  test.each([
    [['v1beta1', 'v1', 'v1alpha3'], 'networking.istio.io/v1'],
    [['v1alpha3', 'v1beta1'], 'networking.istio.io/v1beta1'],
    [['v1alpha3'], 'networking.istio.io/v1alpha3'],
  ])('in a cluster that serves %j is %s', async (versions, apiVersion) => {
    const { api, cluster } = await stage();
    api.intercept = intercepted(
      ({ path }) => path.startsWith('/apis/networking.istio.io'),
      ({ path }, response) => {
        const [, version] = /\.io\/(.+)$/.exec(path) ?? [];
        if (version === undefined)
          response.end(JSON.stringify({ versions: versions.map((one) => ({ version: one })) }));
        else if (versions.includes(version)) response.end(JSON.stringify({ resources: [] }));
        else refuse(response, 404, 'NotFound', 'not found');
      },
    );
    expect(await cluster.istioApiVersion()).toBe(apiVersion);
  });

  test('that is missing is reported by name', async () => {
    const { api, cluster } = await stage();
    api.intercept = intercepted(
      () => true,
      (_asked, response) => {
        refuse(response, 404, 'NotFound', 'the server could not find the requested resource');
      },
    );
    await expect(cluster.istioApiVersion()).rejects.toThrow(
      /^Looking for Istio \(networking\.istio\.io\) in west: /,
    );
  });
});

describe('the kinds of the Gateway API', () => {
  const GROUP = 'gateway.networking.k8s.io';
  const resources = (...kinds: readonly string[]): string =>
    JSON.stringify({
      resources: kinds.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true })),
    });

  test.each([
    [
      'in v1 alone',
      { v1: ['HTTPRoute', 'Gateway', 'ReferenceGrant', 'GRPCRoute'], v1beta1: ['HTTPRoute'] },
      { HTTPRoute: 'v1', Gateway: 'v1', ReferenceGrant: 'v1', GRPCRoute: 'v1' },
      1,
    ],
    [
      'in v1, and in v1beta1 where v1 lacks one',
      { v1: ['HTTPRoute', 'Gateway'], v1beta1: ['HTTPRoute', 'Gateway', 'ReferenceGrant'] },
      { HTTPRoute: 'v1', Gateway: 'v1', ReferenceGrant: 'v1beta1' },
      2,
    ],
    ['in v1beta1 alone', { v1beta1: ['HTTPRoute'] }, { HTTPRoute: 'v1beta1' }, 2],
    ['nowhere', {}, {}, 2],
  ])('are read %s', async (_, served, expected, calls) => {
    const { api, cluster } = await stage();
    const kindsOf = new Map<string, readonly string[]>(Object.entries(served));
    api.intercept = intercepted(
      ({ path }) => path.startsWith(`/apis/${GROUP}`),
      ({ path }, response) => {
        const kinds = kindsOf.get(path.split('/').at(-1) ?? '');
        if (kinds === undefined) refuse(response, 404, 'NotFound', 'not found');
        else response.end(resources(...kinds));
      },
    );
    const wanted = Object.entries(expected).map(([kind, version]) => [kind, `${GROUP}/${version}`]);
    expect(await cluster.gatewayApiServed()).toEqual(Object.fromEntries(wanted));
    expect(api.asked).toHaveLength(calls);
  });

  test('cannot be known if the user may not look', async () => {
    const { api, cluster } = await stage();
    api.intercept = intercepted(
      ({ path }) => path.startsWith(`/apis/${GROUP}`),
      (_asked, response) => {
        refuse(response, 403, 'Forbidden', 'not allowed');
      },
    );
    await expect(cluster.gatewayApiServed()).rejects.toThrow(
      /^Looking up the kinds of gateway\.networking\.k8s\.io\/v1 in west: /,
    );
  });
});
