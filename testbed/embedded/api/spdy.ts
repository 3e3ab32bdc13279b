import { Duplex } from 'node:stream';

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FIN = 1;
const HEADER_BYTES = 8;

/** @param report tells the client why there is no connection, and ends both streams */
export type Forward = (port: number, data: Duplex, report: (text: string) => void) => void;

/**
 * The kubelet's end of a port-forward: SPDY/3.1 whose header blocks are stored rather than compressed, as the action sends them; the
 * real servers on the mesh read both.
 */
export class SpdyServer {
  readonly #transport: Duplex;
  readonly #forward: Forward;
  readonly #data = new Map<number, ServerStream>();
  #lastId = 0;
  /** The error stream of each request. */
  readonly #errors = new Map<string, number>();
  #rest = Buffer.alloc(0);

  constructor(transport: Duplex, forward: Forward) {
    this.#transport = transport;
    this.#forward = forward;
    transport.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    transport.on('error', () => undefined);
    transport.once('close', () => {
      for (const stream of this.#data.values()) stream.destroy();
    });
  }

  /** Announces that it takes no more streams; those that are open go on. */
  leave(): void {
    this.#control(GOAWAY, this.#lastId, Buffer.alloc(4));
  }

  /** Resets the streams and reports nothing; the connection goes on. */
  resetStreams(): void {
    for (const id of this.#data.keys()) this.#control(RST_STREAM, id, Buffer.from([0, 0, 0, 5]));
  }

  /** Ends as moby/spdystream does, such as after an idle time: each stream is reset, and then the connection closed. */
  end(): void {
    this.resetStreams();
    this.leave();
    this.#transport.end(() => this.#transport.destroy());
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUIntBE(5, 3);
      if (this.#rest.length < end) return;
      const frame = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#take(frame);
    }
  }

  #take(frame: Buffer): void {
    const payload = frame.subarray(HEADER_BYTES);
    const flags = frame.readUInt8(4);
    if (frame.readUInt8(0) < 0x80) {
      const stream = this.#data.get(frame.readUInt32BE(0));
      if (payload.length > 0) stream?.push(payload);
      if ((flags & FIN) !== 0) stream?.push(null);
      return;
    }
    switch (frame.readUInt16BE(2)) {
      case SYN_STREAM:
        this.#opened(payload.readUInt32BE(0), headersIn(payload.subarray(10)));
        return;
      case RST_STREAM:
        this.#data.get(payload.readUInt32BE(0))?.destroy();
        return;
      case PING:
        this.#transport.write(frame);
    }
  }

  #opened(id: number, headers: ReadonlyMap<string, string>): void {
    this.#control(SYN_REPLY, id, Buffer.alloc(4));
    this.#lastId = id;
    const request = headers.get('requestid') ?? '';
    if (headers.get('streamtype') === 'error') {
      this.#errors.set(request, id);
      return;
    }
    const errors = this.#errors.get(request);
    this.#errors.delete(request);
    if (errors === undefined) throw new Error('the error stream of a request comes first');
    const stream = new ServerStream((chunk, done) => {
      this.#transport.write(dataFrame(id, 0, chunk), done);
    });
    this.#data.set(id, stream);
    let reported = false;
    stream.once('close', () => {
      this.#data.delete(id);
      if (this.#transport.destroyed || reported) return;
      this.#transport.write(dataFrame(id, FIN, Buffer.alloc(0)));
      this.#transport.write(dataFrame(errors, FIN, Buffer.alloc(0)));
    });
    this.#forward(Number(headers.get('port')), stream, (text) => {
      if (reported || this.#transport.destroyed) return;
      reported = true;
      this.#transport.write(dataFrame(errors, 0, Buffer.from(text)));
      this.#control(RST_STREAM, id, Buffer.from([0, 0, 0, 5]));
      this.#control(RST_STREAM, errors, Buffer.from([0, 0, 0, 5]));
      stream.destroy();
    });
  }

  #control(type: number, id: number, more: Buffer): void {
    const frame = Buffer.alloc(HEADER_BYTES + 4);
    frame.writeUInt16BE(0x8003);
    frame.writeUInt16BE(type, 2);
    frame.writeUIntBE(4 + more.length, 5, 3);
    frame.writeUInt32BE(id, HEADER_BYTES);
    this.#transport.write(Buffer.concat([frame, more]));
  }
}

type Send = (chunk: Buffer, done: (error?: Error | null) => void) => void;

/** The data of one forwarded connection. */
class ServerStream extends Duplex {
  readonly #send: Send;

  constructor(send: Send) {
    super();
    this.#send = send;
  }

  override _read(): void {
    // What arrives is pushed at once.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }
}

/** Names and values of a header block; the first of a connection begins with the head of a zlib stream. */
function headersIn(block: Buffer): ReadonlyMap<string, string> {
  const plain = block.subarray(block.readUInt8(0) === 0x78 ? 11 : 5);
  const headers = new Map<string, string>();
  let at = 4;
  const next = (): string => {
    const length = plain.readUInt32BE(at);
    at += 4 + length;
    return plain.toString('utf8', at - length, at);
  };
  for (let left = plain.readUInt32BE(0); left > 0; left -= 1) headers.set(next(), next());
  return headers;
}

function dataFrame(id: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt32BE(id);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}
