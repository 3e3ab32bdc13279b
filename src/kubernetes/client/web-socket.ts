import { createHash, randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';

// RFC 6455, as far as a stream of bytes needs it. The packages for WebSockets refuse the subprotocols that Kubernetes chose, as their
// names contain a slash.

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const FINAL = 0x80;
const MASKED = 0x80;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const LARGEST_CONTROL = 125;
const MASKS_BYTES = 4096;

/** A key for a handshake, and what a server has to accept it with. */
export function webSocketKey(): { readonly key: string; readonly accept: string } {
  const key = randomBytes(16).toString('base64');
  return { key, accept: createHash('sha1').update(`${key}${GUID}`).digest('base64') };
}

/** The bytes in the messages of a WebSocket, without their borders; the client's end. */
export class WebSocketBytes extends Duplex {
  readonly #socket: Duplex;
  #head = Buffer.alloc(0);
  /** The frame whose payload is being read. */
  #frame: { readonly opcode: number; missing: number; payload: Buffer } | undefined;
  /** The latest ping that has no answer yet, as the socket takes no more. */
  #ping: Buffer | undefined;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on('drain', () => {
      this.#pong();
    });
    socket.once('end', () => {
      this.push(null);
    });
    socket.once('error', (error) => {
      this.destroy(error);
    });
    socket.once('close', () => {
      this.destroy();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding | 'buffer',
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(maskedFrame(BINARY, chunk), done);
  }

  /** What was written in one go is one message. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(maskedFrame(CLOSE, Buffer.alloc(0)), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.destroyed) {
      if (this.#frame === undefined) {
        this.#head = Buffer.concat([this.#head, rest]);
        const size = headSize(this.#head);
        if (size === undefined || this.#head.length < size) return;
        rest = this.#head.subarray(size);
        const missing = payloadSize(this.#head);
        const opcode = (this.#head[0] ?? 0) & 0x0f;
        // A server masks nothing, and uses none of the reserved bits without an extension.
        const isForeign = ((this.#head[0] ?? 0) & 0x70) !== 0 || ((this.#head[1] ?? 0) & MASKED) !== 0;
        if (isForeign || ((opcode & 0x8) !== 0 && missing > LARGEST_CONTROL)) {
          this.destroy(new Error('the server sent what is not a WebSocket'));
          return;
        }
        this.#frame = { opcode, missing, payload: Buffer.alloc(0) };
        this.#head = Buffer.alloc(0);
      }
      const frame = this.#frame;
      const part = rest.subarray(0, frame.missing);
      rest = rest.subarray(frame.missing);
      frame.missing -= part.length;
      const isControl = (frame.opcode & 0x8) !== 0;
      if (isControl) frame.payload = Buffer.concat([frame.payload, part]);
      else if (part.length > 0 && !this.push(part)) this.#socket.pause();
      if (frame.missing > 0) continue;
      this.#frame = undefined;
      if (isControl) this.#control(frame);
    }
  }

  #control({ opcode, payload }: { readonly opcode: number; readonly payload: Buffer }): void {
    if (opcode === PING) {
      this.#ping = payload;
      this.#pong();
    }
    if (opcode === CLOSE) {
      this.push(null);
      this.#socket.end(maskedFrame(CLOSE, payload));
    }
  }

  /** One answer is enough for several pings (RFC 6455, 5.5.3), so that a server that reads nothing cannot fill the memory with them. */
  #pong(): void {
    if (this.#ping === undefined || this.#socket.writableNeedDrain || this.#socket.writableEnded) return;
    this.#socket.write(maskedFrame(PONG, this.#ping));
    this.#ping = undefined;
  }
}

/** How many bytes the head of a frame has; undefined while that is not known. */
function headSize(head: Buffer): number | undefined {
  const second = head[1];
  if (second === undefined) return undefined;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0);
}

function payloadSize(head: Buffer): number {
  const length = head.readUInt8(1) & 0x7f;
  if (length === 126) return head.readUInt16BE(2);
  return length === 127 ? Number(head.readBigUInt64BE(2)) : length;
}

let masks = Buffer.alloc(0);

/** Random bytes are drawn for many frames at a time: a call costs as much as a thousand bytes. */
function nextMask(): Buffer {
  if (masks.length < 4) masks = randomBytes(MASKS_BYTES);
  const mask = masks.subarray(0, 4);
  masks = masks.subarray(4);
  return mask;
}

/** A frame of a client: masked, so that nothing on the way takes its content for HTTP. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(size + 4 + length);
  frame.writeUInt8(FINAL | opcode, 0);
  frame.writeUInt8(MASKED | (size === 2 ? length : size === 4 ? 126 : 127), 1);
  if (size === 4) frame.writeUInt16BE(length, 2);
  if (size === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = nextMask();
  mask.copy(frame, size);
  const start = size + mask.length;
  for (let index = 0; index < length; index += 1)
    frame[start + index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return frame;
}
