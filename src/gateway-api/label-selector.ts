import type { Labels } from '../kubernetes/objects.ts';
import type { LabelSelector } from './objects.ts';

/**
 * Whether a selector picks an object with these labels; an empty one picks every object.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/definitions/label-selector-v1-meta/
 */
export function selectorPicks(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Labels,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const held = labels[key];
      switch (operator) {
        case 'In':
          return held !== undefined && values.includes(held);
        case 'NotIn':
          return held === undefined || !values.includes(held);
        case 'Exists':
          return held !== undefined;
        case 'DoesNotExist':
          return held === undefined;
        default:
          return false;
      }
    })
  );
}
