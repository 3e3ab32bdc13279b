import { Duplex } from 'node:stream';
import { FORWARD } from '../../core/deadlines.ts';
import { MONOTONIC_CLOCK } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import { SpdyConnection, StreamError } from './spdy.ts';

/** The longest report of a kubelet that is kept. */
const LONGEST_REPORT = 1_000;

/** A pod that is reached through its API server. */
export interface ForwardedPod {
  readonly namespace: string;
  readonly name: string;
}

/** Why there is no connection to a port of a pod, or no longer, if that says nothing about what listens there. */
export class ForwardError extends Error {
  override readonly name = 'ForwardError';
}

/** Nothing in the pod accepts connections at the port. */
export class PortClosed extends Error {
  override readonly name = 'PortClosed';
  readonly code = 'ECONNREFUSED';
}

/**
 * Connections to the ports of one pod, as `kubectl port-forward` opens them: as streams of one connection to the API server, which is
 * opened when it is needed, and closed when it is idle.
 */
export class PortForward {
  readonly #open: (stop: AbortSignal) => Promise<Duplex>;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #current: Promise<SpdyConnection> | undefined;
  #known: SpdyConnection | undefined;
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param open a new connection that SPDY/3.1 is spoken over */
  constructor(open: (stop: AbortSignal) => Promise<Duplex>, clock: Clock = MONOTONIC_CLOCK) {
    this.#open = open;
    this.#clock = clock;
  }

  /**
   * Opens the way to the pod, where it is not open.
   *
   * @throws ClusterError if the cluster refuses, or cannot be reached
   */
  async open(): Promise<void> {
    await this.#connection();
  }

  /**
   * A connection to a port of the pod. What goes wrong later destroys it, with a ForwardError, a PortClosed, or an error with the code
   * `ECONNRESET`.
   *
   * @throws ClusterError if the cluster refuses, or cannot be reached
   */
  async connect(port: number): Promise<Duplex> {
    const connection = await this.#connection();
    if (!connection.isOpen) throw new ForwardError('the connection was closed');
    clearTimeout(this.#idle);
    this.#requests += 1;
    return new ForwardedConnection(connection, port, this.#requests, () => {
      this.#released(connection);
    });
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#ended.abort(new ForwardError('the port-forward was closed'));
    this.#known?.close();
  }

  async #connection(): Promise<SpdyConnection> {
    if (this.#known?.isOpen === false) this.#current = undefined;
    const opening = (this.#current ??= this.#begin());
    return opening;
  }

  #begin(): Promise<SpdyConnection> {
    this.#known = undefined;
    const opening = this.#open(this.#ended.signal).then((transport) => {
      const connection = new SpdyConnection(transport, this.#clock.now);
      this.#known = connection;
      if (this.#ended.signal.aborted) connection.close();
      else this.#closeWhenIdle(connection);
      return connection;
    });
    // The next connection tries again.
    opening.catch(() => {
      if (this.#current === opening) this.#current = undefined;
    });
    return opening;
  }

  #released(connection: SpdyConnection): void {
    if (connection.streams > 0) return;
    // One that is replaced is done with.
    if (connection !== this.#known) {
      connection.close();
      return;
    }
    this.#closeWhenIdle(connection);
  }

  #closeWhenIdle(connection: SpdyConnection): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (connection.streams === 0) connection.close();
    }, FORWARD.idleMs);
    this.#idle.unref();
  }
}

/** One connection to a port: a stream for its data, and one for what the kubelet reports about it. */
class ForwardedConnection extends Duplex {
  readonly #connection: SpdyConnection;
  readonly #data: number;
  readonly #reports: number;
  readonly #release: () => void;
  #report = '';

  constructor(connection: SpdyConnection, port: number, request: number, release: () => void) {
    super();
    // Whoever uses it listens as well; without a user, its end is nobody's failure.
    this.on('error', () => undefined);
    this.#connection = connection;
    this.#release = release;
    const headers = { port: String(port), requestid: String(request) };
    this.#reports = connection.open({ ...headers, streamtype: 'error' }, true, {
      receive: (chunk) => {
        this.#report = (this.#report + chunk.toString('utf8')).slice(0, LONGEST_REPORT);
        return true;
      },
      end: () => {
        this.#reported();
      },
      fail: () => {
        this.#reported();
      },
    });
    this.#data = connection.open({ ...headers, streamtype: 'data' }, false, {
      receive: (chunk) => this.push(chunk),
      end: () => {
        // What the kubelet has to report comes before this.
        if (this.#report === '') this.push(null);
        else this.#reported();
      },
      fail: (error) => {
        if (this.#report !== '') this.#reported();
        else if (connection.isOpen) this.destroy(error);
        else this.destroy(lost(error));
      },
    });
  }

  override _read(): void {
    this.#connection.drained(this.#data);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#connection.send(this.#data, chunk, (error) => {
      done(error instanceof Error ? lost(error) : null);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.finish(this.#data);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection.reset(this.#data);
    this.#connection.forget(this.#reports);
    this.#release();
    done(error);
  }

  #reported(): void {
    if (this.#report !== '') this.destroy(reported(this.#report));
  }
}

/** The connection that all of them share has failed, so it was not the pod. */
function lost(error: Error): ForwardError {
  return new ForwardError(error.message, { cause: error });
}

/** What a kubelet reports, as the error that it means. */
function reported(text: string): Error {
  if (/connection refused/i.test(text)) return new PortClosed(text);
  if (/reset by peer|broken pipe|use of closed network connection/i.test(text)) return new StreamError(text);
  return new ForwardError(text);
}
