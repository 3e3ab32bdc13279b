import { describe } from '@jest/globals';
import { choice, flag, list, map } from '../../../src/github/parsers/plain.ts';
import '../../support/one-realm.ts';
import { mapOf, refuses, accepts } from '../../support/parsers.ts';

describe('a choice', () => {
  const schema = choice('rollback', 'keep');
  accepts(schema, [
    ['rollback', 'rollback'],
    [' keep\n', 'keep'],
  ]);
  refuses(schema, ['', 'Keep', 'rollback keep', 'constructor']);
});

describe('a flag', () => {
  accepts(flag, [
    ['true', true],
    ['false', false],
    ['True', true],
    ['FALSE', false],
    [' true ', true],
  ]);
  refuses(flag, ['', 'yes', '1', 'truee', 'constructor', '__proto__']);
});

describe('a list', () => {
  accepts(list, [
    ['east', ['east']],
    ['east, west', ['east', 'west']],
    ['east\nwest\n', ['east', 'west']],
    ['east\r\nwest\r\n', ['east', 'west']],
    [' east ,, west ,', ['east', 'west']],
    ['arn:aws:eks:eu-west-1:123456789012:cluster/prod', ['arn:aws:eks:eu-west-1:123456789012:cluster/prod']],
  ]);
  refuses(list, ['', ',', ' \n ']);
});

describe('a map', () => {
  accepts(map, [
    ['istio=ingressgateway', mapOf(['istio', 'ingressgateway'])],
    ['istio: ingressgateway', mapOf(['istio', 'ingressgateway'])],
    ['a=b\nc = d, e : f', mapOf(['a', 'b'], ['c', 'd'], ['e', 'f'])],
    ['a=b=c', mapOf(['a', 'b=c'])],
    ['a: b=c', mapOf(['a', 'b=c'])],
    ['__proto__=x', mapOf(['__proto__', 'x'])],
  ]);
  refuses(map, ['a', '=b', 'a=', 'a=b,a=c', 'a:b']);
});
