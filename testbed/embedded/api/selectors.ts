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
 * Parses the query parameter `labelSelector`: `a=b,c!=d,e,!f,g in (h,i),j notin (k)`.
 *
 * @throws StatusError where the text is not a selector.
 */
export function parseLabelSelector(text: string): Predicate {
  const terms = text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map(parseTerm);
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return terms.every((term) => term(labels));
  };
}

function parseTerm(term: string): (labels: Labels) => boolean {
  const set = /^([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return operator === 'in'
      ? (labels) => values.includes(labels[key] ?? '\0')
      : (labels) => !values.includes(labels[key] ?? '\0');
  }
  const comparison = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s!=]*)$/.exec(term);
  if (comparison !== null) {
    const [, key = '', operator, value] = comparison;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = /^(!?)([^\s!=()]+)$/.exec(term);
  if (existence !== null) {
    const [, not, key = ''] = existence;
    return (labels) => (labels[key] === undefined) === (not === '!');
  }
  throw badRequest(`unable to parse requirement: found '${term}', expected: in, notin, =, ==, !=, gt, lt`);
}

const FIELDS: Readonly<Record<string, (object: KubeObject) => string>> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
  'spec.nodeName': (object) => textAt(object, 'spec', 'nodeName') ?? '',
  'status.phase': (object) => textAt(object, 'status', 'phase') ?? '',
  'involvedObject.kind': (object) => textAt(object, 'involvedObject', 'kind') ?? '',
  'involvedObject.name': (object) => textAt(object, 'involvedObject', 'name') ?? '',
  'involvedObject.namespace': (object) => textAt(object, 'involvedObject', 'namespace') ?? '',
  'involvedObject.uid': (object) => textAt(object, 'involvedObject', 'uid') ?? '',
  reason: (object) => textAt(object, 'reason') ?? '',
  type: (object) => textAt(object, 'type') ?? '',
};

/**
 * Parses the query parameter `fieldSelector` for the fields that clients select by.
 *
 * @throws StatusError for a field that cannot be selected by.
 */
export function parseFieldSelector(text: string): Predicate {
  const terms = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const [, field = '', operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term.trim()) ?? [];
      const read = FIELDS[field];
      if (read === undefined) throw badRequest(`field label not supported: ${field}`);
      return (object: KubeObject) => (read(object) === value) === (operator !== '!=');
    });
  return (object) => terms.every((term) => term(object));
}
