import { budgetOf, errorRatio } from './burn-rate.js';
import { Exact } from './decimal.js';
import type { ErrorBudget, EventCounts } from './slo.js';

/** The last instant a date can hold. */
const END_OF_TIME_MS = 8.64e15;

export interface BudgetInput {
  /** Promised share of good events, a decimal string, 0 <= target < 1. */
  readonly target: string;
  /** Events of the whole window; null when nothing was measured. */
  readonly events: EventCounts | null;
  /** Fewer events than this say nothing. */
  readonly minEvents: number;
  readonly windowMs: number;
  readonly atMs: number;
  /** Burn rate by which the end is foretold; null when it is not known. */
  readonly presentBurnRate: number | null;
  /** The counts may be short. */
  readonly isEstimated: boolean;
}

/**
 * The error budget of a rolling window: all of it belongs to the events that were seen. Nothing is clamped: a budget
 * spent five times over is consumed to 5 and remains at -4.
 * @throws RangeError when the target is none
 * @see https://sre.google/workbook/implementing-slos/
 */
export function errorBudget(input: BudgetInput): ErrorBudget {
  const allowed = budgetOf(input.target);
  const errors = input.events === null ? null : errorRatio(input.events, input.minEvents);
  if (input.events === null || errors === null) return unknownBudget(input.target);
  const consumed = errors.div(allowed);
  const remaining = new Exact(1).minus(consumed);
  return {
    total: allowed.toNumber(),
    consumedRatio: consumed.toNumber(),
    remainingRatio: remaining.toNumber(),
    remainingEvents: remaining.mul(allowed).mul(input.events.total).toNumber(),
    remainingTimeMs: Math.round(remaining.mul(allowed).mul(input.windowMs).toNumber()),
    exhaustsAtMs: exhaustsAt(remaining, input),
    isEstimated: input.isEstimated,
  };
}

/** The budget of an objective of which nothing is known but its target. */
export function unknownBudget(target: string): ErrorBudget {
  return {
    total: budgetOf(target).toNumber(),
    consumedRatio: null,
    remainingRatio: null,
    remainingEvents: null,
    remainingTimeMs: null,
    exhaustsAtMs: null,
    isEstimated: false,
  };
}

/** The earliest it can be: errors that leave the window in the meantime are not credited. */
function exhaustsAt(remaining: Exact, { atMs, windowMs, presentBurnRate }: BudgetInput): number | null {
  if (remaining.lte(0)) return atMs;
  if (presentBurnRate === null || presentBurnRate <= 0) return null;
  const exhaustsAtMs = remaining.mul(windowMs).div(presentBurnRate).plus(atMs).round();
  return exhaustsAtMs.gt(END_OF_TIME_MS) ? null : exhaustsAtMs.toNumber();
}
