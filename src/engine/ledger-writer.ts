import { encodeState } from '../domain/ledger-state.js';
import type { LedgerStore, SliceBlock } from '../domain/ports.js';
import { type Clock, isDoneWithin } from './clock.js';
import type { LedgerEntry } from './ledger-entry.js';
import type { EngineLog } from './log.js';

const STORE_DEADLINE_MS = 5_000;
/** Bytes of blocks that wait for the store; beyond them the oldest go, and are asked for again after a restart. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const SNAPSHOTS_AT_ONCE = 200;
/** Streams that no definition makes use of any more are dropped after that. */
const KEEP_UNUSED_MS = 35 * 86_400_000;
const FORGET_INTERVAL_MS = 3_600_000;

export interface LedgerWriterOptions {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly entries: Map<string, LedgerEntry>;
}

/** Brings to the store what the ledger took over. */
export interface LedgerWriter {
  add(block: SliceBlock): void;
  persist(): Promise<void>;
}

export function createLedgerWriter({ store, clock, log, entries }: LedgerWriterOptions): LedgerWriter {
  let pending: SliceBlock[] = [];
  let pendingBytes = 0;
  /** Bytes of blocks in the store for which no snapshot was written: for each of these one byte of snapshots. */
  let debt = 0;
  let turn = 0;
  let forgotAtMs = clock.now();
  let writing: Promise<void> | null = null;
  let failing = false;

  async function write(): Promise<void> {
    try {
      await append();
      await snapshot();
      await forget();
      if (failing) log.info({}, 'slices are kept again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, 'slices could not be kept; they are written later');
      failing = true;
    }
  }

  async function append(): Promise<void> {
    const blocks = pending;
    if (blocks.length === 0) return;
    pending = [];
    try {
      await store.append(blocks);
    } catch (error) {
      pending = [...blocks, ...pending];
      throw error;
    }
    const bytes = blocks.reduce((sum, block) => sum + bytesOf(block), 0);
    pendingBytes -= bytes;
    debt += bytes;
  }

  /** Writes as much of snapshots as blocks were written, so that neither outgrows the other. */
  async function snapshot(): Promise<void> {
    const keys = [...entries.keys()];
    const chosen: LedgerEntry[] = [];
    for (; debt > 0 && chosen.length < Math.min(keys.length, SNAPSHOTS_AT_ONCE); turn += 1) {
      const entry = entries.get(keys[turn % keys.length] as string) as LedgerEntry;
      chosen.push(entry);
      debt -= entry.slices.bytes;
    }
    if (chosen.length === 0) return;
    const usedAtMs = (entry: LedgerEntry) => (entry.tasks.length > 0 ? clock.now() : entry.usedAtMs);
    const states = chosen.map((entry) => ({
      key: entry.key,
      state: encodeState(entry.slices.state()),
      usedAtMs: usedAtMs(entry),
    }));
    await store.saveSnapshots(states);
  }

  async function forget(): Promise<void> {
    const nowMs = clock.now();
    if (nowMs - forgotAtMs < FORGET_INTERVAL_MS) return;
    forgotAtMs = nowMs;
    const unused: string[] = [];
    for (const entry of entries.values()) {
      if (entry.tasks.length > 0) entry.usedAtMs = nowMs;
      else if (nowMs - entry.usedAtMs > KEEP_UNUSED_MS) unused.push(entry.key);
    }
    if (unused.length === 0) return;
    await store.forget(unused);
    for (const key of unused) entries.delete(key);
    log.info({ streams: unused.length }, 'slices that no definition made use of for weeks were dropped');
  }

  return {
    add(block) {
      pending.push(block);
      pendingBytes += bytesOf(block);
      while (pendingBytes > MAX_PENDING_BYTES && pending.length > 1) {
        pendingBytes -= bytesOf(pending.shift() as SliceBlock);
      }
    },
    async persist() {
      writing ??= write().finally(() => {
        writing = null;
      });
      await isDoneWithin(writing, STORE_DEADLINE_MS, clock);
    },
  };
}

function bytesOf({ streams }: SliceBlock): number {
  return streams.reduce((sum, { counts }) => sum + 9 * counts.length + 4, 0);
}
