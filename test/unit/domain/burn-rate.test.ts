import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetOf, burnRate, burnRateOfEvents } from '../../../src/domain/burn-rate.js';
import { events } from './slo-examples.js';

describe('the burn rate', () => {
  it.each([
    { errors: 0.0144, target: '0.999', rate: 14.4, because: 'spends 2 % of a 30-day budget in 1 h' },
    { errors: 0.001, target: '0.999', rate: 1, because: 'spends exactly the budget in one window' },
    { errors: 1, target: '0.999', rate: 1000, because: 'nothing but errors' },
    { errors: 0.1, target: '0.999', rate: 100, because: 'one of ten requests of an hour failed' },
    { errors: 0.5, target: '0.9', rate: 5, because: 'half of all' },
    { errors: 1, target: '0.9', rate: 10, because: 'no burn rate is above 1 / budget' },
    { errors: 0, target: '0.999', rate: 0, because: 'no errors spend nothing' },
    { errors: 0.14, target: '0.99', rate: 14, because: 'binary fractions would give 14.000000000000012' },
    { errors: 0.3, target: '0', rate: 0.3, because: 'nothing was promised' },
  ])('is $rate for $errors bad of $target promised: $because', ({ errors, target, rate }) => {
    expect(burnRate(errors, target)).toBe(rate);
  });

  it.each([Number.NaN, -0.1, 1.1, Number.POSITIVE_INFINITY])('of an error ratio of %s is refused', (ratio) => {
    expect(() => burnRate(ratio, '0.999')).toThrow(RangeError);
  });

  it.each(['1', '1.0', '99.9', '-0.1', 'NaN', 'Infinity', '', '0x1', '99.9%'])(
    'for a target of "%s" is refused',
    (target) => {
      expect(() => burnRate(0.1, target)).toThrow(RangeError);
    },
  );

  it('is unknown without events, and with fewer than count', () => {
    expect(burnRateOfEvents(events(0, 0), '0.999', 0)).toBeNull();
    expect(burnRateOfEvents(events(9, 9), '0.999', 10)).toBeNull();
    expect(burnRateOfEvents(events(1, 10), '0.999', 10)).toBe(100);
  });

  it.each([
    [Number.NaN, 10],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('is unknown for %s bad of %s: these are no counts', (bad, total) => {
    expect(burnRateOfEvents({ good: 0, bad, total }, '0.999', 0)).toBeNull();
  });

  it('keeps within 0 and 1 / budget when a counter was extrapolated', () => {
    expect(burnRateOfEvents({ good: -0.2, bad: 10.2, total: 10 }, '0.99', 0)).toBe(100);
    expect(burnRateOfEvents({ good: 10.2, bad: -0.2, total: 10 }, '0.99', 0)).toBe(0);
  });

  it('does not change when all counts are multiplied', () => {
    const counts = fc.tuple(fc.nat(1e6), fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(counts, ([bad, good, times]) => {
        const once = burnRateOfEvents(events(bad, bad + good), '0.999', 0);
        expect(burnRateOfEvents(events(bad * times, (bad + good) * times), '0.999', 0)).toBe(once);
      }),
    );
  });
});

it.each([
  ['0.999', 0.001],
  ['0.9995', 0.0005],
  ['0.9999', 0.0001],
  ['.95', 0.05],
  ['0', 1],
])('the budget of %s is exactly %s', (target, budget) => {
  expect(budgetOf(target).toNumber()).toBe(budget);
});
