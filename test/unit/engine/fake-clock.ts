import type { Clock } from '../../../src/engine/clock.js';

export interface FakeClock extends Clock {
  /** Moves time on, calling what falls due on the way, and lets everything that follows from it happen. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(startMs: number): FakeClock {
  let nowMs = startMs;
  const timers = new Map<symbol, { readonly dueMs: number; readonly callback: () => void }>();
  return {
    now: () => nowMs,
    after(delayMs, callback) {
      const id = Symbol('timer');
      timers.set(id, { dueMs: nowMs + delayMs, callback });
      return () => timers.delete(id);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settled();
      for (;;) {
        const [id, timer] = [...timers].sort(([, a], [, b]) => a.dueMs - b.dueMs)[0] ?? [];
        if (id === undefined || timer === undefined || timer.dueMs > endMs) break;
        nowMs = Math.max(nowMs, timer.dueMs);
        timers.delete(id);
        timer.callback();
        await settled();
      }
      nowMs = endMs;
    },
  };
}

/** Everything here is in memory: a turn of the event loop runs all promises that wait for each other. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
