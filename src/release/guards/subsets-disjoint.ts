import { CanaryError } from '../../core/errors.ts';
import { describeOverlap } from '../subset-overlaps.ts';
import type { Overlap } from '../subset-overlaps.ts';

/** @throws CanaryError where the subsets of two versions select the same pods, or whether they do cannot be known */

export function assertSubsetsDisjoint(found: readonly Overlap[]): void {
  const [first] = found.toSorted((a, b) => Number(b.certain) - Number(a.certain));
  if (first === undefined) return;
  throw new CanaryError(`${describeOverlap(first)} Nothing has been written.`);
}
