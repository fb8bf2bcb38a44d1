import { setImmediate } from 'node:timers/promises';
import type { SLOType } from '../graph/slo.type.js';
import type { SloNews, SloStatuses } from '../graph/slo-statuses.js';
import type { End } from './log-group.js';
import type { Payload, Payloads } from './payloads.js';
import type { Backpressure } from './sink.js';

/** One subscription of a client to what is of interest only in its newest state. */
export interface Receiver {
  readonly backpressure: Backpressure;
  send(payload: Buffer): void;
  /** Writes of this act leave together. */
  together(act: () => void): void;
}

export interface LatestGroupOptions {
  /** Unlike that of every other group, of those that are gone too. */
  readonly key: string;
  readonly payloads: Payloads;
  readonly statuses: SloStatuses;
  /** Aborted when nobody waits for what is executed any more. */
  readonly signal: AbortSignal;
  /** Executes the operation for an item of the stream. */
  execute(item: SLOType): Promise<Payload>;
  /** The last receiver has left. */
  onEmpty(): void;
}

/** How many answers are made or written before others get their turn. */
const BATCH = 16;

/**
 * Subscriptions that get the same evaluations. Each is executed once, for the first who reads it; a receiver is the version
 * that it has read up to, so that one that does not read costs nothing and goes on with the newest.
 */
export class LatestGroup {
  private readonly members = new Set<Member>();
  private readonly stopListening: () => void;

  constructor(private readonly options: LatestGroupOptions) {
    this.stopListening = options.statuses.listen(() => {
      for (const member of this.members) member.rouse();
    });
  }

  join(receiver: Receiver, end: End): { leave(): void } {
    const member = new Member(receiver, end);
    this.members.add(member);
    void this.serve(member);
    return { leave: () => this.leave(member) };
  }

  private leave(member: Member): void {
    member.left = true;
    member.rouse();
    if (!this.members.delete(member) || this.members.size > 0) return;
    this.stopListening();
    this.options.onEmpty();
  }

  private async serve(member: Member): Promise<void> {
    try {
      while (!member.left) {
        member.woken = false;
        await this.tellNews(member);
        await member.sleep();
      }
    } catch (error) {
      const { left } = member;
      this.leave(member);
      if (!left) member.end(error);
    }
  }

  private async tellNews(member: Member): Promise<void> {
    const { receiver } = member;
    const { backpressure } = receiver;
    let ready: Buffer[] = [];
    let told = 0;
    const flush = () => {
      receiver.together(() => {
        for (const bytes of ready) receiver.send(bytes);
      });
      ready = [];
    };
    // Asked for the next one only when there is room for it: what is newer then has taken its place.
    if (backpressure.isFull()) await backpressure.room('');
    for (const news of this.options.statuses.after(member.version)) {
      if (member.left) return;
      const payload = this.payloadOf(news);
      if (!Buffer.isBuffer(payload)) flush();
      const bytes = Buffer.isBuffer(payload) ? payload : await payload;
      if (member.left) return;
      ready.push(bytes);
      member.version = news.version;
      told += 1;
      if (told % BATCH > 0 && !backpressure.isFull()) continue;
      flush();
      await setImmediate();
      if (backpressure.isFull()) await backpressure.room('');
    }
    if (!member.left) flush();
  }

  private payloadOf(news: SloNews): Promise<Buffer> | Buffer {
    const { payloads, key, statuses, execute, signal } = this.options;
    return payloads.of(`${key} ${news.version}`, () => execute(statuses.itemOf(news)), signal);
  }
}

/** A version that was read up to, and who is told what is newer. */
class Member {
  version = 0;
  left = false;
  woken = false;
  private wake: () => void = () => {};

  constructor(
    readonly receiver: Receiver,
    readonly end: End,
  ) {}

  rouse(): void {
    this.woken = true;
    this.wake();
  }

  async sleep(): Promise<void> {
    if (this.woken) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }
}
