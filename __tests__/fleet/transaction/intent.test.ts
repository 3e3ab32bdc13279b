import { expect, test } from '@jest/globals';
import { encodeIntent, readIntent } from '../../../src/fleet/transaction/intent.ts';
import type { Intent } from '../../../src/fleet/transaction/intent.ts';
import { weights } from '../../support/release.ts';

const intent: Intent = {
  target: weights({ v1: 80, v2: 20 }),
  previous: weights({ v1: 100 }),
  direction: 'back',
  history: [weights({ v1: 100 })],
  transaction: 'run/1/a',
  holder: 'run/1',
  run: 'https://github.com/team/shop/actions/runs/1',
};

test.each<[string, Intent]>([
  ['a step', intent],
  ['a first install', { ...intent, previous: undefined, direction: 'forward', history: [] }],
  ['versions named in upper case', { ...intent, target: weights({ V1: 80, 'RC-2': 20 }) }],
])('an intent is read as it was written: %s', (_what, written) => {
  expect(readIntent(encodeIntent(written), 'someone else')).toEqual({ state: 'open', intent: written });
});

test('an intent of the first edition belongs to the holder that it names, and goes forward', () => {
  const text = JSON.stringify({
    target: { v1: 80, v2: 20 },
    previous: { v1: 100 },
    run: 'run 1',
    holder: 'a',
  });
  expect(readIntent(text, 'b')).toEqual({
    state: 'open',
    intent: {
      target: weights({ v1: 80, v2: 20 }),
      previous: weights({ v1: 100 }),
      direction: 'forward',
      history: undefined,
      run: 'run 1',
      holder: 'a',
      transaction: 'a',
    },
  });
});

test.each([
  ['no JSON', '{'],
  ['a newer format', JSON.stringify({ format: 2, target: { v1: 100 }, run: 'run 1' })],
  ['weights that are not 100 in all', JSON.stringify({ target: { v1: 80, v2: 80 }, run: 'run 1' })],
])('an intent is not obeyed: %s', (_what, text) => {
  expect(readIntent(text, 'a')).toEqual({ state: 'unreadable', text });
});
