/** Where a subscriber's messages go: a WebSocket, or the body of an answer that does not end. */
export interface Sink {
  /** Written and not yet taken by the kernel. */
  unsentBytes(): number;
  /** Calls back once when everything is taken, or the client is gone. */
  onceDrained(callback: () => void): void;
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

export function createBackpressure(sink: Sink, maxStallMs = MAX_STALL_MS): Backpressure {
  let waiting: Promise<void> | null = null;
  const wait = (cursor: string) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => sink.dismiss(cursor), maxStallMs);
      sink.onceDrained(() => {
        clearTimeout(timer);
        waiting = null;
        resolve();
      });
    });
  return {
    isFull: () => sink.unsentBytes() > MAX_UNSENT_BYTES,
    room(cursor) {
      waiting ??= wait(cursor);
      return waiting;
    },
    isStalled: () => waiting !== null,
  };
}
