import { describe, expect, it } from 'vitest';
import { doubts, settlePart, settleTotal } from '../../../src/sources/slice-guards.js';

const { NaN: UNSEEN } = Number;
const slicesOf = (counts: readonly number[], largest?: number, gapSlices: number | null = 12) =>
  doubts(Float64Array.from(counts), largest, gapSlices).map(({ slice }) => slice);

describe('doubts', () => {
  it('doubts a slice of more than twice what was ever trusted', () => {
    expect(slicesOf([100, 200, 401, 90], 100)).toEqual([2]);
  });

  it('doubts the slice after a gap that is longer than the look-back, whatever it holds', () => {
    const gap = Array.from({ length: 12 }, () => UNSEEN);
    expect(slicesOf([100, ...gap, 3, 100], 100)).toEqual([13]);
    expect(slicesOf([100, ...gap.slice(1), 3, 100], 100)).toEqual([]);
  });

  it('doubts what is seen first where nobody knows what was before', () => {
    expect(slicesOf([100, 100, 100])).toEqual([0]);
    expect(slicesOf([UNSEEN, 100, 100], 100)).toEqual([1]);
    expect(slicesOf([100])).toEqual([0]);
  });

  it('holds the first slices of an answer against the usual one', () => {
    expect(slicesOf([100_000, 100, 90, 110, 100, 95], undefined, null)).toEqual([0]);
  });

  it('goes on doubting after a slice that was wrong, and stops where it was right', () => {
    expect(slicesOf([100, 90_000, 100, 80_000, 100], 100)).toEqual([1, 3]);
    expect(slicesOf([10, 100, 100, 100, 100], 10)).toEqual([1]);
  });

  it('leaves alone what has no events', () => {
    expect(slicesOf([0, 0, UNSEEN, 0])).toEqual([]);
  });
});

describe('a second look', () => {
  const doubt = { slice: 3, reference: 100, afterGap: false };

  it('believes growth, however large', () => {
    expect(settleTotal(doubt, { whole: 5_000, certain: 5_000 })).toEqual({ count: 5_000, estimated: false });
  });

  it('believes a new counter that brings about what a slice holds', () => {
    expect(settleTotal(doubt, { whole: 480, certain: 80 })).toEqual({ count: 480, estimated: false });
  });

  it('does not believe a counter that brings a life', () => {
    expect(settleTotal(doubt, { whole: 90_000, certain: 95 })).toEqual({ count: 95, estimated: true });
  });

  it('says so when the growth of a gap stands in one slice', () => {
    expect(settleTotal({ ...doubt, afterGap: true }, { whole: 2_400, certain: 2_400 })).toEqual({
      count: 2_400,
      estimated: true,
    });
  });

  it('believes first errors within their total, and none of a total that began anew', () => {
    const look = { whole: 40, certain: 0 };
    expect(settlePart(look, { count: 900, estimated: false })).toEqual({ count: 40, estimated: false });
    expect(settlePart(look, { count: 900, estimated: true })).toEqual({ count: 0, estimated: true });
    expect(settlePart(look, { count: 30, estimated: false })).toEqual({ count: 0, estimated: true });
  });
});
