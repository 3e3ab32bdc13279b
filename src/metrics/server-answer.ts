import { secrets } from '../core/secrets.ts';
import { theInput } from '../core/wording.ts';
import type { ReadingFailure } from './readings.ts';

/** What a server of metrics sent back. */
export interface ServerAnswer {
  readonly status: number;
  /** The parsed JSON; undefined if the text is not JSON. */
  readonly body: unknown;
  /** The beginning of the text, redacted. */
  readonly quote: string;
  /** Why the answer cannot be used, whatever it says. */
  readonly problem: 'too long' | 'too deep' | undefined;
  /** Where the server redirects to, without what a URL may conceal; undefined if it does not. */
  readonly redirect: string | undefined;
}

const QUOTED = 300;

export function failure(reason: ReadingFailure['reason'], message: string): ReadingFailure {
  return { kind: 'failure', reason, message };
}

/** Why an answer is not the JSON that was asked for; undefined if it is. `address` is for the message. */
export function unusable(address: string, answer: ServerAnswer): ReadingFailure | undefined {
  const { status, body, problem, redirect } = answer;
  const said = quote(answer.quote);
  if (redirect !== undefined)
    return failure(
      'invalid answer',
      `${address} redirects to ${redirect}, which is not followed: headers could reach a server that they are not meant for. Give the address that it redirects to.`,
    );
  if (status === 401)
    return failure(
      'unauthorized',
      `${address} requires a login, or rejects the one that was sent (401). Set ${theInput('metrics-headers')}, such as Authorization: Bearer ….`,
    );
  if (status === 403) return failure('forbidden', `${address} does not allow the query (403): ${said}.`);
  if (problem !== undefined)
    return failure(
      'invalid answer',
      `${address} answered with more than is read (8 MiB, 200 levels). Narrow the query by labels.`,
    );
  if (body !== undefined) return undefined;
  if (status >= 500 || status === 429)
    return failure('server error', `${address} answered ${String(status)}: ${said}.`);
  if (said.startsWith('<'))
    return failure(
      'invalid answer',
      `${address} answered with a web page (${String(status)}), perhaps a login page. Give the address of the API itself, and a login in ${theInput('metrics-headers')}.`,
    );
  return failure(
    'invalid answer',
    `${address} answered ${String(status)} with text that is not JSON: ${said}.`,
  );
}

/** The beginning of a text, in one line and redacted, without its full stop. */
export function quote(text: string): string {
  // Cut in half, a secret would be harder to recognize.
  const short = secrets.redact(text.slice(0, 4 * QUOTED)).slice(0, QUOTED);
  return short.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '') || 'no text';
}
