import type { LogPosition } from '../domain/ports.js';
import { encodeStreamCursor } from '../graph/cursor.js';
import { StreamResetType, type ViolationStreamItem } from '../graph/violation.type.js';
import type { StreamEntry, ViolationReader } from '../graph/violation-reader.js';
import type { ViolationStream } from '../graph/violation-stream.js';
import type { Payload, Payloads } from './payloads.js';
import type { Backpressure } from './sink.js';

/** One subscription of a client. */
export interface Subscriber {
  readonly backpressure: Backpressure;
  /** @param cursor where the subscriber stands once it has read this */
  send(payload: Buffer, position: LogPosition, item: ViolationStreamItem): void;
  /** Writes of this act leave together. */
  together(act: () => void): void;
}

/** The subscription is over: with an error when it failed. */
export type End = (error?: unknown) => void;

export interface LogGroupOptions {
  readonly key: string;
  readonly payloads: Payloads;
  readonly stream: Pick<ViolationStream, 'feed' | 'timing'>;
  /** Aborted when nobody waits for what is executed any more. */
  readonly signal: AbortSignal;
  /** Executes the operation for an item of the stream. */
  execute(item: ViolationStreamItem): Promise<Payload>;
  /** The last subscriber has left. */
  onEmpty(): void;
}

/** How long a member that is behind a store that does not answer waits before it asks again. */
const RETRY_MS = 250;

/**
 * Subscriptions that get the same answers. Those at the head are written to together, right after one of them is read
 * and executed; one that is behind reads the log by itself until it has caught up. Nobody has a queue.
 */
export class LogGroup {
  private readonly members = new Set<Member>();
  private readonly live = new Set<Member>();
  private tail: Tail | null = null;

  constructor(private readonly options: LogGroupOptions) {}

  join(subscriber: Subscriber, end: End, first: readonly StreamEntry[], reader: ViolationReader): { leave(): void } {
    const { epoch, seq } = reader.position;
    // Until it was told anything it stands at no place: whoever resumes from there gets a snapshot, or everything.
    const member = new Member(subscriber, end, epoch, first.length === 0 ? seq : 0);
    this.members.add(member);
    void this.catchUp(member, reader, first);
    return { leave: () => this.leave(member) };
  }

  private leave(member: Member): void {
    member.left = true;
    this.live.delete(member);
    if (this.members.delete(member) && this.members.size === 0) {
      this.tail?.stop();
      this.options.onEmpty();
    }
  }

  /** Reads for one member until it stands where all the others do. */
  private async catchUp(member: Member, reader: ViolationReader, first: readonly StreamEntry[]): Promise<void> {
    try {
      let entries = first;
      while (!member.left) {
        await this.giveAll(member, entries);
        if (member.left) return;
        const batch = await reader.read();
        if (member.left) return;
        entries = batch.entries;
        if (batch.more) continue;
        // From here to the end nothing is awaited: what the others get next, this one gets as well.
        if (this.tail === null || reader.position.seq >= this.tail.deliveredSeq) {
          member.seq = reader.position.seq;
          this.live.add(member);
          this.tail ??= this.startTail(reader);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    } catch (error) {
      this.fail(member, error);
    }
  }

  /** What is at hand goes out in one write. */
  private async giveAll(member: Member, entries: readonly StreamEntry[]): Promise<void> {
    const { backpressure, together } = member.subscriber;
    let next = 0;
    while (next < entries.length && !member.left) {
      if (backpressure.isFull()) await backpressure.room(encodeStreamCursor(member.position));
      // The first one may have to be made; those that are at hand go out with it in one write.
      const bytes = await this.payloadOf(entries[next] as StreamEntry);
      if (member.left) return;
      together(() => {
        member.give(bytes, entries[next] as StreamEntry);
        for (next += 1; next < entries.length && !backpressure.isFull(); next += 1) {
          const payload = this.payloadOf(entries[next] as StreamEntry);
          if (!Buffer.isBuffer(payload)) return;
          member.give(payload, entries[next] as StreamEntry);
        }
      });
    }
  }

  private startTail(reader: ViolationReader): Tail {
    const { feed, timing } = this.options.stream;
    const tail = new Tail(reader.from(reader.position), feed, timing, {
      prepare: (entry) => this.payloadOf(entry),
      deliver: (bytes, entry) => this.deliver(bytes, entry),
      lost: () => this.scatter(),
      fail: (error) => {
        for (const member of [...this.members]) this.fail(member, error);
      },
    });
    void tail.run();
    return tail;
  }

  private deliver(bytes: Buffer, entry: StreamEntry): void {
    for (const member of this.live) {
      // Read by itself before it joined; a bookmark of the same place is news all the same.
      if (entry.key !== null && member.seq >= entry.position.seq) continue;
      if (member.subscriber.backpressure.isFull()) this.stall(member);
      else member.give(bytes, entry);
    }
  }

  /** It is read for no more; what it misses is read from the log once it has read what it was sent. */
  private stall(member: Member): void {
    this.live.delete(member);
    const { position } = member;
    const reader = this.tail?.reader.from(position);
    if (reader === undefined) return;
    void member.subscriber.backpressure.room(encodeStreamCursor(position)).then(() => this.catchUp(member, reader, []));
  }

  /** The log went on without the readers: everybody is told where it goes on from its own place. */
  private scatter(): void {
    const { tail } = this;
    if (tail === null) return;
    tail.stop();
    this.tail = null;
    const members = [...this.live];
    this.live.clear();
    for (const member of members) void this.catchUp(member, tail.reader.from(member.position), []);
  }

  private fail(member: Member, error: unknown): void {
    const { left } = member;
    this.leave(member);
    if (!left) member.end(error);
  }

  private payloadOf({ item, key }: StreamEntry): Promise<Buffer> | Buffer {
    const { payloads, execute, signal } = this.options;
    if (key === null) return execute(item).then(({ bytes }) => bytes);
    return payloads.of(`${this.options.key} ${key}`, () => execute(item), signal);
  }
}

/** A place in the log, and who is told what comes after it. */
class Member {
  left = false;

  constructor(
    readonly subscriber: Subscriber,
    readonly end: End,
    private readonly epoch: string,
    public seq: number,
  ) {}

  get position(): LogPosition {
    return { epoch: this.epoch, seq: this.seq };
  }

  give(bytes: Buffer, { position, item }: StreamEntry): void {
    this.seq = position.seq;
    this.subscriber.send(bytes, position, item);
  }
}

interface TailEvents {
  prepare(entry: StreamEntry): Promise<Buffer> | Buffer;
  deliver(bytes: Buffer, entry: StreamEntry): void;
  /** The log does not go on where the reader stands. */
  lost(): void;
  fail(error: unknown): void;
}

/** Reads the end of the log for a whole group, and breaks its silence. */
class Tail {
  /** Everything up to here was delivered to whoever stood at the head. */
  deliveredSeq: number;
  private stopped = false;
  private woken = false;
  private silent = false;
  private wake: () => void = () => {};
  private readonly stopListening: () => void;
  private heardAtMs = 0;
  private stopTimer: (() => void) | null = null;

  constructor(
    readonly reader: ViolationReader,
    feed: ViolationStream['feed'],
    private readonly timing: ViolationStream['timing'],
    private readonly events: TailEvents,
  ) {
    this.deliveredSeq = reader.position.seq;
    this.stopListening = feed.onAppend(() => this.rouse());
  }

  async run(): Promise<void> {
    try {
      this.listenForSilence();
      while (!this.stopped) await this.turn();
    } catch (error) {
      if (!this.stopped) this.events.fail(error);
    }
  }

  stop(): void {
    this.stopped = true;
    this.stopListening();
    this.stopTimer?.();
    this.rouse();
  }

  private async turn(): Promise<void> {
    this.woken = false;
    const { entries, more } = await this.reader.read();
    for (const entry of entries) {
      if (this.stopped) return;
      if (entry.item instanceof StreamResetType) return this.events.lost();
      await this.tell(entry);
    }
    if (this.stopped) return;
    this.deliveredSeq = this.reader.position.seq;
    if (entries.length > 0) this.listenForSilence();
    if (more) return;
    if (this.silent) {
      // While the store does not answer, the place cannot be vouched for.
      if (!this.reader.failing) await this.tell(this.reader.silenceBookmark());
      this.listenForSilence();
    }
    if (this.woken || this.stopped) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private async tell(entry: StreamEntry): Promise<void> {
    const payload = this.events.prepare(entry);
    const bytes = Buffer.isBuffer(payload) ? payload : await payload;
    if (this.stopped) return;
    // In one go: whoever joins before gets it, whoever joins afterwards has read it.
    this.deliveredSeq = entry.position.seq;
    this.events.deliver(bytes, entry);
  }

  /** The timer is not set anew for every event: it looks at the time of the last one when it fires. */
  private listenForSilence(): void {
    this.heardAtMs = this.timing.now();
    this.silent = false;
    if (this.stopTimer === null) this.startTimer(this.timing.silenceMs);
  }

  private startTimer(delayMs: number): void {
    const { now, silenceMs, startTimer } = this.timing;
    this.stopTimer = startTimer(() => {
      this.stopTimer = null;
      const leftMs = this.heardAtMs + silenceMs - now();
      // More than all of it is left where the clock was set back.
      if (leftMs > 0 && leftMs <= silenceMs) return this.startTimer(leftMs);
      this.silent = true;
      this.rouse();
    }, delayMs);
  }

  private rouse(): void {
    this.woken = true;
    this.wake();
  }
}
