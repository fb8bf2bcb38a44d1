import type { LedgerStream } from './ledger-stream.js';
import type { SliceSum } from './ledger-tier.js';
import type { EventCounts } from './slo.js';

/** The streams an SLI is made of; exactly one of `good` and `bad` is there. The sum of the streams of a part counts. */
export interface LedgerParts {
  readonly good: readonly LedgerStream[] | null;
  readonly bad: readonly LedgerStream[] | null;
  readonly total: readonly LedgerStream[];
}

/** A stretch of time in milliseconds, (fromMs, toMs]. */
export interface LedgerSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a ledger knows of a stretch of time. */
export interface LedgerReading {
  /** Null: nothing was seen in it. */
  readonly events: EventCounts | null;
  /** Share of the time that was seen, 0..1; a hole of less than five minutes is none. */
  readonly seenRatio: number;
  /** Some of the counts are estimates. */
  readonly estimated: boolean;
}

/** The counts of an SLI by slices of equal length, oldest first; all columns are equally long. */
export interface LedgerColumns {
  readonly bad: Float64Array;
  readonly total: Float64Array;
  /** 0: it was not read yet; 1: it was read, and nothing was there; 2: there was something that could be counted. */
  readonly marks: Uint8Array;
  /** 1 where a count is an estimate. */
  readonly estimated: Uint8Array;
}

/** A window is read from slices when it is at least that many of them long, so that where it begins is near enough. */
const LEAST_SLICES = 5;

/**
 * Where a window lies in slices: it ends with the last of them at or before `toMs`, and begins at the nearest border of
 * two. Null where the slices that are kept are too long for it.
 */
export function windowWithin(parts: LedgerParts, windowMs: number, toMs: number): LedgerSpan | null {
  const endMs = alignDown(toMs, resolutionAt(parts, toMs));
  const resolutionMs = resolutionAt(parts, endMs - windowMs);
  const isExact = (endMs - windowMs) % resolutionMs === 0 && toMs === endMs;
  if (!isExact && resolutionMs * LEAST_SLICES > windowMs) return null;
  return { fromMs: Math.round((endMs - windowMs) / resolutionMs) * resolutionMs, toMs: endMs };
}

/** Whether every slice of every part was read. */
export function isComplete(parts: LedgerParts, { fromMs, toMs }: LedgerSpan): boolean {
  return streamsOf(parts).every((stream) => stream.isComplete(fromMs, toMs));
}

/** What is known of a stretch. A part that is absent where the total was seen is 0 there. */
export function readingOf(parts: LedgerParts, span: LedgerSpan): LedgerReading {
  const total = sumOf(parts.total, span.fromMs, span.toMs);
  return readingFrom(parts, span, total, sumOf(parts.good ?? parts.bad ?? [], span.fromMs, span.toMs));
}

/** The same, where what was counted was added up already: all of the total, and what is good or bad of it. */
export function readingFrom(
  parts: LedgerParts,
  { fromMs, toMs }: LedgerSpan,
  total: SliceSum,
  part: SliceSum,
): LedgerReading {
  const minutes = parts.total.length * ((toMs - fromMs) / 60_000);
  return {
    events: total.slices === 0 ? null : eventsOf(parts.good !== null, part.count, total.count),
    seenRatio: minutes <= 0 ? 0 : Math.min(1, total.seenMinutes / minutes),
    estimated: total.estimated + part.estimated > 0,
  };
}

/** What is known slice by slice. Slices shorter than those that are kept of their time are unread. */
export function columnsOf(parts: LedgerParts, span: LedgerSpan, sliceMs: number): LedgerColumns {
  const length = Math.max(0, Math.floor((span.toMs - span.fromMs) / sliceMs));
  const columns = {
    bad: new Float64Array(length),
    total: new Float64Array(length),
    marks: new Uint8Array(length),
    estimated: new Uint8Array(length),
  };
  // Slices are longer the older they are, each a multiple of the next: what fits the oldest fits all.
  const isWhole =
    isKept(parts, span.fromMs) && sliceMs % resolutionAt(parts, span.fromMs) === 0 && isComplete(parts, span);
  for (let slice = 0; slice < length; slice += 1) {
    const fromMs = span.fromMs + slice * sliceMs;
    const toMs = fromMs + sliceMs;
    const isKnown = isWhole || (isKept(parts, fromMs) && isKept(parts, toMs) && isComplete(parts, { fromMs, toMs }));
    if (!isKnown) continue;
    const { events, estimated } = readingOf(parts, { fromMs, toMs });
    columns.bad[slice] = events?.bad ?? 0;
    columns.total[slice] = events?.total ?? 0;
    columns.marks[slice] = events === null ? 1 : 2;
    columns.estimated[slice] = estimated ? 1 : 0;
  }
  return columns;
}

/** Share of a stretch that was read, 0..1, whatever was seen in it. */
export function readRatio(parts: LedgerParts, { fromMs, toMs }: LedgerSpan): number {
  const missingMs = Math.max(0, ...streamsOf(parts).map((stream) => stream.missingMs(fromMs, toMs)));
  return toMs <= fromMs ? 1 : 1 - missingMs / (toMs - fromMs);
}

/** When in a stretch anything of the total was seen first and last; null when nothing was. */
export function seenWithin(parts: LedgerParts, { fromMs, toMs }: LedgerSpan) {
  const seen = parts.total.map((stream) => stream.seenWithin(fromMs, toMs)).filter((span) => span !== null);
  if (seen.length === 0) return null;
  return {
    oldestMs: Math.min(...seen.map(({ oldestMs }) => oldestMs)),
    newestMs: Math.max(...seen.map(({ newestMs }) => newestMs)),
  };
}

/** Every stream of an SLI. */
export function streamsOf({ good, bad, total }: LedgerParts): readonly LedgerStream[] {
  return [...(good ?? bad ?? []), ...total];
}

/** Whether an instant is the border of two slices that are kept. */
function isKept(parts: LedgerParts, atMs: number): boolean {
  return atMs % resolutionAt(parts, atMs) === 0;
}

/** Length of the shortest slices that all streams keep of an instant, in milliseconds. */
export function resolutionAt(parts: LedgerParts, atMs: number): number {
  let longest = 0;
  for (const stream of streamsOf(parts)) longest = Math.max(longest, stream.resolutionAt(atMs));
  return longest;
}

/** Adds up (fromMs, toMs] of some streams. */
export function sumOf(streams: readonly LedgerStream[], fromMs: number, toMs: number): SliceSum {
  const sum: SliceSum = { count: 0, seenMinutes: 0, slices: 0, estimated: 0 };
  for (const stream of streams) stream.addTo(sum, fromMs, toMs);
  return sum;
}

/** Good, bad and total are counted apart, and a late sample may have reached one of them only. */
function eventsOf(isGood: boolean, part: number, total: number): EventCounts {
  const some = Math.min(part, total);
  return isGood ? { good: some, bad: total - some, total } : { good: total - some, bad: some, total };
}

function alignDown(atMs: number, lengthMs: number): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}
