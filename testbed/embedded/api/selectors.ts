import { objectsAt, textAt, textsAt, type Json, type JsonObject } from '../json.ts';
import type { KubeObject } from './objects.ts';
import { badRequest } from './status.ts';

export type Labels = Readonly<Record<string, string>>;
export type Predicate = (object: KubeObject) => boolean;

/** Whether every label of the selector is set to the same value; an empty selector matches everything. */
export function matchesLabels(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** A `LabelSelector` object: `matchLabels` and `matchExpressions`. */
export function matchesLabelSelector(selector: JsonObject, labels: Labels): boolean {
  if (!matchesLabels(textsAt(selector, 'matchLabels'), labels)) return false;
  return objectsAt(selector, 'matchExpressions').every((expression) => {
    const value = labels[textAt(expression, 'key') ?? ''];
    const values: readonly Json[] = Array.isArray(expression['values']) ? expression['values'] : [];
    switch (expression['operator']) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/**
 * Parses the query parameter `labelSelector`: `a=b,c=d`.
 *
 * @throws StatusError for any other kind of requirement
 */
export function parseLabelSelector(text: string): Predicate {
  const labels = Object.fromEntries(termsOf(text));
  return (object) => matchesLabels(labels, object.metadata.labels ?? {});
}

/**
 * Parses the query parameter `fieldSelector` for the fields by which `kubectl describe` finds the events of an object.
 *
 * @throws StatusError for any other field
 */
export function parseFieldSelector(text: string): Predicate {
  const wanted = termsOf(text).map(([field, value]) => {
    const [holder, name = '', ...deeper] = field.split('.');
    if (holder !== 'involvedObject' || deeper.length > 0)
      throw badRequest(`field label not supported: ${field}`);
    return { name, value };
  });
  return (object) => wanted.every(({ name, value }) => textAt(object, 'involvedObject', name) === value);
}

function termsOf(text: string): (readonly [string, string])[] {
  return text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const [, key, value] = /^\s*([^\s=!()]+)\s*==?\s*([^\s=!]*)\s*$/.exec(term) ?? [];
      if (key === undefined || value === undefined)
        throw badRequest(`unable to parse requirement: found '${term}', expected: =, ==`);
      return [key, value] as const;
    });
}
