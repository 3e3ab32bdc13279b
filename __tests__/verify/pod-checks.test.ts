import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../src/texts/message.ts';
import { inEnglish } from '../../src/texts/texts.ts';
import type { Sample } from '../../src/verify/attribution.ts';
import { PodChecks } from '../../src/verify/pod-checks.ts';
import type { IngressPod } from '../../src/verify/ways.ts';
import { weights } from '../support/release.ts';

const EXPECTED = {
  weights: weights({ v1: 50, v2: 50 }),
  revision: '4',
  sharedWithOtherHosts: false,
  version: 'v2',
};

function checks(): PodChecks {
  return new PodChecks(EXPECTED, { tolerance: 0.1, alpha: 0.01 });
}

function pod(uid: string, { name = 'gateway-0', restarts = 0 } = {}): IngressPod {
  return { uid, name, restarts };
}

function answered(version: string, revision = '4'): Sample {
  return { version, contradiction: undefined, revision, unmanaged: false, error: undefined, ms: 5 };
}

const inTurn = (n: number): Sample => answered(n % 2 === 0 ? 'v1' : 'v2');

const told = (message: Message | undefined): string | undefined => message && inEnglish(message);

/** What is said of a pod that gives these answers. */
function sentenceOf(
  checked: PodChecks,
  of: IngressPod,
  answer: (n: number) => Sample,
  requests = 1_000,
): string | undefined {
  for (let n = 0; n < requests; n += 1) {
    // As long as a pod may lag behind, and longer.
    const sentence = told(checked.add(of, answer(n), n * 100));
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

describe('a pod is identified by its UID', () => {
  test('where another namespace has one of the same name: the one that splits otherwise is found', () => {
    const checked = checks();
    const [here, there] = [
      pod('1', { name: 'istio-system/gateway-0' }),
      pod('2', { name: 'shop/gateway-0' }),
    ];
    // Together, they are right.
    for (let n = 0; n < 40; n += 1) {
      checked.add(here, answered('v1'), n);
      checked.add(there, answered('v2'), n);
    }
    expect(checked.evidence.map(({ pod: name, samples }) => [name, samples])).toEqual([
      ['istio-system/gateway-0', 40],
      ['shop/gateway-0', 40],
    ]);
    expect(sentenceOf(checked, there, () => answered('v2'))).toMatch(
      /^Pod shop\/gateway-0 splits its requests otherwise than the weights say: v1 0, v2 [\d,]+ of /,
    );
  });

  test('where another one has taken its name: it is not held against the new one that the old one stayed behind', () => {
    const checked = checks();
    for (let n = 0; n < 20; n += 1) checked.add(pod('1'), answered('v1', '3'), n);
    expect(sentenceOf(checked, pod('2'), inTurn)).toBeUndefined();
    expect(checked.evidence).toMatchObject([
      { pod: 'gateway-0', replaced: true, stale: new Map([['3', 20]]) },
      { pod: 'gateway-0', samples: 1_000, stale: new Map() },
    ]);
  });
});

describe('a proxy that is restarted', () => {
  test('once, passes and is counted', () => {
    const checked = checks();
    checked.add(pod('1', { restarts: 3 }), inTurn(0), 0);
    expect(sentenceOf(checked, pod('1', { restarts: 4 }), inTurn)).toBeUndefined();
    // An earlier request may end later.
    checked.count(pod('1', { restarts: 3 }), inTurn(1));
    expect(checked.evidence).toMatchObject([{ pod: 'gateway-0', restarts: 1 }]);
  });

  test('twice, fails, however few requests that cut off', () => {
    const checked = checks();
    expect(checked.observe([pod('1', { restarts: 3 })])).toBeUndefined();
    expect(told(checked.observe([pod('1', { restarts: 5 })]))).toBe(
      'Pod gateway-0 crashes again and again: its proxy was restarted 2 times during the check; see its log with kubectl logs --previous',
    );
  });

  test('before the check, says nothing about it', () => {
    expect(sentenceOf(checks(), pod('1', { restarts: 7 }), inTurn)).toBeUndefined();
  });
});
