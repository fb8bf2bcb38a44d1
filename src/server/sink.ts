import type { Writable } from 'node:stream';

/** Where a subscriber's messages go: a WebSocket, or the body of an answer that does not end. */
export interface Sink {
  /** What all of them are written to. */
  readonly stream: Writable;
  /** Ends the connection: it reads nothing. */
  dismiss(cursor: string): void;
}

/** Unsent bytes from which on a reader is not written to any more. */
export const MAX_UNSENT_BYTES = 1_048_576;
export const MAX_STALL_MS = 30_000;

/** Told by the close code, with the cursor: a reader that comes back with it misses nothing. */
export const SLOW_CONSUMER = 4510;
export const slowConsumer = (cursor: string) =>
  cursor === '' ? 'slow consumer, subscribe again' : `slow consumer, resume with your cursor ${cursor}`;

/** Keeps what one connection has not read yet within bounds; everything that is written to it shares one. */
export interface Backpressure {
  isFull(): boolean;
  /** Resolves when there is room again, or when the client is gone. @param cursor where the asker would go on; empty without one */
  room(cursor: string): Promise<void>;
  /** Whether somebody waits for room. */
  isStalled(): boolean;
}

/** No closures: it is looked at for every event and subscriber, and what lies apart in memory takes long to reach. */
export class SinkBackpressure implements Backpressure {
  private waiting: Promise<void> | null = null;
  private readonly stream: Writable;

  constructor(
    private readonly sink: Sink,
    private readonly maxStallMs = MAX_STALL_MS,
  ) {
    this.stream = sink.stream;
  }

  isFull(): boolean {
    return this.stream.writableLength > MAX_UNSENT_BYTES;
  }

  room(cursor: string): Promise<void> {
    this.waiting ??= this.drained(cursor);
    return this.waiting;
  }

  isStalled(): boolean {
    return this.waiting !== null;
  }

  private drained(cursor: string): Promise<void> {
    const { stream } = this;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.sink.dismiss(cursor), this.maxStallMs);
      const done = () => {
        stream.off('drain', done);
        stream.off('close', done);
        clearTimeout(timer);
        this.waiting = null;
        resolve();
      };
      stream.on('drain', done);
      stream.on('close', done);
    });
  }
}
