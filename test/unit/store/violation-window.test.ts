import { describe, expect, it } from 'vitest';
import type { ViolationStore } from '../../../src/domain/ports.js';
import type { ViolationChange, ViolationEvent } from '../../../src/domain/violation.js';
import { withWindow } from '../../../src/store/violation-window.js';
import { event } from '../graph/graph-world.js';

/** A log in memory that notes where it was read, behind a window, and its feed. */
function windowed() {
  const log: ViolationEvent[] = [];
  const read: number[] = [];
  const append = async (changes: readonly ViolationChange[]) => {
    const fresh = changes.filter(({ eventId }) => !log.some((known) => known.eventId === eventId));
    const stored = fresh.map((change, index) => ({ ...change, seq: log.length + 1 + index, emittedAtMs: 0 }));
    log.push(...stored);
    return stored;
  };
  const store = {
    append,
    async events(after: number, limit: number) {
      read.push(after);
      return log.filter(({ seq }) => seq > after).slice(0, limit);
    },
    position: async () => ({ head: { epoch: 'e', seq: log.length } }),
    prune: async () => 0,
  };
  let tell = () => {};
  const window = withWindow(store as unknown as ViolationStore, {
    onAppend(listener) {
      tell = listener;
      return () => {};
    },
  });
  const changes = (...ids: string[]): ViolationChange[] => ids.map((id) => ({ ...event(1), eventId: id }));
  return {
    store,
    read,
    /** The events that come after a place, as they are read through the window. */
    seqs: async (after: number, limit = 500) => (await window.events(after, limit)).map(({ seq }) => seq),
    head: async () => (await window.position()).head.seq,
    prune: () => window.prune({ beforeMs: 0, maxEvents: 1_000 }),
    async append(...ids: string[]) {
      await window.append(changes(...ids), 0);
      tell();
    },
    async appendBeside(...ids: string[]) {
      await append(changes(...ids));
      tell();
    },
  };
}

describe('a window', () => {
  it('knows what was appended through it, and that nothing follows, without reading', async () => {
    const { append, seqs, read } = windowed();
    await append('a', 'b');
    await append('c');
    expect([await seqs(0), await seqs(2), await seqs(3)]).toEqual([[1, 2, 3], [3], []]);
    expect(read).toEqual([]);
  });

  it('reads what was appended beside it', async () => {
    const { append, appendBeside, seqs, read } = windowed();
    await append('a');
    await appendBeside('b');
    expect(await seqs(1)).toEqual([2]);
    expect(read).toEqual([1]);
    await append('c');
    expect([await seqs(1), await seqs(3)]).toEqual([[2, 3], []]);
    expect(read).toEqual([1]);
  });

  it('reads on when an append was stored already, for others may have been with it', async () => {
    const { append, seqs, store, read } = windowed();
    await append('a');
    await store.append([{ ...event(1), eventId: 'b' }]);
    await append('b');
    expect(await seqs(1)).toEqual([2]);
    expect(read).toEqual([1]);
  });

  it('reads on after an append that failed, for it may have been stored all the same', async () => {
    const { append, seqs, store, read } = windowed();
    await append('a');
    const { append: works } = store;
    store.append = async (changes) => {
      await works(changes);
      throw new Error('the connection broke');
    };
    await expect(append('b')).rejects.toThrow('the connection broke');
    expect(await seqs(1)).toEqual([2]);
    expect(read).toEqual([1]);
  });

  it('does not take the end of a page for the end of the log after events were pruned', async () => {
    const { append, prune, seqs } = windowed();
    await append('a', 'b', 'c');
    await prune();
    expect([await seqs(0, 2), await seqs(2, 2)]).toEqual([[1, 2], [3]]);
  });

  it('knows its place after an append that failed and was stored all the same', async () => {
    const { append, head, store } = windowed();
    await append('a');
    expect(await head()).toBe(1);
    const { append: works } = store;
    store.append = async (changes) => {
      await works(changes);
      throw new Error('the connection broke');
    };
    await expect(append('b')).rejects.toThrow('the connection broke');
    expect(await head()).toBe(2);
  });

  it('reads what came before the first event that it was told of', async () => {
    const { append, appendBeside, seqs, read } = windowed();
    await appendBeside('a', 'b');
    await append('c');
    expect(await seqs(2)).toEqual([3]);
    expect(read).toEqual([]);
    expect(await seqs(0)).toEqual([1, 2, 3]);
    expect(read).toEqual([0]);
  });
});
