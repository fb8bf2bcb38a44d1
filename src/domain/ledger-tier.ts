const HOUR_MS = 3_600_000;

/** What a sum over slices gathers; added to, so that thousands of sums need no objects of their own. */
export interface SliceSum {
  count: number;
  /** How much of the time was seen, in minutes. */
  seenMinutes: number;
  /** Slices with a count. */
  slices: number;
  /** Slices whose counts are estimated in part. */
  estimated: number;
}

/**
 * The newest slices of one length, in a ring: slice `n` is (n · sliceMs, (n + 1) · sliceMs]. Slices leave in whole blocks
 * that make up one slice of the next coarser tier, so that those that are left can always be added up again.
 */
export class LedgerTier {
  /** The slice after the newest one. */
  end = 0;
  /** The oldest slice that is kept. */
  start = 0;
  private readonly counts: Float64Array;
  /** Of the blocks of five minutes in a slice how many were seen; the highest bit marks an estimate. */
  private readonly marks: Uint8Array | Uint16Array;
  private readonly estimate: number;
  /** The slice with the largest count; null when none has one, undefined while that has to be looked for. */
  private largestAt: number | null | undefined = null;

  /** @param ratio slices of this tier in one of the next coarser tier; 1 for the coarsest */
  constructor(
    readonly sliceMs: number,
    readonly capacity: number,
    readonly ratio: number,
  ) {
    this.counts = new Float64Array(capacity).fill(Number.NaN);
    this.marks = sliceMs > HOUR_MS ? new Uint16Array(capacity) : new Uint8Array(capacity);
    this.estimate = sliceMs > HOUR_MS ? 0x8000 : 0x80;
  }

  get bytes(): number {
    return this.counts.byteLength + this.marks.byteLength;
  }

  has(slice: number): boolean {
    return slice >= this.start && slice < this.end;
  }

  /** NaN where nothing was seen, and beyond what is kept. */
  count(slice: number): number {
    return this.has(slice) ? (this.counts[slice % this.capacity] as number) : Number.NaN;
  }

  seenBlocks(slice: number): number {
    return this.has(slice) ? (this.marks[slice % this.capacity] as number) & ~this.estimate : 0;
  }

  isEstimated(slice: number): boolean {
    return this.has(slice) && ((this.marks[slice % this.capacity] as number) & this.estimate) !== 0;
  }

  /** The largest count that is known exactly; null when none is. Asked of thousands of streams again and again. */
  largest(): number | null {
    if (this.largestAt != null && this.largestAt < this.start) this.largestAt = undefined;
    if (this.largestAt === undefined) {
      this.largestAt = null;
      for (let slice = this.start; slice < this.end; slice += 1) this.noteLargest(slice);
    }
    return this.largestAt === null ? null : this.count(this.largestAt);
  }

  /** Makes room up to a slice, which then is the newest one if it is beyond it. */
  reach(slice: number): void {
    if (slice < this.end) return;
    const first = Math.max(this.end, slice + 1 - this.capacity);
    for (let fresh = first; fresh <= slice; fresh += 1) {
      this.counts[fresh % this.capacity] = Number.NaN;
      this.marks[fresh % this.capacity] = 0;
    }
    this.end = slice + 1;
    this.start = Math.max(0, Math.ceil((this.end - this.capacity) / this.ratio) * this.ratio);
  }

  /** @param slice one that is kept */
  set(slice: number, count: number, seenBlocks: number, estimated: boolean): void {
    const at = slice % this.capacity;
    const isLess = slice === this.largestAt && (estimated || !(count >= (this.counts[at] as number)));
    this.counts[at] = count;
    this.marks[at] = seenBlocks | (estimated ? this.estimate : 0);
    if (isLess) this.largestAt = undefined;
    else this.noteLargest(slice);
  }

  /** Sets a slice to the sum of its parts in the next finer tier, unless these know nothing. */
  setFrom(finer: LedgerTier, slice: number): void {
    const { counts, marks, capacity, estimate } = finer;
    const first = Math.max(slice * finer.ratio, finer.start);
    const end = Math.min((slice + 1) * finer.ratio, finer.end);
    let count = 0;
    let slices = 0;
    let blocks = 0;
    let estimated = 0;
    for (let part = first, at = first % capacity; part < end; part += 1, at = at + 1 === capacity ? 0 : at + 1) {
      const value = counts[at] as number;
      if (Number.isNaN(value)) continue;
      const mark = marks[at] as number;
      count += value;
      slices += 1;
      blocks += mark & ~estimate;
      estimated |= mark & estimate;
    }
    if (slices === 0) return;
    // A minute without a sample lies between two scrapes; five of them are a gap.
    this.set(slice, count, finer.sliceMs < 300_000 ? 1 : blocks, estimated !== 0);
  }

  /** Adds up slices from `from` until before `to`. @param coarser tells for slices below five minutes what was seen */
  addTo(sum: SliceSum, from: number, to: number, coarser: LedgerTier | undefined): void {
    const { counts, marks, capacity, estimate } = this;
    const first = Math.max(from, this.start);
    const last = Math.min(to, this.end);
    const isFine = this.sliceMs < 300_000 && coarser !== undefined;
    if (isFine) sum.seenMinutes += this.seenMinutes(first, last, coarser);
    for (let slice = first, at = first % capacity; slice < last; slice += 1, at = at + 1 === capacity ? 0 : at + 1) {
      const mark = marks[at] as number;
      const count = counts[at] as number;
      if (!isFine) sum.seenMinutes += 5 * (mark & ~estimate);
      if (Number.isNaN(count)) continue;
      sum.count += count;
      sum.slices += 1;
      if ((mark & estimate) !== 0) sum.estimated += 1;
    }
  }

  /** Minutes of the slices in the next coarser tier's slices of which anything was seen. */
  private seenMinutes(from: number, to: number, coarser: LedgerTier): number {
    let minutes = 0;
    for (let slice = from; slice < to; ) {
      const whole = Math.floor(slice / this.ratio);
      const end = Math.min(to, (whole + 1) * this.ratio);
      if (coarser.seenBlocks(whole) > 0) minutes += ((end - slice) * this.sliceMs) / 60_000;
      slice = end;
    }
    return minutes;
  }

  /** Counts and marks of the slices that are kept, oldest first: two copies. */
  kept(): { readonly counts: Float64Array; readonly marks: Uint16Array } {
    const { start, end } = this;
    const counts = new Float64Array(end - start);
    const marks = new Uint16Array(end - start);
    for (let slice = start; slice < end; slice += 1) {
      counts[slice - start] = this.counts[slice % this.capacity] as number;
      marks[slice - start] = this.seenBlocks(slice) | (this.isEstimated(slice) ? 0x8000 : 0);
    }
    return { counts, marks };
  }

  /** Takes over what `kept` gave of a tier with this length of slices; what does not fit is left out, the oldest first. */
  restore(end: number, counts: Float64Array, marks: Uint16Array): void {
    if (counts.length === 0) return;
    this.reach(end - 1);
    for (let index = 0; index < counts.length; index += 1) {
      const slice = end - counts.length + index;
      if (!this.has(slice)) continue;
      const mark = marks[index] as number;
      this.set(slice, counts[index] as number, mark & 0x7fff, (mark & 0x8000) !== 0);
    }
  }

  private noteLargest(slice: number): void {
    if (this.largestAt === undefined || this.isEstimated(slice)) return;
    // What has left the ring since is no measure.
    const most = this.largestAt === null ? Number.NEGATIVE_INFINITY : this.count(this.largestAt);
    if (Number.isNaN(most)) this.largestAt = undefined;
    else if (this.count(slice) >= most) this.largestAt = slice;
  }
}
