import type { LogPosition, ViolationFeed } from '../domain/ports.js';
import type { ViolationStreamItem } from './violation.type.js';
import { type StreamEntry, ViolationReader, type ViolationReaderOptions } from './violation-reader.js';

export interface ViolationStreamOptions extends Omit<ViolationReaderOptions, 'now'> {
  readonly feed: ViolationFeed;
  /** Replays everything after it; null begins with a snapshot. */
  readonly after: LogPosition | null;
  /** Whether a stream without `after` begins with the open violations. */
  readonly snapshot: boolean;
  readonly timing: StreamTiming;
}

/** How long a subscriber may hear nothing, and what tells the time. */
export interface StreamTiming {
  readonly silenceMs: number;
  now(): number;
  /** Calls back once after a delay; returns how to stop that. */
  startTimer(callback: () => void, delayMs: number): () => void;
}

export const realTiming: StreamTiming = {
  silenceMs: 15_000,
  now: () => Date.now(),
  startTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Snapshot, bookmark, tail: pulls from the log from its cursor, so that a reader that stalls costs nothing and misses
 * nothing. Not a generator: `return()` must free a reader that waits for an event that may come in days.
 * @throws InputError when `after` lies ahead of the log
 */
export async function openViolationStream(options: ViolationStreamOptions): Promise<ViolationStream> {
  const { feed, timing, after, snapshot, ...reads } = options;
  const stream = new ViolationStream(new ViolationReader({ ...reads, now: timing.now }), feed, timing);
  try {
    await stream.begin(after, snapshot);
  } catch (error) {
    await stream.return();
    throw error;
  }
  return stream;
}

/** Either iterated, or taken apart once by who serves many readers of equal streams together. */
export class ViolationStream implements AsyncIterableIterator<ViolationStreamItem> {
  private readonly pending: StreamEntry[] = [];
  private closed = false;
  private woken = false;
  private silent = false;
  private wake: () => void = () => {};
  private stopTimer: (() => void) | null = null;
  private lastTurn: Promise<unknown> = Promise.resolve();
  // Before the log is read for the first time: an append meanwhile must not be slept through.
  private readonly stopListening: () => void;

  constructor(
    private readonly reader: ViolationReader,
    readonly feed: ViolationFeed,
    readonly timing: StreamTiming,
  ) {
    this.stopListening = feed.onAppend(() => this.rouse());
  }

  async begin(after: LogPosition | null, snapshot: boolean): Promise<void> {
    this.pending.push(...(await this.reader.begin(after, snapshot)));
  }

  /** What is said first and the reader that goes on from there; the stream itself ends. */
  takeApart(): { readonly first: readonly StreamEntry[]; readonly reader: ViolationReader } {
    const first = this.pending.splice(0);
    void this.return();
    return { first, reader: this.reader };
  }

  /** Calls are answered one after the other, in their order. */
  next(): Promise<IteratorResult<ViolationStreamItem, undefined>> {
    const turn = this.lastTurn.then(() => this.advance());
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async return(): Promise<IteratorResult<ViolationStreamItem, undefined>> {
    this.closed = true;
    this.stopListening();
    this.stopTimer?.();
    this.pending.length = 0;
    this.rouse();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async advance(): Promise<IteratorResult<ViolationStreamItem, undefined>> {
    while (!this.closed) {
      const entry = this.pending.shift();
      if (entry !== undefined) {
        this.stopTimer?.();
        this.stopTimer = null;
        this.silent = false;
        return { done: false, value: entry.item };
      }
      await this.refill();
    }
    return { done: true, value: undefined };
  }

  /** Reads on; at the end of the log it waits until something is appended, or was silent for too long. */
  private async refill(): Promise<void> {
    this.woken = false;
    const { entries, more } = await this.reader.read();
    if (this.closed) return;
    this.pending.push(...entries);
    if (more) return;
    // A store that fails is asked again at the next append or bookmark, which is not due meanwhile.
    if (this.silent && !this.reader.failing) {
      this.pending.push(this.reader.silenceBookmark());
      return;
    }
    this.silent = false;
    await this.sleep();
  }

  private sleep(): Promise<void> {
    if (this.woken) return Promise.resolve();
    const { timing } = this;
    this.stopTimer ??= timing.startTimer(() => {
      this.stopTimer = null;
      this.silent = true;
      this.rouse();
    }, timing.silenceMs);
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private rouse(): void {
    this.woken = true;
    this.wake();
  }
}
