import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { notesOfConnections, problemsOfConnections } from '../../src/github/connections.ts';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import '../support/one-realm.ts';

type Part = Readonly<Record<string, unknown>>;

const contexts: Readonly<Record<string, readonly [cluster: Part, user: Part]>> = {
  safe: [{ server: 'https://safe.example' }, { token: 'a' }],
  plain: [{ server: 'http://plain.example' }, { token: 'a' }],
  below: [{ server: 'http://api.localhost' }, { token: 'a' }],
  local: [{ server: 'http://localhost' }, { token: 'a' }],
  unchecked: [{ server: 'https://unchecked.example', 'insecure-skip-tls-verify': true }, { token: 'a' }],
  legacy: [
    { server: 'https://legacy.example' },
    { 'auth-provider': { name: 'gcp', config: { 'cmd-path': 'gcloud' } } },
  ],
  interactive: [
    { server: 'https://i.example' },
    {
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'login',
        interactiveMode: 'Always',
      },
    },
  ],
  proxied: [
    { server: 'https://proxied.example', 'proxy-url': 'http://anna:pa55w0rd@proxy:3128' },
    { token: 'a' },
  ],
  misproxied: [{ server: 'https://p.example', 'proxy-url': 'gopher://anna:pa55w0rd@proxy' }, { token: 'a' }],
};

const kubeconfig = readKubeconfig(
  JSON.stringify({
    clusters: Object.entries(contexts).map(([name, [cluster]]) => ({ name, cluster })),
    users: Object.entries(contexts).map(([name, [, user]]) => ({ name, user })),
    contexts: Object.keys(contexts).map((name) => ({ name, context: { cluster: name, user: name } })),
  }),
  {},
);

const using = (...names: readonly string[]): Parameters<typeof problemsOfConnections>[0] => ({
  clusters: { byVersion: new Map(), clusters: names },
});

describe('before the first call', () => {
  test.each<[string, string]>([
    [
      'plain',
      'Input kubeconfig: context plain: its server http://plain.example is reached without encryption, so others on the network can read its credentials and change what it receives. Use an https server with certificate-authority-data. To accept the risk, add plain to the input insecure-clusters.',
    ],
    [
      'unchecked',
      'Input kubeconfig: context unchecked: insecure-skip-tls-verify is set, so anyone on the network can pose as its server https://unchecked.example and receive its credentials. Use an https server with certificate-authority-data. To accept the risk, add unchecked to the input insecure-clusters.',
    ],
    [
      'legacy',
      'Input kubeconfig: context legacy, user legacy: its auth-provider gcp is not supported, as with kubectl since 1.26. Install gke-gcloud-auth-plugin on the runner, and write the kubeconfig again with "gcloud container clusters get-credentials".',
    ],
    [
      'interactive',
      'Input kubeconfig: context interactive, user interactive: its login command login (exec) needs a terminal (interactiveMode: Always), which a job does not have. Use a login that works without a person, such as the token of a ServiceAccount.',
    ],
    [
      'misproxied',
      'Input kubeconfig: context misproxied, user misproxied: proxy-url in the input kubeconfig is not the URL of a proxy; expected one such as http://proxy.example:3128, with the scheme http, https or socks5.',
    ],
  ])('context %s is refused', (name, problem) => {
    expect(problemsOfConnections(using('safe', name), kubeconfig)).toEqual([problem]);
  });

  test('http is accepted to localhost, but not to a name below it, which may lead elsewhere', () => {
    expect(problemsOfConnections(using('local', 'below'), kubeconfig)).toEqual([
      expect.stringMatching(/^Input kubeconfig: context below: .* is reached without encryption/),
    ]);
  });

  test('only contexts in use count, those of config-clusters included', () => {
    expect(problemsOfConnections(using('safe', 'proxied', 'unknown'), kubeconfig)).toEqual([]);
    expect(
      problemsOfConnections({ ...using('safe'), 'config-clusters': ['legacy'] }, kubeconfig),
    ).toHaveLength(1);
  });

  test('an insecure context that is listed is accepted, and no other', () => {
    const values = { ...using('plain', 'unchecked'), 'insecure-clusters': ['plain'] };
    expect(problemsOfConnections(values, kubeconfig)).toEqual([
      expect.stringContaining('context unchecked: '),
    ]);
  });
});

test('log and report tell what is insecure, and what goes through a proxy, without its password', () => {
  const notes = notesOfConnections(using('safe', 'plain', 'unchecked', 'proxied'), kubeconfig);
  const told = notes.map(({ message, isWarning }) => ({ isWarning, sentence: inEnglish(message) }));
  expect(told).toEqual([
    {
      isWarning: true,
      sentence:
        'plain is insecure (input insecure-clusters): its server http://plain.example is reached without encryption, so others on the network can read its credentials and change what it receives.',
    },
    {
      isWarning: true,
      sentence:
        'unchecked is insecure (input insecure-clusters): insecure-skip-tls-verify is set, so anyone on the network can pose as its server https://unchecked.example and receive its credentials.',
    },
    {
      isWarning: false,
      sentence:
        'The API server of proxied is reached through the proxy proxy:3128 (proxy-url in the input kubeconfig).',
    },
  ]);
});
