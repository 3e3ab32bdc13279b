import type { Dispatcher } from 'undici';
import { BrokenResponse } from './broken-response.ts';
import { BodyStart } from './response-body.ts';

/** The response to one request, with the beginning of its body. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Limits {
  readonly signal: AbortSignal;
  /** When the request has to have ended, by `performance.now()`. */
  readonly endsAt: number;
}

/** Nothing came back in time. */
export class OutOfTime extends Error {}

/**
 * Sends one request. A body that does not end in time counts with what has arrived.
 *
 * @throws OutOfTime; BrokenResponse if the response failed within its body; the error of the connection; the signal's reason
 */
export async function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { signal, endsAt }: Limits,
): Promise<Answer> {
  signal.throwIfAborted();
  const leftMs = endsAt - performance.now();
  if (leftMs <= 0) throw new OutOfTime();
  const handler = new Exchange();
  const stop = (): void => {
    handler.fail(signal.reason as Error);
  };
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => {
    handler.timeIsUp();
  }, leftMs);
  try {
    dispatcher.dispatch(request, handler);
    return await handler.answer;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Receives a response: without the streams and signals of undici's `request`, which take as long as the rest of a request. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #head: Omit<Answer, 'body'> | undefined;
  #body: BodyStart | undefined;
  /** Why nothing more is read of the response; undefined as long as it is. */
  #over: Error | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over !== undefined) controller.abort(this.#over);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // An early hint (103) is no response yet.
    if (status < 200) return;
    this.#head = { status, headers: single(headers) };
    this.#body = new BodyStart(this.#head.headers['content-encoding'], {
      complete: () => {
        this.#complete();
      },
      failed: (error) => {
        this.#failBody(error);
      },
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    const resume = (): void => {
      controller.resume();
    };
    if (this.#over === undefined && this.#body?.add(chunk, resume) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#controller = undefined;
    if (this.#over === undefined) this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#controller = undefined;
    if (this.#body === undefined) this.fail(error);
    else this.#failBody(error);
  }

  timeIsUp(): void {
    // An event stream is a response although it never ends.
    if (this.#head === undefined) this.fail(new OutOfTime());
    else this.#complete();
  }

  fail(error: Error): void {
    this.#reject(error);
    this.#close(error);
  }

  #complete(): void {
    if (this.#head === undefined || this.#over !== undefined) return;
    this.#resolve({ ...this.#head, body: this.#body?.text() ?? '' });
    this.#close(ENOUGH);
  }

  #failBody(cause: Error): void {
    this.fail(new BrokenResponse('the body did not end', { cause }));
  }

  /** Releases the connection: an endless body must not delay a sample. */
  #close(reason: Error): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#body?.destroy();
    this.#controller?.abort(reason);
  }
}

/** Made once, since the stack of an error takes longer than all else. */
const ENOUGH = new Error('enough of the body was read');

function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    found[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return found;
}
