import { createHash } from 'node:crypto';
import { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BINARY = 0x82;

/** What a server accepts the key of a handshake with. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** The bytes in the messages of a WebSocket; the server's end. Libraries refuse the subprotocols of Kubernetes. */
export class ServerBytes extends Duplex {
  readonly #socket: Duplex;
  #rest = Buffer.alloc(0);

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.once('error', () => this.destroy());
    socket.once('close', () => this.destroy());
  }

  override _read(): void {
    // What arrives is pushed at once.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const head = Buffer.alloc(chunk.length < 126 ? 2 : chunk.length < 65_536 ? 4 : 10);
    head.writeUInt8(BINARY, 0);
    head.writeUInt8(head.length === 2 ? chunk.length : head.length === 4 ? 126 : 127, 1);
    if (head.length === 4) head.writeUInt16BE(chunk.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(chunk.length), 2);
    this.#socket.write(Buffer.concat([head, chunk]), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const [first = 0, second = 0] = this.#rest;
      const short = second & 0x7f;
      const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
      if (this.#rest.length < head + 4) return;
      const length =
        short === 126
          ? this.#rest.readUInt16BE(2)
          : short === 127
            ? Number(this.#rest.readBigUInt64BE(2))
            : short;
      const end = head + 4 + length;
      if (this.#rest.length < end) return;
      const mask = this.#rest.subarray(head, head + 4);
      const payload = this.#rest.subarray(head + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      this.#rest = this.#rest.subarray(end);
      if ((first & 0x0f) === 8) this.destroy();
      else if ((first & 0x0f) <= 2) this.push(Buffer.from(payload));
    }
  }
}
