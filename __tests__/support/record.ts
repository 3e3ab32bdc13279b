import type { RecordedChange } from '../../src/report/record.ts';
import { EAST } from './release.ts';

/** A write in east that moved the weight of v2 from 0 to 20; every field can be given. */
export function change(rest: Partial<RecordedChange> = {}): RecordedChange {
  return {
    cluster: EAST,
    verb: 'update',
    object: 'VirtualService demo/hello',
    reason: 'weights',
    at: 1.5,
    before: 'weight: 0\n',
    after: 'weight: 20\n',
    ...rest,
  };
}
