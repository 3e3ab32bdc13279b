import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { CounterIncreases } from '../../src/metrics/counter-increases.ts';
import type { Series } from '../../src/metrics/readings.ts';
import { series } from '../support/metrics.ts';
import { expectHolds } from '../support/properties.ts';

/** What happens to one process between two polls, and what the second of them finds. */
interface Turn {
  readonly process: number;
  readonly requests: number;
  readonly restarts: boolean;
  readonly isScraped: boolean;
  /** By how many turns the answering server is behind. */
  readonly behind: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  requests: fc.integer({ min: 0, max: 2000 }),
  restarts: fc.boolean(),
  isScraped: fc.boolean(),
  behind: fc.integer({ min: 0, max: 3 }),
});
const initially = fc.tuple(...([5000, 5000, 5000] as const).map((max) => fc.integer({ min: 0, max })));

function processes(values: readonly number[], scrapedAt: number | undefined): readonly Series[] {
  return values.map((value, i) => series(value, { instance: `gateway-${String(i)}` }, scrapedAt));
}

/** How many requests were made since the first poll, and how many were counted; undefined for a negative increase. */
function play(
  initial: readonly number[],
  turns: readonly Turn[],
  isTimed: boolean,
): { readonly made: number; readonly counted: number } | undefined {
  const counters = new CounterIncreases();
  const history = [initial];
  counters.add({ requests: processes(initial, isTimed ? 0 : undefined), hits: [] });
  let made = 0;
  let counted = 0;
  for (const { process, requests, restarts, isScraped, behind } of turns) {
    const now = [...(history.at(-1) ?? [])];
    now[process] = (restarts ? 0 : (now[process] ?? 0)) + requests;
    history.push(now);
    made += requests;
    const at = Math.max(0, history.length - 1 - (isTimed ? behind : 0));
    const found = processes(history[at] ?? [], isTimed ? at : undefined);
    const answer = found.filter((_, i) => i !== process || isScraped);
    for (const { by } of counters.add({ requests: answer, hits: [] }).requests) {
      if (by < 0) return undefined;
      counted += by;
    }
  }
  return { made, counted };
}

describe('the increases of counters', () => {
  test.each([
    ['with the times of their scrapes, also from servers that are behind', true],
    ['without times', false],
  ])('%s are never more than was requested, whatever restarts and gaps', async (_what, isTimed) => {
    await expectHolds(
      2000,
      fc.property(initially, fc.array(turn, { maxLength: 40 }), (initial, turns) => {
        const played = play(initial, turns, isTimed);
        return played !== undefined && played.counted <= played.made;
      }),
    );
  });

  test('are all that was requested, without restarts and gaps', async () => {
    const calm = turn.map((one) => ({ ...one, restarts: false, isScraped: true, behind: 0 }));
    await expectHolds(
      500,
      fc.property(initially, fc.array(calm, { maxLength: 40 }), fc.boolean(), (initial, turns, isTimed) => {
        const played = play(initial, turns, isTimed);
        return played !== undefined && played.counted === played.made;
      }),
    );
  });
});
