import { budgetOf, errorRatio, saysSomething, type WholeBudget, wholeBudget } from './burn-rate.js';
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
  /** True length of the window. */
  readonly windowMs: number;
  readonly atMs: number;
  /** When a calendar window ends, and its budget with it; null for a rolling one, which never does. */
  readonly endsAtMs?: number | null;
  /** Events of the whole window, where it is not over: those that are to be expected; null: those that were seen. */
  readonly expectedTotal?: number | null;
  /** What is counted are slices of time: only whole ones are allowed to be bad. */
  readonly inWholeSlices?: boolean;
  /** Burn rate by which the end is foretold; null when it is not known. */
  readonly presentBurnRate: number | null;
  /** The counts may be short. */
  readonly isEstimated: boolean;
}

/**
 * The error budget of a window. All of a rolling one belongs to the events that were seen; of a calendar window that is
 * not over it belongs to those that are expected until then. Nothing is clamped: a budget spent five times over is
 * consumed to 5 and remains at -4.
 * @throws RangeError when the target is none
 * @see https://sre.google/workbook/implementing-slos/
 */
export function errorBudget(input: BudgetInput): ErrorBudget {
  const allowed = budgetOf(input.target);
  if (input.events === null || !saysSomething(input.events, input.minEvents)) return unknownBudget(input.target);
  const whole = wholeBudget(input.events, input.target, input.expectedTotal ?? input.events.total);
  if (whole !== null) return budgetInWholes(input, whole);
  const errors = errorRatio(input.events, input.minEvents) as Exact;
  const expected = new Exact(input.expectedTotal ?? input.events.total);
  const consumed = errors.mul(input.events.total).div(allowed.mul(expected));
  const remaining = new Exact(1).minus(consumed);
  return {
    total: allowed.toNumber(),
    consumedRatio: consumed.toNumber(),
    remainingRatio: remaining.toNumber(),
    remainingEvents: input.inWholeSlices
      ? allowed.mul(expected).floor().minus(errors.mul(input.events.total)).toNumber()
      : remaining.mul(allowed).mul(expected).toNumber(),
    remainingTimeMs: Math.round(remaining.mul(allowed).mul(input.windowMs).toNumber()),
    exhaustsAtMs: exhaustsAt(remaining, input),
    isEstimated: input.isEstimated,
  };
}

/** The same, where all counts are whole; times are rounded to milliseconds anyhow. */
function budgetInWholes(input: BudgetInput, { spent, allowed, perEvent }: WholeBudget): ErrorBudget {
  const { target, inWholeSlices = false, windowMs, atMs, endsAtMs = null, presentBurnRate, isEstimated } = input;
  const left = allowed - spent;
  const total = budgetOf(target).toNumber();
  const remainingRatio = left / allowed;
  const isBurning = presentBurnRate !== null && presentBurnRate > 0;
  const exhaustsAtMs = isBurning ? Math.round((remainingRatio * windowMs) / presentBurnRate + atMs) : Number.NaN;
  return {
    total,
    consumedRatio: spent / allowed,
    remainingRatio,
    remainingEvents: (inWholeSlices ? left - (allowed % perEvent) : left) / perEvent,
    remainingTimeMs: Math.round(remainingRatio * total * windowMs),
    exhaustsAtMs: left <= 0 ? atMs : exhaustsAtMs <= (endsAtMs ?? END_OF_TIME_MS) ? exhaustsAtMs : null,
    isEstimated,
  };
}

/** A budget of which a share is spent that no events of one kind tell. */
export interface SpentBudget
  extends Pick<BudgetInput, 'target' | 'windowMs' | 'atMs' | 'endsAtMs' | 'presentBurnRate'> {
  /** Spent share of the budget; null when unknown. */
  readonly consumedRatio: number | null;
  /** Burn rate while everything is bad. */
  readonly greatestBurnRate: Exact;
  readonly isEstimated: boolean;
}

/** The error budget by the share of it that is spent. What events are left has no answer. */
export function budgetSpent(input: SpentBudget): ErrorBudget {
  const { consumedRatio, target, windowMs, greatestBurnRate, isEstimated } = input;
  if (consumedRatio === null) return unknownBudget(target);
  const remaining = new Exact(1).minus(consumedRatio);
  return {
    total: budgetOf(target).toNumber(),
    consumedRatio,
    remainingRatio: remaining.toNumber(),
    remainingEvents: null,
    remainingTimeMs: remaining.mul(windowMs).div(greatestBurnRate).round().toNumber(),
    exhaustsAtMs: exhaustsAt(remaining, input),
    isEstimated,
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

/**
 * The earliest it can be: errors that leave a rolling window in the meantime are not credited. A calendar window that
 * ends before begins anew.
 */
function exhaustsAt(
  remaining: Exact,
  {
    atMs,
    windowMs,
    endsAtMs = null,
    presentBurnRate,
  }: Pick<BudgetInput, 'atMs' | 'windowMs' | 'endsAtMs' | 'presentBurnRate'>,
): number | null {
  if (remaining.lte(0)) return atMs;
  if (presentBurnRate === null || presentBurnRate <= 0) return null;
  const exhaustsAtMs = remaining.mul(windowMs).div(presentBurnRate).plus(atMs).round();
  return exhaustsAtMs.gt(endsAtMs ?? END_OF_TIME_MS) ? null : exhaustsAtMs.toNumber();
}
