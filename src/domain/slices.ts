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
  if (rule.budgetingMethod === 'OCCURRENCES') return countEvents(columns, rule);
  return countParts(columns.marks, missingParts(columns, rule));
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
  const isMeasured = total > 0 || marks.includes(SliceMark.SEEN);
  return {
    events: isMeasured ? { good: total - bad, bad, total } : null,
    estimated: marks.includes(SliceMark.UNREAD),
  };
}

/**
 * How much of each slice is missing: 0 for a good slice, 1 for a bad one, with RATIO_TIMESLICES the share of its bad
 * events. NaN does not count: nothing happened in it, or nothing is known of it.
 */
export function missingParts({ bad, total, marks }: SliceColumns, rule: SliceRule): Float64Array {
  const missingOf = partOf(rule);
  const without = rule.noData === 'BAD' ? 1 : rule.noData === 'GOOD' ? 0 : Number.NaN;
  return Float64Array.from(marks, (mark, slice) => {
    if (mark === SliceMark.NO_DATA) return without;
    const events = total[slice] as number;
    if (mark !== SliceMark.SEEN || !(events > 0) || events < rule.minEvents) return Number.NaN;
    return missingOf(Math.max(0, Math.min(bad[slice] as number, events)), events);
  });
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

/** A slice without data counts as many events as usual, or one when that is not known. */
function countEvents({ bad, total, marks }: SliceColumns, { noData, typicalEvents }: SliceRule): WindowCounts {
  const sum = { bad: 0, total: 0 };
  const slices = [0, 0, 0, 0];
  for (const [slice, mark] of marks.entries()) {
    slices[mark] = (slices[mark] ?? 0) + 1;
    if (mark !== SliceMark.SEEN) continue;
    const events = total[slice] as number;
    sum.total += events;
    sum.bad += Math.max(0, Math.min(bad[slice] as number, events));
  }
  const seen = slices[SliceMark.SEEN] as number;
  const missing = slices[SliceMark.NO_DATA] as number;
  const isAssumed = missing > 0 && (noData === 'GOOD' || noData === 'BAD');
  const estimated = isAssumed || (slices[SliceMark.UNREAD] as number) > 0;
  if (seen === 0 && !isAssumed) return { events: null, estimated };
  const assumed = isAssumed ? missing * (typicalEvents ?? (seen > 0 ? sum.total / seen : 1)) : 0;
  const assumedBad = noData === 'BAD' ? assumed : 0;
  const events = sum.total + assumed;
  const badEvents = sum.bad + assumedBad;
  return { events: { good: events - badEvents, bad: badEvents, total: events }, estimated };
}
