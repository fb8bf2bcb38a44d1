import type { Scope } from '../domain/access.js';
import { InputError, StoreError } from '../domain/errors.js';
import type { LogPosition, ViolationFeed, ViolationStore } from '../domain/ports.js';
import type { Violation, ViolationEvent } from '../domain/violation.js';
import { onGrid } from './instant.js';
import {
  type ResetReason,
  StreamBookmarkType,
  StreamResetType,
  ViolationEventType,
  type ViolationStreamItem,
} from './violation.type.js';

const PAGE_SIZE = 500;

export interface ViolationStreamOptions {
  readonly store: ViolationStore;
  readonly feed: ViolationFeed;
  readonly scope: Scope;
  /** Whether a violation passes the filter and may be seen. */
  readonly matches: (violation: Violation) => boolean;
  /** Replays everything after it; null begins with a snapshot. */
  readonly after: LogPosition | null;
  /** Whether a stream without `after` begins with the open violations. */
  readonly snapshot: boolean;
  readonly gridMs: number;
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
export async function openViolationStream(
  options: ViolationStreamOptions,
): Promise<AsyncIterableIterator<ViolationStreamItem>> {
  const stream = new ViolationStream(options);
  try {
    await stream.begin();
  } catch (error) {
    await stream.return();
    throw error;
  }
  return stream;
}

type Phase =
  /** Up to a head that was captured at the beginning, ended by a bookmark. */
  { readonly kind: 'REPLAY'; readonly untilSeq: number } | { readonly kind: 'TAIL' };

class ViolationStream implements AsyncIterableIterator<ViolationStreamItem> {
  private readonly pending: ViolationStreamItem[] = [];
  private position: LogPosition = { epoch: '', seq: 0 };
  private phase: Phase = { kind: 'TAIL' };
  private closed = false;
  private woken = false;
  private silent = false;
  private wake: () => void = () => {};
  private stopTimer: (() => void) | null = null;
  private lastTurn: Promise<unknown> = Promise.resolve();
  // Before the log is read for the first time: an append meanwhile must not be slept through.
  private readonly stopListening: () => void;

  constructor(private readonly options: ViolationStreamOptions) {
    this.stopListening = options.feed.onAppend(() => this.rouse());
  }

  async begin(): Promise<void> {
    const { after, snapshot, store } = this.options;
    const { head, oldest } = await store.position();
    if (after === null) {
      if (snapshot) return this.takeSnapshot();
      return this.bookmark(head);
    }
    if (after.epoch !== head.epoch) return this.reset('EPOCH_CHANGED', head.epoch, oldest);
    if (after.seq > head.seq) throw new InputError('after: this cursor is ahead of the stream');
    if (after.seq < oldest - 1) return this.reset('EXPIRED', head.epoch, oldest);
    this.position = after;
    this.phase = { kind: 'REPLAY', untilSeq: head.seq };
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
      const item = this.pending.shift();
      if (item !== undefined) {
        this.stopTimer?.();
        this.stopTimer = null;
        this.silent = false;
        return { done: false, value: item };
      }
      await this.refill();
    }
    return { done: true, value: undefined };
  }

  /** Reads on; at the end of the log it waits until something is appended, or was silent for too long. */
  private async refill(): Promise<void> {
    this.woken = false;
    const hasMore = await this.readPage();
    if (this.closed || hasMore || this.pending.length > 0) return;
    if (this.silent) {
      this.pending.push(new StreamBookmarkType(this.position, false, this.options.timing.now()));
      return;
    }
    await this.sleep();
  }

  /** Whether there may be more to read at once. */
  private async readPage(): Promise<boolean> {
    const { seq } = this.position;
    if (this.phase.kind === 'REPLAY' && seq >= this.phase.untilSeq) {
      this.bookmark(this.position);
      return true;
    }
    let events: readonly ViolationEvent[];
    try {
      events = await this.options.store.events(seq, PAGE_SIZE);
    } catch (error) {
      if (!(error instanceof StoreError && error.retryable)) throw error;
      // Asked again at the next append or bookmark, which is not due while the place cannot be vouched for.
      this.silent = false;
      return false;
    }
    const first = events[0];
    if (first === undefined) return false;
    if (first.seq !== seq + 1) {
      // The reader stood still for so long that what it had yet to read is no longer kept.
      await this.reset('EXPIRED', this.position.epoch, first.seq);
      return true;
    }
    this.accept(events);
    return true;
  }

  private accept(events: readonly ViolationEvent[]): void {
    const until = this.phase.kind === 'REPLAY' ? this.phase.untilSeq : Number.POSITIVE_INFINITY;
    for (const event of events) {
      if (event.seq > until) break;
      this.push(event);
      this.position = { ...this.position, seq: event.seq };
    }
  }

  private async reset(reason: ResetReason, epoch: string, oldest: number): Promise<void> {
    this.pending.push(new StreamResetType(reason, { epoch, seq: Math.max(0, oldest - 1) }));
    await this.takeSnapshot();
  }

  private async takeSnapshot(): Promise<void> {
    const { head, events } = await this.options.store.snapshot(this.options.scope);
    this.position = head;
    for (const event of events) this.push(event);
    this.bookmark(head);
  }

  private bookmark(position: LogPosition): void {
    this.position = position;
    this.phase = { kind: 'TAIL' };
    this.pending.push(new StreamBookmarkType(position, true, this.options.timing.now()));
  }

  private push(event: ViolationEvent): void {
    if (!this.options.matches(event.violation)) return;
    const { gridMs } = this.options;
    // What hangs below an event is looked at at the time of the event: a subscription has no single instant.
    const instant = { atMs: onGrid(event.evaluatedAtMs, gridMs), live: true };
    this.pending.push(new ViolationEventType(event, this.position.epoch, instant));
  }

  private sleep(): Promise<void> {
    if (this.woken) return Promise.resolve();
    const { timing } = this.options;
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
