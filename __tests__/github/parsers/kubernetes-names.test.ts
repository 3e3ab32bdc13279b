import { describe } from '@jest/globals';
import { dnsLabel, gatewayName, objectName } from '../../../src/github/parsers/kubernetes-names.ts';
import '../../support/one-realm.ts';
import { refuses, accepts } from '../../support/parsers.ts';

describe('the name of a namespace or an app', () => {
  accepts(dnsLabel, [
    ['a', 'a'],
    ['gray-demo', 'gray-demo'],
    ['1a', '1a'],
    ['x'.repeat(63), 'x'.repeat(63)],
    [' hello\r\n', 'hello'],
  ]);
  refuses(dnsLabel, ['', 'Hello', 'a.b', 'a_b', '-a', 'a-', 'a b', 'x'.repeat(64), 'größe', 'a\nb']);
});

describe('the name of an object', () => {
  accepts(objectName, [
    ['public', 'public'],
    ['a.b-c', 'a.b-c'],
    ['1-28', '1-28'],
    ['x'.repeat(253), 'x'.repeat(253)],
  ]);
  refuses(objectName, ['', 'A', '.a', 'a.', 'a/b', 'x'.repeat(254)]);
});

describe('a Gateway', () => {
  accepts(gatewayName, [
    ['public', { gateway: 'public', api: undefined }],
    ['istio-system/public', { gateway: 'istio-system/public', api: undefined }],
    ['istio', { gateway: 'istio', api: undefined }],
    ['istio:public', { gateway: 'public', api: 'istio' }],
    ['gateway-api:istio-system/public', { gateway: 'istio-system/public', api: 'gateway-api' }],
  ]);
  refuses(gatewayName, ['', '/', 'a/', '/a', 'a/b/c', 'A/b', 'a / b', 'istio:', 'kong:a', 'gateway-api:a:b']);
});
