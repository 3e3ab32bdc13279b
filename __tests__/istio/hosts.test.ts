import { describe, expect, test } from '@jest/globals';
import { hostCovers, hostSpecificity, narrowerHost } from '../../src/istio/hosts.ts';

describe('a host pattern', () => {
  test.each([
    ['*', 'shop.example.com', true],
    ['*.example.com', 'shop.example.com', true],
    ['*.example.com', '*.eu.example.com', true],
    ['*.example.com', 'example.com', false],
    ['shop.example.com', 'shop.example.com', true],
    ['shop.example.com', '*.example.com', false],
  ])('%s over %s: %s', (pattern, host, covered) => {
    expect(hostCovers(pattern, host)).toBe(covered);
  });
});

describe('the narrower of two hosts', () => {
  test.each([
    ['*', 'shop.example.com', 'shop.example.com'],
    ['*.eu.example.com', '*.example.com', '*.eu.example.com'],
    ['shop.example.com', 'cart.example.com', undefined],
  ])('of %s and %s is %s', (a, b, narrower) => {
    expect([narrowerHost(a, b), narrowerHost(b, a)]).toEqual([narrower, narrower]);
  });
});

describe('host specificity', () => {
  test('prefers the exact name, then the longest pattern, then any host', () => {
    const host = 'shop.eu.example.com';
    const ranked = [[host], ['*.eu.example.com'], ['*.example.com'], ['*'], ['cart.example.com']].map(
      (patterns) => hostSpecificity(patterns, host),
    );
    expect(ranked).toEqual(ranked.toSorted((a, b) => b - a));
    expect(new Set(ranked).size).toBe(5);
  });

  test('covers a request without a host by * alone', () => {
    expect([hostSpecificity(['*'], undefined), hostSpecificity(['*.example.com'], undefined)]).toEqual([
      0, -1,
    ]);
  });
});
