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
  const errors = errorRatio(events, minEvents);
  return errors === null ? null : errors.div(budgetOf(target)).toNumber();
}

/** Allowed share of bad events: `1 - 0.999` is exactly 0.001. */
export function budgetOf(target: string): Exact {
  return new Exact(1).minus(parseTarget(target));
}

/** Share of bad events, 0..1; null when there are fewer than `minEvents`, or none. */
export function errorRatio(events: EventCounts, minEvents: number): Exact | null {
  if (!(events.total > 0) || events.total < minEvents) return null;
  if (!Number.isFinite(events.total) || !Number.isFinite(events.bad)) return null;
  // Counters that are extrapolated can give more bad events than events.
  const bad = Exact.max(0, Exact.min(events.bad, events.total));
  return bad.div(events.total);
}
