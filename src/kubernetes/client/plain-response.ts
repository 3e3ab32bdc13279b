import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { HttpResponse } from './answer.ts';

/** A response whose body, if it came compressed, is read as it was before. */
export function plainResponse(
  { statusCode, headers, body }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>,
  url: URL,
): HttpResponse {
  return {
    status: statusCode,
    headers: {
      get(name) {
        const value = headers[name];
        return (Array.isArray(value) ? value[0] : value) ?? null;
      },
    },
    body: headers['content-encoding'] === 'gzip' ? unzipped(body) : body,
    url: url.href,
  };
}

function unzipped(body: Readable): Readable {
  // Errors of both streams appear when the unzipped one is read.
  return pipeline(body, createGunzip(), () => undefined);
}
