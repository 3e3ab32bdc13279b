import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import { selfSigned } from '../support/certificate.ts';
import { GitHubServer, TOKEN } from '../support/github-server.ts';
import { leaksIn } from '../support/leaks.ts';
import type { Planted } from '../support/leaks.ts';
import { EchoProxies, FORMS } from './support/echo-proxy.ts';
import { collect } from './support/sinks.ts';
import type { Collected } from './support/sinks.ts';
import { Stage } from './support/stage.ts';

const API_VERSION = 'client.authentication.k8s.io/v1';
const QUICK = { tolerance: '40', 'max-rps': '2000', 'ready-timeout': '5s', 'verify-timeout': '10s' } as const;

let stage: Stage;
let proxies: EchoProxies;
let github: GitHubServer;
let folder: string;

beforeAll(async () => {
  stage = new Stage(await startEmbedded());
  [proxies, github, folder] = await Promise.all([
    EchoProxies.start(stage.fleet),
    GitHubServer.start(),
    mkdtemp(join(tmpdir(), 'renewed-secrets-')),
  ]);
  await writeFile(
    join(folder, 'event.json'),
    JSON.stringify({
      pull_request: { number: 7, head: { sha: 'b'.repeat(40), repo: { full_name: 'acme/shop' } } },
    }),
  );
  await stage.pass({ ...QUICK, weights: 'v1=80,v2=20' });
});
afterEach(() => {
  proxies.script = () => undefined;
  proxies.authorizations.clear();
  github.reset();
});
afterAll(async () => {
  await Promise.all([proxies.close(), github.close(), stage.fleet.stop(), rm(folder, { recursive: true })]);
});

/** Runs the action as a pull request's job. */
async function runAs(
  user: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, string>>,
  planted: readonly Planted[],
): Promise<Collected & { readonly leaks: readonly string[] }> {
  const collected = await collect(
    stage,
    { ...QUICK, kubeconfig: proxies.kubeconfig(user), 'github-token': TOKEN, ...inputs },
    {
      env: {
        ...github.env,
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: join(folder, 'event.json'),
      },
    },
    github,
  );
  return { ...collected, leaks: leaksIn(collected.sinks, planted) };
}

/** A login command: the nth run of it does what the nth script says, and every further one what the last says. */
async function loginBy(...scripts: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const counter = join(await mkdtemp(join(folder, 'login-')), 'runs');
  await writeFile(counter, '');
  const chosen = scripts.map((script, i) =>
    i === scripts.length - 1 ? `*) ${script};;` : `${'x'.repeat(i + 1)}) ${script};;`,
  );
  const script = `printf x >> ${counter}; case $(cat ${counter}) in ${chosen.join(' ')} esac`;
  return {
    exec: { apiVersion: API_VERSION, command: 'sh', args: ['-c', script], interactiveMode: 'Never' },
  };
}

const printing = (status: object): string =>
  `echo '${JSON.stringify({ apiVersion: API_VERSION, kind: 'ExecCredential', status })}'`;

describe('a token that a login command renews midway', () => {
  const FIRST = 'first-token-of-the-login.0123456789abcdef';
  const SECOND = 'second_token/of+the~login=9876543210fedcba';
  const planted = [
    { name: 'first token', value: FIRST },
    { name: 'second token', value: SECOND },
  ];

  test.each([
    [403, 'status'],
    [502, 'html'],
    [403, 'text'],
    [500, 'status'],
  ] as const)('after a 401 leaves nothing, though a %d repeats it as %s', async (status, form) => {
    // East takes one of the two logins too: both tokens are used from then on.
    const user = await loginBy(
      printing({ token: FIRST }),
      printing({ token: FIRST }),
      printing({ token: SECOND }),
    );
    let calls = 0;
    proxies.script = ({ cluster }) => {
      if (cluster !== 'west') return undefined;
      calls += 1;
      if (calls === 4) return { status: 401, form };
      return proxies.authorizations.has(`Bearer ${SECOND}`) ? { status, form } : undefined;
    };
    const { run, leaks } = await runAs(user, { operation: 'plan', weights: 'v1=15,v2=85' }, planted);
    expect(leaks).toEqual([]);
    expect(run.code).toBe(1);
    expect(proxies.authorizations).toEqual(new Set([`Bearer ${FIRST}`, `Bearer ${SECOND}`]));
    for (const token of [FIRST, SECOND]) expect(run.commands).toContain(`::add-mask::${token}\n`);
  });

  test('once it has expired leaves nothing either', async () => {
    const expirationTimestamp = new Date(Date.now() + 2_500).toISOString();
    const first = printing({ token: FIRST, expirationTimestamp });
    const user = await loginBy(first, first, printing({ token: SECOND }));
    proxies.script = ({ cluster }) =>
      cluster === 'west' && proxies.authorizations.has(`Bearer ${SECOND}`)
        ? { status: 403, form: 'text' }
        : undefined;
    const slow = { operation: 'rollout', weights: 'v1=60,v2=40', 'max-rps': '40', tolerance: '5' };
    const { run, leaks } = await runAs(user, slow, planted);
    expect(leaks).toEqual([]);
    expect(proxies.authorizations).toEqual(new Set([`Bearer ${FIRST}`, `Bearer ${SECOND}`]));
    expect(run.commands).toContain(`::add-mask::${SECOND}\n`);
  });
});

describe('a client certificate of a login command', () => {
  test('leaves neither its key nor itself, even if the next login prints them as it fails', async () => {
    const { cert, key } = await selfSigned('ci');
    const status = { clientCertificateData: cert, clientKeyData: key };
    const credential = join(folder, 'credential.json');
    await writeFile(credential, JSON.stringify({ apiVersion: API_VERSION, kind: 'ExecCredential', status }));
    const pem = join(folder, 'client.pem');
    await writeFile(pem, key);
    const user = await loginBy(
      `cat ${credential}`,
      `cat ${credential}`,
      `cat ${credential} ${pem} >&2; base64 ${pem} >&2; exit 3`,
    );
    let calls = 0;
    proxies.script = ({ cluster }) => {
      if (cluster === 'west') calls += 1;
      return cluster === 'west' && calls > 3 ? { status: 401, form: 'text' } : undefined;
    };
    const planted = key
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-----'))
      // A key has its first characters in common with all keys of its kind.
      .map((line) => ({ name: 'key', value: line.slice(36) }));
    const { run, leaks } = await runAs(user, { operation: 'plan', weights: 'v1=15,v2=85' }, planted);
    expect(planted.every(({ value }) => value.length > 16)).toBe(true);
    expect(leaks).toEqual([]);
    expect(run.code).toBe(1);
    expect(run.log).toContain('its login command sh (exec) failed with exit code 3');
    expect(await readFile(pem, 'utf8')).toBe(key);
  });
});

describe('a user of OpenID Connect (auth-provider oidc)', () => {
  const jwt = (exp: number): string =>
    [JSON.stringify({ alg: 'RS256' }), JSON.stringify({ sub: 'ci', exp }), 'a signature of thirty-two bytes!']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const SECRET = 'Q~client_secret-of.the-issuer-0123';
  const REFRESH = 'refresh-token.of_the~issuer-4567890123';
  const oidc = (config: object): object => ({ 'auth-provider': { name: 'oidc', config } });
  const planted = (token: string): readonly Planted[] => [
    { name: 'id-token', value: token },
    { name: 'client secret', value: SECRET },
    { name: 'refresh token', value: REFRESH },
  ];
  const settings = { 'client-id': 'canary', 'client-secret': SECRET, 'refresh-token': REFRESH };

  test('sends an id-token that is valid, which does not leave, though servers repeat it', async () => {
    const token = jwt(4_000_000_000);
    const user = { ...oidc({ ...settings, 'id-token': token }) };
    for (const [i, form] of FORMS.entries()) {
      let calls = 0;
      proxies.script = ({ cluster }) => {
        calls += 1;
        return cluster === 'west' && calls > 6 * i ? { status: i === 0 ? 502 : 403, form } : undefined;
      };
      const { run, leaks } = await runAs(user, { operation: 'plan', weights: 'v1=15,v2=85' }, planted(token));
      expect([form, run.code, leaks]).toEqual([form, 1, []]);
    }
    expect(proxies.authorizations).toEqual(new Set([`Bearer ${token}`]));
  });

  test('whose id-token has expired is refused before anything is sent', async () => {
    const token = jwt(1);
    const user = { ...oidc({ ...settings, 'id-token': token, 'idp-issuer-url': 'https://issuer.invalid' }) };
    const { run, leaks } = await runAs(user, { operation: 'status' }, planted(token));
    expect([run.code, leaks, proxies.authorizations.size]).toEqual([1, [], 0]);
    expect(run.log).toContain(
      'its auth-provider oidc has no id-token that is still valid, and this action does not renew it. Renew it in an earlier step, or use a login command (exec) instead.',
    );
  });
});
