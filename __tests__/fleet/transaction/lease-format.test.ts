import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Intent } from '../../../src/fleet/transaction/intent.ts';
import {
  assertFitsLease,
  decodeLease,
  encodeLease,
  newLease,
  released,
} from '../../../src/fleet/transaction/lease-format.ts';
import type { Lease, LeaseContent } from '../../../src/fleet/transaction/lease-format.ts';
import { release, weights } from '../../support/release.ts';

const intent: Intent = {
  target: weights({ v1: 80, v2: 20 }),
  previous: weights({ v1: 100 }),
  direction: 'back',
  history: [weights({ v1: 100 })],
  objects: [
    {
      clusters: ['east', 'west'],
      objects: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'helloworld-v2', namespace: 'gray-demo' },
        },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gray-demo' } },
      ],
    },
  ],
  transaction: 'run/1/a',
  holder: 'run/1',
  run: 'https://github.com/team/shop/actions/runs/1',
};
const EMPTY = newLease(release());
const ENDED = { ended: 'run/0/a' };

type Readable = Exclude<LeaseContent, { readonly state: 'unreadable' }>;

describe('the content of a Lease', () => {
  test.each<[string, Readable]>([
    ['of nobody', { state: 'free' }],
    ['of a transaction that has ended', { state: 'ended', ...ENDED }],
    ['held with an intent', { state: 'held', holder: 'run/1', intent, ended: undefined }],
    ['held with the intent of another run', { state: 'held', holder: 'run/2', intent, ...ENDED }],
    ['held without an intent', { state: 'held', holder: 'run/1', intent: undefined, ended: undefined }],
    ['released with an open intent', { state: 'released with open intent', intent, ...ENDED }],
    [
      'with a first install',
      {
        state: 'held',
        holder: 'run/1',
        intent: { ...intent, previous: undefined, direction: 'forward', history: [], objects: [] },
        ended: undefined,
      },
    ],
    [
      'with versions named in upper case',
      {
        state: 'held',
        holder: 'run/1',
        intent: { ...intent, target: weights({ V1: 80, 'RC-2': 20 }) },
        ended: undefined,
      },
    ],
  ])('%s is read as it was written', (_what, content) => {
    expect(decodeLease(encodeLease(EMPTY, content))).toEqual(content);
  });

  test('keeps everything else that is in the Lease', () => {
    const lease: Lease = {
      ...EMPTY,
      metadata: { ...EMPTY.metadata, annotations: { 'example.com/owner': 'team-a' } },
      spec: { holderIdentity: 'run/0', leaseDurationSeconds: 7 },
    };
    expect(encodeLease(lease, { state: 'free' })).toEqual({
      ...lease,
      spec: { holderIdentity: '', leaseDurationSeconds: 7 },
    });
  });

  test('is free where a cluster has no Lease', () => {
    expect(decodeLease(undefined)).toEqual({ state: 'free' });
  });
});

describe('the text of an intent', () => {
  const withIntent = (text: string): Lease => ({
    ...EMPTY,
    metadata: { ...EMPTY.metadata, annotations: { 'multicluster-canary/intent': text } },
    spec: { holderIdentity: 'b' },
  });

  test('of the first edition belongs to the holder that it names, and goes forward', () => {
    const text = JSON.stringify({
      target: { v1: 80, v2: 20 },
      previous: { v1: 100 },
      run: 'run 1',
      holder: 'a',
    });
    expect(decodeLease(withIntent(text))).toEqual({
      state: 'held',
      holder: 'b',
      ended: undefined,
      intent: {
        target: weights({ v1: 80, v2: 20 }),
        previous: weights({ v1: 100 }),
        direction: 'forward',
        history: undefined,
        objects: [],
        run: 'run 1',
        holder: 'a',
        transaction: 'a',
      },
    });
  });

  test.each([
    ['no JSON', '{'],
    ['no gzip', 'gzip:e30='],
    ['gzip of more than 16 MiB', `gzip:${gzipSync(' '.repeat(17 * 1024 * 1024)).toString('base64')}`],
    ['a newer format', JSON.stringify({ format: 2, target: { v1: 100 }, run: 'run 1' })],
    ['weights that do not sum to 100', JSON.stringify({ target: { v1: 80, v2: 80 }, run: 'run 1' })],
  ])('is not obeyed: %s', (_what, text) => {
    expect(decodeLease(withIntent(text))).toEqual({
      state: 'unreadable',
      holder: 'b',
      text,
      ended: undefined,
    });
  });
});

describe('the intent of a large release', () => {
  /** Each cluster has objects of its own names. */
  const large = (clusters: number): Intent => ({
    ...intent,
    objects: Array.from({ length: clusters }, (_, cluster) => ({
      clusters: [`cluster-${String(cluster)}`],
      objects: Array.from({ length: 30 }, (_unused, index) => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: `shop-${String(cluster)}-part-${String(index)}`, namespace: 'gray-demo' },
      })),
    })),
  });
  const textOf = (one: Intent): string =>
    encodeLease(EMPTY, { state: 'held', holder: 'run/1', intent: one, ended: undefined }).metadata
      .annotations?.['multicluster-canary/intent'] ?? '';

  test('of 100 clusters with 30 objects each of their own fits a Lease, and is read as it was written', () => {
    const content = { state: 'held', holder: 'run/1', intent: large(100), ended: undefined } as const;
    expect(textOf(content.intent).length).toBeLessThan(64 * 1024);
    expect(() => {
      assertFitsLease(content.intent);
    }).not.toThrow();
    expect(decodeLease(encodeLease(EMPTY, content))).toEqual(content);
  });

  test('of a few clusters stays readable', () => {
    expect(textOf(large(2))).toMatch(/^{"format":1,/);
  });

  test('is refused where it does not fit even compressed, with what to do', () => {
    expect(() => {
      assertFitsLease(large(3_000));
    }).toThrow(/would change 90000 objects.*Nothing was deployed\. Change fewer objects/);
  });
});

describe('a Lease that is released', () => {
  const held = encodeLease(EMPTY, { state: 'held', holder: 'run/1', intent, ...ENDED });

  test.each<[Parameters<typeof released>[1], string, LeaseContent]>([
    ['ended', 'run/1/a', { state: 'ended', ended: 'run/1/a' }],
    ['open intent', 'run/1/a', { state: 'released with open intent', intent, ...ENDED }],
    ['as found', 'run/1/a', { state: 'ended', ...ENDED }],
    ['as found', 'run/1/b', { state: 'released with open intent', intent, ...ENDED }],
  ])('"%s" by transaction %s', (mode, transaction, content) => {
    expect(decodeLease(released(held, mode, transaction))).toEqual(content);
  });
});
