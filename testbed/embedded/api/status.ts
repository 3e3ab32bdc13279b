import type { JsonObject } from '../json.ts';
import { qualifiedKind, qualifiedResource, type Kind } from './kinds.ts';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** A refusal by the API server, with the `Status` body that a client receives. */
export class StatusError extends Error {
  readonly status: JsonObject;
  readonly code: number;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
    const seconds = details?.['retryAfterSeconds'];
    this.retryAfter = typeof seconds === 'number' ? seconds : undefined;
  }
}

function details(kind: Kind, name: string, more: JsonObject = {}): JsonObject {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, ...more };
}

export function notFound(kind: Kind, name: string): StatusError {
  return new StatusError(
    404,
    'NotFound',
    `${qualifiedResource(kind)} "${name}" not found`,
    details(kind, name),
  );
}

export function alreadyExists(kind: Kind, name: string): StatusError {
  return new StatusError(
    409,
    'AlreadyExists',
    `${qualifiedResource(kind)} "${name}" already exists`,
    details(kind, name),
  );
}

export function conflict(
  kind: Kind,
  name: string,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${why}`,
    details(kind, name),
  );
}

/** Server-side apply of fields that other managers own. */
export function applyConflict(message: string, causes: readonly Cause[]): StatusError {
  return new StatusError(409, 'Conflict', message, { causes: causes.map((cause) => ({ ...cause })) });
}

export function forbidden(kind: Kind, name: string, why: string, causes: readonly Cause[] = []): StatusError {
  const subject = name === '' ? qualifiedResource(kind) : `${qualifiedResource(kind)} "${name}"`;
  const more = causes.length === 0 ? {} : { causes: causes.map((cause) => ({ ...cause })) };
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, details(kind, name, more));
}

export function invalid(kind: Kind, name: string, causes: readonly Cause[]): StatusError {
  const texts = causes.map((cause) =>
    cause.field === undefined ? cause.message : `${cause.field}: ${cause.message}`,
  );
  const list = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${qualifiedKind(kind)} "${name}" is invalid: ${list}`, {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: causes.map((cause) => ({ ...cause })),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** An apply without a field manager. */
export function missingFieldManager(): StatusError {
  const cause = {
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
    field: 'fieldManager',
  };
  const message = `PatchOptions.meta.k8s.io "" is invalid: ${cause.field}: ${cause.message}`;
  return new StatusError(422, 'Invalid', message, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [cause],
  });
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** The server's answer when an admission webhook denies: the webhook's status, or 400 without one. */
export function webhookDenied(webhook: string, message: string): StatusError {
  return new StatusError(400, '', `admission webhook "${webhook}" denied the request: ${message}`);
}
