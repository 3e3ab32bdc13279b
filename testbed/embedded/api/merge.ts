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
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || value === undefined) Reflect.deleteProperty(merged, field);
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

/**
 * Strategic merge patch for the built-in kinds: keyed lists merge by their first key, with the directives `$patch`,
 * `$retainKeys` and `$deleteFromPrimitiveList`. The wanted order of items (`$setElementOrder`) is not followed.
 */
export function strategicMergePatch(kind: Kind, target: JsonObject, patch: JsonObject): JsonObject {
  return strategicFields(kind, target, patch, []);
}

function strategicFields(
  kind: Kind,
  target: JsonObject,
  patch: JsonObject,
  fields: readonly string[],
): JsonObject {
  const retained = patch['$retainKeys'];
  const merged: JsonObject =
    patch['$patch'] === 'replace'
      ? {}
      : Array.isArray(retained)
        ? Object.fromEntries(Object.entries(target).filter(([field]) => retained.includes(field)))
        : { ...target };
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$deleteFromPrimitiveList/')) {
      const name = field.slice('$deleteFromPrimitiveList/'.length);
      const list = merged[name];
      if (Array.isArray(list) && Array.isArray(value))
        merged[name] = list.filter((item) => !value.includes(item));
    } else if (!field.startsWith('$')) {
      if (value === null || value === undefined) Reflect.deleteProperty(merged, field);
      else merged[field] = strategicValue(kind, merged[field], value, [...fields, field]);
    }
  }
  return merged;
}

function strategicValue(kind: Kind, target: Json | undefined, patch: Json, fields: readonly string[]): Json {
  if (isObject(patch)) return strategicFields(kind, isObject(target) ? target : {}, patch, fields);
  if (!Array.isArray(patch)) return patch;
  const topology = topologyOf(kind, fields, true);
  const old = Array.isArray(target) ? target : [];
  if (topology === 'set') return [...old, ...patch.filter((item) => !old.includes(item))];
  if (typeof topology === 'string') return patch;
  const key = topology.keys[0] ?? 'name';
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace' && item[key] === undefined)) {
    return patch.filter((item) => isObject(item) && item['$patch'] === undefined);
  }
  const merged = [...old];
  for (const item of patch.filter(isObject)) {
    const index = merged.findIndex((candidate) => isObject(candidate) && same(candidate[key], item[key]));
    const candidate = merged[index];
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (isObject(candidate)) {
      merged[index] = strategicFields(kind, candidate, item, fields);
    } else {
      merged.push(strategicFields(kind, {}, item, fields));
    }
  }
  return merged;
}
