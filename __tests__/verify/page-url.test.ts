import { describe, expect, test } from '@jest/globals';
import type { GatewayPods } from '../../src/verify/gateway-pods.ts';
import { pageUrlOf } from '../../src/verify/page-url.ts';
import type { Target } from '../../src/verify/target.ts';

const target = (rest: Partial<Target> = {}): Target => ({
  cluster: 'east',
  url: 'http://203.0.113.7',
  path: '/',
  host: undefined,
  headers: {},
  ...rest,
});
const gateway: GatewayPods = {
  list: () => Promise.resolve([]),
  forward: () => {
    throw new Error('not used');
  },
};

describe('the page of a service', () => {
  test.each<[string, Partial<Target>, string]>([
    ['is the address of the ingress with the path', { path: '/hello' }, 'http://203.0.113.7/hello'],
    [
      'has the host that the samples ask for',
      { url: 'https://203.0.113.7', host: 'shop.example.com', path: '/cart' },
      'https://shop.example.com/cart',
    ],
    [
      'keeps the port of a node',
      { url: 'http://10.0.0.4:30080', host: 'shop.example.com' },
      'http://shop.example.com:30080/',
    ],
    [
      'has the port of the host where it names one',
      { url: 'https://10.0.0.4:30443', host: 'shop.example.com:443' },
      'https://shop.example.com/',
    ],
    ['leaves out the port of the scheme', { url: 'https://203.0.113.7:443' }, 'https://203.0.113.7/'],
    ['leaves out the query', { path: '/hello?token=secret#top' }, 'http://203.0.113.7/hello'],
    ['stays at its host with a path that begins with //', { path: '//other' }, 'http://203.0.113.7//other'],
    ['encodes what a path cannot contain', { path: '/a"b<c' }, 'http://203.0.113.7/a%22b%3Cc'],
    ['may have an IPv6 address', { url: 'http://[2001:db8::7]:8080' }, 'http://[2001:db8::7]:8080/'],
  ])('%s', (_what, rest, url) => {
    expect(pageUrlOf([target(rest)])).toBe(url);
  });

  test('is that of the first ingress that is reached directly', () => {
    const found = pageUrlOf([
      target({ gateway }),
      target({ url: 'http://203.0.113.8' }),
      target({ url: 'http://203.0.113.9' }),
    ]);
    expect(found).toBe('http://203.0.113.8/');
  });

  test.each([
    ['there is no ingress', []],
    ['every ingress is reached through an API server', [target({ gateway })]],
  ])('is unknown where %s', (_what, targets) => {
    expect(pageUrlOf(targets)).toBeUndefined();
  });
});
