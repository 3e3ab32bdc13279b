import { FIELD_MANAGER } from '../field-managers.ts';
import { nameOf } from '../objects.ts';
import type { KubeObject } from '../objects.ts';
import { isAny, isObjectOf } from './checks.ts';
import type { Call } from './connection.ts';

/** The calls that write an object, without their path. */
export type WriteCall = Omit<Call, 'path'>;

export interface WriteOptions {
  /** The server runs all checks and stores nothing. */
  readonly dryRun?: boolean;
}

export function applyCall(object: KubeObject, { dryRun = false }: WriteOptions): WriteCall {
  return {
    method: 'PATCH',
    query: writeQuery(dryRun),
    contentType: 'application/apply-patch+yaml',
    body: object,
    tried: `${dryRun ? 'Trying to apply' : 'Applying'} ${nameOf(object)}`,
    check: isObjectOf(object.kind),
  };
}

export function createCall(object: KubeObject, { dryRun = false }: WriteOptions): WriteCall {
  return {
    method: 'POST',
    query: writeQuery(dryRun),
    body: object,
    tried: `${dryRun ? 'Trying to create' : 'Creating'} ${nameOf(object)}`,
    check: isObjectOf(object.kind),
  };
}

export function replaceCall(object: KubeObject, { dryRun = false }: WriteOptions): WriteCall {
  return {
    method: 'PUT',
    query: writeQuery(dryRun),
    body: object,
    tried: `${dryRun ? 'Trying to update' : 'Updating'} ${nameOf(object)}`,
    check: isObjectOf(object.kind),
  };
}

export function annotateCall(object: KubeObject): WriteCall {
  const { annotations, resourceVersion } = object.metadata;
  return {
    method: 'PATCH',
    query: writeQuery(false),
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations, resourceVersion } },
    tried: `Annotating ${nameOf(object)}`,
    check: isObjectOf(object.kind),
  };
}

export function removeCall(object: KubeObject, { dryRun = false }: WriteOptions): WriteCall {
  const { uid, resourceVersion } = object.metadata;
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return {
    method: 'DELETE',
    query: { propagationPolicy: 'Background', ...(dryRun ? { dryRun: 'All' } : {}) },
    // A dry run deletes nothing: the deletion itself finds an object that has changed since it was read.
    ...(dryRun ? {} : { body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions } }),
    tried: `${dryRun ? 'Trying to delete' : 'Deleting'} ${nameOf(object)}`,
    check: isAny,
  };
}

function writeQuery(dryRun: boolean): Readonly<Record<string, string>> {
  return { fieldManager: FIELD_MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) };
}
