import { LedgerTier, type SliceSum } from './ledger-tier.js';
import { covers, lengthOf, missingOf, type Spans, withoutSpan, withSpan } from './spans.js';

const MINUTE_MS = 60_000;
const BLOCK_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How long a stream keeps slices of which length, in milliseconds. */
export interface StreamNeeds {
  /** Slices of 1 minute; 0 where nothing needs them. */
  readonly minutesForMs: number;
  /** Slices of 5 minutes. */
  readonly blocksForMs: number;
  /** Slices of 1 hour: the longest window that is read. */
  readonly hoursForMs: number;
}

/** Days are kept at least as long as that. */
const LEAST_DAYS = 100;
/** Stretches that were written and are told of. */
const MAX_WRITTEN = 4;

/** Slices that were not read yet. Both ends are multiples of `sliceMs`. */
export interface MissingSlices {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sliceMs: number;
}

const nothing: readonly number[] = [];

/**
 * The event counts of one stream over time. The newest slices are short, older ones are added up to longer ones; a longer
 * slice is the exact sum of the shorter ones in it. A sum over a window takes the longest slices that fit, so that it
 * costs some hundred additions however long the window is.
 */
export class LedgerStream {
  private readonly tiers: readonly LedgerTier[];
  private answered: Spans = [];
  /** How many times anything was written. */
  version = 0;
  /** The stretches that were written last, the newest at the end: from, to, from, to, ... */
  private readonly written: number[] = [];

  constructor(readonly needs: StreamNeeds) {
    const days = Math.max(LEAST_DAYS, Math.ceil(needs.hoursForMs / DAY_MS) + 2);
    const minutes = needs.minutesForMs > 0 ? [new LedgerTier(MINUTE_MS, needs.minutesForMs / MINUTE_MS + 5, 5)] : [];
    this.tiers = [
      ...minutes,
      new LedgerTier(BLOCK_MS, needs.blocksForMs / BLOCK_MS + 12, 12),
      // Sums take whole hours where they can: hours last at least as long as what they are made of.
      new LedgerTier(HOUR_MS, Math.ceil(Math.max(needs.hoursForMs, needs.blocksForMs) / HOUR_MS) + 25, 24),
      new LedgerTier(DAY_MS, days, 1),
    ];
  }

  /** Length of the newest slices. */
  get sliceMs(): number {
    return this.finest.sliceMs;
  }

  /** Memory that the slices take. */
  get bytes(): number {
    return this.tiers.reduce((sum, tier) => sum + tier.bytes, 0);
  }

  private get finest(): LedgerTier {
    return this.tiers[0] as LedgerTier;
  }

  /** Moves on to the last closed slice: what is too old for its length of slices leaves. */
  advance(toMs: number): void {
    const endMs = Math.floor(toMs / this.sliceMs) * this.sliceMs;
    for (const tier of this.tiers) tier.reach(Math.ceil(endMs / tier.sliceMs) - 1);
  }

  /**
   * Takes over what was read: NaN for what nobody saw, though it was asked. What was seen stays seen, and what is exact
   * is not replaced by an estimate.
   * @param sliceMs 1 or 5 minutes; slices too old for their length are added up, as far as they fill a longer one
   */
  write(fromMs: number, sliceMs: number, counts: Float64Array, estimated: Uint8Array): void {
    const seen = new Uint16Array(counts.length);
    for (let slice = 0; slice < counts.length; slice += 1) if (!Number.isNaN(counts[slice])) seen[slice] = 1;
    const level = this.tiers.findIndex((tier) => tier.sliceMs === sliceMs);
    const slices = { first: fromMs / sliceMs, counts, seen, estimated };
    if (level >= 0) this.place(level, slices);
    else if (sliceMs < this.sliceMs) this.place(0, foldedTo(this.sliceMs / sliceMs, slices, sliceMs));
    else throw new RangeError(`slices are 1 or 5 minutes long, got ${sliceMs} ms`);
    this.version += 1;
    this.written.push(fromMs, fromMs + counts.length * sliceMs);
    if (this.written.length > 4 * MAX_WRITTEN) this.written.splice(0, 2 * MAX_WRITTEN);
  }

  /** The stretches that were written since a version, in their order, from, to, ...; null when that is not known any more. */
  writtenSince(version: number): readonly number[] | null {
    const count = this.version - version;
    if (count === 0) return nothing;
    return version < 0 || 2 * count > this.written.length ? null : this.written.slice(-2 * count);
  }

  /** Since when slices are kept that those of a length can be made of, in milliseconds; never: infinity. */
  keptSince(sliceMs: number): number {
    const tier = this.tiers.findLast((tier) => sliceMs % tier.sliceMs === 0);
    return tier === undefined ? Number.POSITIVE_INFINITY : tier.start * tier.sliceMs;
  }

  /** Whether all of a stretch was read and is kept, so that nothing can be missing but what nobody saw. */
  isComplete(fromMs: number, toMs: number): boolean {
    const oldest = this.tiers[this.tiers.length - 1] as LedgerTier;
    return fromMs >= oldest.start * oldest.sliceMs && covers(this.answered, fromMs, toMs);
  }

  /** How much of a stretch was not read yet, in milliseconds. */
  missingMs(fromMs: number, toMs: number): number {
    return lengthOf(missingOf(this.answered, fromMs, toMs));
  }

  /** What has to be read between `fromMs` and the last closed slice, newest first. */
  missing(fromMs: number, closedMs: number): readonly MissingSlices[] {
    const missing: MissingSlices[] = [];
    let toMs = Math.floor(closedMs / this.sliceMs) * this.sliceMs;
    for (const { sliceMs, start } of this.tiers) {
      if (sliceMs > HOUR_MS) break;
      const zoneMs = Math.max(Math.floor(fromMs / sliceMs), start) * sliceMs;
      const gaps = roundedOut(missingOf(this.answered, Math.min(zoneMs, toMs), toMs), sliceMs, toMs);
      for (let index = gaps.length - 2; index >= 0; index -= 2) {
        const [gapFromMs, gapToMs] = [gaps[index] as number, gaps[index + 1] as number];
        // An hour in one piece would lose what a counter counted before it was reset.
        missing.push({ fromMs: gapFromMs, toMs: gapToMs, sliceMs: Math.min(sliceMs, BLOCK_MS) });
      }
      if (start * sliceMs <= fromMs) break;
      toMs = zoneMs;
    }
    return missing;
  }

  /** Length of the shortest slices that are kept of an instant; sums can begin and end at multiples of it. */
  resolutionAt(atMs: number): number {
    for (const { start, sliceMs } of this.tiers) if (start * sliceMs <= atMs) return sliceMs;
    return DAY_MS;
  }

  /** Adds up (fromMs, toMs]. @param fromMs and `toMs`: multiples of the resolution there */
  addTo(sum: SliceSum, fromMs: number, toMs: number): void {
    this.add(sum, 0, fromMs, toMs);
  }

  /** Ends of the oldest and the newest slice in a window in which anything was seen; null when nothing was. */
  seenWithin(fromMs: number, toMs: number): { readonly oldestMs: number; readonly newestMs: number } | null {
    const oldest = this.firstSeen(this.tiers.length - 1, fromMs, toMs);
    if (oldest === null) return null;
    return { oldestMs: oldest, newestMs: this.lastSeen(this.tiers.length - 1, fromMs, toMs) ?? toMs };
  }

  /**
   * The most events per minute in any slice that is known exactly, at least one event in its shortest slices: where hardly
   * anything happens one more is nothing to wonder at. Null before anything is known.
   */
  largestPerMinute(): number | null {
    let largest: number | null = null;
    for (const tier of this.tiers) {
      if (tier.sliceMs > HOUR_MS) break;
      const count = tier.largest();
      if (count !== null) largest = Math.max(largest ?? 0, count / (tier.sliceMs / MINUTE_MS));
    }
    return largest === null ? null : Math.max(largest, MINUTE_MS / this.sliceMs);
  }

  /** All that is kept, so that it can be taken over by a stream with other needs, or stored. */
  state(): StreamState {
    const tiers = this.tiers.map((tier) => ({ sliceMs: tier.sliceMs, end: tier.end, ...tier.kept() }));
    return { answered: this.answered, tiers };
  }

  /** Takes over all that another one kept; what it kept in slices too long for this one has to be read again. */
  restore(state: StreamState): void {
    this.answered = state.answered;
    this.version += 1;
    this.written.length = 0;
    for (const tier of this.tiers) {
      const kept = state.tiers.find(({ sliceMs }) => sliceMs === tier.sliceMs);
      if (kept !== undefined) tier.restore(kept.end, kept.counts, kept.marks);
    }
    const finest = state.tiers[0];
    if (finest !== undefined) this.advance(finest.end * finest.sliceMs);
    for (const tier of this.tiers) {
      if (tier.sliceMs > HOUR_MS) break;
      const kept = state.tiers.find(({ sliceMs }) => sliceMs === tier.sliceMs);
      const keptFrom = kept === undefined ? tier.end : kept.end - kept.counts.length;
      this.answered = withoutSpan(this.answered, tier.start * tier.sliceMs, keptFrom * tier.sliceMs);
    }
  }

  private place(level: number, slices: Slices): void {
    const tier = this.tiers[level] as LedgerTier;
    const coarser = this.tiers[level + 1];
    const { first, counts, seen, estimated } = slices;
    const end = first + counts.length;
    if (end === first) return;
    tier.reach(end - 1);
    if (first < tier.start && coarser !== undefined) {
      this.place(level + 1, foldedTo(tier.ratio, slices, tier.sliceMs, tier.start));
    }
    const from = Math.max(first, tier.start);
    if (from >= end) return;
    for (let slice = from; slice < end; slice += 1) {
      const at = slice - first;
      this.put(level, slice, counts[at] as number, seen[at] as number, estimated[at] === 1);
    }
    this.answered = withSpan(this.answered, from * tier.sliceMs, end * tier.sliceMs);
    this.addUp(level + 1, Math.floor(from / tier.ratio), Math.floor((end - 1) / tier.ratio));
  }

  private put(level: number, slice: number, count: number, seen: number, estimated: boolean): void {
    const tier = this.tiers[level] as LedgerTier;
    if (Number.isNaN(count)) return;
    if (estimated && !Number.isNaN(tier.count(slice)) && !tier.isEstimated(slice)) return;
    // A source that says less than nothing counts nothing.
    if (!isMadeOf(this.tiers[level - 1], slice)) tier.set(slice, Math.max(0, count), seen, estimated);
  }

  /** Adds up again what was written below. */
  private addUp(level: number, first: number, last: number): void {
    const tier = this.tiers[level];
    const finer = this.tiers[level - 1];
    if (tier === undefined || finer === undefined) return;
    tier.reach(last);
    for (let slice = Math.max(first, tier.start); slice <= last; slice += 1) {
      if (finer.has(slice * finer.ratio)) tier.setFrom(finer, slice);
    }
    this.addUp(level + 1, Math.floor(first / tier.ratio), Math.floor(last / tier.ratio));
  }

  private add(sum: SliceSum, level: number, fromMs: number, toMs: number): void {
    if (fromMs >= toMs) return;
    const tier = this.tiers[level] as LedgerTier;
    const coarser = this.tiers[level + 1];
    const innerFromMs = coarser === undefined ? toMs : Math.ceil(fromMs / coarser.sliceMs) * coarser.sliceMs;
    const innerToMs = coarser === undefined ? toMs : Math.floor(toMs / coarser.sliceMs) * coarser.sliceMs;
    if (innerFromMs >= innerToMs) {
      tier.addTo(sum, fromMs / tier.sliceMs, toMs / tier.sliceMs, coarser);
      return;
    }
    tier.addTo(sum, fromMs / tier.sliceMs, innerFromMs / tier.sliceMs, coarser);
    this.add(sum, level + 1, innerFromMs, innerToMs);
    tier.addTo(sum, innerToMs / tier.sliceMs, toMs / tier.sliceMs, coarser);
  }

  private firstSeen(level: number, fromMs: number, toMs: number): number | null {
    const tier = this.tiers[level] as LedgerTier;
    const end = Math.min(tier.end, Math.ceil(toMs / tier.sliceMs));
    for (let slice = Math.max(tier.start, Math.floor(fromMs / tier.sliceMs)); slice < end; slice += 1) {
      if (Number.isNaN(tier.count(slice))) continue;
      const startMs = Math.max(fromMs, slice * tier.sliceMs);
      if (!this.isSplit(level, slice)) return startMs;
      const seenMs = this.firstSeen(level - 1, startMs, Math.min(toMs, (slice + 1) * tier.sliceMs));
      if (seenMs !== null) return seenMs;
    }
    return null;
  }

  private lastSeen(level: number, fromMs: number, toMs: number): number | null {
    const tier = this.tiers[level] as LedgerTier;
    const first = Math.max(tier.start, Math.floor(fromMs / tier.sliceMs));
    for (let slice = Math.min(tier.end, Math.ceil(toMs / tier.sliceMs)) - 1; slice >= first; slice -= 1) {
      if (Number.isNaN(tier.count(slice))) continue;
      const endMs = Math.min(toMs, (slice + 1) * tier.sliceMs);
      if (!this.isSplit(level, slice)) return endMs;
      const seenMs = this.lastSeen(level - 1, Math.max(fromMs, slice * tier.sliceMs), endMs);
      if (seenMs !== null) return seenMs;
    }
    return null;
  }

  /** Whether the parts of a slice are kept as well. */
  private isSplit(level: number, slice: number): boolean {
    return isMadeOf(this.tiers[level - 1], slice);
  }
}

/** What a stream keeps, as plain data. */
export interface StreamState {
  readonly answered: Spans;
  readonly tiers: readonly {
    readonly sliceMs: number;
    /** The slice after the newest one. */
    readonly end: number;
    readonly counts: Float64Array;
    /** Blocks of five minutes seen; the bit 0x8000 marks an estimate. */
    readonly marks: Uint16Array;
  }[];
}

interface Slices {
  readonly first: number;
  readonly counts: Float64Array;
  /** Blocks of five minutes seen. */
  readonly seen: Uint16Array;
  readonly estimated: Uint8Array;
}

/** Adds slices up to longer ones, as far as these are complete and end before a slice. */
function foldedTo(ratio: number, slices: Slices, sliceMs: number, before = Number.POSITIVE_INFINITY): Slices {
  const first = Math.ceil(slices.first / ratio);
  const length = Math.max(0, Math.floor(Math.min(slices.first + slices.counts.length, before) / ratio) - first);
  const folded = {
    first,
    counts: new Float64Array(length).fill(Number.NaN),
    seen: new Uint16Array(length),
    estimated: new Uint8Array(length),
  };
  for (let index = 0; index < length * ratio; index += 1) {
    const part = first * ratio - slices.first + index;
    const whole = Math.floor(index / ratio);
    const count = slices.counts[part] as number;
    if (Number.isNaN(count)) continue;
    folded.counts[whole] =
      (Number.isNaN(folded.counts[whole]) ? 0 : (folded.counts[whole] as number)) + Math.max(0, count);
    folded.seen[whole] = sliceMs < BLOCK_MS ? 1 : (folded.seen[whole] as number) + (slices.seen[part] as number);
    if (slices.estimated[part] === 1) folded.estimated[whole] = 1;
  }
  return folded;
}

/** Spans with their ends at multiples of a length, none beyond an end. */
function roundedOut(spans: Spans, sliceMs: number, endMs: number): Spans {
  let rounded: Spans = [];
  for (let index = 0; index < spans.length; index += 2) {
    const fromMs = Math.floor((spans[index] as number) / sliceMs) * sliceMs;
    const toMs = Math.ceil((spans[index + 1] as number) / sliceMs) * sliceMs;
    rounded = withSpan(rounded, fromMs, Math.min(endMs, toMs));
  }
  return rounded;
}

/** Whether a slice is the sum of shorter ones that are still kept. */
function isMadeOf(finer: LedgerTier | undefined, slice: number): boolean {
  if (finer === undefined) return false;
  for (let part = slice * finer.ratio; part < (slice + 1) * finer.ratio; part += 1) {
    if (!Number.isNaN(finer.count(part))) return true;
  }
  return false;
}
