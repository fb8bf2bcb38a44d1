import { compositeReadings, compositeSlices, type Member, measureComposite } from './composite-figures.js';
import {
  countingMarks,
  frozenEnd,
  isBySlices,
  isConditional,
  isCut,
  recentSlices,
  sliceLengthOf,
  sliceSpanOf,
} from './counted.js';
import {
  freshnessWindowOf,
  measureObjective,
  type ObjectiveFigures,
  type ObjectiveReadings,
  presentWindowOf,
  unknownCoverage,
} from './evaluation.js';
import { columnsOf } from './ledger-columns.js';
import { LedgerSums } from './ledger-sums.js';
import { isComplete, isEstimate, type LedgerParts, type LedgerSpan, windowWithin } from './ledger-window.js';
import type { SliceSpan, TimeRange } from './ports.js';
import { type SliceColumns, SlidingCounts } from './slices.js';
import type { ObjectiveDefinition, SloDefinition, WindowReading } from './slo.js';

const nothing = { figures: null, open: null };

/** How an objective stood at instants of a range, made of sums that were added up once. */
export class Past {
  /** Null where it does not matter in which slice something happened. */
  readonly slices: CutSlices | null;
  /** Of the length that tells it; null where all time counts, or where it does not matter whether there was data recently. */
  private readonly recent: CutSlices | null;
  private readonly sums: LedgerSums;
  private readonly windows: readonly number[];

  constructor(
    private readonly slo: SloDefinition,
    readonly objective: ObjectiveDefinition,
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
    const isCounted = objective.timeSliceWindowMs !== null || isBySlices(slo, objective);
    this.slices = isCounted ? this.slicesOf(beginMs, toMs, sliceLengthOf(objective)) : null;
    const { sliceMs } = recentSlices(slo, objective, toMs);
    const isAsked = slo.noData === 'FREEZE' && isConditional(slo, objective);
    this.recent = isAsked ? this.slicesOf(beginMs, toMs, sliceMs) : null;
  }

  figures(atMs: number): ObjectiveFigures {
    return measureObjective(this.slo, this.objective, this.readings(atMs), nothing);
  }

  readings(atMs: number): ObjectiveReadings {
    const frozenAtMs = this.frozenAt(atMs);
    const { slo, objective } = this;
    const endMs = frozenAtMs === null ? atMs : frozenEnd(objective, frozenAtMs, atMs);
    const whole = sliceSpanOf(slo, objective, slo.windowMs, endMs);
    return {
      atMs,
      windows: new Map(this.windows.map((windowMs) => [windowMs, this.reading(windowMs, atMs, endMs, whole)])),
      current: null,
      coverage: {
        ...unknownCoverage,
        ratio: this.seenRatio(atMs, whole),
        newestMs: frozenAtMs,
      },
      fresh: frozenAtMs === null,
      failedWindows: new Set(),
      currentFailed: false,
    };
  }

  private seenRatio(atMs: number, whole: SliceSpan | null): number {
    const { slo, objective, slices } = this;
    if (slices !== null && whole !== null && isConditional(slo, objective)) return slices.seenRatio(whole);
    return this.rolling(slo.windowMs, atMs)?.seenRatio ?? 0;
  }

  private slicesOf(beginMs: number, toMs: number, sliceMs: number): CutSlices {
    const { slo, objective, parts } = this;
    const [fromMs, endMs] = [beginMs, toMs].map((atMs) => Math.floor(atMs / sliceMs) * sliceMs) as [number, number];
    const span: SliceSpan = { fromMs, toMs: endMs, sliceMs };
    const columns = columnsOf(parts, span, sliceMs);
    const marks = countingMarks(slo, objective, columns.marks, span);
    const rule = { ...slo, timeSliceTarget: objective.timeSliceTarget };
    const counting = { ...columns, marks };
    return new CutSlices(span, counting, new SlidingCounts(counting, rule));
  }

  /** When there was data last, where figures stay as they were then; null where they do not. */
  private frozenAt(atMs: number): number | null {
    const { slo, objective } = this;
    if (slo.noData !== 'FREEZE' || this.recent?.isNothing(recentSlices(slo, objective, atMs)) === true) return null;
    const seenMs = this.sums.lastSeen(atMs);
    const span = windowWithin(this.parts, slo.windowMs, atMs);
    if (seenMs === null || span === null || seenMs <= span.fromMs) return null;
    return seenMs < atMs - freshnessWindowOf(slo) ? seenMs : null;
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
    const read = isComplete(this.parts, span) ? this.sums.reading(span) : null;
    return read === null ? unknown : { ...unknown, events: read.events, estimated: isEstimate(read) };
  }

  /** Null where slices are too long for a window. */
  private rolling(windowMs: number, atMs: number) {
    const span = windowWithin(this.parts, windowMs, atMs);
    const sum = span && this.sums.reading(span);
    return sum && { ...sum, estimated: isEstimate(sum) || !isComplete(this.parts, span as LedgerSpan) };
  }
}

/** The same of what the members of a composite are together. */
export class CompositePast {
  /** Null of events, which every member counts by itself. */
  private readonly slices: CutSlices | null;

  /** @param members all of them, at least one */
  constructor(
    private readonly slo: SloDefinition,
    private readonly composite: ObjectiveDefinition,
    private readonly members: readonly Past[],
  ) {
    this.slices = slo.budgetingMethod === 'OCCURRENCES' ? null : slicesTogether(slo, members);
  }

  figures(atMs: number): ObjectiveFigures {
    const { slo, composite } = this;
    const members = this.members.map((past): Member => {
      const readings = past.readings(atMs);
      const { objective } = past;
      return { objective, readings, figures: measureObjective(slo, objective, readings, nothing) };
    });
    const readings = compositeReadings(slo, members, (windowMs, endMs) => {
      const span = sliceSpanOf(slo, composite, windowMs, endMs);
      return span === null ? null : (this.slices?.between(span, null).events ?? null);
    });
    return measureComposite(slo, composite, members, readings, nothing);
  }
}

function slicesTogether(slo: SloDefinition, members: readonly Past[]): CutSlices {
  const all = members.flatMap(({ objective, slices }) => (slices === null ? [] : [{ objective, slices }]));
  const fromMs = Math.max(...all.map(({ slices }) => slices.span.fromMs));
  const [first] = all as [(typeof all)[number]];
  const span = { ...first.slices.span, fromMs };
  const cut = all.map(({ objective, slices }) => ({ objective, slices: slices.since(fromMs) }));
  const { marks, missing } = compositeSlices(slo, cut);
  const columns = { ...(cut[0] as (typeof cut)[number]).slices, marks };
  return new CutSlices(span, columns, new SlidingCounts(columns, { ...slo, timeSliceTarget: null }, missing));
}

/** Slices that are counted one by one. */
class CutSlices {
  constructor(
    readonly span: SliceSpan,
    private readonly columns: SliceColumns,
    private readonly counts: SlidingCounts,
  ) {}

  /** @param whole the SLO's window, which tells how many events a slice usually has */
  between(span: SliceSpan, whole: SliceSpan | null) {
    const typical = whole === null ? null : this.counts.typicalEvents(this.at(whole.fromMs), this.at(whole.toMs));
    return this.counts.between(this.at(span.fromMs), this.at(span.toMs), typical);
  }

  isNothing(span: SliceSpan): boolean {
    return this.counts.isNothing(this.at(span.fromMs), this.at(span.toMs));
  }

  /** Share of the slices that count in which anything was seen, 0..1. */
  seenRatio(span: SliceSpan): number {
    return this.counts.seenRatio(this.at(span.fromMs), this.at(span.toMs));
  }

  /** Those from an instant on. */
  since(fromMs: number): SliceColumns {
    const { bad, total, marks, estimated } = this.columns;
    const first = this.at(fromMs);
    return {
      ...{ bad: bad.subarray(first), total: total.subarray(first), marks: marks.subarray(first) },
      ...(estimated === undefined ? {} : { estimated: estimated.subarray(first) }),
    };
  }

  private at(edgeMs: number): number {
    return (edgeMs - this.span.fromMs) / this.span.sliceMs;
  }
}
