import { StoreError } from '../../../src/domain/errors.js';
import type { LedgerStore, SliceBlock, StreamSnapshot } from '../../../src/domain/ports.js';

export interface MemoryLedger extends LedgerStore {
  /** While true every call fails. */
  broken: boolean;
  readonly blocks: readonly SliceBlock[];
}

/** The port in memory, with a switch to break it: a snapshot is kept beside all blocks, with the number it holds for. */
export function memoryLedger(): MemoryLedger {
  const blocks: SliceBlock[] = [];
  const streams = new Map<string, StreamSnapshot & { readonly through: number }>();
  const store: MemoryLedger = {
    broken: false,
    blocks,
    async load(onStream, onBlock) {
      check();
      for (const { through: _, ...stream } of streams.values()) onStream(stream);
      for (const [index, block] of blocks.entries()) {
        const newer = block.streams.filter(({ key }) => (streams.get(key)?.through ?? 0) <= index);
        if (newer.length > 0) onBlock({ ...block, streams: newer });
      }
    },
    async append(added) {
      check();
      for (const { streams: parts, closedMs } of added) {
        for (const { key } of parts) {
          if (!streams.has(key)) streams.set(key, { key, state: null, usedAtMs: closedMs, through: 0 });
        }
      }
      blocks.push(...added);
    },
    async saveSnapshots(snapshots) {
      check();
      for (const snapshot of snapshots) streams.set(snapshot.key, { ...snapshot, through: blocks.length });
    },
    async forget(keys) {
      check();
      for (const key of keys) streams.delete(key);
    },
  };
  function check(): void {
    if (store.broken) throw new StoreError('the disk is full', true);
  }
  return store;
}
