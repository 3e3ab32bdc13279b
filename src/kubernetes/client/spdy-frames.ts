// The frames of SPDY/3.1: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/.

/** Version 3, with the bit of a control frame. */
export const CONTROL = 0x8003;
export const FIN = 1;
export const HEADER_BYTES = 8;

export interface DataFrame {
  readonly kind: 'data';
  readonly id: number;
  readonly isLast: boolean;
  /** Bytes of the payload that are still to come. */
  missing: number;
}

export interface ControlFrame {
  readonly kind: 'control';
  readonly version: number;
  readonly type: number;
  payload: Buffer;
  missing: number;
}

export type Frame = DataFrame | ControlFrame;

export function parseHead(head: Buffer): Frame {
  const missing = head.readUIntBE(5, 3);
  const first = head.readUInt32BE();
  if (first >>> 31 === 0) return { kind: 'data', id: first, isLast: ((head[4] ?? 0) & FIN) !== 0, missing };
  return {
    kind: 'control',
    version: head.readUInt16BE(),
    type: head.readUInt16BE(2),
    payload: Buffer.alloc(0),
    missing,
  };
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(CONTROL);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

export function dataFrame(id: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt32BE(id);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
