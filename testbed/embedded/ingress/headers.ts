import { arrayAt, textsAt, type Json } from '../json.ts';

export type Headers = Record<string, string | string[]>;

interface Operation {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [string, string])[];
  readonly add: readonly (readonly [string, string])[];
}

/** Changes of headers, in order. */
export type HeaderOperations = readonly Operation[];

/** Reads `headers.response` of a route or a destination. */
export function headerOperations(holder: Json | undefined): HeaderOperations {
  const remove = arrayAt(holder, 'headers', 'response', 'remove')
    .filter((name) => typeof name === 'string')
    .map((name) => name.toLowerCase());
  const set = lowerCased(textsAt(holder, 'headers', 'response', 'set'));
  const add = lowerCased(textsAt(holder, 'headers', 'response', 'add'));
  return remove.length + set.length + add.length === 0 ? [] : [{ remove, set, add }];
}

function lowerCased(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
}

/** Applies the changes in place; in each step Envoy removes first, then adds and sets. */
export function changeHeaders(headers: Headers, operations: HeaderOperations): void {
  for (const { remove, set, add } of operations) {
    for (const name of remove) Reflect.deleteProperty(headers, name);
    for (const [name, value] of add) {
      const old = headers[name];
      headers[name] = old === undefined ? value : [...(Array.isArray(old) ? old : [old]), value];
    }
    for (const [name, value] of set) headers[name] = value;
  }
}
