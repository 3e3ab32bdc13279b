import { expect, test } from '@jest/globals';
import { Redactor } from '../../src/core/redactor.ts';
import { takeInputs } from '../../src/github/environment.ts';

const ENV = {
  PATH: '/usr/bin',
  HOME: '/home/runner',
  KUBECONFIG: '/home/runner/.kube/config',
  INPUT_KUBECONFIG: 'a-kubeconfig',
  'INPUT_GITHUB-TOKEN': ' a-github-token\n',
  INPUT_APP: 'helloworld',
  ACTIONS_RUNTIME_TOKEN: 'a-runtime-token',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'an-id-token-request-token',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://pipelines.example.com/token',
  AWS_SECRET_ACCESS_KEY: '/of/base64/abcdefgh',
  AWS_REGION: 'eu-central-1',
  GOOGLE_APPLICATION_CREDENTIALS: import.meta.filename,
  DATABASE_URL: 'postgres://shop:a-database-password@db.example.com/shop',
  DATABASE_PASS: 'another-database-password',
  DOCKER_AUTH_CONFIG: '{"auths":{}, "credsStore":"x"}',
  BASIC_AUTH: 'shop:a-basic-password',
  AZURE_STORAGE_CONNECTION_STRING: 'AccountName=shop;AccountKey=of-the-account==',
  SENTRY_DSN: 'a-public-and-a-secret-part',
  API_KEY: '9f86d081884c7d65',
  CACHE_KEY: 'linux-node-with-a-long-name',
  RELEASE_KEY: '2026-11-27-rc1',
  GIT_AUTHOR_NAME: 'someone-else',
  SSH_AUTH_SOCK: '/run/user/1000/ssh-agent',
  HTTPS_PROXY: 'http://ci:a%40password@proxy.example.com:3128',
} as const;

test('inputs leave the environment once they are read, and what a login needs stays', () => {
  const env: NodeJS.ProcessEnv = { ...ENV };
  const textOf = takeInputs(new Redactor(), env);
  expect([textOf('kubeconfig'), textOf('github-token'), textOf('app'), textOf('image')]).toEqual([
    'a-kubeconfig',
    'a-github-token',
    'helloworld',
    '',
  ]);
  expect(Object.keys(ENV).filter((name) => !(name in env))).toEqual([
    'INPUT_KUBECONFIG',
    'INPUT_GITHUB-TOKEN',
    'INPUT_APP',
    'ACTIONS_RUNTIME_TOKEN',
  ]);
});

test('what a login command could print of the environment is redacted, if it is secret', () => {
  const redactor = new Redactor();
  takeInputs(redactor, { ...ENV });
  const { INPUT_KUBECONFIG, 'INPUT_GITHUB-TOKEN': token, ...printed } = ENV;
  const shown = redactor.redact(JSON.stringify(printed));
  expect(
    Object.entries(JSON.parse(shown) as typeof ENV).filter(([, value]) => value.includes('***')),
  ).toEqual([
    ['ACTIONS_RUNTIME_TOKEN', '***'],
    ['ACTIONS_ID_TOKEN_REQUEST_TOKEN', '***'],
    ['AWS_SECRET_ACCESS_KEY', '***'],
    ['DATABASE_URL', 'postgres://shop:***@db.example.com/shop'],
    ['DATABASE_PASS', '***'],
    ['DOCKER_AUTH_CONFIG', '***'],
    ['BASIC_AUTH', '***'],
    ['AZURE_STORAGE_CONNECTION_STRING', '***'],
    ['SENTRY_DSN', '***'],
    ['API_KEY', '***'],
    ['HTTPS_PROXY', 'http://ci:***@proxy.example.com:3128'],
  ]);
});
