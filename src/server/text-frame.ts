import type { Socket } from 'node:net';

/** A text message that is not split. */
const FINAL_TEXT = 0x81;
/** Lengths that stand in two and in eight bytes of their own. */
const IN_TWO_BYTES = 126;
const IN_EIGHT_BYTES = 127;
const MAX_START_BYTES = 10;
/** Up to here copying the parts together costs less than handing them to the kernel one by one. */
const MAX_JOINED_BYTES = 16_384;

/** Where frames are made, one after the other: a kernel that takes one at once leaves the place to the next. */
let shared = Buffer.allocUnsafeSlow(MAX_START_BYTES + MAX_JOINED_BYTES);
/** The part of it that the last frame had; mostly the next one is as long. */
let view = shared.subarray(0, 0);

/**
 * Writes a text message to the transport of a WebSocket, as its server would: the parts, one after the other. Goes past
 * `ws`, which costs as much again as the kernel; whatever that sends is a whole frame as well, and nothing is held back,
 * since nothing is compressed.
 */
export function writeText(transport: Socket, before: Buffer, body: Buffer, after: Buffer): void {
  const length = before.length + body.length + after.length;
  const start = length < IN_TWO_BYTES ? 2 : length < 65_536 ? 4 : MAX_START_BYTES;
  if (length > MAX_JOINED_BYTES) {
    writeParts(transport, startOf(length, start), before, body, after);
    return;
  }
  const isIdle = transport.writableLength === 0 && transport.writableCorked === 0;
  const frame = isIdle ? viewOf(start + length) : Buffer.allocUnsafe(start + length);
  putStart(frame, length, start);
  frame.set(before, start);
  frame.set(body, start + before.length);
  frame.set(after, start + before.length + body.length);
  transport.write(frame);
  if (isIdle && transport.writableLength > 0) leaveShared();
}

function viewOf(bytes: number): Buffer {
  if (view.length !== bytes) view = shared.subarray(0, bytes);
  return view;
}

/** What the kernel did not take is still to be read from there. */
function leaveShared(): void {
  shared = Buffer.allocUnsafeSlow(shared.length);
  view = shared.subarray(0, 0);
}

function startOf(length: number, start: number): Buffer {
  const bytes = Buffer.allocUnsafe(start);
  putStart(bytes, length, start);
  return bytes;
}

function putStart(frame: Buffer, length: number, start: number): void {
  frame[0] = FINAL_TEXT;
  frame[1] = start === 2 ? length : start === 4 ? IN_TWO_BYTES : IN_EIGHT_BYTES;
  if (start === 4) frame.writeUInt16BE(length, 2);
  if (start === MAX_START_BYTES) frame.writeBigUInt64BE(BigInt(length), 2);
}

function writeParts(transport: Socket, ...parts: readonly Buffer[]): void {
  transport.cork();
  for (const part of parts) transport.write(part);
  transport.uncork();
}
