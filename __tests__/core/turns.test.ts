import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Turns } from '../../src/core/turns.ts';

/** Several askers that each want to begin this many pieces of work; what began, in order. */
function crowd(turns: Turns, askers: readonly string[], each: number): readonly string[] {
  const began: string[] = [];
  for (const name of askers) {
    const asker = {};
    for (let i = 0; i < each; i += 1)
      void turns.next(asker).then(() => {
        began.push(name);
      });
  }
  return began;
}

test('as many begin in each turn of the event loop as are allowed, and all in the end', async () => {
  const turns = new Turns(4);
  crowd(turns, ['first'], 4);
  const began = crowd(turns, ['a', 'b', 'c'], 3);
  const counts: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    await nextTurn();
    counts.push(began.length);
  }
  expect(counts).toEqual([4, 8, 9, 9]);
});

test('askers take turns, however many of their own wait', async () => {
  const turns = new Turns(2);
  crowd(turns, ['first'], 2);
  const began = crowd(turns, ['a', 'b', 'c'], 2);
  for (let i = 0; i < 5; i += 1) await nextTurn();
  expect(began.join('')).toBe('abcabc');
});

test('what begins alone begins at once', async () => {
  const turns = new Turns(1);
  for (let i = 0; i < 3; i += 1) {
    const began = crowd(turns, ['a'], 1);
    await Promise.resolve();
    expect(began).toEqual(['a']);
    await nextTurn();
  }
});
