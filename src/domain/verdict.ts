import {
  hasBounds,
  isFresh,
  isTrusted,
  type ObjectiveFigures,
  type ObjectiveReadings,
  presentWindowOf,
} from './evaluation.js';
import type { BurnRateAlertStatus, ObjectiveDefinition, Severity, SloDefinition } from './slo.js';
import type { Violation, ViolationKind } from './violation.js';

/** A value out of its bounds, or in them, that long without a break opens or resolves a THRESHOLD violation. */
export const HOLD_MS = 60_000;

/** What a rule says of one evaluation. UNKNOWN neither opens nor resolves anything. */
export type Verdict =
  | {
      readonly kind: 'BROKEN';
      readonly severity: Severity;
      /** Whether everything that could be worse is known: otherwise the severity is only a lower bound. */
      readonly complete: boolean;
      readonly facts: ViolationFacts;
    }
  | { readonly kind: 'KEPT'; readonly facts: Partial<ViolationFacts> }
  | { readonly kind: 'UNKNOWN'; readonly because: string };

/** The figures that a violation carries. */
export type ViolationFacts = Pick<
  Violation,
  'burnRate' | 'budgetConsumed' | 'longWindowMs' | 'shortWindowMs' | 'threshold' | 'value'
>;

/** Since when a value is out of its bounds (or in them), without an evaluation between that did not know. */
export interface Hold {
  readonly out: boolean;
  readonly sinceMs: number;
}

/** The rules that an objective has; a member of a composite has none of its own. */
export function kindsOf(objective: ObjectiveDefinition): readonly ViolationKind[] {
  if (objective.weight !== null) return [];
  return hasBounds(objective) ? ['BURN_RATE', 'BUDGET_EXHAUSTED', 'THRESHOLD'] : ['BURN_RATE', 'BUDGET_EXHAUSTED'];
}

/** The verdict of one rule over the figures of an objective. `hold` counts for THRESHOLD only. */
export function verdictOf(
  kind: ViolationKind,
  slo: SloDefinition,
  figures: ObjectiveFigures,
  readings: ObjectiveReadings,
  hold: Hold | null,
): Verdict {
  if (!isFresh(slo, readings)) return unlessCertain(kind, figures, readings);
  if (kind === 'BURN_RATE') return burnRateVerdict(figures, readings);
  if (kind === 'BUDGET_EXHAUSTED') return budgetVerdict(slo, figures, readings);
  return thresholdVerdict(figures, readings.atMs, hold);
}

/** What other members of a composite burn is burnt, whatever those that are not known did; nothing else can be said. */
function unlessCertain(kind: ViolationKind, figures: ObjectiveFigures, readings: ObjectiveReadings): Verdict {
  const unknown: Verdict = { kind: 'UNKNOWN', because: readings.unknownMember ?? 'nothing was measured recently' };
  if (kind !== 'BURN_RATE' || readings.unknownMember === undefined) return unknown;
  const verdict = burnRateVerdict(figures, readings);
  return verdict.kind === 'BROKEN' ? { ...verdict, complete: false } : unknown;
}

/** Whether the current value is out of the objective's bounds; null when it is not known. */
export function isOutOfBounds(objective: ObjectiveDefinition, current: number | null): boolean | null {
  return current === null ? null : brokenBound(objective, current) !== null;
}

/** The bound that a value is beyond; null when it is within both. */
export function brokenBound(
  { lower, upper }: ObjectiveDefinition,
  value: number,
): { readonly side: 'lower' | 'upper'; readonly value: number } | null {
  if (upper !== null && (upper.inclusive ? value > upper.value : value >= upper.value)) {
    return { side: 'upper', value: upper.value };
  }
  if (lower !== null && (lower.inclusive ? value < lower.value : value <= lower.value)) {
    return { side: 'lower', value: lower.value };
  }
  return null;
}

/** Carries a hold on by one evaluation; an evaluation that does not know breaks it. */
export function nextHold(hold: Hold | null, out: boolean | null, atMs: number): Hold | null {
  if (out === null) return null;
  return hold !== null && hold.out === out && hold.sinceMs <= atMs ? hold : { out, sinceMs: atMs };
}

function burnRateVerdict(figures: ObjectiveFigures, readings: ObjectiveReadings): Verdict {
  const judged = figures.alerts.map((alert) => ({ alert, fires: fires(alert, readings) }));
  const firing = judged.filter(({ fires }) => fires === true).map(({ alert }) => alert);
  const complete = judged.every(({ fires }) => fires !== null);
  const worst = firing.sort(bySeverity)[0];
  const budgetConsumed = figures.budget.consumedRatio;
  if (worst === undefined) {
    return complete
      ? { kind: 'KEPT', facts: { budgetConsumed } }
      : { kind: 'UNKNOWN', because: 'a window has no events that count, or was not read in full' };
  }
  const { longWindowMs, shortWindowMs, factor, longBurnRate } = worst;
  const facts = { burnRate: longBurnRate, budgetConsumed, longWindowMs, shortWindowMs, threshold: factor, value: null };
  return { kind: 'BROKEN', severity: worst.severity, complete, facts };
}

/** One window known to be at or below the factor is enough to know that the pair does not fire. */
function fires(alert: BurnRateAlertStatus, readings: ObjectiveReadings): boolean | null {
  const long = isTrusted(readings, alert.longWindowMs) ? alert.longBurnRate : null;
  const short = isTrusted(readings, alert.shortWindowMs) ? alert.shortBurnRate : null;
  if ((long !== null && long <= alert.factor) || (short !== null && short <= alert.factor)) return false;
  // Above it, the rest decides: whether there are enough events, and for how long it is so.
  return long === null || short === null ? null : alert.firing;
}

/** The most severe first; among equals the one that spends the budget fastest. */
function bySeverity(a: BurnRateAlertStatus, b: BurnRateAlertStatus): number {
  return severityRank(a.severity) - severityRank(b.severity) || b.factor - a.factor;
}

/** 0 is the most severe. */
export function severityRank(severity: Severity): number {
  return ['PAGE', 'TICKET', 'INFO'].indexOf(severity);
}

function budgetVerdict(slo: SloDefinition, figures: ObjectiveFigures, readings: ObjectiveReadings): Verdict {
  const { remainingRatio, consumedRatio } = figures.budget;
  if (remainingRatio === null || !isTrusted(readings, slo.windowMs)) {
    return { kind: 'UNKNOWN', because: 'the window of the SLO has no events that count, or was not read in full' };
  }
  const facts: ViolationFacts = {
    burnRate: figures.burnRates.get(presentWindowOf(slo)) ?? null,
    budgetConsumed: consumedRatio,
    longWindowMs: null,
    shortWindowMs: null,
    threshold: null,
    value: null,
  };
  if (remainingRatio > 0) return { kind: 'KEPT', facts };
  return { kind: 'BROKEN', severity: 'TICKET', complete: true, facts };
}

function thresholdVerdict(figures: ObjectiveFigures, atMs: number, hold: Hold | null): Verdict {
  const { current, objective } = figures;
  if (current === null || hold === null) return { kind: 'UNKNOWN', because: 'the value is not known' };
  if (atMs - hold.sinceMs < HOLD_MS) return { kind: 'UNKNOWN', because: 'it has not been so for long enough' };
  const bound = brokenBound(objective, current);
  const facts: ViolationFacts = {
    burnRate: null,
    budgetConsumed: figures.budget.consumedRatio,
    longWindowMs: null,
    shortWindowMs: null,
    threshold: (bound ?? objective.upper ?? objective.lower)?.value ?? null,
    value: current,
  };
  return bound === null
    ? { kind: 'KEPT', facts: { value: current, budgetConsumed: facts.budgetConsumed } }
    : { kind: 'BROKEN', severity: 'TICKET', complete: true, facts };
}
