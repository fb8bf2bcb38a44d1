import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetInput, errorBudget } from '../../../src/domain/budget.js';
import { burnRateOfEvents } from '../../../src/domain/burn-rate.js';
import { Exact } from '../../../src/domain/decimal.js';
import { parseDuration } from '../../../src/domain/duration.js';
import { events, T0 } from './slo-examples.js';

const budget = (changes: Partial<BudgetInput>) =>
  errorBudget({
    target: '0.999',
    events: events(0, 1000),
    minEvents: 0,
    windowMs: parseDuration('30d'),
    atMs: T0,
    presentBurnRate: null,
    isEstimated: false,
    ...changes,
  });
const minutes = (count: number) => count * 60_000;

describe('the error budget in events', () => {
  it('of the SRE workbook: 97 % of 3,663,253 requests allow 109,897.59 errors, of which 95.897 % are spent', () => {
    const spent = budget({ target: '0.97', events: events(105_388, 3_663_253) });
    expect(spent.consumedRatio).toBeCloseTo(0.95897, 5);
    expect(spent.remainingEvents).toBeCloseTo(109_897.59 - 105_388, 2);
  });

  it.each([
    { target: '0.90', allowed: 366_325.3 },
    { target: '0.99', allowed: 36_632.53 },
  ])('allows $allowed of 3,663,253 to be slow at $target', ({ target, allowed }) => {
    expect(budget({ target, events: events(0, 3_663_253) }).remainingEvents).toBe(allowed);
  });

  it('of 99.9 % and 3,000,000 requests is 3,000 errors: an outage of 1,500 spends half', () => {
    const spent = budget({ events: events(1500, 3_000_000) });
    expect(spent).toMatchObject({ total: 0.001, consumedRatio: 0.5, remainingRatio: 0.5, remainingEvents: 1500 });
  });

  it('of 109,897 errors is spent to 12.8 % by 14,066', () => {
    expect(budget({ target: '0.97', events: events(14_066, 3_663_253) }).consumedRatio).toBeCloseTo(0.128, 3);
  });

  it.each([
    { bad: 10, total: 100, target: '0.999', consumed: 100, remaining: -99 },
    { bad: 5, total: 100, target: '0.999', consumed: 50, remaining: -49 },
    { bad: 5, total: 1000, target: '0.99', consumed: 0.5, remaining: 0.5 },
    { bad: 3556, total: 7112, target: '0.9', consumed: 5, remaining: -4 },
    { bad: 1, total: 7200, target: '0.999', consumed: 1 / 7.2, remaining: 1 - 1 / 7.2 },
  ])('is consumed to $consumed by $bad of $total at $target, never clamped', ({ bad, total, target, ...expected }) => {
    const spent = budget({ target, events: events(bad, total) });
    expect(spent.consumedRatio).toBeCloseTo(expected.consumed, 12);
    expect(spent.remainingRatio).toBeCloseTo(expected.remaining, 12);
  });

  it('is unknown, but for its size, without events or with fewer than count', () => {
    const unknown = {
      total: 0.001,
      consumedRatio: null,
      remainingRatio: null,
      remainingEvents: null,
      remainingTimeMs: null,
      exhaustsAtMs: null,
    };
    expect(budget({ events: null })).toMatchObject(unknown);
    expect(budget({ events: events(0, 0) })).toMatchObject(unknown);
    expect(budget({ events: events(3, 9), minEvents: 10 })).toMatchObject(unknown);
  });
});

describe('the error budget in time', () => {
  it.each([
    { target: '0.999', window: '7d', allowed: 10.08 },
    { target: '0.999', window: '28d', allowed: 40.32 },
    { target: '0.999', window: '29d', allowed: 41.76 },
    { target: '0.999', window: '30d', allowed: 43.2 },
    { target: '0.999', window: '31d', allowed: 44.64 },
    { target: '0.999', window: '90d', allowed: 129.6 },
    { target: '0.9995', window: '28d', allowed: 20.16 },
    { target: '0.9995', window: '30d', allowed: 21.6 },
    { target: '0.9995', window: '31d', allowed: 22.32 },
    { target: '0.9999', window: '28d', allowed: 4.032 },
    { target: '0.9999', window: '31d', allowed: 4.464 },
    { target: '0.99999', window: '30d', allowed: 0.432 },
  ])('of $target over $window is $allowed minutes', ({ target, window, allowed }) => {
    expect(budget({ target, windowMs: parseDuration(window) }).remainingTimeMs).toBe(minutes(allowed));
  });

  it.each([
    { good: 10_000, left: 20.16 },
    { good: 9997, left: 8.064 },
    { good: 9995, left: 0 },
    { good: 9990, left: -20.16 },
  ])('of 99.95 % over 28 d has $left minutes left when $good of 10,000 are good', ({ good, left }) => {
    const spent = budget({ target: '0.9995', windowMs: parseDuration('28d'), events: events(10_000 - good, 10_000) });
    expect(spent.remainingTimeMs).toBe(minutes(left));
  });
});

describe('the end of the budget', () => {
  const endsAfter = (remaining: number, presentBurnRate: number | null) => {
    const bad = Math.round((1 - remaining) * 1000);
    const { exhaustsAtMs } = budget({ events: events(bad, 1_000_000), presentBurnRate });
    return exhaustsAtMs === null ? null : exhaustsAtMs - T0;
  };

  it.each([
    { remaining: 1, rate: 1, after: '30d' },
    { remaining: 1, rate: 2, after: '15d' },
    { remaining: 1, rate: 10, after: '3d' },
    { remaining: 1, rate: 1000, after: '43m12s' },
    { remaining: 1, rate: 14.4, after: '50h' },
    { remaining: 0.6, rate: 2, after: '9d' },
    { remaining: 0.25, rate: 14.4, after: '12h30m' },
    { remaining: 0, rate: 0, after: '0s' },
    { remaining: -3, rate: 1, after: '0s' },
  ])('is $after away with $remaining left at a burn rate of $rate', ({ remaining, rate, after }) => {
    expect(endsAfter(remaining, rate)).toBe(parseDuration(after));
  });

  it('is never at a burn rate of 0, at one too small for a date, and unknown without one', () => {
    expect(endsAfter(0.5, 0)).toBeNull();
    expect(endsAfter(0.5, 1e-9)).toBeNull();
    expect(endsAfter(0.5, null)).toBeNull();
  });
});

describe('for all events', () => {
  const counts = fc.record({ bad: fc.nat(1e7), good: fc.integer({ min: 1, max: 1e9 }) });
  const target = fc.constantFrom('0', '0.5', '0.9', '0.95', '0.99', '0.999', '0.9995', '0.99999');

  it('what is consumed and what remains make one, and the burn rate of the whole window is what is consumed', () => {
    fc.assert(
      fc.property(counts, target, ({ bad, good }, target) => {
        const spent = budget({ target, events: events(bad, bad + good) });
        expect((spent.consumedRatio as number) + (spent.remainingRatio as number)).toBeCloseTo(1, 6);
        expect(spent.consumedRatio).toBe(burnRateOfEvents(events(bad, bad + good), target, 0));
      }),
    );
  });

  it('one more error never leaves more', () => {
    fc.assert(
      fc.property(counts, target, ({ bad, good }, target) => {
        const before = budget({ target, events: events(bad, bad + good) }).remainingRatio as number;
        const after = budget({ target, events: events(bad + 1, bad + 1 + good) }).remainingRatio as number;
        expect(after).toBeLessThanOrEqual(before);
      }),
    );
  });
});

describe('whole counts', () => {
  it('give what decimals give', () => {
    const target = fc.constantFrom('0', '0.5', '0.97', '0.999', '0.9999', '0.99995');
    fc.assert(
      fc.property(target, fc.nat(10_000_000), fc.nat(10_000_000), fc.boolean(), (target, bad, good, inWholeSlices) => {
        fc.pre(bad + good > 0);
        const total = bad + good;
        const found = budget({ target, events: events(bad, total), inWholeSlices });
        const allowed = new Exact(1).minus(target).mul(total);
        expect(found.consumedRatio).toBe(new Exact(bad).div(allowed).toNumber());
        expect(found.remainingRatio).toBe(allowed.minus(bad).div(allowed).toNumber());
        expect(found.remainingEvents).toBe((inWholeSlices ? allowed.floor() : allowed).minus(bad).toNumber());
        expect(burnRateOfEvents(events(bad, total), target, 0)).toBe(found.consumedRatio);
      }),
    );
  });
});
