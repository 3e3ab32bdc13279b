import { describe, expect, test } from '@jest/globals';
import { messageOf } from '../../src/core/errors.ts';
import { nameOfProxy, proxyAt, proxyFor } from '../../src/core/proxy.ts';
import { secrets } from '../../src/core/secrets.ts';

type Environment = Readonly<Record<string, string>>;

/** The proxy for an address, as messages name it. */
const chosen = (url: string, env: Environment): string | undefined => {
  const proxy = proxyFor(new URL(url), env);
  return proxy && nameOfProxy(proxy);
};

describe('the proxy of the environment', () => {
  test.each<[string, Environment, string | undefined]>([
    ['https://api.east', {}, undefined],
    ['https://api.east', { HTTPS_PROXY: 'http://a:1' }, 'a:1 (HTTPS_PROXY)'],
    ['https://api.east', { https_proxy: 'http://a:1' }, 'a:1 (https_proxy)'],
    ['https://api.east', { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' }, 'a:1 (https_proxy)'],
    ['https://api.east', { https_proxy: '', HTTPS_PROXY: 'http://b:1' }, undefined],
    ['https://api.east', { HTTP_PROXY: 'http://a:1' }, undefined],
    ['http://shop.east', { HTTP_PROXY: 'http://a:1' }, 'a:1 (HTTP_PROXY)'],
    ['http://shop.east', { http_proxy: 'a:1' }, 'a:1 (http_proxy)'],
    ['http://shop.east', { HTTPS_PROXY: 'http://a:1' }, undefined],
    ['https://api.east', { HTTPS_PROXY: 'https://anna:secret@a' }, 'a (HTTPS_PROXY)'],
    ['https://api.east', { HTTPS_PROXY: 'socks5://a:1080' }, 'a:1080 (HTTPS_PROXY)'],
  ])('for %s with %j is %s', (url, env, proxy) => {
    expect(chosen(url, env)).toBe(proxy);
  });

  test.each([
    'http://localhost',
    'http://a.localhost:8080',
    'http://127.0.0.1',
    'http://127.8.9.1',
    'http://[::1]:80',
  ])('is never used for this machine: %s', (url) => {
    expect(chosen(url, { HTTP_PROXY: 'http://a:1' })).toBeUndefined();
  });
});

test.each([
  ['https_proxy', { https_proxy: 'ftp://a' }],
  ['HTTP_PROXY', { HTTP_PROXY: 'ftp://a' }],
])('an environment whose %s cannot be used is refused by that name', (name, env) => {
  expect(() => proxyFor(new URL(name.startsWith('https') ? 'https://a' : 'http://a'), env)).toThrow(
    `${name} is not the URL of a proxy`,
  );
});

test.each([
  ['NO_PROXY', {}],
  ['NO_PROXY', { NO_PROXY: 'west' }],
  ['no_proxy', { no_proxy: 'west', NO_PROXY: 'south' }],
])('addresses are excluded by %s in %j', (name, env) => {
  expect(proxyFor(new URL('https://api.east'), { HTTPS_PROXY: 'http://a:1', ...env })?.exclusion).toBe(name);
});

test('a token that a proxy gets as its user, without a password, is redacted', () => {
  proxyAt('http://a-proxy-token@proxy.example:3128', 'HTTPS_PROXY');
  expect(secrets.redact(`407 for ${btoa('a-proxy-token:')}, a-proxy-token`)).toBe('407 for ***, ***');
});

describe('NO_PROXY', () => {
  test.each<[string, string, boolean]>([
    ['*', 'https://api.east', true],
    ['api.east', 'https://api.east', true],
    ['API.East', 'https://api.east', true],
    ['api.east', 'https://api.east.', true],
    ['east', 'https://api.east', true],
    ['east', 'https://api.northeast', false],
    ['.east', 'https://api.east', true],
    ['.api.east', 'https://api.east', false],
    ['*.east', 'https://api.east', true],
    ['west, api.east', 'https://api.east', true],
    ['west api.east', 'https://api.east', true],
    ['api.east:443', 'https://api.east', true],
    ['api.east:6443', 'https://api.east', false],
    ['10.0.0.1', 'https://10.0.0.1:6443', true],
    ['10.0.0.1:6443', 'https://10.0.0.1:6443', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['0.0.0.1', 'https://10.0.0.1', false],
    ['fd00::/8', 'https://[fd12::1]', true],
    ['fd00::/8', 'https://10.1.2.3', false],
    ['[fd12::1]:443', 'https://[fd12::1]', true],
    ['fd12::1', 'https://[fd12::1]', true],
    ['', 'https://api.east', false],
  ])('"%s" excludes %s: %s', (list, url, excluded) => {
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(chosen(url, { HTTPS_PROXY: 'http://a:1', [name]: list }) === undefined).toBe(excluded);
  });
});

test.each(['ftp://anna:pa55w0rd@a', 'http://anna:pa55w0rd@', 'http://anna:pa55w0rd@a:b'])(
  'an address that is not one of a proxy is refused without showing it: %s',
  (value) => {
    let message = '';
    try {
      proxyAt(value, 'HTTPS_PROXY');
    } catch (error) {
      message = messageOf(error);
    }
    expect(message).toBe(
      'HTTPS_PROXY is not the URL of a proxy; expected one such as http://proxy.example:3128, with the scheme http, https or socks5.',
    );
  },
);
