import { Agent, fetch } from 'undici';
import type { RequestInit } from 'undici';
import { readBounded } from '../core/bounded-body.ts';
import { formatBytes } from '../core/bytes.ts';
import { GITHUB } from '../core/deadlines.ts';
import { CanaryError } from '../core/errors.ts';
import { redirectTarget } from '../core/redirects.ts';
import { proxyFor } from '../core/proxy.ts';
import { tunnelConnector } from '../core/tunnel.ts';

/** A page of 100 comments of 64 KiB each, the longest that GitHub takes, escaped. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

/**
 * `fetch` for GitHub's API: through the proxy of the environment, without following redirects to another host, which would
 * get what is published before people may see it, and with a bound for the answer.
 *
 * @throws CanaryError for an answer that is not accepted
 */
export async function boundedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const proxy = proxyFor(new URL(url));
  const dispatcher = new Agent({
    allowH2: false,
    ...(proxy === undefined ? {} : { connect: tunnelConnector(proxy, { timeoutMs: GITHUB.connectMs }) }),
  });
  try {
    const response = await fetch(url, { ...init, dispatcher, redirect: 'manual' });
    const { status, headers, body } = response;
    const target = redirectTarget(response);
    if (target !== undefined)
      throw new CanaryError(`GitHub's API redirects to ${target}, and redirects are not followed`);
    const { bytes, complete } = await readBounded(body, ANSWER_LIMIT);
    if (!complete) throw new CanaryError(`GitHub's API sent more than ${formatBytes(ANSWER_LIMIT)}`);
    // What has been decoded must not be decoded again.
    const kept = [...headers].filter(([name]) => !['content-encoding', 'content-length'].includes(name));
    return new Response([204, 205, 304].includes(status) ? null : bytes, { status, headers: kept });
  } finally {
    await dispatcher.destroy();
  }
}
