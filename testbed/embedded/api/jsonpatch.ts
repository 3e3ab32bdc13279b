import { copy, isObject, same, type Json, type JsonObject } from '../json.ts';
import { StatusError } from './status.ts';

/**
 * JSON patch, RFC 6902.
 *
 * @throws StatusError 422 where an operation cannot be applied, as the API server answers.
 */
export function jsonPatch(target: JsonObject, operations: Json): JsonObject {
  if (!Array.isArray(operations)) throw refuse('the patch is not a list of operations');
  let document: Json = copy(target);
  for (const operation of operations) {
    if (!isObject(operation)) throw refuse('an operation is not an object');
    document = applyOperation(document, operation);
  }
  if (!isObject(document)) throw refuse('the result is not an object');
  return document;
}

function applyOperation(document: Json, operation: JsonObject): Json {
  const path = pointer(operation['path']);
  const { value = null } = operation;
  switch (operation['op']) {
    case 'add':
      return change(document, path, (parent, key) => {
        insert(parent, key, value);
      });
    case 'remove':
      return change(document, path, take);
    case 'replace':
      read(document, path);
      return change(document, path, (parent, key) => {
        put(parent, key, value);
      });
    case 'move': {
      const from = pointer(operation['from']);
      const moved = read(document, from);
      return change(change(document, from, take), path, (parent, key) => {
        insert(parent, key, moved);
      });
    }
    case 'copy': {
      const copied = copy(read(document, pointer(operation['from'])));
      return change(document, path, (parent, key) => {
        insert(parent, key, copied);
      });
    }
    case 'test':
      if (!same(read(document, path), value))
        throw refuse(`testing value ${JSON.stringify(operation['path'])} failed: test failed`);
      return document;
    default:
      throw refuse(`unexpected kind: ${JSON.stringify(operation['op'])}`);
  }
}

function pointer(path: Json | undefined): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
    throw refuse(`invalid path ${JSON.stringify(path)}`);
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: readonly string[]): Json {
  let here: Json | undefined = document;
  for (const key of path) {
    here = Array.isArray(here) ? here[Number(key)] : isObject(here) ? here[key] : undefined;
    if (here === undefined) throw refuse(`doc is missing path: /${path.join('/')}: missing value`);
  }
  return here;
}

type Parent = Json[] | JsonObject;

/** The document is a private copy, so that the change may be made in place. */
function change(document: Json, path: readonly string[], edit: (parent: Parent, key: string) => void): Json {
  const key = path.at(-1);
  if (key === undefined) throw refuse('the whole document cannot be changed');
  const parent = read(document, path.slice(0, -1));
  if (!Array.isArray(parent) && !isObject(parent)) throw refuse(`doc is missing path: /${path.join('/')}`);
  edit(parent, key);
  return document;
}

function insert(parent: Parent, key: string, value: Json): void {
  if (!Array.isArray(parent)) parent[key] = value;
  else if (key === '-') parent.push(value);
  else parent.splice(indexIn(parent, key, parent.length), 0, value);
}

function put(parent: Parent, key: string, value: Json): void {
  if (Array.isArray(parent)) parent[indexIn(parent, key, parent.length - 1)] = value;
  else parent[key] = value;
}

function take(parent: Parent, key: string): void {
  if (Array.isArray(parent)) {
    parent.splice(indexIn(parent, key, parent.length - 1), 1);
  } else {
    if (parent[key] === undefined) throw refuse(`unable to remove nonexistent key: ${key}: missing value`);
    Reflect.deleteProperty(parent, key);
  }
}

function indexIn(list: readonly Json[], key: string, highest: number): number {
  const index = Number(key);
  if (!Number.isInteger(index) || index < 0 || index > highest) {
    throw refuse(`invalid index ${key} in a list of ${String(list.length)}: invalid index referenced`);
  }
  return index;
}

/** The server keeps its reason to itself; here it is the cause of the error, for the reader of a failing test. */
function refuse(why: string): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return Object.assign(new StatusError(422, 'Invalid', message, {}), { cause: why });
}
