import { z } from 'zod';
import { readBounded } from '../../core/bounded-body.ts';
import { parseJson } from '../../core/json.ts';
import { redirectTarget } from '../../core/redirects.ts';
import { secrets } from '../../core/secrets.ts';
import type { Status } from './errors.ts';

/**
 * The longest answer that is read, decompressed. An object has at most 1.5 MiB (etcd's limit), and a page of 500 pods some 5 MiB; a
 * longer page is asked for again in smaller ones.
 */
export const ANSWER_LIMIT = 8 * 1024 * 1024;
/** Of an error, a message is enough. */
const REFUSAL_LIMIT = 64 * 1024;
/** Real objects have some twenty levels. Code that walks through an object calls itself once for each. */
const DEEPEST = 200;
const LONGEST_MESSAGE = 2_000;
const MOST_CAUSES = 20;
const QUOTED = 300;

/** What an API server sent back. */
export interface Answer {
  readonly status: number;
  /** The parsed JSON; undefined if the text is not JSON. */
  readonly body: unknown;
  /** The beginning of the text, for the message where it is not JSON. */
  readonly quote: string;
  /** Why the answer cannot be used, whatever it says. */
  readonly problem: 'too long' | 'too deep' | undefined;
  /** After which the server wants to be asked again, in ms; 0 if it does not say. */
  readonly retryAfterMs: number;
  /** Where the server redirects to, without what a URL may conceal; undefined if it does not. */
  readonly redirect: string | undefined;
}

/** What came back over HTTP. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
  readonly url: string;
}

/** Reads an answer within the limits of this file. */
export async function readAnswer(response: HttpResponse): Promise<Answer> {
  const { status, headers } = response;
  const refused = status >= 400;
  const depth = new JsonDepth();
  const { bytes, complete } = await readBounded(
    response.body,
    refused ? REFUSAL_LIMIT : ANSWER_LIMIT,
    (chunk) => {
      depth.add(chunk);
    },
  );
  const tooDeep = depth.deepest > DEEPEST;
  const usable = complete && !tooDeep;
  const retryAfterMs = 1000 * Number(headers.get('retry-after') ?? 0) || 0;
  return {
    status,
    body: usable ? parseJson(bytes.toString('utf8')) : undefined,
    // Made for those who show it alone: looking for secrets takes as long as parsing a usual answer.
    get quote() {
      return quoted(bytes);
    },
    // Of a refusal, the status says enough.
    problem: refused || usable ? undefined : complete ? 'too deep' : 'too long',
    retryAfterMs,
    redirect: redirectTarget(response),
  };
}

function quoted(bytes: Buffer): string {
  // Cut in half, a secret would be harder to recognize.
  const start = bytes
    .subarray(0, 4 * QUOTED)
    .toString('utf8')
    .trim();
  return secrets.redact(start).slice(0, QUOTED);
}

/** How deep the arrays and objects of a JSON text are nested, from its bytes in order. */
class JsonDepth {
  deepest = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  add(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#inString = false;
      } else if (byte === 0x22) this.#inString = true;
      else if (byte === 0x7b || byte === 0x5b) {
        this.#depth += 1;
        if (this.#depth > this.deepest) this.deepest = this.#depth;
      } else if (byte === 0x7d || byte === 0x5d) this.#depth -= 1;
    }
  }
}

const text = z
  .string()
  .transform((value) => secrets.redact(value).slice(0, LONGEST_MESSAGE))
  .optional()
  .catch(undefined);
const statusBody = z.object({
  kind: z.literal('Status'),
  message: text,
  reason: text,
  details: z
    .object({
      causes: z
        .array(z.object({ reason: text, message: text, field: text }))
        .transform((causes) => causes.slice(0, MOST_CAUSES))
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** The `Status` that an answer is, with texts of a readable length; undefined if it is none. */
export function statusOf(body: unknown): Status | undefined {
  return statusBody.safeParse(body).data;
}
