/** Lets a bounded number of tasks run at once; the others wait their turn, first come first served. */
export interface Bulkhead {
  /**
   * Runs the task when its turn comes.
   * @throws BulkheadFull at once when too many wait already
   * @throws the signal's reason when it is aborted before the turn comes; the task does not run then
   */
  run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Whether the next task would have to wait. */
  isFull(): boolean;
  /** Waiting for a turn now. */
  waiting(): number;
}

export class BulkheadFull extends Error {}

export function createBulkhead(maxRunning: number, maxWaiting: number): Bulkhead {
  const queue = new Set<() => void>();
  let running = 0;

  /** @returns whether there was a free one */
  function takePlace(): boolean {
    if (running >= maxRunning) return false;
    running += 1;
    return true;
  }

  function turn(signal: AbortSignal): Promise<void> {
    if (queue.size >= maxWaiting) throw new BulkheadFull(`${maxWaiting} requests are waiting already`);
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        queue.delete(start);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.add(start);
    });
  }

  function end(): void {
    const [next] = queue;
    // The place is handed over, so that nobody who comes now can slip in between.
    if (next === undefined) running -= 1;
    else {
      queue.delete(next);
      next();
    }
  }

  return {
    async run(task, signal) {
      signal.throwIfAborted();
      if (!takePlace()) await turn(signal);
      try {
        return await task();
      } finally {
        end();
      }
    },
    isFull: () => running >= maxRunning,
    waiting: () => queue.size,
  };
}
