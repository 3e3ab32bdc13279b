import { describe, expect, test } from '@jest/globals';
import {
  RECORD_ANNOTATION,
  previousOf,
  recordOf,
  recordProblem,
  withRecord,
} from '../../src/release/history.ts';
import type { ReleaseRecord } from '../../src/release/history.ts';
import { to, virtualService } from '../support/objects.ts';
import { weights } from '../support/release.ts';

const vs = virtualService([{ route: [to('v1', 100)] }], {
  annotations: { 'example.com/owner': 'team-a' },
  resourceVersion: '7',
});

const record: ReleaseRecord = { app: 'hello', revision: 3, weights: weights({ v1: 100 }), history: [] };

describe('a record comes back as it was written', () => {
  test.each<[string, ReleaseRecord]>([
    ['a first install', record],
    [
      'the weights before, in their order',
      { ...record, history: [weights({ v1: 100 }), weights({ v1: 80, v2: 20 })] },
    ],
    ['preview routes before any weights', { ...record, weights: undefined }],
    [
      'versions named as members of every object',
      { ...record, weights: weights({ constructor: 60, valueof: 40 }) },
    ],
    ['versions named in upper case', { ...record, weights: weights({ V1: 80, 'RC-2': 20 }) }],
    [
      'versions named by numbers',
      {
        ...record,
        weights: weights([
          ['2', 20],
          ['10', 80],
        ]),
      },
    ],
  ])('%s', (_what, written) => {
    expect(recordOf(withRecord(vs, written), 'hello')).toEqual(written);
  });

  test('but of a long history the latest twenty', () => {
    const history = Array.from({ length: 30 }, (_, i) => weights({ v1: i, v2: 100 - i }));
    expect(recordOf(withRecord(vs, { ...record, history }), 'hello')?.history).toEqual(history.slice(10));
  });
});

test.each<[string, ReleaseRecord | undefined, ReturnType<typeof previousOf>]>([
  [
    'the latest of its history',
    { ...record, history: [weights({ v1: 100 }), weights({ v1: 80, v2: 20 })] },
    weights({ v1: 80, v2: 20 }),
  ],
  ['none at a first install', record, undefined],
  ['none without a record', undefined, undefined],
])('the weights before those of a record are %s', (_what, given, previous) => {
  expect(previousOf(given)).toEqual(previous);
});

describe('writing a record', () => {
  test('leaves the other annotations, and all else of the object', () => {
    const written = withRecord(vs, record);
    const { [RECORD_ANNOTATION]: _, ...annotations } = written.metadata.annotations ?? {};
    expect({ ...written, metadata: { ...written.metadata, annotations } }).toEqual(vs);
  });

  test('does not modify its input', () => {
    const before = structuredClone(vs);
    withRecord(vs, record);
    expect(vs).toEqual(before);
  });

  test('twice gives the same text', () => {
    expect(withRecord(withRecord(vs, record), record)).toEqual(withRecord(vs, record));
  });
});

describe('there is no record', () => {
  test('without the annotation', () => {
    expect(recordOf(vs, 'hello')).toBeUndefined();
  });

  test('without any annotation', () => {
    expect(recordOf(virtualService([]), 'hello')).toBeUndefined();
  });

  test.each([
    [''],
    ['garbage'],
    ['null'],
    ['[]'],
    ['{}'],
    ['{"app":"hello"}'],
    ['{"app":"hello","revision":"3"}'],
    ['{"app":"hello","revision":null}'],
    ['{"app":"hello","revision":3,"weights":[80,20]}'],
    ['{"app":"hello","revision":3,"weights":{"v1":"80"}}'],
    ['{"app":"hello","revision":3,"weights":{"v1":80}'],
    ['{"app":"hello","revision":3,"history":{"v1":80}}'],
    ['{"app":"hello","revision":3.5}'],
    ['{"app":"hello","revision":-1}'],
    ['{"app":"hello","revision":3,"weights":{"v1":100,"v2":100}}'],
    ['{"app":"hello","revision":3,"weights":{"v1":99.5,"v2":0.5}}'],
    ['{"app":"hello","revision":3,"weights":{"v1":110,"v2":-10}}'],
    ['{"app":"hello","revision":3,"weights":{"V 1":100}}'],
    ['{"app":"hello","revision":3,"history":[{"v1":50}]}'],
    ['{"format":2,"app":"hello","revision":3}'],
  ])('in %s', (text) => {
    const read = recordOf(virtualService([], { annotations: { [RECORD_ANNOTATION]: text } }), 'hello');
    expect(read).toBeUndefined();
  });
});

test('a field that a later version of the action adds does not hide the record', () => {
  const text = '{"app":"hello","revision":3,"run":"https://example.com/run/1"}';
  const read = recordOf(virtualService([], { annotations: { [RECORD_ANNOTATION]: text } }), 'hello');
  expect(read?.revision).toBe(3);
});

describe('apps that share a VirtualService', () => {
  const other: ReleaseRecord = { ...record, app: 'other', revision: 9 };
  const shared = withRecord(withRecord(vs, record), other);

  test('each find their own record', () => {
    expect([recordOf(shared, 'hello'), recordOf(shared, 'other')]).toEqual([record, other]);
  });

  test('leave the record of the other where they write theirs again', () => {
    const next = { ...record, revision: record.revision + 1 };
    const written = withRecord(shared, next);
    expect([recordOf(written, 'hello'), recordOf(written, 'other')]).toEqual([next, other]);
  });

  test('change nothing by writing the same again, in whichever order', () => {
    expect(withRecord(withRecord(shared, record), other)).toEqual(shared);
  });

  test('do not take the record of the other for theirs', () => {
    expect(recordOf(withRecord(vs, other), 'hello')).toBeUndefined();
  });
});

describe('a record that is not understood', () => {
  const noted = (text: string): ReturnType<typeof virtualService> =>
    virtualService([], { annotations: { [RECORD_ANNOTATION]: text } });
  const foreign = { format: 2, app: 'other', steps: ['a', 'b'] };

  test('of another app stays when this app writes its own, and hides nothing', () => {
    const text = JSON.stringify([foreign, { app: 'hello', revision: 2, history: [] }]);
    const read = recordOf(noted(text), 'hello');
    const written = withRecord(noted(text), { ...record, revision: 3 });
    expect(read?.revision).toBe(2);
    expect(recordProblem(written, 'hello')).toBeUndefined();
    expect(JSON.parse(written.metadata.annotations?.[RECORD_ANNOTATION] ?? '')).toEqual([
      foreign,
      { format: 1, app: 'hello', revision: 3, weights: { v1: 100 }, history: [] },
    ]);
  });

  test.each([
    [
      'of this app',
      JSON.stringify([{ ...foreign, app: 'hello' }]),
      /holds a record of hello that this version/,
    ],
    ['whose weights sum to 200', '{"app":"hello","revision":3,"weights":{"v1":100,"v2":100}}', /"v2":100/],
    ['because the annotation is not JSON', 'garbage', /is not JSON/],
  ])('%s is never overwritten, and the refusal says what to do', (_what, text, sentence) => {
    expect(() => withRecord(noted(text), record)).toThrow(sentence);
    expect(recordProblem(noted(text), 'hello')).toMatch(/remove the annotation to start a new history\.$/);
  });

  test('of the first format, which has no number, is not rewritten for the number alone', () => {
    const old = noted('{"app":"hello","revision":3,"weights":{"v1":100},"history":[]}');
    expect(withRecord(old, record)).toEqual(old);
  });
});
