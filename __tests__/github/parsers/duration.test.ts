import { describe } from '@jest/globals';
import { duration } from '../../../src/github/parsers/duration.ts';
import '../../support/one-realm.ts';
import { accepts, refuses } from '../../support/parsers.ts';

describe('a duration', () => {
  accepts(duration, [
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['250ms', 250],
    ['0', 0],
    ['5 m', 300_000],
    // Timers take whole milliseconds.
    ['2.03s', 2030],
    ['0.0005s', 1],
    ['1.0001m', 60_006],
    ['2147483647ms', 2 ** 31 - 1],
  ]);
  refuses(duration, ['', '-1s', '1d', '1h30m', 's', '1.s', '.5s', '1e3', 'soon']);

  // Longer than any timer can wait.
  refuses(duration, ['600h', '2147483648ms', '99999999999h']);
});
