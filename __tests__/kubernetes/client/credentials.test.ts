import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redactor } from '../../../src/core/redactor.ts';
import { addCredentials } from '../../../src/kubernetes/client/credentials.ts';
import { readKubeconfig } from '../../../src/kubernetes/client/kubeconfig.ts';
import '../../support/one-realm.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What is masked for a kubeconfig, and what it redacts. */
function addedFor(
  user: object,
  cluster: object = {},
): { readonly masked: readonly string[]; readonly redactor: Redactor } {
  const redactor = new Redactor();
  const masked: string[] = [];
  redactor.watch((secret) => masked.push(secret));
  const text = JSON.stringify({
    clusters: [{ name: 'east', cluster: { server: 'https://east.example:6443', ...cluster } }],
    contexts: [{ name: 'east-of-eden', context: { cluster: 'east', user: 'ci' } }],
    users: [{ name: 'ci', user }],
  });
  addCredentials(readKubeconfig(text, {}), redactor);
  return { masked, redactor };
}

const maskedFor = (user: object): readonly string[] => addedFor(user).masked;
const login = (exec: object): object => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'login', ...exec },
});

describe('masked and redacted is', () => {
  test.each<[string, object, readonly string[]]>([
    ['a token', { token: 'a-long-token' }, ['a-long-token']],
    [
      'a password, also as it is sent',
      { username: 'anna', password: 'a-password' },
      ['a-password', btoa('anna:a-password')],
    ],
    ['a short password only as it is sent', { username: 'anna', password: 'admin' }, [btoa('anna:admin')]],
    [
      'certificate and key',
      { 'client-certificate-data': btoa('certificate'), 'client-key-data': btoa('the key itself') },
      [btoa('the key itself'), 'the key itself', btoa('certificate')],
    ],
    [
      'the tokens of a provider',
      {
        'auth-provider': {
          name: 'oidc',
          config: {
            'client-id': 'an-id-of-a-client',
            'id-token': 'an-id-token',
            'refresh-token': 'a-refresh-token',
            'client-secret': 'a-client-secret',
          },
        },
      },
      ['an-id-token', 'a-refresh-token', 'a-client-secret'],
    ],
    [
      'what a login command is given in its environment',
      login({
        env: [
          { name: 'AWS_SECRET_ACCESS_KEY', value: 'a-secret-key' },
          { name: 'AZURE_PASSWORD', value: '/9j+a/password' },
        ],
      }),
      ['a-secret-key', '/9j+a/password'],
    ],
    ['an argument', login({ args: ['login', '--client-secret', 'a-client-secret'] }), ['a-client-secret']],
    [
      'an argument with its name',
      login({ args: ['login', '--client-secret=-a-client-secret', '--verbose'] }),
      ['-a-client-secret'],
    ],
  ])('%s', (_what, user, secrets) => {
    const { masked, redactor } = addedFor(user);
    expect(masked).toEqual(secrets);
    for (const secret of secrets) expect(redactor.redact(`got ${secret}.`)).toBe('got ***.');
  });

  test('the password of a proxy, and of a server', () => {
    const { masked } = addedFor(
      {},
      { server: 'https://ci:the-password@east.example', 'proxy-url': 'http://anna:a%40password@proxy:3128' },
    );
    expect(masked).toEqual(['the-password', btoa('ci:the-password'), 'a@password', btoa('anna:a@password')]);
  });
});

describe('visible stays', () => {
  // Were `true` or the region masked, the runner would drop the outputs that hold them.
  test('a setting that is no secret, and where a secret is', () => {
    const file = join(folder, 'web-identity');
    writeFileSync(file, 'x');
    const env = [
      { name: 'AWS_REGION', value: 'eu-central-1' },
      { name: 'USE_TOKEN', value: 'true' },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/token' },
      { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: file },
    ];
    const args = ['--cluster-name', 'east-of-eden', '--token', '--verbose', '--token-file=/var/run/token'];
    expect(maskedFor(login({ env, args }))).toEqual([]);
    expect(maskedFor({})).toEqual([]);
  });

  test('the name of a context and the address of a server, even as a password', () => {
    const { masked, redactor } = addedFor({
      username: 'ci',
      password: 'east-of-eden',
      token: 'east.example',
    });
    expect(masked).toEqual([btoa('ci:east-of-eden')]);
    expect(redactor.redact('east-of-eden at https://east.example:6443')).toBe(
      'east-of-eden at https://east.example:6443',
    );
  });

  test('what the certificate of a client has in common with those of authorities', () => {
    const pem = (name: string): string =>
      btoa(`-----BEGIN CERTIFICATE-----\nMIIC/jCCAeagAwIBAgIBADANBgkq\n${name}`);
    const { redactor } = addedFor({ 'client-certificate-data': pem('client') });
    expect(redactor.redact(pem('client'))).toBe('***');
    expect(redactor.redact(pem('authority'))).toBe(pem('authority'));
  });
});
