/** JSON as the Kubernetes API speaks it. A field that is `undefined` counts as absent, as in serialized JSON. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [field: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of field names, or `undefined` where a step is missing or is not an object. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const field of path) {
    if (!isObject(here)) return undefined;
    here = here[field];
  }
  return here;
}

export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

export function arrayAt(value: Json | undefined, ...path: readonly string[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects among the items of the array at a path. */
export function objectsAt(value: Json | undefined, ...path: readonly string[]): JsonObject[] {
  return arrayAt(value, ...path).filter(isObject);
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** The text values of the object at a path, for labels, selectors and annotations. */
export function textsAt(value: Json | undefined, ...path: readonly string[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(objectAt(value, ...path))) {
    if (typeof text === 'string') texts[key] = text;
  }
  return texts;
}

/** A deep copy that shares nothing with the original. */
export function copy<T extends Json | undefined>(value: T): T {
  return structuredClone(value);
}

/** Deep equality; the order of fields does not matter, the order of list items does. */
export function same(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => same(item, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const fields = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const field of fields) if (!same(left[field], right[field])) return false;
  return true;
}

/** The same value with the fields of every object in alphabetical order. */
export function sortedFields(value: JsonObject): JsonObject {
  const sort = (child: Json | undefined): Json | undefined => {
    if (Array.isArray(child)) return child.map((item) => sort(item) ?? null);
    return isObject(child) ? sortedFields(child) : child;
  };
  const fields = Object.keys(value).sort();
  return Object.fromEntries(fields.map((field) => [field, sort(value[field])]));
}
