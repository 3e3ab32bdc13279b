import type { Condition, LimitMetric } from '../release/metric-specs.ts';

/** Whether a condition is true of a value. */
export function holds(condition: Condition, value: number): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => holds(one, value));
    case 'any':
      return condition.of.some((one) => holds(one, value));
    case 'not':
      return !holds(condition.of, value);
    case 'compare':
      return COMPARISONS[condition.operator](value, condition.limit);
  }
}

type Operator = Extract<Condition, { kind: 'compare' }>['operator'];

const COMPARISONS: Readonly<Record<Operator, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};

/** `neither`: not good by the one condition, and not bad by the other. */
export type Quality = 'good' | 'bad' | 'neither';

/** What a value is by the conditions of a limit. A value that is bad is not good, whatever else is said of it. */
export function qualityOf(
  { success, failure }: Pick<LimitMetric, 'success' | 'failure'>,
  value: number,
): Quality {
  if (failure !== undefined && holds(failure, value)) return 'bad';
  if (success === undefined || holds(success, value)) return 'good';
  return failure === undefined ? 'bad' : 'neither';
}
