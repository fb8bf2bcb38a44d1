import type { ViolationStore } from '../domain/ports.js';
import type { Clock } from './clock.js';
import type { EngineLog } from './log.js';

const EVERY_MS = 3_600_000;

export interface RetentionOptions {
  readonly store: Pick<ViolationStore, 'prune'>;
  /** How long events, and violations after their end, are kept. */
  readonly retentionMs: number;
  readonly maxEvents: number;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** Lets the log go of what is beyond its retention, at once and every hour. Returns how to stop that. */
export function keepRetention({ store, retentionMs, maxEvents, clock, log }: RetentionOptions): () => void {
  let stopped = false;
  let cancel = () => {};
  async function prune(): Promise<void> {
    try {
      await store.prune({ beforeMs: clock.now() - retentionMs, maxEvents });
    } catch (error) {
      if (!stopped) log.error({ err: error }, 'the log of violations could not be shortened; tried again in an hour');
    }
    if (!stopped) cancel = clock.after(EVERY_MS, () => void prune());
  }
  void prune();
  return () => {
    stopped = true;
    cancel();
  };
}
