import { describe, expect, test } from '@jest/globals';
import { ingresses, placement } from '../../../src/github/parsers/clusters.ts';
import '../../support/one-realm.ts';
import { accepts, mapOf, read, refuses } from '../../support/parsers.ts';

describe('the clusters', () => {
  const ARN = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';

  accepts(placement, [
    ['east', { byVersion: mapOf(), clusters: ['east'] }],
    ['east, west', { byVersion: mapOf(), clusters: ['east', 'west'] }],
    [
      'v1: east\nv2: west, north',
      { byVersion: mapOf(['v1', ['east']], ['v2', ['west', 'north']]), clusters: ['east', 'west', 'north'] },
    ],
    [
      'v1=east\r\nv2=west\r\n',
      { byVersion: mapOf(['v1', ['east']], ['v2', ['west']]), clusters: ['east', 'west'] },
    ],
    ['v1: east\nv2: east', { byVersion: mapOf(['v1', ['east']], ['v2', ['east']]), clusters: ['east'] }],
    ['v2: west\nnorth', { byVersion: mapOf(['v2', ['west', 'north']]), clusters: ['west', 'north'] }],
    [ARN, { byVersion: mapOf(), clusters: [ARN] }],
    [`v1: ${ARN}`, { byVersion: mapOf(['v1', [ARN]]), clusters: [ARN] }],
    [`v1=${ARN}`, { byVersion: mapOf(['v1', [ARN]]), clusters: [ARN] }],
    [
      'gke_project_europe-west3-a_main',
      { byVersion: mapOf(), clusters: ['gke_project_europe-west3-a_main'] },
    ],
    ['kubernetes-admin@kubernetes', { byVersion: mapOf(), clusters: ['kubernetes-admin@kubernetes'] }],
    ['v1: admin@east:6443', { byVersion: mapOf(['v1', ['admin@east:6443']]), clusters: ['admin@east:6443'] }],
  ]);
  refuses(placement, ['', 'east, east', 'v1: east, east', 'v1: east\nv1: west', 'east\nv1: west']);

  test.each(['new version: east', 'v/1: east'])('refuse %j, which names no version', (text) => {
    expect(() => read(placement, text)).toThrow('; expected ');
  });
});

describe('ingresses', () => {
  accepts(ingresses, [
    ['none', mapOf(['*', 'none'])],
    ['east=http://203.0.113.7', mapOf(['east', 'http://203.0.113.7'])],
    [
      'east: https://hello.example:8443/\nwest=none',
      mapOf(['east', 'https://hello.example:8443'], ['west', 'none']),
    ],
    ['east=http://[2001:db8::1]:8080', mapOf(['east', 'http://[2001:db8::1]:8080'])],
    [
      'arn:aws:eks:eu-west-1:123456789012:cluster/prod=http://203.0.113.7',
      mapOf(['arn:aws:eks:eu-west-1:123456789012:cluster/prod', 'http://203.0.113.7']),
    ],
    [
      'arn:aws:eks:eu-west-1:123456789012:cluster/prod: http://203.0.113.7',
      mapOf(['arn:aws:eks:eu-west-1:123456789012:cluster/prod', 'http://203.0.113.7']),
    ],
  ]);
  refuses(ingresses, [
    'http://203.0.113.7',
    'east=203.0.113.7',
    'east=ftp://203.0.113.7',
    'east=http://203.0.113.7/hello',
    'east=http://203.0.113.7?a=b',
    'east=http://a,east=http://b',
    'east=http://user:secret@203.0.113.7',
  ]);
});
