import { isObject, same, type Json, type JsonObject } from '../json.ts';
import type { Kind } from './kinds.ts';
import { keyDefault, topologyOf } from './schema.ts';

/**
 * A set of fields of an object. Each member is a path of elements in the notation of `FieldsV1` (`f:spec`,
 * `k:{"name":"app"}`, `v:"x"`), joined by a character that cannot occur in JSON text.
 *
 * The rules follow structured-merge-diff, the library behind server-side apply.
 */
export type FieldSet = ReadonlySet<string>;

const SEPARATOR = '\u0000';

/** Fields that the server maintains and nobody owns. */
const UNOWNED = new Set(
  [
    ['f:apiVersion'],
    ['f:kind'],
    ...[
      'name',
      'namespace',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'managedFields',
      'selfLink',
    ].map((field) => ['f:metadata', `f:${field}`]),
  ].map((path) => path.join(SEPARATOR)),
);

/** Called for every field of an object that can be owned: leaves, atomic parts, and the items of keyed lists. */
type Visit = (member: string, value: Json) => void;

/** The element of a list item in a keyed list. Keys are sorted, as the server writes them. */
export function itemElement(item: JsonObject, keys: readonly string[]): string {
  const key: JsonObject = {};
  for (const name of keys.toSorted()) key[name] = item[name] ?? keyDefault(name) ?? null;
  return `k:${JSON.stringify(key)}`;
}

function walk(kind: Kind, value: Json, fields: readonly string[], path: string, visit: Visit): void {
  if (Array.isArray(value)) {
    const topology = topologyOf(kind, fields, true);
    if (topology === 'atomic' || topology === 'granular') {
      visit(path, value);
    } else if (topology === 'set') {
      for (const item of value) visit(`${path}${SEPARATOR}v:${JSON.stringify(item)}`, item);
    } else {
      for (const item of value) {
        if (!isObject(item)) continue;
        const itemPath = `${path}${SEPARATOR}${itemElement(item, topology.keys)}`;
        visit(
          itemPath,
          topology.keys.map((key) => item[key] ?? null),
        );
        walkFields(kind, item, fields, itemPath, visit);
      }
    }
  } else if (isObject(value)) {
    if (topologyOf(kind, fields, false) === 'atomic' || Object.keys(value).length === 0) visit(path, value);
    else walkFields(kind, value, fields, path, visit);
  } else {
    visit(path, value);
  }
}

function walkFields(
  kind: Kind,
  value: JsonObject,
  fields: readonly string[],
  path: string,
  visit: Visit,
): void {
  for (const [field, child] of Object.entries(value)) {
    if (child === undefined) continue;
    const childPath = path === '' ? `f:${field}` : `${path}${SEPARATOR}f:${field}`;
    if (UNOWNED.has(childPath)) continue;
    walk(kind, child, [...fields, field], childPath, visit);
  }
}

/** Every field that an object sets. */
export function fieldsOf(kind: Kind, object: JsonObject): Map<string, Json> {
  const found = new Map<string, Json>();
  walkFields(kind, object, [], '', (member, value) => found.set(member, value));
  return found;
}

export interface Difference {
  /** Fields that are new or hold another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** What a write did to an object, field by field. */
export function compare(kind: Kind, before: JsonObject, after: JsonObject): Difference {
  const old = fieldsOf(kind, before);
  const now = fieldsOf(kind, after);
  const changed = new Set<string>();
  for (const [member, value] of now) {
    if (!old.has(member) || !same(old.get(member), value)) changed.add(member);
  }
  return { changed, removed: new Set([...old.keys()].filter((member) => !now.has(member))) };
}

/** The JSON form in `managedFields`. */
export function toFieldsV1(fields: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const member of [...fields].sort()) {
    let node = root;
    for (const element of member.split(SEPARATOR)) {
      const child = node[element];
      const next: JsonObject = isObject(child) ? child : {};
      node[element] = next;
      node = next;
    }
    node['.'] = {};
  }
  return withoutLoneDots(root);
}

/** A member without members below it is written `{}`, not `{".": {}}`. */
function withoutLoneDots(node: JsonObject): JsonObject {
  const keys = Object.keys(node);
  if (keys.length === 1 && keys[0] === '.') return {};
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, isObject(child) ? withoutLoneDots(child) : child]),
  );
}

export function fromFieldsV1(fields: JsonObject): FieldSet {
  const found = new Set<string>();
  const visit = (node: JsonObject, path: string): void => {
    const children = Object.entries(node).filter(([key]) => key !== '.');
    if (path !== '' && ('.' in node || children.length === 0)) found.add(path);
    for (const [element, child] of children) {
      if (isObject(child)) visit(child, path === '' ? element : `${path}${SEPARATOR}${element}`);
    }
  };
  visit(fields, '');
  return found;
}

/** `.spec.template.spec.containers[name="app"].image`: how a conflict names a field. */
export function displayPath(member: string): string {
  return member
    .split(SEPARATOR)
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith('f:')) return `.${rest}`;
      if (element.startsWith('v:')) return `[=${rest}]`;
      const keys: unknown = JSON.parse(rest);
      if (!isObject(keys)) return `[${rest}]`;
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`;
    })
    .join('');
}

/** Removes fields from an object; a keyed list item is removed with its element, an emptied parent remains. */
export function without(kind: Kind, object: JsonObject, members: FieldSet): JsonObject {
  const roots = toTree(members);
  return prune(kind, object, [], roots);
}

interface Tree {
  member: boolean;
  readonly children: Map<string, Tree>;
}

function toTree(members: FieldSet): Tree {
  const root: Tree = { member: false, children: new Map() };
  for (const member of members) {
    let node = root;
    for (const element of member.split(SEPARATOR)) {
      const child = node.children.get(element) ?? { member: false, children: new Map<string, Tree>() };
      node.children.set(element, child);
      node = child;
    }
    node.member = true;
  }
  return root;
}

function prune(kind: Kind, object: JsonObject, fields: readonly string[], tree: Tree): JsonObject {
  const kept: JsonObject = {};
  for (const [field, value] of Object.entries(object)) {
    const node = tree.children.get(`f:${field}`);
    if (node === undefined || value === undefined) {
      kept[field] = value;
      continue;
    }
    const childFields = [...fields, field];
    const next = node.children.size === 0 ? value : pruneChild(kind, value, childFields, node);
    const emptied = isEmpty(next) && !isEmpty(value);
    if (!node.member && !emptied) kept[field] = next;
    else if (node.member && node.children.size > 0 && !isEmpty(next)) kept[field] = next;
  }
  return kept;
}

function pruneChild(kind: Kind, value: Json, fields: readonly string[], node: Tree): Json {
  if (isObject(value)) return prune(kind, value, fields, node);
  if (!Array.isArray(value)) return value;
  const topology = topologyOf(kind, fields, true);
  return value.flatMap((item) => {
    if (topology === 'set') return node.children.has(`v:${JSON.stringify(item)}`) ? [] : [item];
    if (typeof topology === 'string' || !isObject(item)) return [item];
    const itemNode = node.children.get(itemElement(item, topology.keys));
    if (itemNode === undefined) return [item];
    // An item whose own element is removed is removed with everything that nobody else set in it.
    if (itemNode.member) return [];
    return [prune(kind, item, fields, itemNode)];
  });
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
