import { isObject, same, type Json, type JsonObject } from '../json.ts';
import { itemElement } from './fieldset.ts';
import type { Kind } from './kinds.ts';
import { topologyOf } from './schema.ts';

/** Merges what server-side apply wants into the live object: keyed lists item by item, atomic parts as a whole. */
export function mergeApplied(kind: Kind, live: JsonObject, wanted: JsonObject): JsonObject {
  return mergeFields(kind, live, wanted, []);
}

function mergeFields(
  kind: Kind,
  live: JsonObject,
  wanted: JsonObject,
  fields: readonly string[],
): JsonObject {
  const merged: JsonObject = { ...live };
  for (const [field, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    merged[field] = mergeValue(kind, live[field], value, [...fields, field]);
  }
  return merged;
}

function mergeValue(kind: Kind, live: Json | undefined, wanted: Json, fields: readonly string[]): Json {
  if (isObject(wanted) && isObject(live)) {
    return topologyOf(kind, fields, false) === 'atomic' ? wanted : mergeFields(kind, live, wanted, fields);
  }
  if (!Array.isArray(wanted) || !Array.isArray(live)) return wanted;
  const topology = topologyOf(kind, fields, true);
  if (topology === 'set') return [...live, ...wanted.filter((item) => !live.some((old) => same(old, item)))];
  if (typeof topology === 'string') return wanted;
  const left = new Map(wanted.filter(isObject).map((item) => [itemElement(item, topology.keys), item]));
  const kept = live.map((item) => {
    if (!isObject(item)) return item;
    const element = itemElement(item, topology.keys);
    const change = left.get(element);
    left.delete(element);
    return change === undefined ? item : mergeFields(kind, item, change, fields);
  });
  return [...kept, ...left.values()];
}

/** JSON merge patch, RFC 7386. */
export function mergePatch(target: Json | undefined, patch: JsonObject): JsonObject {
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || value === undefined) Reflect.deleteProperty(merged, field);
    else merged[field] = isObject(value) ? mergePatch(merged[field], value) : value;
  }
  return merged;
}
