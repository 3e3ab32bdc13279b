import { CanaryError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';

/** The `Status` that a Kubernetes API answers with instead of an object. */
export interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message?: string;
      readonly field?: string;
    }[];
  };
}

/** A call that a cluster refused, or that did not get through. */
export class ClusterError extends CanaryError {
  override readonly name = 'ClusterError';
  readonly cluster: ClusterName;
  /** HTTP status; undefined where no answer came, or the answer was no refusal but lacks what is needed. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  /** After which the server wants to be asked again, in ms; 0 where it does not say. */
  readonly retryAfterMs: number;

  constructor(
    cluster: ClusterName,
    tried: string,
    answer: { status?: number; body?: Status; retryAfterMs?: number; cause?: unknown },
  ) {
    const { status, body, retryAfterMs = 0, cause } = answer;
    super(`${tried} in ${cluster}: ${said(status, body, cause)}${remedy(status, body, cause)}`, { cause });
    this.cluster = cluster;
    this.status = status;
    this.reason = body?.reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a context of the kubeconfig says of server and user cannot be used. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  /** What to do, as a sentence without its full stop. */
  readonly remedy: string;

  constructor(message: string, options: { cause?: unknown; remedy?: string } = {}) {
    super(message, { cause: options.cause });
    this.remedy = options.remedy ?? 'Fix it in the input kubeconfig';
  }
}

/** Answers by which a server has refused a call for certain; with 408 it may have carried the call out. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

/**
 * Whether the server may have carried out a call that failed for us: it did not answer, failed in the middle, or answered
 * with a success whose body cannot be read.
 */
export function isUncertain(error: unknown): boolean {
  return error instanceof ClusterError && !isRefused(error);
}

/** Whether a server has refused a call. Any other end of a call, a cancellation included, leaves open what is stored. */
export function isRefused(error: unknown): boolean {
  return error instanceof ClusterError && error.status !== undefined && isRefusal(error.status);
}

/** Whether someone else changed the object between our look at it and our write. */
export function isConflict(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 409;
}

function said(status: number | undefined, body: Status | undefined, cause: unknown): string {
  if (status === undefined) return body?.message ?? networkReason(cause);
  const conflicts = (body?.details?.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict');
  if (conflicts.length > 0) {
    return `fields belong to someone else: ${conflicts.map(({ field = '', message = '' }) => `${field} (${message})`).join('; ')}`;
  }
  return `${body?.message ?? 'no reason given'} (${String(status)}${body?.reason === undefined ? '' : ` ${body.reason}`})`;
}

function networkReason(cause: unknown): string {
  if (cause instanceof LoginError) return `this context has no login: ${cause.message}`;
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof AggregateError) return inner.errors.map(networkReason).join('; ');
  return inner.message === '' ? inner.name : inner.message;
}

function remedy(status: number | undefined, body: Status | undefined, cause: unknown): string {
  switch (status) {
    case undefined:
      if (body !== undefined) return '';
      if (cause instanceof LoginError) return `. ${cause.remedy}.`;
      return /certificate|self.signed/i.test(networkReason(cause))
        ? '. Check certificate-authority-data of this cluster in the input kubeconfig.'
        : '. Is the API server of this context reachable from the runner?';
    case 401:
      return '. The credentials of this context were not accepted: renew them in the input kubeconfig.';
    case 403:
      // A quota refuses with 403 as well; its own message says what to do.
      return (body?.message ?? '').includes('quota')
        ? ''
        : '. Grant this to the user of the kubeconfig in this cluster.';
    case 409:
      return (body?.details?.causes ?? []).some(({ reason }) => reason === 'FieldManagerConflict')
        ? '. They are not taken over: give them up there, or leave them out here.'
        : '. It was changed by someone else in between; run again.';
    case 410:
      return '. The list expired while it was being read, several times in a row: the API server may be overloaded. Run again.';
    default:
      return (body?.message ?? '').includes('expected string, got')
        ? '. YAML, as kubectl reads it, takes an unquoted yes, no, on, off or number for a boolean or a number: put the text in quotes.'
        : '';
  }
}
