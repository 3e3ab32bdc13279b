import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { CanaryError } from '../../../src/core/errors.ts';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import { assertLoginSupported } from '../../../src/kubernetes/client/login.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import { Session } from '../../../src/kubernetes/client/session.ts';
import { openUpgraded } from '../../../src/kubernetes/client/upgrade.ts';
import '../../support/one-realm.ts';
import { selfSigned } from '../../support/certificate.ts';
import { clusterAt, kubeApi, kubeconfigFor } from '../../support/kube-api.ts';
import { NAMESPACE, service } from '../../support/objects.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
afterEach(() => opened.close());

type User = Readonly<Record<string, unknown>>;

/** The headers of a request that name whom it acts as, one for each value, in the order of the names. */
function actsAs(rawHeaders: readonly string[]): readonly string[] {
  const pairs = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 && /^impersonate/i.test(name) ? [`${name.toLowerCase()}: ${rawHeaders[i + 1] ?? ''}`] : [],
  );
  return pairs.toSorted();
}

async function sentFor(user: User): Promise<readonly string[]> {
  const api = opened.add(await kubeApi(service()));
  const cluster = opened.add(clusterAt(api.url, undefined, { token: 'a-token', ...user }));
  await cluster.read('v1', 'Service', 'helloworld', NAMESPACE);
  expect(api.asked[0]?.headers.authorization).toBe('Bearer a-token');
  return actsAs(api.asked[0]?.rawHeaders ?? []);
}

describe('a user acts as another one', () => {
  test.each<[string, User, readonly string[]]>([
    ['nobody else by default', {}, []],
    ['of one name', { as: 'anna' }, ['impersonate-user: anna']],
    [
      'with its groups, each in a header of its own',
      { as: 'anna', 'as-groups': ['readers', 'team, west'] },
      ['impersonate-group: readers', 'impersonate-group: team, west', 'impersonate-user: anna'],
    ],
    ['with a uid', { as: 'anna', 'as-uid': 'a-1' }, ['impersonate-uid: a-1', 'impersonate-user: anna']],
    [
      'with more, whose keys are escaped',
      { as: 'anna', 'as-user-extra': { 'acme.com/project': ['a', 'b'], 'ü%': ['c'], none: [] } },
      [
        'impersonate-extra-%c3%bc%25: c',
        'impersonate-extra-acme.com%2fproject: a',
        'impersonate-extra-acme.com%2fproject: b',
        'impersonate-user: anna',
      ],
    ],
    [
      'whose name is sent in UTF-8',
      { as: 'Jürgen', 'as-groups': null },
      [`impersonate-user: ${Buffer.from('Jürgen').toString('latin1')}`],
    ],
  ])('%s', async (_what, user, headers) => {
    expect(await sentFor(user)).toEqual(headers);
  });

  test('for a connection that is upgraded, too', async () => {
    const api = opened.add(await kubeApi());
    const user = { token: 'a-token', as: 'anna', 'as-groups': ['a', 'b'] };
    const session = opened.add(
      new Session(kubeconfigFor({ west: api.url }, user), 'west', 30_000, () => Date.now()),
    );
    const { signal } = new AbortController();
    await openUpgraded(await session.access(signal), '/api/v1/namespaces/a/pods/b/portforward', signal);
    expect(api.asked.map(({ rawHeaders }) => actsAs(rawHeaders))).toContainEqual([
      'impersonate-group: a',
      'impersonate-group: b',
      'impersonate-user: anna',
    ]);
  });

  test('over a connection that keeps the groups apart, whatever else the server speaks', async () => {
    const { cert, key } = await selfSigned('127.0.0.1');
    const seen: (readonly string[])[] = [];
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      seen.push([request.httpVersion, ...actsAs(request.rawHeaders)]);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${String(port)}`;
    for (const user of [{}, { as: 'anna', 'as-groups': ['a', 'b'] }]) {
      const config = kubeconfigFor({ west: url }, { token: 'a-token', ...user });
      const cluster = Cluster.open('west', config, new AbortController().signal);
      await cluster.read('v1', 'Node', 'n1');
      await cluster.close();
    }
    server.close();
    expect(seen).toEqual([
      ['2.0'],
      ['1.1', 'impersonate-group: a', 'impersonate-group: b', 'impersonate-user: anna'],
    ]);
  });
});

describe('refused before the first call is a user', () => {
  test.each<[string, User, string]>([
    [
      'with groups, but nobody to act as',
      { 'as-groups': ['admins'] },
      'its user has as-uid, as-groups or as-user-extra without as',
    ],
    [
      'with a uid, and an empty name',
      { as: '', 'as-uid': '7' },
      'its user has as-uid, as-groups or as-user-extra without as',
    ],
    [
      'whose groups cannot be sent',
      { as: 'anna', 'as-groups': ['a\nimpersonate-user: root'] },
      'its user cannot act as another one: the value of Impersonate-Group contains a line break, or another character that HTTP does not allow',
    ],
  ])('%s', (_what, user, problem) => {
    const config = kubeconfigFor({ west: 'https://west.example' }, user);
    expect(() => {
      assertLoginSupported(config, 'west');
    }).toThrow(problem);
  });

  test.each<[string, User, string]>([
    ['one group instead of a list', { as: 'anna', 'as-groups': 'admins' }, 'as-groups: expected array'],
    ['a name that is a number', { as: 1000 }, 'as: expected string'],
    ['one value for a key', { as: 'anna', 'as-user-extra': { a: 'b' } }, 'as-user-extra.a: expected array'],
  ])('by its kubeconfig: %s', (_what, user, problem) => {
    expect(() => readKubeconfig(JSON.stringify({ users: [{ name: 'ci', user }] }), {})).toThrow(CanaryError);
    expect(() => readKubeconfig(JSON.stringify({ users: [{ name: 'ci', user }] }), {})).toThrow(
      `users[0].user.${problem}`,
    );
  });
});
