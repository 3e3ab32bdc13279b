import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { outputsOf } from '../../src/github/outputs.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { evidence } from '../support/evidence.ts';
import { agreed, change, held } from '../support/record.ts';
import { weights } from '../support/release.ts';

const outputs = (rest: Partial<RunRecord> = {}): Readonly<Record<string, string>> =>
  outputsOf({ ...emptyRecord('rollout', 'hello', 'demo'), ...rest });

test('every output is set even if nothing happened', () => {
  expect(outputs()).toEqual({
    verdict: '',
    weights: '',
    agree: '',
    observed: '{}',
    metrics: '[]',
    samples: '0',
    'ingress-urls': '{}',
    url: '',
    changed: '0',
    'previous-weights': '',
    'next-weights': '',
    complete: 'false',
    plan: '',
    report: '',
  });
});

test('weights have the format of the input', () => {
  const given = {
    held: agreed(weights({ v1: 80, v2: 20 })),
    previous: weights({ v1: 100 }),
    next: weights([
      ['10', 50],
      ['2', 50],
    ]),
  };
  expect(outputs(given)).toMatchObject({
    weights: 'v1=80,v2=20',
    agree: 'true',
    'previous-weights': 'v1=100',
    'next-weights': '10=50,2=50',
  });
});

describe('the output weights is empty', () => {
  const HALF = weights({ v1: 50, v2: 50 });
  test.each<[string, RunRecord['held'], string]>([
    [
      'where the clusters hold different ones',
      held({ east: weights({ v1: 80, v2: 20 }), west: HALF }),
      'false',
    ],
    [
      'where two of three clusters agree',
      held({ east: HALF, west: HALF, north: weights({ v1: 51, v2: 49 }) }),
      'false',
    ],
    ['where one cluster has no VirtualService', held({ east: HALF, west: undefined }), 'false'],
    [
      'where the choice of routes is open',
      [{ cluster: 'east', place: 'east', kind: 'open', weights: undefined, text: quoted('two routes') }],
      '',
    ],
    ['where none has one', held({ east: undefined, west: undefined }), ''],
    [
      'where a cluster could not be read',
      [
        ...held({ east: HALF }),
        { cluster: 'west', place: 'west', kind: 'unclear', weights: undefined, text: quoted('?') },
      ],
      'false',
    ],
  ])('%s', (_what, clusters, agree) => {
    expect(outputs({ held: clusters })).toMatchObject({ weights: '', agree });
  });
});

describe('the output observed', () => {
  const seen = outputs({
    verdict: 'pass',
    evidence: [evidence(), evidence({ cluster: 'west', samples: 3, counts: weights({ v1: 2, v2: 1 }) })],
  });

  test('contains the share of each version by ingress', () => {
    expect(JSON.parse(seen['observed'] ?? '')).toEqual({
      east: { v1: 0.802, v2: 0.198 },
      west: { v1: 0.6667, v2: 0.3333 },
    });
  });

  test('comes with the number of samples at all ingresses', () => {
    expect([seen['verdict'], seen['samples']]).toEqual(['pass', '1003']);
  });

  test('is 0 for a version that never answered', () => {
    const none = outputs({
      evidence: [
        evidence({ weights: weights({ v1: 100, v2: 0 }), counts: weights({ v1: 5, v2: 0 }), samples: 5 }),
      ],
    });
    expect(none['observed']).toBe('{"east":{"v1":1,"v2":0}}');
  });

  test('contains a version with the name of a property of every object', () => {
    const odd = outputs({
      evidence: [
        evidence({ weights: weights({ constructor: 100 }), counts: weights({ constructor: 5 }), samples: 5 }),
      ],
    });
    expect(odd['observed']).toBe('{"east":{"constructor":1}}');
  });
});

test('writes and ingresses are outputs', () => {
  const written = outputs({
    changes: [change(), change()],
    ingresses: new Map([['east', 'http://203.0.113.7']]),
    url: 'http://203.0.113.7/hello',
    complete: true,
  });
  expect(written).toMatchObject({
    changed: '2',
    'ingress-urls': '{"east":"http://203.0.113.7"}',
    url: 'http://203.0.113.7/hello',
    complete: 'true',
  });
});

test('a plan is an output that lists what would be written', () => {
  const planned = {
    cluster: 'east',
    verb: 'update',
    object: 'VirtualService demo/hello',
    reason: quoted('weights'),
    diff: '-a',
    tried: true,
  } as const;
  const written = outputs({
    plan: { weights: weights({ v1: 100 }), clusters: ['east'], changes: [planned] },
  });
  expect(JSON.parse(written['plan'] ?? '')).toEqual([
    { cluster: 'east', object: 'VirtualService demo/hello', verb: 'update', reason: 'weights' },
  ]);
});
