import { describe, expect, it } from 'vitest';
import { burnRateOfEvents } from '../../../../src/domain/burn-rate.js';
import { parseDuration } from '../../../../src/domain/duration.js';
import { measureObjective } from '../../../../src/domain/evaluation.js';
import { countSlices, type SliceColumns, SliceMark, type SliceRule } from '../../../../src/domain/slices.js';
import type { EventCounts } from '../../../../src/domain/slo.js';
import { judge } from '../../../../src/domain/slo-state.js';
import { aBudget, anObjective, anSlo, events, readingsOf, T0 } from '../slo-examples.js';

const minutes = (count: number) => count * 60_000;

describe('counts', () => {
  const hours: SliceColumns = {
    bad: Float64Array.of(1_000, 10),
    total: Float64Array.of(1_000_000, 100),
    marks: Uint8Array.of(SliceMark.SEEN, SliceMark.SEEN),
  };
  const errorsBy = (budgetingMethod: SliceRule['budgetingMethod']) => {
    const rule = { budgetingMethod, timeSliceTarget: null, minEvents: 0, noData: 'IGNORE' } as const;
    const { bad, total } = countSlices(hours, rule).events as EventCounts;
    return (100 * bad) / total;
  };

  it('G25: of a busy hour and a quiet one make .10099 % errors; only who asks for the mean of slices gets 5.05 %', () => {
    expect(errorsBy('OCCURRENCES')).toBeCloseTo(0.10099, 5);
    expect(errorsBy('RATIO_TIMESLICES')).toBeCloseTo(5.05, 9);
  });
});

describe('the error budget in time', () => {
  it.each([
    { id: 'G26', target: '0.999', window: '7d', allowed: 10.08 },
    { id: 'G26', target: '0.999', window: '28d', allowed: 40.32 },
    { id: 'G26', target: '0.999', window: '29d', allowed: 41.76 },
    { id: 'G26', target: '0.999', window: '30d', allowed: 43.2 },
    { id: 'G26', target: '0.999', window: '31d', allowed: 44.64 },
    { id: 'G26', target: '0.999', window: '90d', allowed: 129.6 },
    { id: 'G27', target: '0.9995', window: '28d', allowed: 20.16 },
    { id: 'G27', target: '0.9995', window: '30d', allowed: 21.6 },
    { id: 'G27', target: '0.9995', window: '31d', allowed: 22.32 },
    { id: 'G31', target: '0.9999', window: '28d', allowed: 4.032 },
    { id: 'G31', target: '0.9999', window: '31d', allowed: 4.464 },
  ])('$id: of $target over $window is $allowed minutes', ({ target, window, allowed }) => {
    expect(aBudget({ target, windowMs: parseDuration(window) }).remainingTimeMs).toBe(minutes(allowed));
  });

  it.each([
    { good: 10_000, spent: 0, left: 20.16 },
    { good: 9_997, spent: 12.096, left: 8.064 },
    { good: 9_995, spent: 20.16, left: 0 },
    { good: 9_990, spent: 40.32, left: -20.16 },
  ])(
    'G28: of 99.95 % over 28 d has $spent minutes spent and $left left when $good of 10,000 are good',
    ({ good, spent, left }) => {
      const windowMs = parseDuration('28d');
      const budget = aBudget({ target: '0.9995', windowMs, events: events(10_000 - good, 10_000) });
      expect(budget.remainingTimeMs).toBe(minutes(left));
      expect((budget.consumedRatio ?? 0) * 20.16).toBeCloseTo(spent, 9);
    },
  );

  it('G29: of 90 % over 12 hours is 72 minutes; when half is bad 500 % are consumed and -288 minutes remain', () => {
    const half = events(3_556, 7_112);
    const given = { target: '0.9', windowMs: 43_200_000 };
    expect(aBudget(given).remainingTimeMs).toBe(minutes(72));
    const spent = aBudget({ ...given, events: half });
    expect(spent).toMatchObject({ consumedRatio: 5, remainingRatio: -4, remainingTimeMs: minutes(-288) });
    expect(burnRateOfEvents(half, '0.9', 0)).toBe(5);
  });
});

describe('the end of the budget', () => {
  it.each([
    { id: 'G32', remaining: 0.6, rate: 2, after: '9d' },
    { id: 'G32', remaining: 0.25, rate: 14.4, after: '12h30m' },
    { id: 'G33', remaining: 0, rate: 0, after: '0s' },
    { id: 'G33', remaining: -3, rate: 1, after: '0s' },
    { id: 'G33', remaining: 0.5, rate: 0, after: null },
  ])('$id: is $after away with $remaining left at a burn rate of $rate', ({ remaining, rate, after }) => {
    const bad = Math.round((1 - remaining) * 1_000);
    const { exhaustsAtMs } = aBudget({ events: events(bad, 1_000_000), presentBurnRate: rate });
    expect(exhaustsAtMs).toBe(after === null ? null : T0 + parseDuration(after));
  });
});

describe('the budget, never clamped', () => {
  it.each([
    { id: 'G45', bad: 10, total: 100, target: '0.999', consumed: 100, remaining: -99, state: 'VIOLATED' },
    { id: 'G48', bad: 5, total: 1_000, target: '0.99', consumed: 0.5, remaining: 0.5, state: 'OK' },
    { id: 'G49', bad: 5, total: 100, target: '0.999', consumed: 50, remaining: -49, state: 'VIOLATED' },
  ])('$id: is consumed to $consumed by $bad of $total at $target: $state', (row) => {
    const slo = anSlo({ objectives: [anObjective({ target: row.target })], burnRateRules: [] });
    const readings = readingsOf(slo, events(0, row.total), { '30d': events(row.bad, row.total) });
    const figures = measureObjective(slo, anObjective({ target: row.target }), readings, { figures: null, open: null });
    expect(figures.ratio).toBe((row.total - row.bad) / row.total);
    expect(figures.budget.consumedRatio).toBeCloseTo(row.consumed, 12);
    expect(figures.budget.remainingRatio).toBeCloseTo(row.remaining, 12);
    expect(judge(slo, figures, readings, []).state).toBe(row.state);
  });

  it.each(['1', '1.0', '1.000000'])('G50: of a target of %s is none: it is refused wherever it is given', (target) => {
    expect(() => aBudget({ target })).toThrow('a target is at least 0 and below 1');
    expect(() => burnRateOfEvents(events(1, 10), target, 0)).toThrow('a target is at least 0 and below 1');
  });

  it.each([
    { rate: 'as it did', present: events(125, 100_000), state: 'AT_RISK' },
    { rate: 'no more', present: events(0, 100_000), state: 'OK' },
  ])('G51: of a month that is not over remains below its target, and is $state when it burns $rate', (row) => {
    const month = { unit: 'MONTH', count: 1, startTime: '2026-01-01 00:00:00', timeZone: 'UTC' } as const;
    const slo = anSlo({ window: { kind: 'CALENDAR', ...month }, burnRateRules: [] });
    const readings = readingsOf(slo, row.present, { '30d': events(1_000, 800_000) });
    const figures = measureObjective(slo, anObjective(), readings, { figures: null, open: null });
    expect(figures.ratio).toBeLessThan(0.999);
    expect(figures.budget.remainingRatio).toBeGreaterThan(0);
    expect(figures.budget.isEstimated).toBe(true);
    expect(judge(slo, figures, readings, []).state).toBe(row.state);
  });
});
