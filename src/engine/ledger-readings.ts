import {
  isComplete,
  isEstimate,
  type LedgerParts,
  readingOf,
  readRatio,
  seenWithin,
  windowWithin,
} from '../domain/ledger-window.js';
import type { Coverage, WindowReading } from '../domain/slo.js';
import { NEWEST_MS } from './newest-slices.js';

/** Whether a window can be read from slices once the newest of them are there. */
export function isKept(parts: LedgerParts, windowMs: number, atMs: number): boolean {
  const span = windowWithin(parts, windowMs, atMs);
  return span !== null && isComplete(parts, { fromMs: span.fromMs, toMs: span.toMs - NEWEST_MS });
}

/** Likewise, of the past: nothing is read for it. */
export function isAllKept(parts: LedgerParts, windowMs: number, atMs: number): boolean {
  const span = windowWithin(parts, windowMs, atMs);
  return span !== null && isComplete(parts, span);
}

/** A window as the ledger has it; null when some of it was not read. */
export function windowReading(parts: LedgerParts, windowMs: number, atMs: number): WindowReading | null {
  const span = windowWithin(parts, windowMs, atMs);
  if (span === null || !isComplete(parts, span)) return null;
  const reading = readingOf(parts, span);
  return { windowMs, atMs: span.toMs, events: reading.events, partial: false, estimated: isEstimate(reading) };
}

/** Share of a window that was read, 0..1, as long as its history is being read; null when it was. */
export function historyOf(parts: LedgerParts, windowMs: number, atMs: number): number | null {
  const span = windowWithin(parts, windowMs, atMs);
  if (span === null) return null;
  const history = { fromMs: span.fromMs, toMs: Math.max(span.fromMs, span.toMs - NEWEST_MS) };
  return isComplete(parts, history) ? null : readRatio(parts, history);
}

/** How much of a window was seen; null where slices are too long for it. */
export function coverageOf(parts: LedgerParts, windowMs: number, atMs: number): Coverage | null {
  const span = windowWithin(parts, windowMs, atMs);
  if (span === null) return null;
  const seen = seenWithin(parts, span);
  return {
    ratio: readingOf(parts, span).seenRatio,
    oldestMs: seen?.oldestMs ?? null,
    newestMs: seen?.newestMs ?? null,
    retentionShorterThanWindow: false,
    partial: false,
  };
}
