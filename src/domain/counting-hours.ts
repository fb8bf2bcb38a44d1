import { Temporal } from 'temporal-polyfill';
import { SliceMark } from './slices.js';
import type { CountingHours } from './slo.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/**
 * Marks the slices that begin outside of all these hours as excluded.
 * @param hours any of them counts; empty: every slice does
 * @param fromMs where the first slice begins
 */
export function withinHours(
  marks: Uint8Array,
  hours: readonly CountingHours[],
  fromMs: number,
  sliceMs: number,
): Uint8Array {
  if (hours.length === 0) return marks;
  const offsets = new Map(hours.map(({ timeZone }) => [timeZone, offsetsOf(timeZone)]));
  return marks.map((mark, slice) => {
    const atMs = fromMs + slice * sliceMs;
    const isIn = (span: CountingHours) => contains(span, atMs + (offsets.get(span.timeZone)?.(atMs) ?? 0));
    return hours.some(isIn) ? mark : SliceMark.EXCLUDED;
  });
}

/** @param localMs what the clock of the zone shows, as if it were UTC */
function contains({ days, fromMinute, toMinute }: CountingHours, localMs: number): boolean {
  const day = Math.floor(localMs / DAY_MS);
  const minute = (localMs - day * DAY_MS) / MINUTE_MS;
  const fits = (weekday: number, minute: number) => days.includes(weekday) && minute >= fromMinute && minute < toMinute;
  return fits(weekdayOf(day), minute) || fits(weekdayOf(day - 1), minute + DAY_MINUTES);
}

/** 1 is Monday; day 0, the first of 1970, was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** How far the clock of a zone is ahead of UTC; asked once for a day on which it is not turned. */
function offsetsOf(timeZone: string): (atMs: number) => number {
  const offsetAt = (atMs: number) =>
    Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).offsetNanoseconds / 1_000_000;
  const byDay = new Map<number, number | null>();
  return (atMs) => {
    const day = Math.floor(atMs / DAY_MS);
    const known = byDay.get(day);
    if (typeof known === 'number') return known;
    if (known === null) return offsetAt(atMs);
    const offset = offsetAt(day * DAY_MS);
    byDay.set(day, offset === offsetAt((day + 1) * DAY_MS) ? offset : null);
    return offsetAt(atMs);
  };
}
