import { blockOf, columnsOf, emptyColumns, type LedgerColumns } from './ledger-columns.js';
import { type LedgerParts, streamsOf } from './ledger-window.js';
import type { SliceSpan } from './ports.js';

/** So much longer than what is asked for are the columns, so that they are copied seldom. */
const ROOM = 1.25;

/**
 * The slices of an SLI, of which only those are made again that were written since they were asked for the last time: what
 * `columnsOf` gives, at the cost of what is new.
 */
export class RememberedSlices {
  private columns = emptyColumns(0);
  /** The slice at the beginning of the columns. */
  private first = 0;
  /** The slice after the newest one that is known. */
  private end = 0;
  /** Slices of the longest span that was asked for. */
  private longest = 0;
  private versions: readonly number[] = [];

  /** @param sliceMs length of the slices, in milliseconds */
  constructor(
    readonly parts: LedgerParts,
    readonly sliceMs: number,
  ) {}

  /** @returns views that hold until the next call */
  read(span: SliceSpan): LedgerColumns {
    const { parts, sliceMs } = this;
    const keptMs = blockOf(parts, sliceMs);
    // What is older than the short slices that are kept is not known, whatever was known of it.
    const isKept = streamsOf(parts).every((stream) => stream.keptSince(keptMs) <= span.fromMs);
    if (!isKept || span.sliceMs !== sliceMs) return columnsOf(parts, span, span.sliceMs);
    const [from, to] = [span.fromMs / sliceMs, span.toMs / sliceMs];
    this.longest = Math.max(this.longest, to - from);
    this.remakeWritten();
    if (from < this.first || from > this.end) this.startAt(from);
    if (to > this.end) this.make(this.end, to);
    return viewOf(this.columns, from - this.first, to - this.first);
  }

  private remakeWritten(): void {
    const streams = streamsOf(this.parts);
    for (const [index, stream] of streams.entries()) {
      const written = stream.writtenSince(this.versions[index] ?? -1);
      if (written === null) this.startAt(0);
      for (let at = 0; at < (written?.length ?? 0); at += 2) {
        const from = Math.max(this.first, Math.floor((written?.[at] as number) / this.sliceMs));
        const to = Math.min(this.end, Math.ceil((written?.[at + 1] as number) / this.sliceMs));
        if (from < to) this.make(from, to);
      }
    }
    this.versions = streams.map(({ version }) => version);
  }

  private startAt(slice: number): void {
    this.columns = emptyColumns(0);
    this.first = slice;
    this.end = slice;
  }

  private make(from: number, to: number): void {
    this.makeRoom(to);
    const { sliceMs } = this;
    const made = columnsOf(this.parts, { fromMs: from * sliceMs, toMs: to * sliceMs }, sliceMs);
    copy(made, this.columns, from - this.first);
    this.end = Math.max(this.end, to);
  }

  /** What is older than the longest span that ends with a slice leaves. */
  private makeRoom(to: number): void {
    const { first, end, columns } = this;
    if (to - first <= columns.marks.length) return;
    this.first = Math.min(end, Math.max(first, to - this.longest));
    this.columns = emptyColumns(Math.ceil((to - this.first) * ROOM));
    copy(viewOf(columns, this.first - first, end - first), this.columns, 0);
  }
}

function viewOf({ bad, total, marks, estimated, goodless }: LedgerColumns, from: number, to: number): LedgerColumns {
  return {
    bad: bad.subarray(from, to),
    total: total.subarray(from, to),
    marks: marks.subarray(from, to),
    estimated: estimated.subarray(from, to),
    goodless: goodless.subarray(from, to),
  };
}

function copy(from: LedgerColumns, to: LedgerColumns, at: number): void {
  to.bad.set(from.bad, at);
  to.total.set(from.total, at);
  to.marks.set(from.marks, at);
  to.estimated.set(from.estimated, at);
  to.goodless.set(from.goodless, at);
}
