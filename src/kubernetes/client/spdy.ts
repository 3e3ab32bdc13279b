import type { Duplex } from 'node:stream';
import { FORWARD } from '../../core/deadlines.ts';
import { CONTROL, FIN, HEADER_BYTES, controlFrame, dataFrame, number32, parseHead } from './spdy-frames.ts';
import type { ControlFrame, DataFrame, Frame } from './spdy-frames.ts';

// The part of SPDY/3.1 that port-forward needs: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/. As the servers of
// Kubernetes (moby/spdystream), it has no flow control: a connection is read only as fast as all of its streams.

const SYN_STREAM = 1;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const CANCEL = 5;
const LARGEST_DATA = 2 ** 24 - 1;
const NOT_SPDY = 'the server sent what is not SPDY/3.1';
/** Larger control frames than this are no part of a port-forward. */
const LARGEST_CONTROL = 64 * 1024;
/** A zlib stream with SPDY's dictionary, named by its checksum. What follows makes no use of either. */
const ZLIB_HEADER = Buffer.from('7820e3c6a7c2', 'hex');
/** An empty block, at which the receiver takes what it has. */
const ZLIB_FLUSH = Buffer.from('000000ffff', 'hex');
/** Stream numbers have 31 bits; a connection is given up long before they end. */
const LAST_STREAM = 2 ** 30;

/** What a stream receives. */
interface Receiver {
  /** @returns whether it takes more */
  receive(chunk: Buffer): boolean;
  end(): void;
  fail(error: Error): void;
}

/** The connection ended, or a stream was reset. */
export class StreamError extends Error {
  override readonly name: string = 'StreamError';
  readonly code = 'ECONNRESET';
}

/**
 * The server reset a stream and did not report why. It also does that to all streams of a connection right before it closes it, so which
 * of the two it was shows a moment later.
 */
export class StreamReset extends StreamError {
  override readonly name = 'StreamReset';
  /** Whether the connection has ended since. */
  readonly wasOfConnection: () => boolean;

  constructor(wasOfConnection: () => boolean) {
    super('the server reset the connection');
    this.wasOfConnection = wasOfConnection;
  }
}

/** Many streams over one connection, of which this side opens all. */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #streams = new Map<number, Receiver>();
  /** The streams whose reader is behind. */
  readonly #full = new Set<number>();
  readonly #now: () => number;
  readonly #heartbeat: NodeJS.Timeout;
  #nextId = 1;
  #pings = 1;
  #isFirstBlock = true;
  #isCollecting = false;
  #isLeaving = false;
  #failure: Error | undefined;
  #heardAt: number;
  /** The latest ping of the server that has no answer yet. */
  #ping: Buffer | undefined;
  #head = Buffer.alloc(0);
  /** The frame whose payload is being read. */
  #frame: Frame | undefined;

  /** @param now in milliseconds, of any clock that does not run backwards */
  constructor(transport: Duplex, now: () => number) {
    this.#transport = transport;
    this.#now = now;
    this.#heardAt = now();
    transport.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    transport.on('drain', () => {
      this.#answerPing();
    });
    // After its end, nothing that is sent has an answer.
    for (const event of ['end', 'close'])
      transport.once(event, () => {
        this.#fail(new StreamError('the connection was closed'));
      });
    transport.on('error', (error) => {
      this.#fail(error);
    });
    this.#heartbeat = setInterval(() => {
      this.#beat();
    }, FORWARD.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Whether further streams can be opened. */
  get isOpen(): boolean {
    return this.#failure === undefined && !this.#isLeaving && this.#nextId < LAST_STREAM;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** @param isReadOnly this side sends nothing */
  open(headers: Readonly<Record<string, string>>, isReadOnly: boolean, receiver: Receiver): number {
    if (!this.isOpen) throw this.#failure ?? new StreamError('the server is closing the connection');
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.set(id, receiver);
    const fields = Buffer.alloc(10);
    fields.writeUInt32BE(id);
    const payload = Buffer.concat([fields, this.#headerBlock(headers)]);
    this.#write(controlFrame(SYN_STREAM, isReadOnly ? FIN : 0, payload));
    return id;
  }

  /** @param sent called once the connection takes more */
  send(id: number, chunk: Buffer, sent: (error?: Error | null) => void): void {
    if (this.#failure !== undefined) {
      sent(this.#failure);
      return;
    }
    const frames: Buffer[] = [];
    for (let start = 0; start < chunk.length; start += LARGEST_DATA)
      frames.push(dataFrame(id, 0, chunk.subarray(start, start + LARGEST_DATA)));
    this.#write(Buffer.concat(frames), sent);
  }

  /** This side sends nothing more over a stream. */
  finish(id: number): void {
    if (this.#failure === undefined) this.#write(dataFrame(id, FIN, Buffer.alloc(0)));
  }

  /** A stream is not used any more, whatever is still on its way. */
  reset(id: number): void {
    if (!this.forget(id) || this.#failure !== undefined) return;
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(id);
    payload.writeUInt32BE(CANCEL, 4);
    this.#write(controlFrame(RST_STREAM, 0, payload));
  }

  /** @returns whether the stream was open */
  forget(id: number): boolean {
    this.drained(id);
    return this.#streams.delete(id);
  }

  /** The reader of a stream takes more. */
  drained(id: number): void {
    if (this.#full.delete(id) && this.#full.size === 0) this.#transport.resume();
  }

  close(): void {
    this.#fail(new StreamError('the connection was closed'));
  }

  /** A silent network, or a server that is gone, shows in nothing else for minutes. */
  #beat(): void {
    if (this.#streams.size === 0) {
      this.#heardAt = this.#now();
      return;
    }
    // What is not read cannot be heard.
    if (this.#full.size > 0) this.#heardAt = this.#now();
    if (this.#now() - this.#heardAt > FORWARD.silenceMs) {
      this.#fail(
        new StreamError(`nothing came back for ${String(FORWARD.silenceMs / 1000)} s, not even to a ping`),
      );
      return;
    }
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(this.#pings);
    this.#pings += 2;
    this.#write(controlFrame(PING, 0, payload));
  }

  /** What is written in one turn of the event loop goes out in one message. */
  #write(frame: Buffer, sent?: (error?: Error | null) => void): void {
    if (!this.#isCollecting) {
      this.#isCollecting = true;
      this.#transport.cork();
      setImmediate(() => {
        this.#isCollecting = false;
        this.#transport.uncork();
      });
    }
    this.#transport.write(frame, sent);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearInterval(this.#heartbeat);
    this.#transport.destroy();
    const open = [...this.#streams.values()];
    this.#streams.clear();
    this.#full.clear();
    for (const receiver of open) receiver.fail(error);
  }

  #read(chunk: Buffer): void {
    this.#heardAt = this.#now();
    let rest = chunk;
    while (rest.length > 0 && this.#failure === undefined) {
      if (this.#frame === undefined) {
        const missing = HEADER_BYTES - this.#head.length;
        this.#head = Buffer.concat([this.#head, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#head.length < HEADER_BYTES) return;
        this.#frame = parseHead(this.#head);
        this.#head = Buffer.alloc(0);
        if (!this.#isExpected(this.#frame)) {
          this.#fail(new StreamError(NOT_SPDY));
          return;
        }
      }
      const frame = this.#frame;
      const part = rest.subarray(0, frame.missing);
      rest = rest.subarray(frame.missing);
      frame.missing -= part.length;
      if (frame.kind === 'data') this.#takeData(frame, part);
      else if (!this.#takeControl(frame, part)) return;
      if (frame.missing === 0) this.#frame = undefined;
    }
  }

  /** Whether a frame is of the version, and of a stream that this side has opened at some time. */
  #isExpected(frame: Frame): boolean {
    return frame.kind === 'control'
      ? frame.version === CONTROL
      : frame.id % 2 === 1 && frame.id < this.#nextId;
  }

  #takeData(frame: DataFrame, part: Buffer): void {
    const { id } = frame;
    const receiver = this.#streams.get(id);
    if (receiver === undefined) return;
    if (part.length > 0 && !receiver.receive(part)) {
      this.#full.add(id);
      this.#transport.pause();
    }
    if (frame.missing === 0 && frame.isLast) receiver.end();
  }

  /** @returns false if the connection cannot go on */
  #takeControl(frame: ControlFrame, part: Buffer): boolean {
    if (frame.payload.length + frame.missing + part.length > LARGEST_CONTROL) {
      this.#fail(new StreamError(NOT_SPDY));
      return false;
    }
    frame.payload = Buffer.concat([frame.payload, part]);
    if (frame.missing > 0) return true;
    const { payload, type } = frame;
    if (type === PING && payload.length === 4 && payload.readUInt32BE() % 2 === 0) {
      this.#ping = payload;
      this.#answerPing();
    }
    if (type === GOAWAY) this.#isLeaving = true;
    if (type === RST_STREAM && payload.length >= 4) {
      const id = payload.readUInt32BE() & 0x7fffffff;
      const receiver = this.#streams.get(id);
      this.forget(id);
      receiver?.fail(new StreamReset(() => !this.isOpen));
    }
    return true;
  }

  /** Only the latest, where the transport takes no more: a server that reads nothing must not fill the memory with them. */
  #answerPing(): void {
    if (this.#ping === undefined || this.#transport.writableNeedDrain || this.#failure !== undefined) return;
    this.#write(controlFrame(PING, 0, this.#ping));
    this.#ping = undefined;
  }

  #headerBlock(headers: Readonly<Record<string, string>>): Buffer {
    const pairs = Object.entries(headers);
    const texts = pairs.flat().flatMap((text) => [number32(Buffer.byteLength(text)), Buffer.from(text)]);
    const plain = Buffer.concat([number32(pairs.length), ...texts]);
    const block = Buffer.alloc(5);
    // Stored, not compressed: it goes to the server of the context, and nothing of it is long.
    block.writeUInt16LE(plain.length, 1);
    block.writeUInt16LE(plain.length ^ 0xffff, 3);
    const start = this.#isFirstBlock ? [ZLIB_HEADER] : [];
    this.#isFirstBlock = false;
    return Buffer.concat([...start, block, plain, ZLIB_FLUSH]);
  }
}
