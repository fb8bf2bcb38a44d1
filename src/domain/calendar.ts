import { Temporal } from 'temporal-polyfill';

/** One calendar window follows on the other, each `count` units long by the clock of the zone, whatever its days last. */
export interface CalendarRule {
  readonly unit: 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';
  /** A whole number, at least 1. */
  readonly count: number;
  /** Where one of the windows begins, by the clock on the wall: `2026-01-01 00:00:00`. */
  readonly startTime: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** A span of time, (fromMs, toMs]: an event that is counted at the very end belongs to it. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The calendar window that an instant lies in. Windows tile the time axis: each begins where the one before ends, also
 * where clocks are turned. A start that a clock skips is the first instant after; one that it shows twice is the first.
 * A month after the 31st ends with the month.
 * @throws RangeError when the start, the zone or the count is none
 */
export function calendarWindowAt(rule: CalendarRule, atMs: number): Span {
  const last = lastAsked.get(rule);
  if (last !== undefined && last.fromMs < atMs && atMs <= last.toMs) return last;
  const anchor = anchorOf(rule);
  const startOf = (index: number) => startMs(rule, anchor, index);
  let index = nearIndex(rule, anchor, atMs);
  while (startOf(index) >= atMs) index--;
  while (startOf(index + 1) < atMs) index++;
  const span = { fromMs: startOf(index), toMs: startOf(index + 1) };
  lastAsked.set(rule, span);
  return span;
}

/** Rules never change, and are asked for one instant after the other: a window takes a hundred times longer to find. */
const lastAsked = new WeakMap<CalendarRule, Span>();

function anchorOf({ startTime, count }: CalendarRule): Temporal.PlainDateTime {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`a calendar window is 1 unit or more, got ${count}`);
  return Temporal.PlainDateTime.from(startTime.replace(' ', 'T'));
}

/** Counted from the anchor, not from the window before: the 31st, the 28th, and then the 31st again. */
function startMs({ unit, count, timeZone }: CalendarRule, anchor: Temporal.PlainDateTime, index: number): number {
  const steps = index * count;
  const step = {
    DAY: { days: steps },
    WEEK: { weeks: steps },
    MONTH: { months: steps },
    QUARTER: { months: 3 * steps },
    YEAR: { years: steps },
  }[unit];
  return anchor.add(step).toZonedDateTime(timeZone).epochMilliseconds;
}

/** At most a window away. */
function nearIndex({ unit, count, timeZone }: CalendarRule, anchor: Temporal.PlainDateTime, atMs: number): number {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDateTime();
  const days = anchor.until(at, { largestUnit: 'day' }).days;
  const months = anchor.until(at, { largestUnit: 'month' }).months;
  const units = { DAY: days, WEEK: days / 7, MONTH: months, QUARTER: months / 3, YEAR: months / 12 }[unit];
  return Math.floor(units / count);
}
