import type { SliceSum } from './ledger-tier.js';
import {
  isComplete,
  type LedgerParts,
  type LedgerReading,
  type LedgerSpan,
  readingFrom,
  resolutionAt,
  sumOf,
} from './ledger-window.js';

const sumFields = ['count', 'seenMinutes', 'slices', 'estimated'] as const;

/** Sums up to each border of two slices. */
type Columns = Readonly<Record<(typeof sumFields)[number], Float64Array>>;

/**
 * What a ledger knows of any stretch within a longer one: its slices are looked at once, and a stretch is the difference of
 * two sums. What was not read in every part is not counted.
 */
export class LedgerSums {
  /** Ends of slices, ascending, the start of the first one before them: each as long as what is kept of its time. */
  private readonly borders: readonly number[];
  private readonly total: Columns;
  private readonly part: Columns;
  /** By border: the end of the last slice before it in which anything of the total was seen; NaN: none. */
  private readonly seenAt: Float64Array;

  constructor(
    private readonly parts: LedgerParts,
    { fromMs, toMs }: LedgerSpan,
  ) {
    this.borders = bordersOf(parts, fromMs, toMs);
    const { length } = this.borders;
    this.total = columnsOf(length);
    this.part = columnsOf(length);
    this.seenAt = new Float64Array(length).fill(Number.NaN);
    for (let index = 1; index < length; index += 1) {
      const [start, end] = [this.borders[index - 1] as number, this.borders[index] as number];
      const total = sumOf(parts.total, start, end);
      const isRead = isComplete(parts, { fromMs: start, toMs: end });
      add(this.total, index, isRead ? total : nothing);
      add(this.part, index, isRead ? sumOf(parts.good ?? parts.bad ?? [], start, end) : nothing);
      this.seenAt[index] = total.slices > 0 ? end : (this.seenAt[index - 1] as number);
    }
  }

  /** Null where an end is no border of two slices that are kept. */
  reading(span: LedgerSpan): LedgerReading | null {
    const from = indexOf(this.borders, span.fromMs);
    const to = indexOf(this.borders, span.toMs);
    if (this.borders[from] !== span.fromMs || this.borders[to] !== span.toMs) return null;
    return readingFrom(this.parts, span, between(this.total, from, to), between(this.part, from, to));
  }

  /** When anything of the total was seen last, at or before an instant; null: never. */
  lastSeen(atMs: number): number | null {
    const seenMs = this.seenAt[indexOf(this.borders, atMs)];
    return seenMs === undefined || Number.isNaN(seenMs) ? null : seenMs;
  }
}

const nothing: SliceSum = { count: 0, seenMinutes: 0, slices: 0, estimated: 0 };

function bordersOf(parts: LedgerParts, fromMs: number, toMs: number): readonly number[] {
  const firstMs = resolutionAt(parts, fromMs);
  const borders = [Math.floor(fromMs / firstMs) * firstMs];
  for (let atMs = borders[0] as number; ; borders.push(atMs)) {
    atMs += resolutionAt(parts, atMs);
    if (atMs > toMs) return borders;
  }
}

/** The last border at or before an instant; -1 when all are after it. */
function indexOf(borders: readonly number[], atMs: number): number {
  let low = 0;
  let high = borders.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((borders[middle] as number) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function columnsOf(length: number): Columns {
  const column = () => new Float64Array(length);
  return { count: column(), seenMinutes: column(), slices: column(), estimated: column() };
}

function add(columns: Columns, index: number, sum: SliceSum): void {
  for (const field of sumFields) columns[field][index] = (columns[field][index - 1] as number) + sum[field];
}

function between(columns: Columns, from: number, to: number): SliceSum {
  const sum = { ...nothing };
  for (const field of sumFields) sum[field] = (columns[field][to] as number) - (columns[field][from] as number);
  return sum;
}
