import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RELEASE, TRANSITIONS, after } from '../../../src/fleet/transaction/states.ts';
import type { TransactionEvent, TransactionState } from '../../../src/fleet/transaction/states.ts';

const STATES = Object.keys(TRANSITIONS) as TransactionState[];
const edges = STATES.flatMap((from) =>
  Object.entries<TransactionState>(TRANSITIONS[from]).map(([event, to]) => ({
    from,
    event: event as TransactionEvent,
    to,
  })),
);

describe('the state of a transaction', () => {
  test.each(edges)('"$from" becomes "$to" with "$event"', ({ from, event, to }) => {
    expect(after(from, event)).toBe(to);
  });

  test('cannot be written to before what an earlier transaction left is recovered or replaced', () => {
    expect(() => after('inherited', 'write begun')).toThrow('knows no event "write begun"');
  });

  test('stays lost, whatever comes', () => {
    expect(new Set(edges.map(({ event }) => after('lost', event)))).toEqual(new Set(['lost']));
  });

  test('ends its intent where nothing is left to undo, and nowhere else', () => {
    expect(STATES.filter((state) => RELEASE[state] === 'ended')).toEqual(['consistent']);
  });

  test('leaves its intent wherever clusters may differ', () => {
    const reached = new Set(
      edges.filter(({ from, to }) => to !== 'consistent' && from !== to).map(({ to }) => to),
    );
    expect([...reached].map((state) => RELEASE[state])).toEqual([...reached].map(() => 'open intent'));
  });

  test('is drawn in the docs as it is in the code', () => {
    const page = readFileSync(new URL('../../../docs/transaction.md', import.meta.url), 'utf8');
    const drawn = page.split('\n').filter((line) => /^ {4}\w+ --> \w+: /.test(line));
    expect(drawn.toSorted()).toEqual(
      edges.map(({ from, event, to }) => `    ${from} --> ${to}: ${event}`).toSorted(),
    );
  });
});
