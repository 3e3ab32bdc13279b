import { describe, expect, test } from '@jest/globals';
import { steps, version, weights } from '../../../src/github/parsers/versions.ts';
import '../../support/one-realm.ts';
import { accepts, mapOf, read, refuses } from '../../support/parsers.ts';

describe('a version', () => {
  accepts(version, [
    ['v2', 'v2'],
    ['1-2-3-rc-4', '1-2-3-rc-4'],
    ['20260101', '20260101'],
    ['constructor', 'constructor'],
    ['x'.repeat(63), 'x'.repeat(63)],
  ]);
  refuses(version, ['', 'V 2', 'V_2', 'v1.2', 'v2-', 'v2/x', 'v2=', 'x'.repeat(64)]);
});

test('weights of a version with dots are refused with the name to use instead', () => {
  expect(weights.safeParse('v1=80,v1.2=20').error?.issues[0]?.message).toContain(
    '"v1.2" is not a version: Istio allows no dots in the name of a subset. Write v1-2; its subset may select pods by a label with dots',
  );
});

describe('weights', () => {
  accepts(weights, [
    ['v1=80,v2=20', mapOf(['v1', 80], ['v2', 20])],
    ['v1: 80\nv2: 20', mapOf(['v1', 80], ['v2', 20])],
    ['v1: 80\r\nv2: 20\r\n', mapOf(['v1', 80], ['v2', 20])],
    ['v1=100', mapOf(['v1', 100])],
    ['v1=100,v2=0', mapOf(['v1', 100], ['v2', 0])],
    ['constructor=60, valueof=40', mapOf(['constructor', 60], ['valueof', 40])],
    ['10=80,2=20', mapOf(['10', 80], ['2', 20])],
  ]);
  refuses(weights, [
    '',
    '80,20',
    'v1=80',
    'v1=80,v2=21',
    'v1=80.5,v2=19.5',
    'v1=-10,v2=110',
    'v1=80,v1=20',
    'v1=80%,v2=20%',
    'v1=,v2=100',
    '0',
  ]);

  test.each(['v1=80,new version=20', 'v1=80,v/2=20', `v1=80,${'x'.repeat(64)}=20`])(
    'refuse %j, which names no version',
    (text) => {
      expect(() => read(weights, text)).toThrow('; expected ');
    },
  );

  test('keep the order that they are given in', () => {
    expect([...(read(weights, '10=80,2=20') as ReadonlyMap<string, number>).keys()]).toEqual(['10', '2']);
  });
});

describe('steps', () => {
  accepts(steps, [
    ['20,50,100', [20, 50, 100]],
    ['20%, 50 %\n100%', [20, 50, 100]],
    ['5', [5]],
  ]);
  refuses(steps, ['', '0,50', '50,20', '20,20', '50,101', '20;50', 'v2=20']);
});
