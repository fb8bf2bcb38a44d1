import type { Scope } from '../domain/access.js';
import { InputError, StoreError } from '../domain/errors.js';
import type { LogPosition, ViolationStore } from '../domain/ports.js';
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
/** Bookmarks of one place within this time are the same bookmark. */
const SAME_TIME_MS = 100;

export interface ViolationReaderOptions {
  readonly store: Pick<ViolationStore, 'events' | 'position' | 'snapshot'>;
  readonly scope: Scope;
  /** Whether a violation passes the filter and may be seen. */
  readonly matches: (violation: Violation) => boolean;
  readonly gridMs: number;
  now(): number;
}

/** Something to send, with the place that a reader has reached once it was sent. */
export interface StreamEntry {
  readonly item: ViolationStreamItem;
  readonly position: LogPosition;
  /** Equal for entries of equal content under one filter and scope; null for what is said to one reader only. */
  readonly key: string | null;
}

/** What is read without waiting; `more` is false at the end of the log. */
interface Batch {
  readonly entries: readonly StreamEntry[];
  readonly more: boolean;
}

/** A cursor into the log and a filter: nothing is held of what is yet to be read. */
export class ViolationReader {
  position: LogPosition = { epoch: '', seq: 0 };
  /** Whether the store did not answer the last question: the place cannot be vouched for. */
  failing = false;
  /** A replay goes up to a head that was captured at the beginning, and ends with a bookmark. */
  private replayUntil: number | null = null;
  /** Whether the last question was answered with events. */
  private advanced = false;

  constructor(readonly options: ViolationReaderOptions) {}

  /**
   * Where reading begins, and what is said first.
   * @throws InputError when `after` lies ahead of the log
   */
  async begin(after: LogPosition | null, snapshot: boolean): Promise<readonly StreamEntry[]> {
    const { head, oldest } = await this.options.store.position();
    if (after === null) return snapshot ? this.takeSnapshot() : [this.bookmark(head)];
    if (after.epoch !== head.epoch) return this.reset('EPOCH_CHANGED', head.epoch, oldest);
    if (after.seq > head.seq) throw new InputError('after: this cursor is ahead of the stream');
    if (after.seq < oldest - 1) return this.reset('EXPIRED', head.epoch, oldest);
    this.position = after;
    this.replayUntil = head.seq;
    return [];
  }

  /** A reader of the same events that goes on from a place, without a bookmark once it has caught up. */
  from(position: LogPosition): ViolationReader {
    const reader = new ViolationReader(this.options);
    reader.position = position;
    return reader;
  }

  async read(): Promise<Batch> {
    if (this.replayUntil !== null && this.position.seq >= this.replayUntil) {
      return { entries: [this.bookmark(this.position)], more: true };
    }
    try {
      const batch = await this.readEvents();
      this.failing = false;
      return batch;
    } catch (error) {
      if (!(error instanceof StoreError && error.retryable)) throw error;
      this.failing = true;
      return { entries: [], more: false };
    }
  }

  silenceBookmark(): StreamEntry {
    const { position } = this;
    return { item: new StreamBookmarkType(position, false, this.options.now()), position, key: null };
  }

  private async readEvents(): Promise<Batch> {
    const { store } = this.options;
    const { seq } = this.position;
    const events = await store.events(seq, PAGE_SIZE);
    const isFirstAnswer = !this.advanced;
    this.advanced = events.length > 0;
    if (events[0]?.seq === seq + 1) return { entries: this.accept(events), more: true };
    // Who has just read up to the end needs not ask whether that is the end.
    if (events.length === 0 && !isFirstAnswer) return { entries: [], more: false };
    const { head, oldest } = await store.position();
    const goesOn = Math.max(oldest, events[0]?.seq ?? 0);
    if (goesOn <= seq + 1) return { entries: [], more: false };
    // The reader stood still for so long that what it had yet to read is no longer kept.
    return { entries: await this.reset('EXPIRED', head.epoch, goesOn), more: true };
  }

  private accept(events: readonly ViolationEvent[]): readonly StreamEntry[] {
    const until = this.replayUntil ?? Number.POSITIVE_INFINITY;
    const entries: StreamEntry[] = [];
    for (const event of events) {
      // What follows a hole is read again, and then announced.
      if (event.seq > until || event.seq !== this.position.seq + 1) break;
      this.position = { ...this.position, seq: event.seq };
      if (this.options.matches(event.violation)) entries.push(this.entryOf(event, this.position, `${event.seq}`));
    }
    return entries;
  }

  private async reset(reason: ResetReason, epoch: string, oldest: number): Promise<readonly StreamEntry[]> {
    const position = { epoch, seq: Math.max(0, oldest - 1) };
    const snapshot = await this.takeSnapshot();
    return [{ item: new StreamResetType(reason, position), position, key: null }, ...snapshot];
  }

  private async takeSnapshot(): Promise<readonly StreamEntry[]> {
    const { head, events } = await this.options.store.snapshot(this.options.scope);
    this.position = head;
    const open = events
      .filter(({ violation }) => this.options.matches(violation))
      // A cursor from within a snapshot leads back to the event itself, and so does the place of whoever has read it.
      .map((event) => this.entryOf(event, { ...head, seq: event.seq }, `${event.seq}@${head.seq}`));
    return [...open, this.bookmark(head)];
  }

  private bookmark(position: LogPosition): StreamEntry {
    this.position = position;
    this.replayUntil = null;
    const atMs = this.options.now();
    return {
      item: new StreamBookmarkType(position, true, atMs),
      position,
      key: `|${position.seq}@${Math.floor(atMs / SAME_TIME_MS)}`,
    };
  }

  private entryOf(event: ViolationEvent, position: LogPosition, key: string): StreamEntry {
    // What hangs below an event is looked at at the time of the event: a subscription has no single instant.
    const instant = { atMs: onGrid(event.evaluatedAtMs, this.options.gridMs), live: true };
    return { item: new ViolationEventType(event, position.epoch, instant), position, key };
  }
}
