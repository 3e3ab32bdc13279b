import { CanaryError } from '../../core/errors.ts';
import type { Proxy } from '../../core/proxy.ts';
import { ProxyError } from '../../core/tunnel.ts';
import type { ClusterName } from '../../core/names.ts';
import { secrets } from '../../core/secrets.ts';
import { theInput, thisMachine } from '../../core/wording.ts';

/** The `Status` with which a Kubernetes API responds instead of an object. */
export interface Status {
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly details?:
    | {
        readonly causes?:
          | readonly {
              readonly reason?: string | undefined;
              readonly message?: string | undefined;
              readonly field?: string | undefined;
            }[]
          | undefined;
      }
    | undefined;
}

/** A call that a cluster refused, or that did not get through. */
export class ClusterError extends CanaryError {
  override readonly name: string = 'ClusterError';
  readonly cluster: ClusterName;
  /** HTTP status; undefined if there was no response, or if it was no refusal but lacks what is needed. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** After which the server wants to be asked again, in ms; 0 if it does not say. */
  readonly retryAfterMs: number;
  /** Whether the call may have reached the server; without a login, nothing was sent. */
  readonly sent: boolean;
  /** Whether admission control refused the call, which the user was allowed to make. */
  readonly isOfAdmission: boolean;
  /** Whether an apply was refused since other field managers own its fields. */
  readonly concernsOwners: boolean;

  constructor(
    cluster: ClusterName,
    tried: string,
    answer: { status?: number; body?: Status; retryAfterMs?: number; cause?: unknown },
  ) {
    const { status, body, retryAfterMs = 0, cause } = answer;
    super(
      secrets.redact(`${tried} in ${cluster}: ${said(status, body, cause)}${remedy(status, body, cause)}`),
      {
        cause,
      },
    );
    this.cluster = cluster;
    this.status = status;
    this.reason = body?.reason;
    this.retryAfterMs = retryAfterMs;
    this.sent = !(cause instanceof LoginError);
    this.isOfAdmission = status === 403 && isOfAdmission(body?.message ?? '');
    this.concernsOwners = ownersIn(body).length > 0;
  }
}

/** An answer that is longer than what is read; a shorter one may be asked for. */
export class AnswerTooLong extends ClusterError {
  override readonly name = 'AnswerTooLong';
}

/** The server or the user of a kubeconfig context cannot be used. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  /** What to do, as a sentence without the full stop. */
  readonly remedy: string;

  constructor(message: string, options: { cause?: unknown; remedy?: string } = {}) {
    super(message, { cause: options.cause });
    this.remedy = options.remedy ?? `Fix it in ${theInput('kubeconfig')}`;
  }
}

/** Statuses with which a server has certainly refused a call; after a 408 it may have executed the call. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

/**
 * Whether the server may have executed a call that failed: it did not respond, failed halfway, or responded with a success whose
 * body cannot be read.
 */
export function isUncertain(error: unknown): boolean {
  return error instanceof ClusterError && !isRefused(error);
}

/** Whether a server has refused a call. After any other failure, or a cancellation, it is unknown what is stored. */
export function isRefused(error: unknown): boolean {
  return error instanceof ClusterError && error.status !== undefined && isRefusal(error.status);
}

/** Whether a server has refused a call for want of a permission, or by a quota or a webhook. */
export function isForbidden(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.status === 403;
}

/** Whether there is no such object. */
export function isMissing(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 404;
}

/** Whether someone else changed the object between our read and our write. */
export function isConflict(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.status === 409;
}

/** Whether a server has refused a change since the object is not as it was read. Fields with other owners are not of that kind. */
export function isOutdated(error: unknown): boolean {
  return isConflict(error) && !error.concernsOwners;
}

function said(status: number | undefined, body: Status | undefined, cause: unknown): string {
  if (status === undefined) return body?.message ?? networkReason(cause);
  const conflicts = ownersIn(body);
  if (conflicts.length > 0) {
    return `fields have other owners: ${conflicts.map(({ field = '', message = '' }) => `${field} (${message})`).join('; ')}`;
  }
  return `${body?.message ?? 'no reason given'} (${String(status)}${body?.reason === undefined ? '' : ` ${body.reason}`})`;
}

/** The fields that other managers own, if an apply was refused for that. */
function ownersIn(
  body: Status | undefined,
): readonly { readonly field?: string | undefined; readonly message?: string | undefined }[] {
  return (body?.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict');
}

function networkReason(cause: unknown): string {
  if (cause instanceof LoginError) return `this context has no login: ${cause.message}`;
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof AggregateError) return inner.errors.map(networkReason).join('; ');
  return inner.message === '' ? inner.name : inner.message;
}

function proxyIn(cause: unknown): Proxy | undefined {
  if (cause instanceof ProxyError) return cause.proxy;
  return cause instanceof Error ? proxyIn(cause.cause) : undefined;
}

/** What to do where nothing came back. */
function remedyOfSilence(cause: unknown): string {
  if (cause instanceof LoginError) return `. ${cause.remedy}.`;
  const proxy = proxyIn(cause);
  if (proxy !== undefined)
    return proxy.exclusion === undefined
      ? '. Check this proxy; NO_PROXY does not apply to proxy-url.'
      : `. Check this proxy, or exclude the server with ${proxy.exclusion}.`;
  return /certificate|self.signed/i.test(networkReason(cause))
    ? `. Check certificate-authority-data of this cluster in ${theInput('kubeconfig')}.`
    : `. Is the API server of this context reachable from ${thisMachine()}?`;
}

/**
 * Whether a message of status 403 comes from admission control, which comes after authorization: a webhook, a policy, a quota. The API
 * server words its own refusals "is forbidden: User … cannot …".
 */
function isOfAdmission(message: string): boolean {
  return /is forbidden: (?!User )|admission webhook .* denied the request/.test(message);
}

function remedyOfDenial(message: string): string {
  // Their own messages say what to do.
  if (/quota|is being terminated/.test(message)) return '';
  return isOfAdmission(message)
    ? '. Admission control of this cluster denied it, which no permission changes: comply with that rule, or have it changed.'
    : '. Grant this to the user of the kubeconfig in this cluster.';
}

function remedy(status: number | undefined, body: Status | undefined, cause: unknown): string {
  switch (status) {
    case undefined:
      return body === undefined ? remedyOfSilence(cause) : '';
    case 401:
      return `. The credentials of this context were rejected: renew them in ${theInput('kubeconfig')}.`;
    case 403:
      return remedyOfDenial(body?.message ?? '');
    case 409:
      return ownersIn(body).length > 0
        ? '. They are not taken over: release them there, or omit them here.'
        : '. Someone else changed it in the meantime; run again.';
    case 410:
      return '. The list expired several times while it was being read: the API server may be overloaded. Run again.';
    default:
      return (body?.message ?? '').includes('expected string, got')
        ? '. In YAML, as kubectl reads it, an unquoted yes, no, on, off or number is not text: put it in quotes.'
        : '';
  }
}
