import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burnRateOfEvents } from '../../../../src/domain/burn-rate.js';
import { parseDuration } from '../../../../src/domain/duration.js';
import { countSlices, type SliceColumns, SliceMark, type SliceRule } from '../../../../src/domain/slices.js';
import type { EventCounts } from '../../../../src/domain/slo.js';
import { aBudget, events } from '../slo-examples.js';

const rule = (changes: Partial<SliceRule> = {}): SliceRule => ({
  budgetingMethod: 'TIMESLICES',
  timeSliceTarget: '0.9',
  minEvents: 0,
  noData: 'IGNORE',
  ...changes,
});

/** [bad, total] of each slice; null: it was read, and nothing was there. */
function columns(slices: readonly (readonly [number, number] | null)[]): SliceColumns {
  return {
    bad: Float64Array.from(slices, (slice) => slice?.[0] ?? 0),
    total: Float64Array.from(slices, (slice) => slice?.[1] ?? 0),
    marks: Uint8Array.from(slices, (slice) => (slice === null ? SliceMark.NO_DATA : SliceMark.SEEN)),
  };
}

function many<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

function counted(slices: Parameters<typeof columns>[0], changes: Partial<SliceRule> = {}): EventCounts {
  return countSlices(columns(slices), rule(changes)).events as EventCounts;
}

function budget(target: string, counts: EventCounts, window: string) {
  return aBudget({ target, events: counts, windowMs: parseDuration(window), inWholeSlices: true });
}

describe('timeslices', () => {
  it.each([
    { id: 'G34', window: '30d', slice: '1m', total: 43_200, allowed: [432, 43, 4] },
    { id: 'G35', window: '30d', slice: '5m', total: 8_640, allowed: [86, 8, 0] },
    { id: 'G36', window: '7d', slice: '5m', total: 2_016, allowed: [20, 2, 0] },
  ])(
    '$id: $window of $slice are $total slices, of which whole ones may be bad',
    ({ window, slice, total, allowed }) => {
      expect(parseDuration(window) / parseDuration(slice)).toBe(total);
      const spared = ['0.99', '0.999', '0.9999'].map(
        (target) => budget(target, events(0, total), window).remainingEvents,
      );
      expect(spared).toEqual(allowed);
    },
  );

  it('G37: two weeks at 95 % allow 1,008 bad minutes', () => {
    expect(budget('0.95', events(0, 20_160), '2w')).toMatchObject({
      remainingEvents: 1_008,
      remainingTimeMs: parseDuration('16h48m'),
    });
  });

  it('G39: a week at 99.95 % allows 5 minutes 2.4 seconds', () => {
    expect(budget('0.9995', events(0, 10_080), '7d').remainingTimeMs).toBe(302_400);
  });

  it('G41: 10 bad of 100 slices seen of 1,008 are spent to .19842 when those without data are good', () => {
    const slices = [...many(90, [0, 10] as const), ...many(10, [10, 10] as const), ...many(908, null)];
    const counts = counted(slices, { noData: 'GOOD' });
    expect(counts.good / counts.total).toBeCloseTo(0.990079, 6);
    const { consumedRatio, remainingRatio } = budget('0.95', counts, '7d');
    expect([consumedRatio, remainingRatio].map((ratio) => ratio?.toFixed(5))).toEqual(['0.19841', '0.80159']);
  });

  it.each([
    { bad: 80, total: 10_080, ratio: 0.99206349 },
    { bad: 10, total: 168, ratio: 0.94047619 },
  ])('G42: $bad bad of $total slices are $ratio', ({ bad, total, ratio }) => {
    const counts = counted([...many(bad, [1, 1] as const), ...many(total - bad, [0, 1] as const)]);
    expect(counts.good / counts.total).toBeCloseTo(ratio, 8);
  });

  it('G43: two groups down for 5 minutes each, at other times, make a day 99.306 %', () => {
    const counts = counted([...many(10, [1, 2] as const), ...many(1_430, [0, 2] as const)]);
    expect(counts.good / counts.total).toBeCloseTo(0.99306, 5);
  });

  it('G44: a day that does not count makes 60 bad minutes of a week weigh .694 % instead of .595 %', () => {
    const week = columns([...many(60, [1, 1] as const), ...many(10_020, [0, 1] as const)]);
    const badShare = (marks: Uint8Array) => {
      const { bad, total } = countSlices({ ...week, marks }, rule()).events as EventCounts;
      return (100 * bad) / total;
    };
    expect(badShare(week.marks)).toBeCloseTo(0.595, 3);
    expect(badShare(week.marks.slice().fill(SliceMark.EXCLUDED, 5_000, 6_440))).toBeCloseTo(0.694, 3);
  });
});

describe('ratio timeslices', () => {
  const ratios = { budgetingMethod: 'RATIO_TIMESLICES', timeSliceTarget: null } as const;

  it('G38: at 99 % of normal and 1 % under attack, 95 % of two weeks stand 822.86 minutes of it', () => {
    const spent = (minutes: number) => {
      const under = Math.floor(minutes);
      const counts = counted([...many(under, [99, 100] as const), ...many(20_160 - under, [1, 100] as const)], ratios);
      return budget('0.95', counts, '2w').remainingRatio as number;
    };
    expect(spent(822)).toBeGreaterThan(0);
    expect(spent(823)).toBeLessThan(0);
    expect((spent(822) / (spent(822) - spent(823)) + 822).toFixed(2)).toBe('822.86');
  });

  it('G40: four slices of 10 of 10 and one of 20 of 40 are .9 by slices and .75 by events', () => {
    const slices = [...many(4, [0, 10] as const), [20, 40] as const];
    const bySlice = counted(slices, ratios);
    expect(bySlice.good / bySlice.total).toBe(0.9);
    const byEvent = counted(slices, { budgetingMethod: 'OCCURRENCES' });
    expect(byEvent.good / byEvent.total).toBe(0.75);
  });
});

describe('a slice', () => {
  it('E2: of no events is dropped, and poisons nothing', () => {
    expect(
      counted([
        [0, 0],
        [0, 10],
        [10, 10],
      ]),
    ).toEqual(events(1, 2));
    expect(
      counted(
        [
          [0, 0],
          [5, 10],
        ],
        { budgetingMethod: 'RATIO_TIMESLICES' },
      ),
    ).toEqual(events(0.5, 1));
    expect(counted([[0, 0]])).toEqual(events(0, 0));
  });

  it('E11: exactly at its target is good, where 1 - 0.99 in doubles is too much', () => {
    expect(counted([[1, 100]], { timeSliceTarget: '0.99' })).toEqual(events(0, 1));
    expect(counted([[7, 70]], { timeSliceTarget: '0.9' })).toEqual(events(0, 1));
    expect(counted([[1.0001, 100]], { timeSliceTarget: '0.99' })).toEqual(events(1, 1));
    expect(
      counted(
        [
          [0, 3],
          [1e-10, 1],
        ],
        { timeSliceTarget: '1' },
      ),
    ).toEqual(events(1, 2));
  });

  it('E14: never has more bad events than events, nor less than none', () => {
    expect(counted([[12, 10]], { budgetingMethod: 'RATIO_TIMESLICES' })).toEqual(events(1, 1));
    expect(counted([[-2, 10]], { budgetingMethod: 'OCCURRENCES' })).toEqual(events(0, 10));
  });

  it('with fewer events than count says nothing', () => {
    expect(
      counted(
        [
          [1, 4],
          [0, 5],
        ],
        { minEvents: 5 },
      ),
    ).toEqual(events(0, 1));
  });
});

describe('time without data', () => {
  const slices = [[1, 10], null, [0, 10], null] as const;

  it.each([
    { noData: 'IGNORE', method: 'TIMESLICES', bad: 0, total: 2 },
    { noData: 'FREEZE', method: 'TIMESLICES', bad: 0, total: 2 },
    { noData: 'GOOD', method: 'TIMESLICES', bad: 0, total: 4 },
    { noData: 'BAD', method: 'TIMESLICES', bad: 2, total: 4 },
    { noData: 'BAD', method: 'RATIO_TIMESLICES', bad: 2.1, total: 4 },
    { noData: 'IGNORE', method: 'OCCURRENCES', bad: 1, total: 20 },
    { noData: 'GOOD', method: 'OCCURRENCES', bad: 1, total: 40 },
    { noData: 'BAD', method: 'OCCURRENCES', bad: 21, total: 40 },
  ] as const)('is $noData: $bad of $total with $method', ({ noData, method, bad, total }) => {
    expect(counted(slices, { noData, budgetingMethod: method })).toEqual(events(bad, total));
  });

  it('E17: that could not be read is left out, whatever the policy', () => {
    const unread = { ...columns(slices), marks: Uint8Array.of(2, SliceMark.UNREAD, 2, SliceMark.UNREAD) };
    for (const noData of ['IGNORE', 'GOOD', 'BAD', 'FREEZE'] as const) {
      expect(countSlices(unread, rule({ noData }))).toEqual({ events: events(0, 2), estimated: true });
    }
  });

  it.each(['TIMESLICES', 'RATIO_TIMESLICES', 'OCCURRENCES'] as const)(
    'E4: all along is unknown, not good, with %s',
    (budgetingMethod) => {
      expect(countSlices(columns([null, null]), rule({ budgetingMethod })).events).toBeNull();
      expect(counted([null, null], { budgetingMethod, noData: 'BAD' })).toEqual(events(2, 2));
      expect(counted([null, null], { budgetingMethod, noData: 'GOOD' })).toEqual(events(0, 2));
    },
  );
});

describe('whatever the slices', () => {
  const slice = fc.oneof(
    fc.constant(null),
    fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]): readonly [number, number] => [Math.min(a, b), Math.max(a, b)]),
  );
  const anyColumns = fc.array(slice, { minLength: 1, maxLength: 40 });
  const methods = fc.constantFrom('TIMESLICES', 'RATIO_TIMESLICES', 'OCCURRENCES');
  const policies = fc.constantFrom('IGNORE', 'GOOD', 'BAD');
  const ratio = (counts: EventCounts | null) =>
    counts === null || counts.total === 0 ? null : counts.good / counts.total;

  it('their order does not matter', () => {
    fc.assert(
      fc.property(anyColumns, methods, policies, (slices, budgetingMethod, noData) => {
        const there = ratio(countSlices(columns(slices), rule({ budgetingMethod, noData })).events);
        const back = ratio(countSlices(columns([...slices].reverse()), rule({ budgetingMethod, noData })).events);
        if (there === null) expect(back).toBeNull();
        else expect(back).toBeCloseTo(there, 10);
      }),
    );
  });

  it('the share of good slices is k of N', () => {
    fc.assert(
      fc.property(anyColumns, policies, (slices, noData) => {
        const { events } = countSlices(columns(slices), rule({ noData }));
        if (events === null) return;
        expect(Number.isInteger(events.good) && Number.isInteger(events.total)).toBe(true);
        expect(events.total).toBeLessThanOrEqual(slices.length);
      }),
    );
  });

  it('the counts of two halves add up to those of the whole', () => {
    fc.assert(
      fc.property(anyColumns, methods, fc.nat(40), (slices, budgetingMethod, at) => {
        const count = (part: typeof slices) =>
          countSlices(columns(part), rule({ budgetingMethod })).events ?? events(0, 0);
        const [left, right, whole] = [count(slices.slice(0, at)), count(slices.slice(at)), count(slices)];
        expect(left.bad + right.bad).toBeCloseTo(whole.bad, 10);
        expect(left.total + right.total).toBe(whole.total);
      }),
    );
  });

  it('one more bad event never makes more of the budget remain', () => {
    const happened = fc.array(
      fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 50 })).map(([a, b]): [number, number] => [Math.min(a, b), b]),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(happened, methods, fc.nat(39), (slices, budgetingMethod, at) => {
        const remains = (part: typeof slices) =>
          1 - (burnRateOfEvents(counted(part, { budgetingMethod }), '0.95', 0) as number);
        const worse = slices.map(([bad, total], index): [number, number] => [
          index === at ? Math.min(total, bad + 1) : bad,
          total,
        ]);
        expect(remains(worse)).toBeLessThanOrEqual(remains(slices) + 1e-12);
      }),
    );
  });

  it('every slice with k times the events gives the same ratio', () => {
    fc.assert(
      fc.property(
        anyColumns,
        methods,
        policies,
        fc.integer({ min: 2, max: 9 }),
        (slices, budgetingMethod, noData, k) => {
          const scaled = slices.map((slice) => (slice === null ? null : ([slice[0] * k, slice[1] * k] as const)));
          const seen = slices.some((slice) => slice !== null && slice[1] > 0);
          const given = ratio(countSlices(columns(slices), rule({ budgetingMethod, noData })).events);
          const got = ratio(countSlices(columns(scaled), rule({ budgetingMethod, noData })).events);
          if (given === null || !seen) return;
          expect(got).toBeCloseTo(given, 10);
        },
      ),
    );
  });

  it('exclusions commute', () => {
    const spans = fc.tuple(fc.nat(40), fc.nat(40));
    fc.assert(
      fc.property(anyColumns, spans, spans, (slices, one, other) => {
        const without = (first: [number, number], second: [number, number]) => {
          const { marks, ...rest } = columns(slices);
          for (const [from, to] of [first, second]) marks.fill(SliceMark.EXCLUDED, from, to);
          return countSlices({ ...rest, marks }, rule());
        };
        expect(without(one, other)).toEqual(without(other, one));
      }),
    );
  });
});
