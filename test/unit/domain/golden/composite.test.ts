import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compositeParts, compositeTarget, type Weighted, weightedMean } from '../../../../src/domain/composite.js';
import { countParts, SliceMark } from '../../../../src/domain/slices.js';
import type { EventCounts } from '../../../../src/domain/slo.js';

const weighted = <T>(...members: readonly (readonly [weight: string, value: T])[]): Weighted<T>[] =>
  members.map(([weight, value]) => ({ weight, value }));
const parts = (...values: readonly number[]) => Float64Array.from(values);

describe('a composite of events', () => {
  it.each([
    { id: 'G46', members: weighted<number | null>(['1', 0.99], ['1', 0.98]), ratio: 0.985, target: 0.99, kept: false },
    { id: 'G47', members: weighted<number | null>(['3', 0.99], ['7', 0.995]), ratio: 0.9935, target: 0.99, kept: true },
  ])('$id: weighs its members: $ratio of $target promised', ({ members, ratio, target, kept }) => {
    expect(weightedMean(members)).toBe(ratio);
    expect(ratio >= target).toBe(kept);
  });

  it('is not known while a member is not', () => {
    expect(weightedMean(weighted<number | null>(['1', 0.5], ['9', null]))).toBeNull();
    expect(weightedMean([])).toBeNull();
  });

  it('promises what its members do, by their weights', () => {
    expect(compositeTarget(weighted(['1', '0.999'], ['5', '0.999']))).toBe('0.999');
    expect(compositeTarget(weighted(['3', '0.99'], ['1', '0.95']))).toBe('0.98');
  });
});

describe('a composite of slices', () => {
  it('G52: whose members fail at times of their own is as good as the product of .999, .999 and .9995: .9975020', () => {
    const bad = [0, 1, 2].map(() => new Float64Array(2_000_000));
    // Each pair fails together as often as chance has it, the three of them never.
    for (let slice = 0; slice < 2_000_000; slice += 1) {
      const [a, b, c] = [slice % 1_000, Math.floor(slice / 1_000) % 1_000, Math.floor(slice / 1_000_000)];
      const failing = [a === 0, b === 0, (a + b + 1_000 * c) % 2_000 === 1];
      for (const [member, fails] of failing.entries()) (bad[member] as Float64Array)[slice] = fails ? 1 : 0;
    }
    const shares = bad.map((column) => 1 - column.reduce((sum, part) => sum + part, 0) / column.length);
    expect(shares).toEqual([0.999, 0.999, 0.9995]);
    const missing = compositeParts(
      'TIMESLICES',
      bad.map((value) => ({ weight: '1', value })),
    );
    const seen = new Uint8Array(missing.length).fill(SliceMark.SEEN);
    const { good, total } = countParts(seen, missing).events as EventCounts;
    expect(good / total).toBeCloseTo(0.997502, 7);
  });

  it('is bad when any member is', () => {
    const members = weighted(['1', parts(0, 1, 0, Number.NaN)], ['4', parts(0, 0, 1, 1)]);
    expect([...compositeParts('TIMESLICES', members)]).toEqual([0, 1, 1, 1]);
  });

  it('G53: misses what its members miss together: 95 % and 95 % are 90 %, and never below 0 %', () => {
    const members = weighted(['1', parts(0.05, 0.7, 0)], ['1', parts(0.05, 0.6, 0)]);
    expect([...compositeParts('RATIO_TIMESLICES', members)]).toEqual([0.1, 1, 0]);
  });

  it('says nothing where no member does, and leaves out the one that does not', () => {
    const members = weighted(['1', parts(Number.NaN, 0.2)], ['1', parts(Number.NaN, Number.NaN)]);
    expect([...compositeParts('RATIO_TIMESLICES', members)]).toEqual([Number.NaN, 0.2]);
  });
});

it('weights that are all multiplied change no composite', () => {
  const member = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 5 }), fc.integer({ min: 2, max: 7 }), (members, k) => {
      const by = (factor: number) => weighted(...members.map(([w, v]) => [`${w * factor}`, v] as const));
      expect(weightedMean(by(k))).toBeCloseTo(weightedMean(by(1)) as number, 12);
      const columns = (factor: number) => by(factor).map(({ weight, value }) => ({ weight, value: parts(value) }));
      const [once, times] = [1, k].map((factor) => compositeParts('RATIO_TIMESLICES', columns(factor))[0]);
      expect(times).toBeCloseTo(once as number, 12);
    }),
  );
});
