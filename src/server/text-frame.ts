import type { Duplex } from 'node:stream';

/** A text message that is not split. */
const FINAL_TEXT = 0x81;
/** Lengths that stand in two and in eight bytes of their own. */
const IN_TWO_BYTES = 126;
const IN_EIGHT_BYTES = 127;
/** Up to here copying the parts together costs less than handing them to the kernel one by one. */
const MAX_JOINED_BYTES = 1_024;

/**
 * Writes a text message to the transport of a WebSocket, as its server would: the parts, one after the other. Goes past
 * `ws`, which costs as much again as the kernel; whatever that sends is a whole frame as well, and nothing is held back,
 * since nothing is compressed.
 */
export function writeText(transport: Duplex, before: Buffer, body: Buffer, after: Buffer): void {
  const length = before.length + body.length + after.length;
  const start = length < IN_TWO_BYTES ? 2 : length < 65_536 ? 4 : 10;
  const isJoined = length <= MAX_JOINED_BYTES;
  const frame = Buffer.allocUnsafe(start + (isJoined ? length : before.length));
  frame[0] = FINAL_TEXT;
  frame[1] = start === 2 ? length : start === 4 ? IN_TWO_BYTES : IN_EIGHT_BYTES;
  if (start === 4) frame.writeUInt16BE(length, 2);
  if (start === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(before, start);
  if (isJoined) {
    frame.set(body, start + before.length);
    frame.set(after, start + before.length + body.length);
    transport.write(frame);
    return;
  }
  transport.cork();
  transport.write(frame);
  transport.write(body);
  transport.write(after);
  transport.uncork();
}
