import { type ObjectiveFigures, presentWindowOf } from './evaluation.js';
import type { LedgerParts } from './ledger-window.js';
import { CompositePast, Past } from './past.js';
import type { TimeRange } from './ports.js';
import type { ObjectiveDefinition, SloDefinition } from './slo.js';

/** How an objective stood at instants of the past, one after the other; all columns are equally long. */
export interface ObjectiveHistory {
  readonly timesMs: readonly number[];
  /** Good share of the SLO's window that ended then, 0..1. */
  readonly ratio: readonly (number | null)[];
  /** Share of the budget that was left, below 0 when overspent. */
  readonly remainingRatio: readonly (number | null)[];
  /** Over the window that tells how an SLO burns at present. */
  readonly burnRate: readonly (number | null)[];
  /** Share of the SLO's window that was seen, 0..1. */
  readonly coverage: readonly number[];
  /** Whether ratio and budget are made from less than the whole window, or from estimates. */
  readonly estimated: readonly boolean[];
}

/**
 * How an objective stood at each point of a range, from the slices that are kept alone: what an evaluation at that instant
 * says. Of a rolling window that was not read whole what was read counts, and is said to be estimated. Every slice is
 * looked at once, however many windows it lies in.
 * @param parts null: nothing is known, at any point
 */
export function objectiveHistory(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  parts: LedgerParts | null,
  range: TimeRange,
): ObjectiveHistory {
  const past = parts === null ? null : new Past(slo, objective, parts, range);
  return historyOf(slo, range, (atMs) => past?.figures(atMs) ?? null);
}

/**
 * The same of what the members of a composite are together.
 * @param parts of the objectives, in their order; nothing is known where those of one are not
 */
export function compositeHistory(
  slo: SloDefinition,
  composite: ObjectiveDefinition,
  parts: readonly (LedgerParts | null)[],
  range: TimeRange,
): ObjectiveHistory {
  const members = slo.objectives.flatMap((objective, index) => {
    const known = parts[index] ?? null;
    return known === null ? [] : [new Past(slo, objective, known, range)];
  });
  if (members.length === 0 || members.length < slo.objectives.length) return historyOf(slo, range, () => null);
  const past = new CompositePast(slo, composite, members);
  return historyOf(slo, range, (atMs) => past.figures(atMs));
}

function historyOf(
  slo: SloDefinition,
  range: TimeRange,
  figuresAt: (atMs: number) => ObjectiveFigures | null,
): ObjectiveHistory {
  const timesMs = pointsOf(range);
  const figures = timesMs.map(figuresAt);
  const presentMs = presentWindowOf(slo);
  return {
    timesMs,
    ratio: figures.map((known) => known?.ratio ?? null),
    remainingRatio: figures.map((known) => known?.budget.remainingRatio ?? null),
    burnRate: figures.map((known) => known?.burnRates.get(presentMs) ?? null),
    coverage: figures.map((known) => known?.coverage.ratio ?? 0),
    estimated: figures.map((known) => known?.budget.isEstimated ?? false),
  };
}

function pointsOf({ fromMs, toMs, stepMs }: TimeRange): readonly number[] {
  const length = Math.max(0, Math.floor((toMs - fromMs) / stepMs) + 1);
  return Array.from({ length }, (_, index) => fromMs + index * stepMs);
}
