import { subscribe } from 'node:diagnostics_channel';
import { constants } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';

let isSubscribed = false;

/**
 * From now on, a request over HTTP/2 that is given up before its body was sent resets its stream with CANCEL.
 *
 * undici closes such a stream with NO_ERROR and destroys it. Node then never resets it, and sends empty frames for the rest of the body:
 * an endless loop that fills the memory, and in which the process receives no signal.
 */
export function resetUnsentRequests(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http2.client.stream.created', (message) => {
    const { stream } = message as { readonly stream: ClientHttp2Stream };
    const close = stream.close.bind(stream);
    stream.close = (code = codeFor(stream), callback) => {
      close(code, callback);
    };
  });
}

function codeFor({ writableFinished }: ClientHttp2Stream): number {
  return writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL;
}
