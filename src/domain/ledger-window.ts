import type { LedgerStream } from './ledger-stream.js';
import type { SliceSum } from './ledger-tier.js';
import type { EventCounts } from './slo.js';

/** The streams an SLI is made of; exactly one of `good` and `bad` is there. The sum of the streams of a part counts. */
export interface LedgerParts {
  readonly good: readonly LedgerStream[] | null;
  readonly bad: readonly LedgerStream[] | null;
  readonly total: readonly LedgerStream[];
  /** Minutes in which its condition held; null: it always counts. */
  readonly condition: LedgerStream | null;
  /** Good is what lies within bounds, of which there may be nothing; absent: some good events are to be expected. */
  readonly isBounded?: boolean;
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
  /** There is no series of good events, though some are to be expected. */
  readonly goodless: boolean;
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
    goodless: parts.good !== null && parts.isBounded !== true && part.slices === 0,
  };
}

/** Whether a window is an estimate. Good events that nobody ever saw are rather a mistake in the query than an outage. */
export function isEstimate({ events, estimated, goodless }: LedgerReading): boolean {
  return estimated || (goodless && (events?.total ?? 0) > 0);
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
export function streamsOf({ good, bad, total, condition }: LedgerParts): readonly LedgerStream[] {
  return [...(good ?? bad ?? []), ...total, ...(condition === null ? [] : [condition])];
}

/** Length of the shortest slices that all streams keep of an instant, in milliseconds. */
export function resolutionAt(parts: LedgerParts, atMs: number): number {
  const { good, bad, total, condition } = parts;
  let longest = condition?.resolutionAt(atMs) ?? 0;
  // Asked for every window of every SLO: no list is made of the streams.
  for (const streams of [good ?? bad ?? NO_STREAMS, total]) {
    for (const stream of streams) longest = Math.max(longest, stream.resolutionAt(atMs));
  }
  return longest;
}

const NO_STREAMS: readonly LedgerStream[] = [];

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
