import { BrokenResponse } from './broken-response.ts';
import { OutOfTime } from './exchange.ts';

/** The kind of failure when the ingress accepted a request and nothing came back in time. */
export const NO_RESPONSE = 'no response in time';
export const REFUSED = 'connection refused';
const CUT = 'connection cut';
const NO_CONNECTION = 'no connection in time';
/** Unlike a connection that is cut before a response: a version that breaks off its responses shows in the same way. */
const CUT_OFF = 'response cut off';
/** The same where the ingress has announced that it closes the connection: undici then finds the response incomplete. */
const EARLY_END = /^UND_ERR_RES_CONTENT_LENGTH_MISMATCH|\(Invalid EOF state\)$/;
/** The kinds of failure before anything came back, which an ingress has while it restarts. */
export const UNREACHED: ReadonlySet<string> = new Set([REFUSED, CUT, NO_CONNECTION]);

/** The kind of a failure, without what differs between requests, so that equal ones can be counted. */
export function failureKind(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof OutOfTime) return NO_RESPONSE;
  if (error instanceof BrokenResponse) {
    const what = failureKind(error.cause);
    return UNREACHED.has(what) || EARLY_END.test(what) ? CUT_OFF : what;
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  switch (code) {
    case 'ECONNREFUSED':
      return REFUSED;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return CUT;
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return NO_CONNECTION;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return NO_RESPONSE;
    default:
      return /certificate|CERT/.test(`${code} ${error.message}`)
        ? `TLS: ${error.message} (to trust a private certificate authority, set the environment variable NODE_EXTRA_CA_CERTS)`
        : `${code}: ${error.message}`;
  }
}
