import { isObject, objectAt, textAt, type Json, type JsonObject } from '../json.ts';
import { DEPLOYMENT, type Kind } from './kinds.ts';
import { isSubmitted, type KubeObject, type Submitted } from './objects.ts';
import { badRequest } from './status.ts';

/**
 * Reads an object as a client sends it for the resource in the URL.
 *
 * @throws StatusError 400 where it is not an object, or belongs elsewhere
 */
export function readSubmission(
  kind: Kind,
  namespace: string | undefined,
  body: Json | undefined,
  name?: string,
): Submitted {
  const submitted = isObject(body) ? { ...body, metadata: body['metadata'] ?? {} } : undefined;
  if (!isSubmitted(submitted)) throw badRequest('the body of the request is not a Kubernetes object');
  const bodyKind = submitted['kind'];
  if (bodyKind !== undefined && bodyKind !== kind.kind) {
    throw badRequest(
      `${JSON.stringify(bodyKind)} in the body does not match ${kind.kind}, the kind of the resource`,
    );
  }
  const bodyNamespace = textAt(submitted, 'metadata', 'namespace');
  if (kind.namespaced && bodyNamespace !== undefined && bodyNamespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const bodyName = textAt(submitted, 'metadata', 'name') ?? name;
  if (name !== undefined && bodyName !== name) {
    throw badRequest(
      `the name of the object (${bodyName ?? ''}) does not match the name on the URL (${name})`,
    );
  }
  return submitted;
}

/** The part of an applied configuration that counts: everything but the status, or the status alone. */
export function appliedPart(kind: Kind, submitted: Submitted, subresource: 'status' | undefined): JsonObject {
  if (subresource === 'status') return { status: submitted['status'] };
  const part: JsonObject = { ...submitted };
  if (kind.status) delete part['status'];
  return part;
}

/** The metadata that a write of the status may change: the revision annotation of a Deployment. */
export function statusMetadata(kind: Kind, live: KubeObject, submitted: JsonObject): JsonObject {
  if (kind !== DEPLOYMENT) return live.metadata;
  return { ...live.metadata, annotations: objectAt(submitted, 'metadata', 'annotations') };
}

/** The part whose changes increase the generation; the binding of a pod to a node does not. */
export function desiredState(object: KubeObject): JsonObject {
  return { ...object, metadata: {}, status: {}, spec: { ...objectAt(object, 'spec'), nodeName: undefined } };
}

/** A null in an applied configuration means that the field is omitted. */
export function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== null && child !== undefined)
      .map(([field, child]) => [field, isObject(child) ? withoutNulls(child) : child]),
  );
}
