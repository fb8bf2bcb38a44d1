import { Exact, parseTarget } from './decimal.js';
import { formatDuration, parseDuration } from './duration.js';
import type { BurnRateRule, Severity } from './slo.js';

/** A multi-window pair before it is fitted to an SLO: fires when `budgetShare` of the budget is spent in the long window. */
export interface WindowPair {
  readonly severity: Severity;
  readonly longWindowMs: number;
  /** Below the long window: makes it stop soon after the cause has ended. */
  readonly shortWindowMs: number;
  /** Share of the whole budget, above 0 and up to 1. */
  readonly budgetShare: number;
}

/** A burn rate to watch for over one window, as alert conditions of OpenSLO have it. */
export type RateThreshold = Omit<BurnRateRule, 'budgetShare'>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * The pairs of an SLO that names none.
 * @see https://sre.google/workbook/alerting-on-slos/ (table 5-8)
 */
export const defaultWindowPairs: readonly WindowPair[] = [
  { severity: 'PAGE', budgetShare: 0.02, longWindowMs: HOUR, shortWindowMs: 5 * MINUTE },
  { severity: 'PAGE', budgetShare: 0.05, longWindowMs: 6 * HOUR, shortWindowMs: 30 * MINUTE },
  { severity: 'TICKET', budgetShare: 0.1, longWindowMs: 3 * DAY, shortWindowMs: 6 * HOUR },
];

const PAIR = /^(\d+(?:\.\d+)?)%\/([^/]+)\/([^/]+?)(?:\/(page|ticket|info))?$/i;

/**
 * Reads `2%/1h/5m,5%/6h/30m,10%/3d/6h`: share of the budget, long window, short window. A fourth part names the
 * severity (`10%/12h/1h/ticket`); without it a long window under a day is a PAGE, a longer one a TICKET.
 * @throws RangeError that names the pair and what is wrong with it
 */
export function parseBurnRateWindows(text: string): readonly WindowPair[] {
  const pairs = text.split(',').map((part) => parsePair(part.trim()));
  const seen = new Set<string>();
  for (const { longWindowMs, shortWindowMs } of pairs) {
    const windows = `${formatDuration(longWindowMs)}/${formatDuration(shortWindowMs)}`;
    if (seen.has(windows)) throw new RangeError(`the windows ${windows} are given twice; keep one of them`);
    seen.add(windows);
  }
  return pairs;
}

/**
 * Fits pairs to an SLO: the factor of a pair is budgetShare * window / longWindow. Pairs that cannot work for this SLO
 * are left out, each with a warning that says why and what to do.
 * @param windowMs the SLO's window
 * @param sliceMs length of the slices that it counts; null when it counts events
 * @param target promised share of good events, a decimal string, 0 <= target < 1
 * @throws RangeError when the target or the window is none
 * @see https://sre.google/workbook/alerting-on-slos/ (5: Multiple Burn Rate Alerts)
 */
export function burnRateRules(slo: {
  readonly windowMs: number;
  readonly target: string;
  readonly sliceMs?: number | null;
  readonly pairs: readonly WindowPair[];
}): FittedRules {
  if (!(slo.windowMs > 0)) throw new RangeError(`a window is longer than 0 ms, got ${slo.windowMs}`);
  const rules = slo.pairs.map((pair): BurnRateRule => {
    const factor = new Exact(pair.budgetShare).mul(slo.windowMs).div(pair.longWindowMs);
    return { ...pair, factor: factor.toNumber(), alertAfterMs: 0 };
  });
  return usableRules({ ...slo, rules });
}

/** Rules that can work for an SLO, and a warning for each that cannot. */
export interface FittedRules {
  readonly rules: readonly BurnRateRule[];
  readonly warnings: readonly string[];
}

/** Leaves out the rules that cannot work for an SLO, each with a warning that says why and what to do. */
export function usableRules(slo: {
  readonly windowMs: number;
  readonly target: string;
  readonly sliceMs?: number | null;
  readonly rules: readonly BurnRateRule[];
}): FittedRules {
  const judged = slo.rules.map((rule) => ({ rule, fault: faultOf(rule, slo.windowMs, slo.target, slo.sliceMs ?? 0) }));
  return {
    rules: judged.flatMap(({ rule, fault }) => (fault === null ? [rule] : [])),
    warnings: judged.flatMap(({ rule, fault }) =>
      fault === null ? [] : [`burn-rate windows ${nameOf(rule)} are left out: ${fault}`],
    ),
  };
}

/** The rule of a burn rate that is given as a number: the share of the budget follows from it. */
export function ruleOfThreshold(
  { severity, factor, longWindowMs, shortWindowMs, alertAfterMs }: RateThreshold,
  windowMs: number,
): BurnRateRule {
  const budgetShare = new Exact(factor).mul(longWindowMs).div(windowMs).toNumber();
  return { severity, longWindowMs, shortWindowMs, budgetShare, factor, alertAfterMs };
}

function parsePair(text: string): WindowPair {
  const match = PAIR.exec(text);
  if (match === null) {
    throw new RangeError(`"${text}" is not a pair of burn-rate windows; write share/long/short, like 2%/1h/5m`);
  }
  const [, percent, long, short, severity] = match as unknown as [string, string, string, string, string | undefined];
  const budgetShare = new Exact(percent).div(100).toNumber();
  const longWindowMs = parseDuration(long);
  const shortWindowMs = parseDuration(short);
  if (!(budgetShare > 0 && budgetShare <= 1)) {
    throw new RangeError(`"${text}": the share of the budget is above 0% and up to 100%, got ${percent}%`);
  }
  if (!(shortWindowMs > 0 && shortWindowMs < longWindowMs)) {
    throw new RangeError(`"${text}": the short window is longer than 0s and shorter than the long one`);
  }
  return {
    severity: severity === undefined ? (longWindowMs < DAY ? 'PAGE' : 'TICKET') : (severity.toUpperCase() as Severity),
    longWindowMs,
    shortWindowMs,
    budgetShare,
  };
}

function faultOf(pair: BurnRateRule, windowMs: number, target: string, sliceMs: number): string | null {
  const factor = new Exact(pair.factor);
  if (pair.shortWindowMs < sliceMs) {
    return `${formatDuration(pair.shortWindowMs)} is shorter than a slice of ${formatDuration(sliceMs)}; use longer windows, or shorter slices`;
  }
  if (pair.longWindowMs > windowMs) {
    return `${formatDuration(pair.longWindowMs)} is longer than the SLO's window of ${formatDuration(windowMs)}; use shorter windows`;
  }
  if (factor.lt(1)) {
    const least = new Exact(pair.longWindowMs).div(windowMs).mul(100).toDecimalPlaces(2, Exact.ROUND_UP);
    return `their factor ${shown(factor)} is below 1, which a budget spent just as planned would reach; use at least ${least}% or a shorter long window`;
  }
  // A pair fires *above* its factor, so the largest burn rate there is does not reach it when both are equal.
  const largest = new Exact(1).div(new Exact(1).minus(parseTarget(target)));
  if (factor.gte(largest)) {
    return `their factor ${shown(factor)} can never be passed: at a target of ${target} even nothing but errors burns at ${shown(largest)}; use a smaller share or a longer long window`;
  }
  return null;
}

function nameOf(pair: BurnRateRule): string {
  const percent = new Exact(pair.budgetShare).mul(100).toSignificantDigits(4);
  return `${percent}%/${formatDuration(pair.longWindowMs)}/${formatDuration(pair.shortWindowMs)}`;
}

function shown(value: Exact): string {
  return value.toSignificantDigits(4).toString();
}
