import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunOptions } from '../../testbed/run-action.ts';
import { startEmbedded } from '../../testbed/embedded/start.ts';
import { GitHubServer, TOKEN } from '../support/github-server.ts';
import { leaksIn } from '../support/leaks.ts';
import { serve } from '../support/server.ts';
import type { Planted } from '../support/leaks.ts';
import { EchoProxies, FORMS, echoOf } from './support/echo-proxy.ts';
import type { Script } from './support/echo-proxy.ts';
import { collect } from './support/sinks.ts';
import type { Collected } from './support/sinks.ts';
import { deployment, service } from './support/objects.ts';
import { Stage } from './support/stage.ts';

const QUICK = { tolerance: '40', 'max-rps': '2000', 'ready-timeout': '5s', 'verify-timeout': '10s' } as const;
const JWT = `eyJhbGciOiJSUzI1NiJ9.c3ViamVjdC1vZi10aGUtdG9rZW4.c2lnbmF0dXJlX29mX3RoZS10b2tlbi1hbmQtaXRzX2VuZA`;
const LOGIN_TOKEN = 'k8s-aws-v1.aHR0cHM6Ly9zdHMuZXhhbXBsZS5jb20vP0FjdGlvbj1HZXRDYWxsZXI_WC1BbXo';
const CLIENT_SECRET = 'Q~client_secret*of.the-login&command';
const ENV_SECRET = 'env=secret+of/the~login_command';
const PASSWORD = 'p&ss"w_rd <of> the/üser*';
const INGRESS_KEY = 'ingress_key-0123456789abcdef/xyz+&';
const COOKIE = 'session_of_the_tester-9876543210';
const RUNTIME_TOKEN = 'runtime-token.of-the_job-0123456789';
const ID_TOKEN = 'id-token_request-token.0123456789abc';

let stage: Stage;
let proxies: EchoProxies;
let github: GitHubServer;
let folder: string;
/** Where a login command writes the environment that it got. */
let environment: string;

beforeAll(async () => {
  stage = new Stage(await startEmbedded());
  [proxies, github, folder] = await Promise.all([
    EchoProxies.start(stage.fleet),
    GitHubServer.start(),
    mkdtemp(join(tmpdir(), 'secrets-')),
  ]);
  environment = join(folder, 'environment.json');
  await Promise.all([
    writeFile(join(folder, 'token'), `${JWT}\n`),
    writeFile(
      join(folder, 'event.json'),
      JSON.stringify({
        pull_request: { number: 7, head: { sha: 'b'.repeat(40), repo: { full_name: 'acme/shop' } } },
      }),
    ),
  ]);
});
afterEach(() => {
  proxies.script = () => undefined;
  github.reset();
});
afterAll(async () => {
  await Promise.all([proxies.close(), github.close(), stage.fleet.stop(), rm(folder, { recursive: true })]);
});

/** A login command that shows everything it was given: first on stderr where it fails, else in a file. */
const loginBy = (script: string): object => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script, '--', '--client-secret', CLIENT_SECRET, '--scope', 'east'],
    env: [{ name: 'LOGIN_PASSWORD', value: ENV_SECRET }],
    interactiveMode: 'Never',
  },
});
const loggingIn = (): object =>
  loginBy(
    `require('fs').writeFileSync(${JSON.stringify(environment)}, JSON.stringify(process.env));` +
      `console.log(JSON.stringify({kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: {token: '${LOGIN_TOKEN}'}}))`,
  );

const basic = (password: string): string => Buffer.from(`ci:${password}`).toString('base64');

/** The ways to log in, each with what must not be seen. */
const USERS: readonly {
  readonly name: string;
  readonly user: () => object;
  readonly planted: readonly Planted[];
}[] = [
  { name: 'a token', user: () => ({ token: JWT }), planted: [{ name: 'token', value: JWT }] },
  {
    name: 'a password',
    user: () => ({ username: 'ci', password: PASSWORD }),
    planted: [
      { name: 'password', value: PASSWORD },
      { name: 'basic', value: basic(PASSWORD) },
    ],
  },
  {
    name: 'a login command',
    user: loggingIn,
    planted: [
      { name: 'login token', value: LOGIN_TOKEN },
      { name: 'client secret', value: CLIENT_SECRET },
      { name: 'secret of the environment', value: ENV_SECRET },
    ],
  },
  {
    name: 'a short password',
    user: () => ({ username: 'ci', password: 'admin' }),
    planted: [{ name: 'basic', value: basic('admin') }],
  },
  {
    name: 'a token file',
    user: () => ({ tokenFile: join(folder, 'token') }),
    planted: [{ name: 'token', value: JWT }],
  },
];

const EVERYWHERE: readonly Planted[] = [
  { name: 'github-token', value: TOKEN },
  { name: 'GitHub as a user', value: Buffer.from(`x-access-token:${TOKEN}`).toString('base64') },
  { name: 'header', value: INGRESS_KEY },
  { name: 'cookie', value: COOKIE },
  { name: 'ACTIONS_RUNTIME_TOKEN', value: RUNTIME_TOKEN },
  { name: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', value: ID_TOKEN },
];

/** Runs the action as a pull request's job, with everything secret that it can take. */
async function runAs(
  who: (typeof USERS)[number],
  inputs: Readonly<Record<string, string>>,
  onLog: RunOptions['onLog'] = () => undefined,
  postOf?: RunOptions['postOf'],
): Promise<Collected & { readonly leaks: readonly string[] }> {
  const kubeconfig = proxies.kubeconfig({ ...who.user() });
  const collected = await collect(
    stage,
    {
      ...QUICK,
      kubeconfig,
      'github-token': TOKEN,
      headers: `x-api-key: ${INGRESS_KEY}\ncookie: session=${COOKIE}; theme=dark`,
      ...inputs,
    },
    {
      onLog,
      ...(postOf === undefined ? {} : { postOf }),
      env: {
        ...github.env,
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: join(folder, 'event.json'),
        ACTIONS_RUNTIME_TOKEN: RUNTIME_TOKEN,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: ID_TOKEN,
      },
    },
    github,
  );
  const planted = [
    ...who.planted,
    ...EVERYWHERE,
    { name: 'kubeconfig', value: Buffer.from(kubeconfig).toString('base64') },
  ];
  return { ...collected, leaks: leaksIn(collected.sinks, planted) };
}

const userAt = (i: number): (typeof USERS)[number] => {
  const who = USERS[i % USERS.length];
  if (who === undefined) throw new Error('there are users');
  return who;
};

const STATUSES = [401, 403, 404, 409, 422, 500, 502] as const;
/** Of the statuses, each operation meets four. */
const CASES = 4;

let share = 20;
/** Weights that are not in force. */
function otherWeights(): string {
  share = share === 20 ? 40 : 20;
  return `v1=${String(100 - share)},v2=${String(share)}`;
}

/** The inputs of an operation, on a release at any weights. */
function inputsOf(operation: string): Readonly<Record<string, string>> {
  switch (operation) {
    case 'rollout':
    case 'rollback':
      return { operation, weights: otherWeights() };
    case 'plan':
      return { operation, weights: 'v1=15,v2=85' };
    case 'promote':
      return { operation, steps: '5,10,15,20,25,30,35,40,45,50,55,60,65,70,75,80,85,90,95' };
    case 'retire':
      return { operation, version: 'v1' };
    default:
      return { operation };
  }
}

describe('no credential leaves, even if an API server repeats the headers of a request that it refuses (scenario 34)', () => {
  beforeAll(() => stage.pass({ ...QUICK, weights: 'v1=80,v2=20' }));

  /** Refuses the nth call, and every further attempt at it. */
  const refusing = (nth: number, status: number, form: (typeof FORMS)[number]): Script => {
    let made = 0;
    let failing: string | undefined;
    return ({ cluster, method, path }) => {
      made += 1;
      const key = [cluster, method, path].join(' ');
      if (made === nth) failing = key;
      return key === failing ? { status, form } : undefined;
    };
  };

  // Retire comes last: it needs a version without users, and may take it out.
  test.each(['plan', 'rollout', 'promote', 'rollback', 'verify', 'status', 'retire'])(
    '%s',
    async (operation) => {
      if (operation === 'retire') await stage.pass({ ...QUICK, weights: 'v1=0,v2=100' });
      const offset = operation.length;
      let calls = 0;
      proxies.script = () => {
        calls += 1;
        return undefined;
      };
      // Whatever it changes would be gone for the other runs.
      const first = operation === 'retire' ? inputsOf('plan') : inputsOf(operation);
      const found = (await runAs(userAt(offset), first)).leaks.map((leak) => `without a refusal: ${leak}`);
      const total = calls;
      expect(total).toBeGreaterThan(10);
      for (let i = 0; i < CASES; i += 1) {
        const status = STATUSES[(offset + 2 * i) % STATUSES.length] ?? 500;
        const form = FORMS[i % FORMS.length] ?? 'text';
        const nth = 1 + Math.floor((i / CASES) * total);
        const who = userAt(offset + i + 1);
        proxies.script = refusing(nth, status, form);
        const { leaks } = await runAs(who, inputsOf(operation));
        found.push(
          ...leaks.map(
            (leak) => `${who.name}, ${String(status)} as ${form} for call ${String(nth)}: ${leak}`,
          ),
        );
      }
      expect(found).toEqual([]);
    },
  );

  test('and every login was used', () => {
    expect([...proxies.authorizations].toSorted()).toEqual(
      [
        `Basic ${basic('admin')}`,
        `Basic ${basic(PASSWORD)}`,
        `Bearer ${JWT}`,
        `Bearer ${LOGIN_TOKEN}`,
      ].toSorted(),
    );
  });
});

describe('no header of the check leaves, even if an ingress repeats it', () => {
  beforeAll(() => stage.pass({ ...QUICK, weights: 'v1=80,v2=20' }));

  test.each([
    ['as the version', 'header:x-version'],
    ['in the body', 'body:(session=.*?;|"x-api-key":".*?")'],
    ['in JSON', 'json:/headers/x-api-key'],
    ['beside the version', 'auto'],
  ])('%s', async (_what, source) => {
    const ingress = await serve(({ headers }, response) => {
      const key = String(headers['x-api-key']);
      response.writeHead(200, {
        'x-version': key,
        'x-canary-version': key,
        'x-canary-revision': String(headers['cookie']),
        'x-request-headers': JSON.stringify(headers),
      });
      response.end(JSON.stringify({ version: key, headers }));
    });
    try {
      const { run, leaks } = await runAs(userAt(0), {
        operation: 'verify',
        ingress: `east=${ingress.url}\nwest=none`,
        'version-from': source,
        'max-samples': '50',
        'verify-timeout': '2s',
      });
      expect(leaks).toEqual([]);
      expect(run.code).toBe(1);
      expect(ingress.asked[0]?.headers['x-api-key']).toBe(INGRESS_KEY);
    } finally {
      await ingress.close();
    }
  });
});

test('the token of the job does not leave, even if GitHub repeats it', async () => {
  await stage.pass({ ...QUICK, weights: 'v1=80,v2=20' });
  for (const status of [403, 502]) {
    const message = echoOf({
      authorization: `token ${TOKEN}`,
      link: `https://x-access-token:${TOKEN}@github.com`,
    });
    github.refuse({ status, message: `${'.'.repeat(270)}${message}` }, 'repos/create-commit-status');
    github.refuse({ status, message }, 'issues/create-comment');
    const { run, leaks } = await runAs(userAt(0), inputsOf('plan'));
    expect(leaks).toEqual([]);
    expect(run.code).toBe(0);
    expect(run.log).toContain('was not set');
  }
});

test('the values of a Secret in the manifests do not leave, even if a webhook quotes it', async () => {
  const values = { password: 'p4ssword-of-the-database', short: 'db' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: values };
  const manifests = join(folder, 'login.json');
  await writeFile(
    manifests,
    [secret, service(), deployment('v2')].map((manifest) => JSON.stringify(manifest)).join('\n---\n'),
  );
  await stage.pass({ ...QUICK, weights: 'v1=80,v2=20' });
  for (const form of FORMS) {
    proxies.script = ({ path }) => (path.includes('/secrets/') ? { status: 403, form } : undefined);
    const { run, sinks, leaks } = await runAs(userAt(0), {
      ...inputsOf('plan'),
      manifests,
      image: '',
      port: '',
    });
    expect([...leaks, ...leaksIn(sinks, [{ name: 'value', value: values.password }])]).toEqual([]);
    expect(run.code).toBe(1);
    expect(run.log).toMatch(/Secret gray-demo\/login in (?:east|west): /);
  }
});

describe('a login command', () => {
  const ANSWER = 'AADSTS7000222: The provided client secret keys are expired.';
  const failing = (): object =>
    loginBy(
      `console.error(process.argv.join(' ')); console.error(JSON.stringify(process.env)); console.error('got ${JWT} instead');` +
        `console.error('${ANSWER}'); process.exit(3)`,
    );

  test('that fails shows none of its arguments and none of its environment', async () => {
    const who = { ...userAt(2), user: failing };
    const { run, leaks } = await runAs(
      { ...who, planted: [...who.planted, { name: 'a token of another login', value: JWT }] },
      inputsOf('status'),
    );
    expect(leaks).toEqual([]);
    expect(run.log).toContain(`its login command ${process.execPath} (exec) failed with exit code 3`);
    expect(run.log).toContain(ANSWER);
  });

  test('gets the environment that kubectl would give it, and no input', async () => {
    const { run } = await runAs(userAt(2), inputsOf('status'));
    expect(run.code).toBe(0);
    const got = JSON.parse(await readFile(environment, 'utf8')) as Record<string, string>;
    expect(Object.keys(got).filter((name) => /^INPUT_|^ACTIONS_RUNTIME_TOKEN$/.test(name))).toEqual([]);
    expect(got).toMatchObject({
      LOGIN_PASSWORD: ENV_SECRET,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: ID_TOKEN,
      GITHUB_REPOSITORY: 'acme/shop',
    });
    expect(got['PATH']).toBe(process.env['PATH']);
  });

  test('that obtains a token has it masked before its first use', async () => {
    let commandsAtFirstUse = '';
    let soFar = '';
    proxies.script = () => {
      commandsAtFirstUse ||= soFar;
      return undefined;
    };
    const { run } = await runAs(userAt(2), inputsOf('status'), (text) => {
      soFar += text;
    });
    expect(run.code).toBe(0);
    for (const secret of [LOGIN_TOKEN, CLIENT_SECRET, ENV_SECRET, TOKEN, INGRESS_KEY])
      expect(commandsAtFirstUse).toContain(`::add-mask::${secret}\n`);
    expect(run.commands).not.toMatch(/^::add-mask::(?:true|east|v1|node)$/m);
  });

  test('of the post step gets no input either', async () => {
    await rm(environment);
    const { leaks } = await runAs(userAt(2), inputsOf('rollout'), undefined, { holder: 'acme/shop/42/x' });
    expect(leaks).toEqual([]);
    const got = JSON.parse(await readFile(environment, 'utf8')) as Record<string, string>;
    expect(Object.keys(got).filter((name) => name.startsWith('INPUT_'))).toEqual([]);
  });
});
