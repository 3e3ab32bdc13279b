import { describe, expect, test } from '@jest/globals';
import { INPUTS, readInputs } from '../../src/github/inputs.ts';
import { inputs } from '../support/inputs.ts';

const NAMES = Object.keys(INPUTS.shape);

test('the least that is needed is enough', () => {
  expect(inputs().problems).toEqual([]);
});

test('an input that is empty, or blank, counts as not given', () => {
  expect(inputs({ tolerance: '', weights: ' \r\n ', port: '\t' })).toEqual(inputs());
});

describe('by default', () => {
  const { values } = inputs();

  test.each<[string, unknown]>([
    ['operation', 'rollout'],
    ['ready-timeout', 300_000],
    ['steps', []],
    ['bake', 0],
    ['gateway-selector', new Map([['istio', 'ingressgateway']])],
    ['path', '/'],
    ['headers', {}],
    ['version-from', { from: 'auto' }],
    ['tolerance', 5],
    ['confidence', 99],
    ['max-rps', 100],
    ['verify-timeout', 300_000],
    ['max-error-rate', 1],
    ['on-failure', 'rollback'],
    ['pods', 'sidecar'],
    ['comment', true],
    ['summary', true],
    ['ingress', new Map()],
  ])('%s is %p', (name, value) => {
    expect(new Map(Object.entries(values)).get(name)).toEqual(value);
  });

  test('has no default for what may exist already', () => {
    const open = Object.entries(values).filter(([, value]) => value === undefined);
    expect(open.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'weights',
        'gateway',
        'http-route',
        'hosts',
        'routes',
        'replicas',
        'injection',
        'max-samples',
      ]),
    );
  });
});

describe('a missing input', () => {
  const { problems } = readInputs(() => '');

  test.each(['app', 'namespace', 'clusters'])(
    'is reported for %s, with what was expected and where to set it',
    (name) => {
      expect(problems).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^Input ${name}: is required; expected .+\\. You can set it in the release file too\\.$`,
          ),
        ),
      );
    },
  );

  test('is reported for nothing else', () => {
    expect(problems).toHaveLength(3);
  });
});

describe('a refused value', () => {
  test.each<[string, string, string]>([
    [
      'operation',
      'deploy',
      'Input operation: got "deploy"; expected one of rollout, plan, verify, promote, rollback, retire, status.',
    ],
    [
      'app',
      'Hello World',
      'Input app: got "Hello World"; expected a name of up to 63 lowercase letters, digits and hyphens.',
    ],
    ['port', '0', 'Input port: got "0"; expected a whole number from 1 to 65535.'],
    ['replicas', '-1', 'Input replicas: got "-1"; expected a whole number from 0 to 10000.'],
    [
      'weights',
      'v1=80',
      'Input weights: got "v1=80" (the weights add up to 80); expected a whole percentage for each version, adding up to 100, such as v1=80,v2=20.',
    ],
    [
      'steps',
      '50,20',
      'Input steps: got "50,20"; expected rising whole percentages from 1 to 100, such as 20,50,100.',
    ],
    ['tolerance', '0', 'Input tolerance: got "0"; expected a number from 0.1 to 50 (points).'],
    ['confidence', '100', 'Input confidence: got "100"; expected a number from 50 to 99.9999 (percent).'],
    [
      'ingress',
      'east=x',
      'Input ingress: got "east=x" ("x" is not an http or https URL); expected cluster=URL, cluster=port-forward or cluster=none, one per line or separated by commas, or port-forward or none for every cluster.',
    ],
    ['on-failure', 'stop', 'Input on-failure: got "stop"; expected one of rollback, keep.'],
    ['summary', 'no', 'Input summary: got "no"; expected true or false.'],
    ['path', 'hello', 'Input path: got "hello"; expected a path that begins with /.'],
  ])('of %s (%s) is reported with name, value and what was expected', (name, text, problem) => {
    expect(inputs({ [name]: text }).problems).toEqual([problem]);
  });

  test('leaves the value undefined', () => {
    expect(inputs({ port: 'http' }).values).toHaveProperty('port', undefined);
  });
});

test('all problems are reported at once', () => {
  const { problems } = readInputs((name) => (name === 'clusters' ? '' : '\u0000'));
  const named = problems.map((problem) => /^Input ([a-z-]+): /.exec(problem)?.[1]);
  const free = [
    'kubeconfig',
    'config',
    'github-token',
    'report',
    'config-clusters',
    'insecure-clusters',
    'manifests',
    'hosts',
    'routes',
    // Any text may name a file.
    'metrics',
  ];
  expect(named).toEqual(NAMES.filter((name) => !free.includes(name)));
});
