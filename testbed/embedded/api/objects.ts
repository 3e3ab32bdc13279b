import { isObject, type Json, type JsonObject } from '../json.ts';
import { badRequest } from './status.ts';

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry extends JsonObject {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

export type ObjectMeta = JsonObject & {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
};

/**
 * An object as the store holds it. Stored objects are shared by watchers, lists and gateway snapshots and are
 * therefore never changed in place: a write replaces them.
 */
export type KubeObject = JsonObject & { apiVersion: string; kind: string; metadata: ObjectMeta };

/** An object as a client sends it, without what the server fills in. */
export type Submitted = JsonObject & { metadata: JsonObject };

/** Whether a value has the form that every Kubernetes object has; the fields within are checked by validation. */
export function isSubmitted(value: Json | undefined): value is Submitted {
  return isObject(value) && isObject(value['metadata']);
}

/** The name of an object for messages: `namespace/name`, or just the name. */
export function fullName(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Time as the API writes it: RFC 3339 in whole seconds. */
export function timestamp(date: Date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** The reference of a dependent to the controller that created it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isOwnedBy(object: KubeObject, uid: string): boolean {
  return object.metadata.ownerReferences?.some((reference) => reference.uid === uid) ?? false;
}

/** What a client may set in an object's metadata, beside its name. */
export type WritableMetadata = Pick<ObjectMeta, 'labels' | 'annotations' | 'ownerReferences' | 'finalizers'>;

/**
 * Reads the metadata that a client may set; like the server, it omits empty parts.
 *
 * @throws StatusError 400 where a part has the wrong type.
 */
export function writableMetadata(metadata: JsonObject): WritableMetadata {
  const labels = textMap(metadata, 'labels');
  const annotations = textMap(metadata, 'annotations');
  const ownerReferences = metadata['ownerReferences'] ?? [];
  const finalizers = metadata['finalizers'] ?? [];
  if (!Array.isArray(ownerReferences) || !ownerReferences.every(isOwnerReference))
    throw unreadable('ownerReferences');
  if (!Array.isArray(finalizers) || !finalizers.every((item) => typeof item === 'string'))
    throw unreadable('finalizers');
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
}

function textMap(metadata: JsonObject, field: string): Record<string, string> | undefined {
  const value = metadata[field] ?? {};
  if (!isObject(value)) throw unreadable(field);
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (text === undefined) continue;
    if (typeof text !== 'string') throw unreadable(field);
    texts[key] = text;
  }
  return Object.keys(texts).length === 0 ? undefined : texts;
}

function isOwnerReference(value: Json): value is OwnerReference {
  return (
    isObject(value) &&
    ['apiVersion', 'kind', 'name', 'uid'].every((field) => typeof value[field] === 'string')
  );
}

function unreadable(field: string): Error {
  return badRequest(
    `json: cannot unmarshal the value of ObjectMeta.metadata.${field} into the type that the field has`,
  );
}
