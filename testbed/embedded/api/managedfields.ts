import type { JsonObject } from '../json.ts';
import {
  compare,
  displayPath,
  fieldsOf,
  fromFieldsV1,
  toFieldsV1,
  without,
  type FieldSet,
} from './fieldset.ts';
import type { Kind } from './kinds.ts';
import { mergeApplied } from './merge.ts';
import { timestamp, type ManagedFieldsEntry } from './objects.ts';
import { applyConflict } from './status.ts';

/** Who writes, and by which version of the kind. */
export interface Manager {
  readonly name: string;
  readonly apiVersion: string;
  readonly subresource?: string | undefined;
}

interface Owner {
  /** The entry as read; its `fieldsV1` is rewritten from `fields`. */
  readonly entry: ManagedFieldsEntry;
  fields: FieldSet;
}

function read(entries: readonly ManagedFieldsEntry[]): Owner[] {
  return entries.map((entry) => ({ entry, fields: fromFieldsV1(entry.fieldsV1) }));
}

function write(owners: readonly Owner[]): ManagedFieldsEntry[] {
  return owners
    .filter(({ fields }) => fields.size > 0)
    .map(({ entry, fields }) => ({ ...entry, fieldsV1: toFieldsV1(fields) }))
    .sort(
      (left, right) =>
        compareText(left.operation, right.operation) ||
        compareText(left.time, right.time) ||
        compareText(left.manager, right.manager),
    );
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function find(owners: readonly Owner[], manager: Manager, operation: 'Apply' | 'Update'): Owner | undefined {
  return owners.find(
    ({ entry }) =>
      entry.manager === manager.name &&
      entry.operation === operation &&
      entry.subresource === manager.subresource &&
      // An applier has one set of fields for all versions; an updater has one for each version.
      (operation === 'Apply' || entry.apiVersion === manager.apiVersion),
  );
}

function newOwner(manager: Manager, operation: 'Apply' | 'Update', fields: FieldSet): Owner {
  return {
    entry: {
      manager: manager.name,
      operation,
      apiVersion: manager.apiVersion,
      time: timestamp(),
      fieldsType: 'FieldsV1',
      fieldsV1: {},
      ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
    },
    fields,
  };
}

/** The owners after an update (POST, PUT, PATCH): whoever changes a field becomes its only owner. */
export function ownersAfterUpdate(
  kind: Kind,
  entries: readonly ManagedFieldsEntry[],
  before: JsonObject,
  after: JsonObject,
  manager: Manager,
): ManagedFieldsEntry[] {
  const { changed, removed } = compare(kind, before, after);
  if (changed.size === 0 && removed.size === 0) return [...entries];
  const owners = read(entries);
  const mine = find(owners, manager, 'Update');
  for (const owner of owners) {
    owner.fields = owner.fields.difference(removed);
    if (owner !== mine) owner.fields = owner.fields.difference(changed);
  }
  if (changed.size === 0) return write(owners);
  const fields = (mine?.fields ?? new Set<string>()).union(changed);
  return write([...owners.filter((owner) => owner !== mine), newOwner(manager, 'Update', fields)]);
}

export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: ManagedFieldsEntry[];
}

/**
 * Server-side apply: merges what the manager wants into the live object, removes what it wanted before but no longer
 * does, and updates the ownership.
 *
 * @throws StatusError with a cause for each field that another manager owns with another value, unless `force`.
 */
export function applyConfiguration(
  kind: Kind,
  live: JsonObject,
  entries: readonly ManagedFieldsEntry[],
  wanted: JsonObject,
  manager: Manager,
  force: boolean,
): Applied {
  const merged = mergeApplied(kind, live, wanted);
  const fields: FieldSet = new Set(fieldsOf(kind, wanted).keys());
  const { changed } = compare(kind, live, merged);

  const owners = read(entries);
  const mine = find(owners, manager, 'Apply');
  const others = owners.filter((owner) => owner !== mine);
  const conflicts = others
    .map((owner) => ({ owner, fields: owner.fields.intersection(changed) }))
    .filter((conflict) => conflict.fields.size > 0);
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  for (const conflict of conflicts) conflict.owner.fields = conflict.owner.fields.difference(conflict.fields);

  let dropped: FieldSet = (mine?.fields ?? new Set<string>()).difference(fields);
  for (const other of others) dropped = dropped.difference(other.fields);
  // A list item that contains fields of another owner remains.
  dropped = new Set([...dropped].filter((member) => !others.some((other) => hasBelow(other.fields, member))));
  const object = dropped.size === 0 ? merged : without(kind, merged, dropped);
  const present = new Set(fieldsOf(kind, object).keys());
  for (const other of others) other.fields = other.fields.intersection(present);

  const unchanged =
    mine !== undefined && sameSet(mine.fields, fields) && mine.entry.apiVersion === manager.apiVersion;
  const owner = unchanged ? mine : newOwner(manager, 'Apply', fields);
  return { object, managedFields: write([...others, owner]) };
}

function hasBelow(fields: FieldSet, member: string): boolean {
  const prefix = `${member}\u0000`;
  for (const field of fields) if (field.startsWith(prefix)) return true;
  return false;
}

function sameSet(left: FieldSet, right: FieldSet): boolean {
  return left.size === right.size && left.isSubsetOf(right);
}

/** The wording is that of k8s.io/apimachinery, package managedfields. */
function conflictError(conflicts: readonly { owner: Owner; fields: FieldSet }[]): Error {
  const named = conflicts
    .map(({ owner, fields }) => ({ name: describe(owner), paths: [...fields].map(displayPath).sort() }))
    .sort((left, right) => compareText(left.name, right.name));
  const causes = named.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  const [first] = causes;
  const message =
    causes.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${String(causes.length)} conflicts: ${named
          .flatMap(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)])
          .join('\n')}`;
  return applyConflict(message, causes);
}

function describe({ entry }: Owner): string {
  const name = JSON.stringify(entry.manager);
  const subresource = entry.subresource === undefined ? '' : ` with subresource "${entry.subresource}"`;
  return entry.operation === 'Apply'
    ? `${name}${subresource}`
    : `${name}${subresource} using ${entry.apiVersion}`;
}
