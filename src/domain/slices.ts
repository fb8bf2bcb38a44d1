import { Exact } from './decimal.js';
import type { BudgetingMethod, EventCounts, NoDataPolicy } from './slo.js';

/** What is known of a slice of time. */
export const SliceMark = {
  /** It was not read, or reading it failed. No policy makes anything of it. */
  UNREAD: 0,
  /** It was read, and there was nothing. */
  NO_DATA: 1,
  /** There was something that could be counted, though perhaps nothing happened. */
  SEEN: 2,
  /** A condition says that it does not count. */
  EXCLUDED: 3,
} as const;

/** The counts of an SLI by slice, oldest first; all columns are equally long. */
export interface SliceColumns {
  readonly bad: Float64Array;
  readonly total: Float64Array;
  /** Values of `SliceMark`; counts say something only of slices that were seen. */
  readonly marks: Uint8Array;
  /** 1 where a count is an estimate; absent: none is. */
  readonly estimated?: Uint8Array;
  /** 1 where there is no series of good events, though some are to be expected; absent: there always is one. */
  readonly goodless?: Uint8Array;
}

/** What slices are held against. */
export interface SliceRule {
  readonly budgetingMethod: BudgetingMethod;
  /** Least good share of a good slice, a decimal string above 0 and up to 1; null unless TIMESLICES. */
  readonly timeSliceTarget: string | null;
  /** A slice with fewer events says nothing; 0 takes every slice that has any. Without meaning for OCCURRENCES. */
  readonly minEvents: number;
  readonly noData: NoDataPolicy;
  /** Events that a slice usually has, for those without data with OCCURRENCES; absent or null: as many as the others. */
  readonly typicalEvents?: number | null;
}

/** What counts in a window, in events or in slices. */
export interface WindowCounts {
  /** Null: nothing was measured, and no policy says what that means. */
  readonly events: EventCounts | null;
  /** Some of it was assumed or not read. */
  readonly estimated: boolean;
}

/**
 * What counts in a window under a budgeting method: events with OCCURRENCES, otherwise slices, of which RATIO_TIMESLICES
 * takes parts. Slices that were not read are left out, whatever the policy.
 * @see https://github.com/OpenSLO/OpenSLO (budgetingMethod)
 */
export function countSlices(columns: SliceColumns, rule: SliceRule): WindowCounts {
  const counts =
    rule.budgetingMethod === 'OCCURRENCES'
      ? countEvents(columns, rule)
      : countParts(columns.marks, missingParts(columns, rule));
  return { ...counts, estimated: counts.estimated || hasEstimates(columns) || isSuspect(columns) };
}

/** Columns are long, and nearly always without one. */
function hasEstimates(columns: SliceColumns): boolean {
  if (columns.estimated?.includes(1) !== true) return false;
  return columns.marks.some((_, slice) => isEstimate(columns, slice));
}

/** Good events that nobody saw in all of a window are rather a mistake in the query than an outage. */
function isSuspect(columns: SliceColumns): boolean {
  if (columns.goodless?.includes(1) !== true) return false;
  let events = 0;
  for (let slice = 0; slice < columns.marks.length; slice += 1) {
    if (hasGood(columns, slice)) return false;
    if (columns.marks[slice] === SliceMark.SEEN) events += columns.total[slice] as number;
  }
  return events > 0;
}

function hasGood({ marks, goodless }: SliceColumns, slice: number): boolean {
  return marks[slice] === SliceMark.SEEN && goodless?.[slice] !== 1;
}

function isEstimate({ marks, estimated }: SliceColumns, slice: number): boolean {
  return marks[slice] === SliceMark.SEEN && estimated?.[slice] === 1;
}

/** Counts slices by what is missing of each. */
export function countParts(marks: Uint8Array, missing: Float64Array): WindowCounts {
  let total = 0;
  let bad = 0;
  for (const part of missing) {
    if (Number.isNaN(part)) continue;
    total += 1;
    bad += part;
  }
  const isSeen = marks.includes(SliceMark.SEEN) || isNothing(marks);
  return partCounts(bad, total, isSeen, marks.includes(SliceMark.UNREAD));
}

/** Whether none of some slices counts: nothing is missing then, and nothing happened. */
export function isNothing(marks: Uint8Array): boolean {
  return marks[0] === SliceMark.EXCLUDED && marks.every((mark) => mark === SliceMark.EXCLUDED);
}

/**
 * How much of each slice is missing: 0 for a good slice, 1 for a bad one, with RATIO_TIMESLICES the share of its bad
 * events. NaN does not count: nothing happened in it, or nothing is known of it.
 */
export function missingParts({ bad, total, marks }: SliceColumns, rule: SliceRule): Float64Array {
  const missingOf = partOf(rule);
  const without = rule.noData === 'BAD' ? 1 : rule.noData === 'GOOD' ? 0 : Number.NaN;
  const missing = new Float64Array(marks.length).fill(Number.NaN);
  // A loop: a month has 43,200 minutes, and is counted at every evaluation.
  for (let slice = 0; slice < marks.length; slice += 1) {
    if (marks[slice] === SliceMark.NO_DATA) missing[slice] = without;
    if (marks[slice] !== SliceMark.SEEN) continue;
    const events = total[slice] as number;
    if (!(events > 0) || events < rule.minEvents) continue;
    missing[slice] = missingOf(Math.max(0, Math.min(bad[slice] as number, events)), events);
  }
  return missing;
}

function partOf({ budgetingMethod, timeSliceTarget }: SliceRule): (bad: number, total: number) => number {
  if (budgetingMethod === 'RATIO_TIMESLICES') return (bad, total) => bad / total;
  const target = new Exact(timeSliceTarget ?? 1);
  const allowed = new Exact(1).minus(target);
  const near = allowed.toNumber();
  return (bad, total) => {
    const spare = near - bad / total;
    // Exactly at its target a slice is good, which no double can tell: 1 - 0.99 is more than 0.01.
    if (Math.abs(spare) > 1e-9) return spare < 0 ? 1 : 0;
    return allowed.mul(total).lt(bad) ? 1 : 0;
  };
}

/** What is known of the events of some slices together. */
interface EventTally {
  readonly bad: number;
  readonly total: number;
  /** Slices by their mark. */
  readonly seen: number;
  readonly missing: number;
  readonly unread: number;
  readonly excluded: number;
}

function countEvents({ bad, total, marks }: SliceColumns, rule: SliceRule): WindowCounts {
  const sum = { bad: 0, total: 0 };
  const slices = [0, 0, 0, 0];
  for (let slice = 0; slice < marks.length; slice += 1) {
    const mark = marks[slice] as number;
    slices[mark] = (slices[mark] ?? 0) + 1;
    if (mark !== SliceMark.SEEN) continue;
    const events = total[slice] as number;
    sum.total += events;
    sum.bad += Math.max(0, Math.min(bad[slice] as number, events));
  }
  const [unread = 0, missing = 0, seen = 0, excluded = 0] = slices;
  return eventCounts({ ...sum, seen, missing, unread, excluded }, rule, rule.typicalEvents ?? null);
}

/** A slice without data counts as many events as usual, or one when that is not known. */
function eventCounts(sum: EventTally, { noData }: SliceRule, typicalEvents: number | null): WindowCounts {
  const { seen, missing, unread, excluded } = sum;
  const isAssumed = missing > 0 && (noData === 'GOOD' || noData === 'BAD');
  const estimated = isAssumed || unread > 0;
  // What does not count is not missing: nothing happened that counts.
  const isNothing = excluded > 0 && seen + missing + unread === 0;
  if (seen === 0 && !isAssumed && !isNothing) return { events: null, estimated };
  const assumed = isAssumed ? missing * (typicalEvents ?? (seen > 0 ? sum.total / seen : 1)) : 0;
  const assumedBad = noData === 'BAD' ? assumed : 0;
  const total = sum.total + assumed;
  const bad = sum.bad + assumedBad;
  return { events: { good: total - bad, bad, total }, estimated };
}

function partCounts(bad: number, total: number, isSeen: boolean, isUnread: boolean): WindowCounts {
  const isMeasured = total > 0 || isSeen;
  return { events: isMeasured ? { good: total - bad, bad, total } : null, estimated: isUnread };
}

/** Counts of any windows over the same slices: each costs the same, however many slices it has. */
export class SlidingCounts {
  private readonly bad: Float64Array;
  private readonly total: Float64Array;
  /** Events of slices that were seen, whatever is counted. */
  private readonly events: Float64Array;
  private readonly marked: readonly Float64Array[];
  private readonly estimates: Float64Array;
  /** Slices in which good events could be seen. */
  private readonly withGood: Float64Array;

  /** @param missing how much of each slice is missing, where not its own events say so (`compositeParts`) */
  constructor(
    columns: SliceColumns,
    private readonly rule: SliceRule,
    missing?: Float64Array,
  ) {
    const { marks, bad, total } = columns;
    const seen = (slice: number) => (marks[slice] === SliceMark.SEEN ? (total[slice] as number) : 0);
    this.events = sums(marks.length, seen);
    this.marked = [SliceMark.UNREAD, SliceMark.NO_DATA, SliceMark.SEEN].map((mark) =>
      sums(marks.length, (slice) => (marks[slice] === mark ? 1 : 0)),
    );
    this.estimates = sums(marks.length, (slice) => (isEstimate(columns, slice) ? 1 : 0));
    this.withGood = sums(marks.length, (slice) => (hasGood(columns, slice) ? 1 : 0));
    if (rule.budgetingMethod === 'OCCURRENCES') {
      this.total = this.events;
      this.bad = sums(marks.length, (slice) => Math.max(0, Math.min(bad[slice] as number, seen(slice))));
      return;
    }
    const parts = missing ?? missingParts(columns, rule);
    const part = (slice: number) => parts[slice] as number;
    this.total = sums(marks.length, (slice) => (Number.isNaN(part(slice)) ? 0 : 1));
    this.bad = sums(marks.length, (slice) => (Number.isNaN(part(slice)) ? 0 : part(slice)));
  }

  /**
   * The same as `countSlices` of the slices from `from` until before `to`.
   * @param typicalEvents as of `SliceRule`
   */
  between(from: number, to: number, typicalEvents: number | null): WindowCounts {
    const counts = this.countsBetween(from, to, typicalEvents);
    const isSuspect = between(this.withGood, from, to) === 0 && between(this.events, from, to) > 0;
    return { ...counts, estimated: counts.estimated || isSuspect || between(this.estimates, from, to) > 0 };
  }

  private countsBetween(from: number, to: number, typicalEvents: number | null): WindowCounts {
    const bad = between(this.bad, from, to);
    const total = between(this.total, from, to);
    const [unread = 0, missing = 0, seen = 0] = this.marked.map((slices) => between(slices, from, to));
    const excluded = to - from - unread - missing - seen;
    if (this.rule.budgetingMethod !== 'OCCURRENCES') {
      return partCounts(bad, total, seen > 0 || (excluded > 0 && excluded === to - from), unread > 0);
    }
    return eventCounts({ bad, total, seen, missing, unread, excluded }, this.rule, typicalEvents);
  }

  /** Whether none of the slices counts. */
  isNothing(from: number, to: number): boolean {
    return to > from && this.marked.every((slices) => between(slices, from, to) === 0);
  }

  /** Share of the slices that count in which anything was seen, 0..1; 1 where none counts. */
  seenRatio(from: number, to: number): number {
    const [unread = 0, missing = 0, seen = 0] = this.marked.map((slices) => between(slices, from, to));
    return unread + missing + seen === 0 ? 1 : seen / (unread + missing + seen);
  }

  /** Events that a slice among these had on average; null when none was seen. */
  typicalEvents(from: number, to: number): number | null {
    const seen = between(this.marked[SliceMark.SEEN] as Float64Array, from, to);
    return seen === 0 ? null : between(this.events, from, to) / seen;
  }
}

/** Element `n` is the sum of the first `n` values. */
function sums(length: number, value: (index: number) => number): Float64Array {
  const sums = new Float64Array(length + 1);
  for (let index = 0; index < length; index += 1) sums[index + 1] = (sums[index] as number) + value(index);
  return sums;
}

function between(sums: Float64Array, from: number, to: number): number {
  return (sums[to] as number) - (sums[from] as number);
}
