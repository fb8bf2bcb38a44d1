import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../../src/domain/duration.js';
import { measureObjective } from '../../../../src/domain/evaluation.js';
import { isWellFounded, wilsonInterval } from '../../../../src/domain/low-traffic.js';
import type { SloDefinition } from '../../../../src/domain/slo.js';
import { aBudget, anObjective, anSlo, events, readingsOf } from '../slo-examples.js';

/** The chance that an hour of ten requests with a true error ratio of 0.1 % fires at 14.4. */
function noise(minFailures: number): number {
  let chance = 0;
  let ways = 1;
  for (let bad = 0; bad <= 10; bad += 1) {
    const isOver = bad / 10 > 14.4 * 0.001;
    const isFounded = isWellFounded(events(bad, 10), '0.999', 14.4, { minFailures, confidence: null });
    if (isOver && isFounded) chance += ways * 0.001 ** bad * 0.999 ** (10 - bad);
    ways = (ways * (10 - bad)) / (bad + 1);
  }
  return chance;
}

const pageFires = (slo: SloDefinition, bad: number, total: number) =>
  measureObjective(slo, anObjective(), readingsOf(slo, events(bad, total)), { figures: null, open: null }).alerts.some(
    ({ severity, firing }) => severity === 'PAGE' && firing,
  );

describe('low traffic', () => {
  it('G54: ten requests an hour page on noise in .99551 % of hours, 7.17 in 30 days', () => {
    expect(noise(0)).toBeCloseTo(0.0099551, 7);
    expect(noise(1) * 720).toBeCloseTo(7.17, 2);
  });

  it('G55: to ask for two failures cuts that 222 times', () => {
    expect(noise(2)).toBeCloseTo(4.476e-5, 8);
    expect(noise(2) * 720).toBeCloseTo(0.0322, 4);
    expect(noise(1) / noise(2)).toBeCloseTo(222, 0);
  });

  it.each([
    { bad: 1, total: 10, low: 0.01788, high: 0.40416 },
    { bad: 15, total: 1_000, low: 0.00911, high: 0.0246 },
    { bad: 144, total: 10_000, low: 0.01224, high: 0.01693 },
  ])('G56: $bad bad of $total mean $low to $high with a confidence of 95 %', ({ bad, total, low, high }) => {
    const [lowest, highest] = wilsonInterval(bad, total, 0.95);
    expect(lowest).toBeCloseTo(low, 5);
    expect(highest).toBeCloseTo(high, 4);
  });

  it.each([
    { confidence: 0.5, deviations: 0.6744898 },
    { confidence: 0.9, deviations: 1.6448536 },
    { confidence: 0.99, deviations: 2.5758293 },
    { confidence: 0.999999, deviations: 4.892 },
  ])('a confidence of $confidence is $deviations standard deviations', ({ confidence, deviations }) => {
    // Of no bad events the upper end is z² / (n + z²).
    const [, highest] = wilsonInterval(0, 100, confidence);
    expect(Math.sqrt((100 * highest) / (1 - highest))).toBeCloseTo(deviations, 3);
  });

  it('G56: one of ten passes a confidence of 95 %, and is held up by two failures that are asked for', () => {
    expect(pageFires(anSlo(), 1, 10)).toBe(true);
    expect(pageFires(anSlo({ confidence: 0.95 }), 1, 10)).toBe(true);
    expect(pageFires(anSlo({ confidence: 0.95, minFailures: 2 }), 1, 10)).toBe(false);
  });

  it.each([
    { bad: 1, total: 10, confidence: 0.95, founded: true },
    { bad: 1, total: 10, confidence: 0.99, founded: false },
    { bad: 15, total: 1_000, confidence: 0.95, founded: false },
    { bad: 144, total: 10_000, confidence: 0.95, founded: false },
    { bad: 40, total: 1_000, confidence: 0.95, founded: true },
  ])(
    '$bad of $total lie above 14.4 with a confidence of $confidence: $founded',
    ({ bad, total, confidence, founded }) => {
      expect(isWellFounded(events(bad, total), '0.999', 14.4, { minFailures: 0, confidence })).toBe(founded);
    },
  );

  it('G14: one failure of ten burns 100 times too fast and spends 13.9 % of 30 days', () => {
    const slo = anSlo();
    const readings = readingsOf(slo, events(1, 10), { '30d': events(1, 7_200) });
    const { burnRates, budget } = measureObjective(slo, anObjective(), readings, { figures: null, open: null });
    expect(burnRates.get(parseDuration('1h'))).toBe(100);
    expect(budget.consumedRatio).toBeCloseTo(1 / 7.2, 12);
  });

  it('G57: 100 failures of 120 requests in an hour that has 125 on average are .8333, and .8 of those expected', () => {
    const hour = { target: '0.999', events: events(100, 120), windowMs: parseDuration('1h') };
    const errors = (expectedTotal: number | null) => {
      const { consumedRatio, total } = aBudget({ ...hour, expectedTotal });
      return (consumedRatio as number) * total;
    };
    expect(errors(null)).toBeCloseTo(0.8333, 4);
    expect(errors(125)).toBeCloseTo(0.8, 12);
    expect(errors(125) / errors(null)).toBeCloseTo(0.96, 12);
  });

  it('G58: no traffic has no burn rate: not 0, not NaN', () => {
    const slo = anSlo();
    const figures = measureObjective(slo, anObjective(), readingsOf(slo, events(0, 0)), { figures: null, open: null });
    expect([...figures.burnRates.values()].every((rate) => rate === null)).toBe(true);
    expect(figures.ratio).toBeNull();
    expect(figures.budget.exhaustsAtMs).toBeNull();
  });

  it.each([0, 1, Number.NaN])('a confidence of %s is refused', (confidence) => {
    expect(() => wilsonInterval(1, 10, confidence)).toThrow(RangeError);
  });
});
