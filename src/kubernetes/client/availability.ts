import { API } from '../../core/deadlines.ts';
import { isWrite } from './connection.ts';
import type { Call } from './connection.ts';
import { ClusterError, LoginError } from './errors.ts';

/** Without any answer so far, the address may be wrong. */
const RETRIES = 3;
/** Over the restart of an API server, or of a webhook that it calls. */
const RETRIES_ONCE_ANSWERED = 5;

/** What the calls to one API server have shown of it so far: it may be away for a while, and it is not all there when it returns. */
export class Availability {
  readonly #allowed = new Set<string>();
  #awayAt = Number.NEGATIVE_INFINITY;

  /** How often a call is worth repeating. */
  get retries(): number {
    return this.#allowed.size > 0 ? RETRIES_ONCE_ANSWERED : RETRIES;
  }

  noteSuccess(call: Call): void {
    this.#allowed.add(keyOf(call));
  }

  /** @param now in milliseconds, of any clock that does not run backwards */
  noteFailure(error: unknown, now: number): void {
    if (error instanceof ClusterError && isAway(error)) this.#awayAt = now;
  }

  /** Whether another attempt may succeed, and does no harm: a write whose outcome is unknown is its caller's to look up. */
  isWorthRepeating(error: unknown, call: Call, attempt: number, now: number): boolean {
    if (!(error instanceof ClusterError)) return false;
    if (error.status === 429) return true;
    if (isWarmingUp(error)) return this.isBack(now) || (this.#allowed.has(keyOf(call)) && attempt <= RETRIES);
    return isAway(error) && !isWrite(call);
  }

  /** Whether the server has been away a moment ago. */
  isBack(now: number): boolean {
    return now - this.#awayAt < API.warmUpMs;
  }
}

function isAway({ status, cause }: ClusterError): boolean {
  return !(cause instanceof LoginError) && (status === undefined || status >= 500);
}

/**
 * Whether the server may only have lacked its roles: for a moment after its start it knows none, and forbids everything
 * (https://github.com/kubernetes/kubernetes/issues/121635). Webhooks and quotas refuse in other words.
 */
function isWarmingUp({ status, message }: ClusterError): boolean {
  return status === 403 && /\bforbidden: User "/.test(message);
}

function keyOf({ method, path }: Call): string {
  return `${method} ${path}`;
}
