import { Exact, parseTarget } from './decimal.js';
import type { EventCounts } from './slo.js';

/**
 * How many times faster than allowed the error budget is spent: 1 spends it exactly in one window of the SLO.
 * @param errorRatio share of bad events, 0..1
 * @param target promised share of good events, a decimal string, 0 <= target < 1
 * @throws RangeError outside those ranges, NaN included
 * @see https://sre.google/workbook/alerting-on-slos/ (4: Alert on Burn Rate)
 */
export function burnRate(errorRatio: number, target: string): number {
  if (!(errorRatio >= 0 && errorRatio <= 1)) throw new RangeError(`errorRatio must be within 0..1, got ${errorRatio}`);
  return new Exact(errorRatio).div(budgetOf(target)).toNumber();
}

/**
 * The burn rate of counted events; null when there are fewer than `minEvents`, or none: 0 of 0 says nothing.
 * Exact up to the last rounding, so that a rate that equals a factor never counts as above it.
 */
export function burnRateOfEvents(events: EventCounts, target: string, minEvents: number): number | null {
  if (!saysSomething(events, minEvents)) return null;
  const whole = wholeBudget(events, target, events.total);
  if (whole !== null) return whole.spent / whole.allowed;
  return (errorRatio(events, minEvents) as Exact).div(budgetOf(target)).toNumber();
}

/** Allowed share of bad events: `1 - 0.999` is exactly 0.001. */
export function budgetOf(target: string): Exact {
  return allowanceOf(target).share;
}

/** A budget in whole numbers, by some unit of events; the quotient of two of them is rounded once, as a decimal's is. */
export interface WholeBudget {
  readonly spent: number;
  readonly allowed: number;
  /** Units of one event. */
  readonly perEvent: number;
}

/**
 * The budget of whole counts, which is what counters mostly give, without decimals: these take a hundred times longer.
 * Null where a number is not whole, or is too large to be exact.
 * @param expected events of the whole window
 */
export function wholeBudget(events: EventCounts, target: string, expected: number): WholeBudget | null {
  const { perEvent, allowedPerEvent } = allowanceOf(target);
  const spent = Math.max(0, Math.min(events.bad, events.total)) * perEvent;
  const allowed = expected * allowedPerEvent;
  const isWhole =
    Number.isSafeInteger(events.bad) &&
    Number.isSafeInteger(events.total) &&
    Number.isSafeInteger(expected) &&
    Number.isSafeInteger(spent) &&
    Number.isSafeInteger(allowed);
  return isWhole ? { spent, allowed, perEvent } : null;
}

interface Allowance {
  readonly share: Exact;
  /** The share as a fraction: `1 / 1000`; infinite where no whole numbers are exact. */
  readonly allowedPerEvent: number;
  readonly perEvent: number;
}

/** Targets come from definitions, and few differ. */
const MAX_TARGETS = 1_000;
const allowances = new Map<string, Allowance>();

function allowanceOf(target: string): Allowance {
  const known = allowances.get(target);
  if (known !== undefined) return known;
  const share = new Exact(1).minus(parseTarget(target));
  const digits = share.decimalPlaces();
  const perEvent = digits > 15 ? Number.POSITIVE_INFINITY : 10 ** digits;
  const allowance = { share, perEvent, allowedPerEvent: share.mul(perEvent).toNumber() };
  if (allowances.size >= MAX_TARGETS) allowances.clear();
  allowances.set(target, allowance);
  return allowance;
}

/** Share of bad events, 0..1; null when there are fewer than `minEvents`, or none. */
export function errorRatio(events: EventCounts, minEvents: number): Exact | null {
  if (!saysSomething(events, minEvents)) return null;
  // Counters that are extrapolated can give more bad events than events.
  const bad = Exact.max(0, Exact.min(events.bad, events.total));
  return bad.div(events.total);
}

/** Whether events are enough to be divided. */
export function saysSomething({ bad, total }: EventCounts, minEvents: number): boolean {
  return total > 0 && total >= minEvents && Number.isFinite(total) && Number.isFinite(bad);
}
