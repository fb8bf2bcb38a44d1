import type { LedgerStream } from './ledger-stream.js';
import { isComplete, type LedgerParts, type LedgerSpan, readingOf, resolutionAt, sumOf } from './ledger-window.js';
import { SliceMark } from './slices.js';

const MINUTE_MS = 60_000;
const BLOCK_MS = 300_000;

/** The counts of an SLI by slices of equal length, oldest first; all columns are equally long. */
export interface LedgerColumns {
  readonly bad: Float64Array;
  readonly total: Float64Array;
  /** Values of `SliceMark`: whether it was read, whether anything was there, and whether it counts. */
  readonly marks: Uint8Array;
  /** 1 where a count is an estimate. */
  readonly estimated: Uint8Array;
  /** 1 where there is no series of good events, though some are to be expected. */
  readonly goodless: Uint8Array;
}

/**
 * What is known slice by slice. Slices shorter than those that are kept of their time are unread. Of an SLI that has a
 * condition only those blocks of a slice count in which that held all the time; a slice with no such block is excluded.
 */
export function columnsOf(parts: LedgerParts, span: LedgerSpan, sliceMs: number): LedgerColumns {
  const length = Math.max(0, Math.floor((span.toMs - span.fromMs) / sliceMs));
  const columns = emptyColumns(length);
  const read = readerOf(parts, span, sliceMs);
  for (let slice = 0; slice < length; slice += 1) {
    const fromMs = span.fromMs + slice * sliceMs;
    const { bad, total, mark, estimated, goodless } = read({ fromMs, toMs: fromMs + sliceMs });
    columns.bad[slice] = bad;
    columns.total[slice] = total;
    columns.marks[slice] = mark;
    columns.estimated[slice] = estimated ? 1 : 0;
    columns.goodless[slice] = goodless ? 1 : 0;
  }
  return columns;
}

/** So many slices of which nothing was read. */
export function emptyColumns(length: number): LedgerColumns {
  return {
    bad: new Float64Array(length),
    total: new Float64Array(length),
    marks: new Uint8Array(length),
    estimated: new Uint8Array(length),
    goodless: new Uint8Array(length),
  };
}

interface Slice {
  bad: number;
  total: number;
  mark: number;
  estimated: boolean;
  goodless: boolean;
}

const unread: Readonly<Slice> = { bad: 0, total: 0, mark: SliceMark.UNREAD, estimated: false, goodless: false };

/** Reads the slices of a span, which is looked at once where all of it is known. */
function readerOf(parts: LedgerParts, span: LedgerSpan, sliceMs: number): (slice: LedgerSpan) => Readonly<Slice> {
  const { condition } = parts;
  if (condition !== null) return (slice) => conditionalSlice(parts, condition, slice);
  // Slices are longer the older they are, each a multiple of the next: what fits the oldest fits all.
  const isWhole =
    isKept(parts, span.fromMs) && sliceMs % resolutionAt(parts, span.fromMs) === 0 && isComplete(parts, span);
  return (slice) => (isWhole || isKnown(parts, slice) ? seenSlice(parts, slice) : unread);
}

function seenSlice(parts: LedgerParts, slice: LedgerSpan): Slice {
  const { events, estimated, goodless } = readingOf(parts, slice);
  const mark = events === null ? SliceMark.NO_DATA : SliceMark.SEEN;
  return { bad: events?.bad ?? 0, total: events?.total ?? 0, mark, estimated, goodless };
}

/** Length of the slices that those of an SLI are made of at least: those of which it matters whether they count. */
export function blockOf({ condition }: LedgerParts, sliceMs: number): number {
  if (condition === null) return sliceMs;
  return sliceMs % BLOCK_MS === 0 ? BLOCK_MS : MINUTE_MS;
}

function conditionalSlice(parts: LedgerParts, condition: LedgerStream, { fromMs, toMs }: LedgerSpan): Readonly<Slice> {
  const blockMs = blockOf(parts, toMs - fromMs);
  const sum: Slice = { ...unread, mark: SliceMark.EXCLUDED, goodless: true };
  for (let atMs = fromMs; atMs < toMs; atMs += blockMs) {
    const block = { fromMs: atMs, toMs: atMs + blockMs };
    const held = heldIn(condition, block);
    if (held === false) continue;
    if (held === null || !isKnown(parts, block)) return unread;
    const { bad, total, mark, estimated, goodless } = seenSlice(parts, block);
    sum.bad += bad;
    sum.total += total;
    sum.estimated ||= estimated;
    sum.goodless &&= goodless;
    if (sum.mark !== SliceMark.SEEN) sum.mark = mark;
  }
  return sum;
}

/** Whether a condition held in every minute of a block; null where that was not read. */
function heldIn(condition: LedgerStream, { fromMs, toMs }: LedgerSpan): boolean | null {
  const isBorder = (atMs: number) => atMs % condition.resolutionAt(atMs) === 0;
  if (!isBorder(fromMs) || !isBorder(toMs) || !condition.isComplete(fromMs, toMs)) return null;
  return sumOf([condition], fromMs, toMs).count >= (toMs - fromMs) / MINUTE_MS;
}

function isKnown(parts: LedgerParts, span: LedgerSpan): boolean {
  return isKept(parts, span.fromMs) && isKept(parts, span.toMs) && isComplete(parts, span);
}

/** Whether an instant is the border of two slices that are kept. */
function isKept(parts: LedgerParts, atMs: number): boolean {
  return atMs % resolutionAt(parts, atMs) === 0;
}
