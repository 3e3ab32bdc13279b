import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from './objects.ts';
import { FIELD_MANAGER } from './field-managers.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The part of an object that the action declares. */
export function declaredOf(object: KubeObject): Fields {
  const entry = (object.metadata.managedFields ?? []).find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === undefined,
  );
  return entry?.fieldsV1 === undefined ? {} : recordOf(partOf(object, entry.fieldsV1));
}

/** The part of a value that a field set covers: `f:NAME` fields, `k:{…}` list elements by key, `v:…` by value, and all of a leaf. */
function partOf(value: unknown, fields: Fields): unknown {
  const keys = Object.keys(fields).filter((key) => key !== '.');
  if (keys.length === 0) return value;
  if (Array.isArray(value))
    return (value as readonly unknown[]).flatMap((element) => {
      const key = keys.find((each) => identifies(each, element));
      return key === undefined ? [] : [partOf(element, recordOf(fields[key]))];
    });
  const record = recordOf(value);
  return Object.fromEntries(
    keys.flatMap((key) => {
      const name = key.replace(/^f:/, '');
      return name in record ? [[name, partOf(record[name], recordOf(fields[key]))]] : [];
    }),
  );
}

/** Whether a key of a field set identifies a list element. */
function identifies(key: string, element: unknown): boolean {
  const wanted: unknown = JSON.parse(key.slice(2));
  if (key.startsWith('v:')) return isDeepStrictEqual(wanted, element);
  const record = recordOf(element);
  return Object.entries(recordOf(wanted)).every(([name, value]) => isDeepStrictEqual(record[name], value));
}

export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
