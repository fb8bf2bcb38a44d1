import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../src/domain/ledger-columns.js';
import { LedgerStream } from '../../../src/domain/ledger-stream.js';
import { countSlices, SliceMark, SlidingCounts } from '../../../src/domain/slices.js';
import type { BudgetingMethod } from '../../../src/domain/slo.js';
import { T0 } from './slo-examples.js';

const MINUTE = 60_000;
const BLOCK = 5 * MINUTE;
const FROM = T0 - 12 * BLOCK;
const needs = { minutesForMs: 0, blocksForMs: 24 * 12 * BLOCK, hoursForMs: 24 * 12 * BLOCK };

/** Counts of the blocks before T0, the oldest first; undefined was not read. */
function blocks(...counts: readonly (number | undefined)[]): LedgerStream {
  const stream = new LedgerStream(needs);
  stream.advance(T0);
  const fromMs = T0 - counts.length * BLOCK;
  for (const [index, count] of counts.entries()) {
    if (count === undefined) continue;
    stream.write(fromMs + index * BLOCK, BLOCK, Float64Array.of(count), new Uint8Array(1));
  }
  return stream;
}

describe('the slices of an SLI with a condition', () => {
  const bad = blocks(...Array<number>(12).fill(1));
  const total = blocks(...Array.from({ length: 12 }, (_, block) => 10 + block));
  const read = (condition: LedgerStream, sliceMs: number, span = { fromMs: FROM, toMs: T0 }) =>
    columnsOf({ good: null, bad: [bad], total: [total], condition }, span, sliceMs);
  const { UNREAD, NO_DATA, SEEN, EXCLUDED } = SliceMark;

  it('are the blocks in which it held in every minute; an answer without it is no', () => {
    const condition = blocks(5, 4, 0, Number.NaN, 5, 5, 5, 5, 5, 5, 5, 5);
    const { marks, total, bad } = read(condition, BLOCK);
    expect([...marks.subarray(0, 5)]).toEqual([SEEN, EXCLUDED, EXCLUDED, EXCLUDED, SEEN]);
    expect([...total.subarray(0, 5)]).toEqual([10, 0, 0, 0, 14]);
    expect([...bad.subarray(0, 5)]).toEqual([1, 0, 0, 0, 1]);
  });

  it('that are longer hold what happened in those of their blocks, and are left out without any', () => {
    const condition = blocks(5, 4, 0, Number.NaN, 5, 5, 0, 0, 0, 0, 0, 0);
    const { marks, total, bad } = read(condition, 3 * BLOCK);
    expect([...marks]).toEqual([SEEN, SEEN, EXCLUDED, EXCLUDED]);
    expect([...total]).toEqual([10, 14 + 15, 0, 0]);
    expect([...bad]).toEqual([1, 2, 0, 0]);
  });

  it('are unread where it was not read, and not where it is known that they do not count', () => {
    const condition = blocks(5, undefined, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5);
    expect([...read(condition, BLOCK).marks.subarray(0, 4)]).toEqual([SEEN, UNREAD, EXCLUDED, SEEN]);
    expect([...read(condition, 3 * BLOCK).marks]).toEqual([UNREAD, SEEN, SEEN, SEEN]);
    const unseen = blocks(undefined, undefined, Number.NaN, ...Array<number>(9).fill(3));
    const some = columnsOf(
      { good: null, bad: [unseen], total: [unseen], condition: blocks(0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5) },
      { fromMs: FROM, toMs: T0 },
      BLOCK,
    );
    expect([...some.marks.subarray(0, 4)]).toEqual([EXCLUDED, UNREAD, NO_DATA, SEEN]);
  });

  it('are minutes where slices are no multiples of five', () => {
    const minutes = (count: (minute: number) => number) => {
      const stream = new LedgerStream({ ...needs, minutesForMs: 12 * BLOCK });
      stream.advance(T0);
      stream.write(
        FROM,
        MINUTE,
        Float64Array.from({ length: 60 }, (_, minute) => count(minute)),
        new Uint8Array(60),
      );
      return stream;
    };
    const events = minutes(() => 1);
    const { marks, total } = columnsOf(
      { good: null, bad: [events], total: [events], condition: minutes((minute) => (minute % 3 === 0 ? 0 : 1)) },
      { fromMs: FROM, toMs: T0 },
      2 * MINUTE,
    );
    expect([...total.subarray(0, 6)]).toEqual([1, 1, 2, 1, 1, 2]);
    expect([...marks.subarray(0, 3)]).toEqual([SEEN, SEEN, SEEN]);
  });
});

describe('a window of slices', () => {
  const none = Number.NaN;
  const total = blocks(...Array<number>(12).fill(10));
  /** Whether it is an estimate, added up in both ways. */
  const isEstimate = (good: readonly number[], method: BudgetingMethod, condition: LedgerStream | null = null) => {
    const columns = columnsOf(
      { good: [blocks(...good)], bad: null, total: [total], condition },
      { fromMs: FROM, toMs: T0 },
      BLOCK,
    );
    const target = method === 'TIMESLICES' ? '0.9' : null;
    const rule = { budgetingMethod: method, timeSliceTarget: target, minEvents: 0, noData: 'IGNORE' } as const;
    const { estimated } = countSlices(columns, rule);
    expect(new SlidingCounts(columns, rule).between(0, 12, null).estimated).toBe(estimated);
    return estimated;
  };

  it.each(['OCCURRENCES', 'TIMESLICES', 'RATIO_TIMESLICES'] as const)(
    'is an estimate when good events were seen in none of them, with %s',
    (method) => {
      expect(isEstimate(Array<number>(12).fill(none), method)).toBe(true);
      expect(isEstimate([...Array<number>(11).fill(none), 0], method)).toBe(false);
      expect(isEstimate([none, ...Array<number>(11).fill(10)], method)).toBe(false);
      // What does not count says nothing of what does.
      const condition = blocks(...Array<number>(11).fill(5), 0);
      expect(isEstimate([...Array<number>(11).fill(none), 10], method, condition)).toBe(true);
    },
  );
});
