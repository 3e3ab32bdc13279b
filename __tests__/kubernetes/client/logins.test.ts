import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { API } from '../../../src/core/deadlines.ts';
import { CanaryError } from '../../../src/core/errors.ts';
import { secrets } from '../../../src/core/secrets.ts';
import { Cluster } from '../../../src/kubernetes/client/cluster.ts';
import type { OpenOptions } from '../../../src/kubernetes/client/cluster.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import { Session } from '../../../src/kubernetes/client/session.ts';
import '../../support/one-realm.ts';
import { selfSigned } from '../../support/certificate.ts';
import { clusterAt, kubeApi, kubeconfigFor } from '../../support/kube-api.ts';
import type { KubeApi } from '../../support/kube-api.ts';
import { NAMESPACE, service } from '../../support/objects.ts';
import { Opened } from '../../support/server.ts';

const opened = new Opened();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logins-'));
});
afterEach(async () => {
  await opened.close();
  rmSync(folder, { recursive: true });
});

type User = Readonly<Record<string, unknown>>;

const VERSION = 'client.authentication.k8s.io/v1';
const never = new AbortController().signal;

/** A user who logs in with a shell script. */
const exec = (script: string, more: User = {}): User => ({
  exec: { apiVersion: VERSION, command: 'sh', args: ['-c', script], interactiveMode: 'Never', ...more },
});

/** A command that prints a credential with this status. */
const printing = (status: User, version = VERSION): string =>
  `echo '${JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status })}'`;

const read = (cluster: Cluster): Promise<unknown> => cluster.read('v1', 'Service', 'helloworld', NAMESPACE);

async function stage(
  user: User,
  { signal, ...options }: OpenOptions & { readonly signal?: AbortSignal } = {},
): Promise<{ readonly api: KubeApi; readonly cluster: Cluster }> {
  const api = opened.add(await kubeApi(service()));
  return { api, cluster: opened.add(clusterAt(api.url, signal, user, options)) };
}

/** The header that a user's login sends. */
async function authorization(user: User): Promise<string | undefined> {
  const { api, cluster } = await stage(user);
  await read(cluster);
  return api.asked[0]?.headers.authorization;
}

/** What is said about a login that fails; nothing was sent then. */
async function refusal(user: User, options: OpenOptions = {}): Promise<string> {
  const { api, cluster } = await stage(user, options);
  const message = await read(cluster).then(
    () => 'the login was accepted',
    (error: unknown) => (error instanceof CanaryError ? error.message : `a defect: ${String(error)}`),
  );
  expect(api.asked).toEqual([]);
  return message.replace('Reading Service gray-demo/helloworld in west: this context has no login: ', '');
}

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that has ended may wait for its parent to notice.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('an auth-provider', () => {
  test.each<[string, string, string]>([
    [
      'gcp',
      'gcp',
      'Install gke-gcloud-auth-plugin on the runner, and write the kubeconfig again with "gcloud container clusters get-credentials".',
    ],
    [
      'azure',
      'azure',
      'Install kubelogin on the runner, and convert the kubeconfig with "kubelogin convert-kubeconfig".',
    ],
    [
      'that kubectl never had',
      'corp',
      'Use a login command (exec), a token or a client certificate instead.',
    ],
  ])('%s is refused, and runs nothing in a shell', async (_what, name, remedy) => {
    const leaked = join(folder, 'leaked');
    const config = {
      'cmd-path': '/bin/true',
      'cmd-args': `; env > ${leaked}`,
      'token-key': '{.token}',
      'expiry-key': '{.expiry}',
      exec: { command: 'sh', args: ['-c', `env > ${leaked}`] },
    };
    expect(await refusal({ 'auth-provider': { name, config } })).toBe(
      `its auth-provider ${name} is not supported, as with kubectl since 1.26. ${remedy}`,
    );
    expect(existsSync(leaked)).toBe(false);
  });

  const jwt = (exp: number): string =>
    [{ alg: 'none' }, { exp }, {}]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  const FAR = 4_000_000_000;
  const oidc = (config: User): User => ({ 'auth-provider': { name: 'oidc', config } });

  test('oidc sends an id-token that is valid, and runs none of its other settings', async () => {
    const leaked = join(folder, 'leaked');
    const id = jwt(FAR);
    const exec = { apiVersion: VERSION, command: 'sh', args: ['-c', `env > ${leaked}`] };
    expect(await authorization(oidc({ 'id-token': id, exec, tokenFile: '/etc/hostname' }))).toBe(
      `Bearer ${id}`,
    );
    expect(existsSync(leaked)).toBe(false);
  });

  test.each<[string, User]>([
    ['has expired', { 'id-token': jwt(1) }],
    ['is missing', {}],
    ['is no JSON Web Token', { 'id-token': 'a.b.c' }],
    [
      'has expired, whatever could renew it,',
      {
        'id-token': jwt(1),
        'client-id': 'a',
        'refresh-token': 'b',
        'idp-issuer-url': 'https://issuer.invalid',
      },
    ],
  ])('oidc whose id-token %s and cannot be renewed sends nothing', async (_what, config) => {
    expect(await refusal(oidc(config))).toMatch(
      /^its auth-provider oidc has no id-token that is still valid, and this action does not renew it\. Renew it in an earlier step, or use a login command \(exec\) instead\.$/,
    );
  });

  test('beside a login command is refused, as with kubectl', async () => {
    expect(await refusal({ ...oidc({ 'id-token': jwt(FAR) }), ...exec(printing({ token: 'a' })) })).toBe(
      'its user has both exec and auth-provider. Fix it in the input kubeconfig.',
    );
  });
});

describe('of several logins, kubectl and the action use the same one', () => {
  const basic = `Basic ${Buffer.from('anna:a-password').toString('base64')}`;
  const byCommand = exec(printing({ token: 'from-command' }));
  const byProvider = (token: string): User => ({
    'auth-provider': { name: 'oidc', config: { 'id-token': token } },
  });
  const valid = [{ alg: 'none' }, { exp: 4_000_000_000 }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const tokenFile = (text: string): string => {
    const path = join(folder, 'token');
    writeFileSync(path, text);
    return path;
  };

  test.each<[string, () => User, string]>([
    ['a token rather than a command', () => ({ token: 'a', ...byCommand }), 'Bearer a'],
    [
      'a password rather than a command',
      () => ({ username: 'anna', password: 'a-password', ...byCommand }),
      basic,
    ],
    [
      'a password rather than a provider',
      () => ({ username: 'anna', password: 'a-password', ...byProvider(valid) }),
      basic,
    ],
    [
      'a file rather than a token',
      () => ({ token: 'a', tokenFile: tokenFile('of-the-file\n') }),
      'Bearer of-the-file',
    ],
    ['a token, where the file is missing', () => ({ token: 'a', tokenFile: '/no/file' }), 'Bearer a'],
    ['a token, where the file is empty', () => ({ token: 'a', tokenFile: tokenFile('\n') }), 'Bearer a'],
  ])('%s', async (_what, user, header) => {
    expect(await authorization(user())).toBe(header);
  });

  test('a client certificate rather than a command', async () => {
    const { cert, key } = await selfSigned('anna');
    const user = {
      'client-certificate-data': Buffer.from(cert).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    expect(await authorization({ ...user, ...byCommand })).toBeUndefined();
  });

  test.each<[string, User, string]>([
    [
      'a token and a password',
      { token: 'a', username: 'anna', password: 'b' },
      'both a token and a user name or password',
    ],
    [
      'a token file and a user name',
      { tokenFile: '/run/token', username: 'anna' },
      'both a token and a user name or password',
    ],
    [
      'a certificate without its key',
      { 'client-certificate-data': 'YQ==' },
      'a client certificate without client-key or client-key-data',
    ],
  ])('and both refuse %s', async (_what, user, problem) => {
    expect(await refusal(user)).toBe(`its user has ${problem}. Fix it in the input kubeconfig.`);
  });

  test('and both refuse an empty token file', async () => {
    const path = tokenFile('');
    expect(await refusal({ tokenFile: path })).toBe(
      `its tokenFile ${path} is empty. Fix it in the input kubeconfig.`,
    );
  });
});

describe('a login command gets', () => {
  const info = async (more: User, kubeconfig?: (server: string) => string): Promise<unknown> => {
    const path = join(folder, 'info');
    const script = `echo "$KUBERNETES_EXEC_INFO" > ${path}; ${printing({ token: 'a-token' })}`;
    const api = opened.add(await kubeApi(service()));
    const text = kubeconfig?.(api.url);
    const cluster =
      text === undefined
        ? clusterAt(api.url, undefined, exec(script, more))
        : Cluster.open('west', readKubeconfig(text.replace('SCRIPT', JSON.stringify(script)), {}), never);
    await read(opened.add(cluster));
    return JSON.parse(readFileSync(path, 'utf8'));
  };

  test('what kubectl tells it, without a terminal', async () => {
    expect(await info({ interactiveMode: 'IfAvailable' })).toEqual({
      kind: 'ExecCredential',
      apiVersion: VERSION,
      spec: { interactive: false },
    });
  });

  test('the cluster and its settings for such commands, where it asks for them', async () => {
    const told = await info({}, (server) =>
      JSON.stringify({
        clusters: [
          {
            name: 'west',
            cluster: {
              server,
              'tls-server-name': 'api.west',
              'certificate-authority-data': Buffer.from('an authority').toString('base64'),
              extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }],
            },
          },
        ],
        users: [
          {
            name: 'ci',
            user: {
              exec: { apiVersion: VERSION, command: 'sh', args: ['-c', 'SCRIPT'], provideClusterInfo: true },
            },
          },
        ],
        contexts: [{ name: 'west', context: { cluster: 'west', user: 'ci' } }],
      }).replace('"SCRIPT"', 'SCRIPT'),
    );
    expect(told).toMatchObject({
      spec: {
        interactive: false,
        cluster: {
          server: expect.stringMatching(/^http:/),
          'tls-server-name': 'api.west',
          'certificate-authority-data': Buffer.from('an authority').toString('base64'),
          config: { audience: 'a' },
        },
      },
    });
  });

  test('the environment, its own settings, and no input', async () => {
    const script = `[ -z "$(cat)" ] && echo '{"apiVersion":"${VERSION}","kind":"ExecCredential","status":{"token":"'$GIVEN'"}}'`;
    expect(await authorization(exec(script, { env: [{ name: 'GIVEN', value: 'from-env' }] }))).toBe(
      'Bearer from-env',
    );
  });

  test('its place from the folder of the kubeconfig, as with kubectl', async () => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'login'), `#!/bin/sh\n${printing({ token: 'beside' })}\n`, {
      mode: 0o755,
    });
    const api = opened.add(await kubeApi(service()));
    const config = {
      clusters: [{ name: 'west', cluster: { server: api.url } }],
      users: [{ name: 'ci', user: { exec: { apiVersion: VERSION, command: './bin/login' } } }],
      contexts: [{ name: 'west', context: { cluster: 'west', user: 'ci' } }],
    };
    const path = join(folder, 'config');
    writeFileSync(path, JSON.stringify(config));
    await read(opened.add(Cluster.open('west', readKubeconfig(path, {}), never)));
    expect(api.asked[0]?.headers.authorization).toBe('Bearer beside');
  });
});

describe('a login command is refused that', () => {
  test.each<[string, User, string]>([
    [
      'needs a terminal',
      exec('echo', { interactiveMode: 'Always' }),
      'its login command sh (exec) needs a terminal (interactiveMode: Always), which a job does not have. Use a login that works without a person, such as the token of a ServiceAccount.',
    ],
    [
      'speaks an API that kubectl no longer has',
      exec('echo', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }),
      'its login command sh (exec) has the apiVersion client.authentication.k8s.io/v1alpha1, which kubectl does not support since 1.24; expected client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1. Write the kubeconfig again with a current version of the tool that made it.',
    ],
    [
      'has arguments that are not texts',
      exec('echo', { args: ['--secret', 7] }),
      'its login command (exec) is not valid: args.1: expected string, received number. Fix it in the input kubeconfig.',
    ],
    [
      'answers in another version',
      exec(printing({ token: 'a' }, 'client.authentication.k8s.io/v1beta1')),
      'its login command sh (exec) printed an ExecCredential of another apiVersion; the kubeconfig asks for client.authentication.k8s.io/v1. Fix it in the input kubeconfig.',
    ],
    [
      'prints another kind',
      exec(`echo '{"apiVersion":"${VERSION}","status":{"token":"a-token"}}'`),
      'its login command sh (exec) did not print the JSON of an ExecCredential. Fix it in the input kubeconfig.',
    ],
    [
      'prints no credential',
      exec(printing({})),
      'its login command sh (exec) printed neither a token nor a certificate. Fix it in the input kubeconfig.',
    ],
    [
      'prints half a certificate',
      exec(printing({ clientCertificateData: 'a' })),
      'its login command sh (exec) printed a certificate without its key. Fix it in the input kubeconfig.',
    ],
    [
      'prints without end',
      exec('exec yes a-token'),
      'its login command sh (exec) printed more than 1 MiB. Fix it in the input kubeconfig.',
    ],
    [
      'is killed',
      exec('kill -9 $$'),
      'its login command sh (exec) was ended by SIGKILL. Fix it in the input kubeconfig.',
    ],
    [
      'cannot be given its arguments',
      exec('echo', { args: ['a-secret\0'] }),
      'its login command sh (exec) cannot be run: ERR_INVALID_ARG_VALUE. Fix it in the input kubeconfig.',
    ],
  ])('%s', async (_what, user, message) => {
    expect(await refusal(user)).toBe(message);
  });

  test('fails: with its exit code and the end of its message, without secrets', async () => {
    secrets.add('a-client-secret-of-mine');
    const message = await refusal(
      exec('yes noise | head -n 9000 >&2; echo wrong a-client-secret-of-mine >&2; exit 3'),
    );
    expect(message).toMatch(
      /^its login command sh \(exec\) failed with exit code 3: (.|\n)*wrong \*\*\*\. Fix it in the input kubeconfig\.$/,
    );
    expect(message.length).toBeLessThan(1_200);
  });
});

describe('a login command that hangs', () => {
  const pidFile = (): string => join(folder, 'pids');
  /** Starts a process of its own, and notes both. */
  const hanging = (): User =>
    exec(`sleep 600 & echo $$ $! > ${pidFile()}.new; mv ${pidFile()}.new ${pidFile()}; wait`);
  const started = async (): Promise<readonly number[]> => {
    await until(() => existsSync(pidFile()));
    return readFileSync(pidFile(), 'utf8').trim().split(' ').map(Number);
  };
  const end = async (pids: readonly number[]): Promise<void> => until(() => !pids.some(runs));

  test('is ended at its deadline, with all that it started', async () => {
    const message = await refusal(hanging(), { limits: { ...API, loginMs: 2_000 } });
    expect(message).toBe(
      'its login command sh (exec) did not finish within 2 s. Fix it in the input kubeconfig.',
    );
    await end(await started());
  });

  test('is ended by a cancellation, even if it ignores the request to end', async () => {
    const reason = new CanaryError('Cancelled by SIGTERM.');
    const controller = new AbortController();
    const stubborn = exec(
      `trap '' TERM; echo $$ > ${pidFile()}.new; mv ${pidFile()}.new ${pidFile()}; while :; do sleep 0.05; done`,
    );
    const { cluster } = await stage(stubborn, { signal: controller.signal });
    const call = read(cluster);
    const pids = await started();
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await end(pids);
  });

  test.each([
    ['has left a process behind that holds its output open', ''],
    ['ends at the request to end, but not what it started', 'wait'],
  ])('and %s is ended with that process', async (_what, last) => {
    const stubborn = `(trap '' TERM; while :; do sleep 0.05; done) & echo $! > ${pidFile()}; ${last}`;
    const message = await refusal(exec(stubborn), { limits: { ...API, loginMs: 1_000 } });
    expect(message).toBe(
      'its login command sh (exec) did not finish within 1 s. Fix it in the input kubeconfig.',
    );
    await end(await started());
  });

  test('goes on for the calls that were not cancelled', async () => {
    const [go, note] = [join(folder, 'go'), pidFile()];
    const script = `echo $$ > ${note}; while [ ! -e ${go} ]; do sleep 0.01; done; ${printing({ token: 'late' })}`;
    const controller = new AbortController();
    const { api, cluster } = await stage(exec(script), { signal: controller.signal });
    const [cancelled, kept] = [read(cluster), read(cluster.withSignal(never))];
    await started();
    controller.abort(new CanaryError('Cancelled.'));
    await expect(cancelled).rejects.toThrow('Cancelled.');
    writeFileSync(go, '');
    await kept;
    expect(api.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
  });

  test('is ended when the cluster is closed', async () => {
    const { cluster } = await stage(hanging());
    const call = read(cluster);
    const pids = await started();
    await cluster.close();
    await expect(call).rejects.toThrow('its login was cancelled');
    await end(pids);
  });
});

test('a credential is renewed once it has expired, and not before', async () => {
  const count = join(folder, 'count');
  const status = { token: 'TOKEN', expirationTimestamp: '2030-01-01T00:00:00Z' };
  const script = `echo x >> ${count}; ${printing(status)} | sed "s/TOKEN/token-$(wc -l < ${count} | tr -d ' ')/"`;
  let now = Date.parse('2029-12-31T23:00:00Z');
  const session = opened.add(
    new Session(kubeconfigFor({ west: 'http://127.0.0.1:1' }, exec(script)), 'west', 30_000, () => now),
  );
  const token = async (): Promise<unknown> => (await session.access(never)).headers['authorization'];
  expect([await token(), await token()]).toEqual(['Bearer token-1', 'Bearer token-1']);
  now = Date.parse('2030-01-01T00:00:00Z');
  // From here on, each new credential has expired already: then the server decides.
  expect([await token(), await token()]).toEqual(['Bearer token-2', 'Bearer token-2']);
});

test('calls side by side log in once', async () => {
  const count = join(folder, 'count');
  const { cluster } = await stage(exec(`echo x >> ${count}; ${printing({ token: 'a-token' })}`));
  await Promise.all(Array.from({ length: 8 }, () => read(cluster)));
  expect(readFileSync(count, 'utf8')).toBe('x\n');
});

describe('a file of credentials', () => {
  test.each([
    ['is a device', '/dev/zero', 'is a device; expected a regular file'],
    ['is missing', '/no/such/file', 'cannot be read: ENOENT'],
  ])('that %s is an error', async (_what, path, problem) => {
    for (const user of [{ tokenFile: path }, { 'client-key': path }])
      expect(await refusal(user)).toContain(`${path} ${problem}`);
  });
});
