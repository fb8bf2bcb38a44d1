import { describe, expect, it, onTestFinished } from 'vitest';
import type { LedgerStore, SliceBlock, StreamSnapshot } from '../../src/domain/ports.js';
import { storeSubjects } from '../support/stores.js';

const T0 = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

function block(minute: number, streams: Readonly<Record<string, readonly number[]>>): SliceBlock {
  const slices = Object.values(streams)[0]?.length ?? 1;
  const fromMs = T0 + minute * MINUTE;
  return {
    span: { fromMs, toMs: fromMs + slices * MINUTE, sliceMs: MINUTE },
    closedMs: fromMs + slices * MINUTE,
    streams: Object.entries(streams).map(([key, counts]) => ({
      key,
      counts: Float64Array.from(counts),
      estimated: Uint8Array.from(counts, (count) => (count > 100 ? 1 : 0)),
    })),
  };
}

const snapshot = (key: string, ...bytes: number[]): StreamSnapshot => ({
  key,
  state: Uint8Array.from(bytes),
  usedAtMs: T0,
});

async function loaded(ledger: LedgerStore) {
  const streams: StreamSnapshot[] = [];
  const blocks: SliceBlock[] = [];
  await ledger.load(
    (stream) => streams.push(stream),
    (block) => blocks.push(block),
  );
  return { streams, blocks };
}

describe.each(storeSubjects())('a ledger kept in $name', ({ make }) => {
  async function opened(): Promise<LedgerStore> {
    const store = await (await make()).open();
    onTestFinished(() => store.close());
    return store.ledger;
  }

  it('is empty at first', async () => {
    expect(await loaded(await opened())).toEqual({ streams: [], blocks: [] });
  });

  it('gives back every block in order: fractions, what was not seen, and marks of estimates', async () => {
    const ledger = await opened();
    const first = block(0, { a: [1, Number.NaN, 0.25], 'b "é"': [0, 1e15, 250] });
    const second = block(3, { 'b "é"': [7], c: [8] });
    await ledger.append([first, second]);
    await ledger.append([block(4, { a: [9] })]);
    const { streams, blocks } = await loaded(ledger);
    expect(blocks).toEqual([first, second, block(4, { a: [9] })]);
    expect(streams.map(({ key, state }) => [key, state])).toEqual([
      ['a', null],
      ['b "é"', null],
      ['c', null],
    ]);
  });

  it('leaves out of a block what a snapshot contains, and drops blocks that all contain', async () => {
    const ledger = await opened();
    await ledger.append([block(0, { a: [1], b: [2] })]);
    await ledger.saveSnapshots([snapshot('a', 1, 2, 3)]);
    await ledger.append([block(1, { a: [3], b: [4] })]);
    const { streams, blocks } = await loaded(ledger);
    expect(streams).toEqual([snapshot('a', 1, 2, 3), { key: 'b', state: null, usedAtMs: T0 + MINUTE }]);
    expect(blocks).toEqual([block(0, { b: [2] }), block(1, { a: [3], b: [4] })]);
    await ledger.saveSnapshots([snapshot('b', 5)]);
    expect((await loaded(ledger)).blocks).toEqual([block(1, { a: [3] })]);
    await ledger.saveSnapshots([snapshot('a', 6)]);
    expect(await loaded(ledger)).toEqual({ streams: [snapshot('a', 6), snapshot('b', 5)], blocks: [] });
  });

  it('loses nothing that is appended after all blocks were dropped', async () => {
    const ledger = await opened();
    await ledger.append([block(0, { a: [1] }), block(1, { a: [2] })]);
    await ledger.saveSnapshots([snapshot('a', 1)]);
    await ledger.append([block(2, { a: [3] })]);
    expect((await loaded(ledger)).blocks).toEqual([block(2, { a: [3] })]);
  });

  it('forgets streams with all that is kept of them', async () => {
    const ledger = await opened();
    await ledger.append([block(0, { a: [1], b: [2] })]);
    await ledger.forget(['a', 'unknown']);
    const { streams, blocks } = await loaded(ledger);
    expect(streams.map(({ key }) => key)).toEqual(['b']);
    expect(blocks).toEqual([block(0, { b: [2] })]);
    await ledger.append([block(1, { a: [3] })]);
    expect((await loaded(ledger)).blocks).toEqual([block(0, { b: [2] }), block(1, { a: [3] })]);
  });

  it('is the same after it was closed and opened again', async () => {
    const subject = await make();
    const first = await subject.open();
    await first.ledger.append([block(0, { a: [1], b: [2] })]);
    await first.ledger.saveSnapshots([snapshot('b', 9)]);
    await first.ledger.append([block(1, { a: [1], b: [2] })]);
    const before = await loaded(first.ledger);
    await first.close();
    const second = await subject.open();
    onTestFinished(() => second.close());
    expect(await loaded(second.ledger)).toEqual(before);
    await second.ledger.append([block(2, { a: [5] })]);
    expect((await loaded(second.ledger)).blocks).toEqual([...before.blocks, block(2, { a: [5] })]);
  });

  it('keeps thousands of streams and blocks', async () => {
    const ledger = await opened();
    const keys = Array.from({ length: 1_200 }, (_, index) => `stream ${index}`);
    await ledger.append(
      Array.from({ length: 600 }, (_, minute) => block(minute, { [keys[minute % 1_200] as string]: [minute] })),
    );
    await ledger.saveSnapshots(keys.map((key, index) => snapshot(key, index % 256)));
    await ledger.append([block(600, Object.fromEntries(keys.map((key, index) => [key, [index]])))]);
    const { streams, blocks } = await loaded(ledger);
    expect(streams.length).toBe(1_200);
    expect(blocks.map(({ streams }) => streams.length)).toEqual([1_200]);
    await ledger.forget(keys);
    expect(await loaded(ledger)).toEqual({ streams: [], blocks: [] });
  });
});
