import { countingMarks, isBySlices, isCut, sliceLengthOf, sliceSpanOf } from './counted.js';
import {
  freshnessWindowOf,
  measureObjective,
  type ObjectiveReadings,
  presentWindowOf,
  unknownCoverage,
} from './evaluation.js';
import { LedgerSums } from './ledger-sums.js';
import { columnsOf, isComplete, type LedgerParts, type LedgerSpan, windowWithin } from './ledger-window.js';
import type { SliceSpan, TimeRange } from './ports.js';
import { SlidingCounts } from './slices.js';
import type { ObjectiveDefinition, SloDefinition, WindowReading } from './slo.js';

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
  const timesMs = pointsOf(range);
  const past = parts === null ? null : new Past(slo, objective, parts, range);
  const readings = timesMs.map((atMs) => past?.readings(atMs) ?? null);
  const figures = readings.map((read) => read && measureObjective(slo, objective, read, { figures: null, open: null }));
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

/** Readings of the past, made of sums that were added up once. */
class Past {
  private readonly sums: LedgerSums;
  /** Null where it does not matter in which slice something happened. */
  private readonly slices: CutSlices | null;
  private readonly windows: readonly number[];

  constructor(
    private readonly slo: SloDefinition,
    private readonly objective: ObjectiveDefinition,
    private readonly parts: LedgerParts,
    { fromMs, toMs }: TimeRange,
  ) {
    this.windows = [...new Set([slo.windowMs, presentWindowOf(slo)])];
    // Frozen figures end when there was data last, up to a window before.
    const firstMs = slo.noData === 'FREEZE' ? fromMs - slo.windowMs : fromMs;
    const spans = this.windows.flatMap((windowMs) => [
      windowWithin(parts, windowMs, firstMs),
      sliceSpanOf(slo, objective, windowMs, firstMs),
    ]);
    const beginMs = Math.min(firstMs, ...spans.flatMap((span) => (span === null ? [] : [span.fromMs])));
    this.sums = new LedgerSums(parts, { fromMs: beginMs, toMs });
    this.slices = this.slicesOf(beginMs, toMs);
  }

  readings(atMs: number): ObjectiveReadings {
    const endMs = this.endOf(atMs);
    const { slo } = this;
    const whole = sliceSpanOf(slo, this.objective, slo.windowMs, endMs);
    return {
      atMs,
      windows: new Map(this.windows.map((windowMs) => [windowMs, this.reading(windowMs, atMs, endMs, whole)])),
      current: null,
      coverage: { ...unknownCoverage, ratio: this.rolling(slo.windowMs, atMs)?.seenRatio ?? 0 },
      failedWindows: new Set(),
      currentFailed: false,
    };
  }

  private slicesOf(beginMs: number, toMs: number): CutSlices | null {
    const { slo, objective, parts } = this;
    const sliceMs = sliceLengthOf(objective);
    if (objective.timeSliceWindowMs === null && !isBySlices(slo, objective)) return null;
    const [fromMs, endMs] = [beginMs, toMs].map((atMs) => Math.floor(atMs / sliceMs) * sliceMs) as [number, number];
    const span: SliceSpan = { fromMs, toMs: endMs, sliceMs };
    const columns = columnsOf(parts, span, sliceMs);
    const marks = countingMarks(slo, objective, columns.marks, span);
    const rule = { ...slo, timeSliceTarget: objective.timeSliceTarget };
    return new CutSlices(span, new SlidingCounts({ ...columns, marks }, rule));
  }

  /** Figures that stay as they were end when there was data last. */
  private endOf(atMs: number): number {
    if (this.slo.noData !== 'FREEZE') return atMs;
    const seenMs = this.sums.lastSeen(atMs);
    const span = windowWithin(this.parts, this.slo.windowMs, atMs);
    if (seenMs === null || (span !== null && seenMs <= span.fromMs)) return atMs;
    return seenMs < atMs - freshnessWindowOf(this.slo) ? seenMs : atMs;
  }

  private reading(windowMs: number, atMs: number, endMs: number, whole: SliceSpan | null): WindowReading {
    const { slo, objective } = this;
    const unknown = { windowMs, atMs: endMs, events: null, partial: false };
    if (!isCut(slo, objective, windowMs, endMs !== atMs)) {
      const read = this.rolling(windowMs, atMs);
      return read === null ? unknown : { ...unknown, events: read.events, estimated: read.estimated };
    }
    const span = sliceSpanOf(slo, objective, windowMs, endMs);
    if (span === null) return unknown;
    if (this.slices !== null) return { ...unknown, ...this.slices.between(span, whole) };
    return isComplete(this.parts, span) ? { ...unknown, events: this.sums.reading(span)?.events ?? null } : unknown;
  }

  /** Null where slices are too long for a window. */
  private rolling(windowMs: number, atMs: number) {
    const span = windowWithin(this.parts, windowMs, atMs);
    const sum = span && this.sums.reading(span);
    return sum && { ...sum, estimated: sum.estimated || !isComplete(this.parts, span as LedgerSpan) };
  }
}

/** Slices that are counted one by one. */
class CutSlices {
  constructor(
    private readonly span: SliceSpan,
    private readonly counts: SlidingCounts,
  ) {}

  /** @param whole the SLO's window, which tells how many events a slice usually has */
  between(span: SliceSpan, whole: SliceSpan | null) {
    const typical = whole === null ? null : this.counts.typicalEvents(this.at(whole.fromMs), this.at(whole.toMs));
    return this.counts.between(this.at(span.fromMs), this.at(span.toMs), typical);
  }

  private at(edgeMs: number): number {
    return (edgeMs - this.span.fromMs) / this.span.sliceMs;
  }
}
