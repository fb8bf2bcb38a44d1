import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burnRateOfEvents } from '../../../src/domain/burn-rate.js';
import { Exact } from '../../../src/domain/decimal.js';
import { aBudget, events } from './slo-examples.js';

describe('the error budget', () => {
  it('is spent by one of 7,200 to 1 / 7.2', () => {
    expect(aBudget({ events: events(1, 7200) }).consumedRatio).toBeCloseTo(1 / 7.2, 12);
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
    expect(aBudget({ events: null })).toMatchObject(unknown);
    expect(aBudget({ events: events(0, 0) })).toMatchObject(unknown);
    expect(aBudget({ events: events(3, 9), minEvents: 10 })).toMatchObject(unknown);
  });

  it('has no known end at a burn rate that is too small for a date, nor without one', () => {
    const spent = { events: events(500, 1_000_000) };
    expect(aBudget({ ...spent, presentBurnRate: 1e-9 }).exhaustsAtMs).toBeNull();
    expect(aBudget({ ...spent, presentBurnRate: null }).exhaustsAtMs).toBeNull();
  });
});

describe('for all events', () => {
  const counts = fc.record({ bad: fc.nat(1e7), good: fc.integer({ min: 1, max: 1e9 }) });
  const target = fc.constantFrom('0', '0.5', '0.9', '0.95', '0.99', '0.999', '0.9995', '0.99999');

  it('what is consumed and what remains make one, and the burn rate of the whole window is what is consumed', () => {
    fc.assert(
      fc.property(counts, target, ({ bad, good }, target) => {
        const spent = aBudget({ target, events: events(bad, bad + good) });
        expect((spent.consumedRatio as number) + (spent.remainingRatio as number)).toBeCloseTo(1, 6);
        expect(spent.consumedRatio).toBe(burnRateOfEvents(events(bad, bad + good), target, 0));
      }),
    );
  });

  it('one more error never leaves more', () => {
    fc.assert(
      fc.property(counts, target, ({ bad, good }, target) => {
        const before = aBudget({ target, events: events(bad, bad + good) }).remainingRatio as number;
        const after = aBudget({ target, events: events(bad + 1, bad + 1 + good) }).remainingRatio as number;
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
        const found = aBudget({ target, events: events(bad, total), inWholeSlices });
        const allowed = new Exact(1).minus(target).mul(total);
        expect(found.consumedRatio).toBe(new Exact(bad).div(allowed).toNumber());
        expect(found.remainingRatio).toBe(allowed.minus(bad).div(allowed).toNumber());
        expect(found.remainingEvents).toBe((inWholeSlices ? allowed.floor() : allowed).minus(bad).toNumber());
        expect(burnRateOfEvents(events(bad, total), target, 0)).toBe(found.consumedRatio);
      }),
    );
  });
});
