import { InputError } from '../domain/errors.js';
import type { LogPosition } from '../domain/ports.js';

/** Cursors begin with what they are of and a version, so that one is never taken for the other. */
const PAGE = 'p1';
const STREAM = 's1';

/** A place in an ordered list: that of the item with this key, whether it is still there or not. */
export interface PagePlace {
  /** Which list, in which order. */
  readonly list: string;
  /** What the item is ordered by; null comes last. */
  readonly rank: number | string | null;
  readonly key: string;
}

export function encodePageCursor({ list, rank, key }: PagePlace): string {
  return encode([PAGE, list, rank, key]);
}

/** @throws InputError when it is not a cursor of this list in this order */
export function decodePageCursor(cursor: string, list: string): PagePlace {
  const [kind, from, rank, key] = decode(cursor);
  if (kind === STREAM) throw new InputError('after: this is a cursor of the stream of violations, not of a list');
  const isRank = rank === null || typeof rank === 'string' || typeof rank === 'number';
  if (kind !== PAGE || typeof from !== 'string' || !isRank || typeof key !== 'string') throw notACursor();
  if (from !== list) throw new InputError('after: this cursor is of another list, or of another order of this one');
  return { list, rank, key };
}

export function encodeStreamCursor({ epoch, seq }: LogPosition): string {
  return encode([STREAM, epoch, seq]);
}

/** @throws InputError when it is not a cursor of the stream */
export function decodeStreamCursor(cursor: string, argument = 'after'): LogPosition {
  const [kind, epoch, seq] = decode(cursor, argument);
  if (kind === PAGE) throw new InputError(`${argument}: this is a cursor of a list, not of the stream of violations`);
  if (kind !== STREAM || typeof epoch !== 'string' || !Number.isSafeInteger(seq) || (seq as number) < 0) {
    throw notACursor(argument);
  }
  return { epoch, seq: seq as number };
}

function encode(parts: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decode(cursor: string, argument = 'after'): readonly unknown[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw notACursor(argument);
  }
  // Written back it must be the same text: nothing else decodes to it.
  if (!Array.isArray(parts) || encode(parts) !== cursor) throw notACursor(argument);
  return parts;
}

function notACursor(argument = 'after'): InputError {
  return new InputError(`${argument}: this is not a cursor; pass one that an answer gave`);
}
