import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burnRateRules, defaultWindowPairs } from '../../../src/domain/alert-windows.js';
import { formatDuration } from '../../../src/domain/duration.js';
import { measureObjective, windowsOf } from '../../../src/domain/evaluation.js';
import { anObjective, anSlo, events, readingsOf, T0 } from './slo-examples.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const nothing = { figures: null, open: null };
const objective = anObjective({ target: '0.999' });

describe('whatever was measured', () => {
  it('a pair fires only while the burn rates of its long and its short window are both above its factor', () => {
    const slo = anSlo({ objectives: [objective] });
    const counts = fc
      .tuple(fc.nat(4_000), fc.integer({ min: 1, max: 100_000 }))
      .map(([bad, total]) => events(Math.min(bad, total), total));
    const windows = windowsOf(slo).map((windowMs) => formatDuration(windowMs));
    let fired = 0;
    fc.assert(
      fc.property(fc.tuple(...windows.map(() => fc.option(counts))), (measured) => {
        const named = Object.fromEntries(windows.map((window, index) => [window, measured[index] ?? null]));
        const { alerts } = measureObjective(slo, objective, readingsOf(slo, null, named), nothing);
        for (const { firing, longWindowMs, shortWindowMs, factor } of alerts) {
          const isAbove = [longWindowMs, shortWindowMs].map((windowMs) => {
            const { bad, total } = named[formatDuration(windowMs)] ?? { bad: 0, total: 0 };
            // In whole numbers: bad / total / 0.001 > factor, which has one decimal at most.
            return bad * 10_000 > Math.round(10 * factor) * total;
          });
          expect(firing).toBe(isAbove.every((above) => above));
          if (firing) fired += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(fired).toBeGreaterThan(50);
  });

  it('a pair fires at the evaluation at which its share of the budget is spent, one more or less', () => {
    const perMinute = 10_000;
    const days = fc.constantFrom(7, 28, 30, 90);
    fc.assert(
      fc.property(days, fc.nat(2), fc.integer({ min: 101, max: 6_900 }), (days, pair, percent) => {
        const windowMs = days * DAY;
        const { rules } = burnRateRules({ windowMs, target: '0.999', pairs: defaultWindowPairs });
        const rule = rules[pair];
        if (rule === undefined) return;
        const slo = anSlo({ windowMs, objectives: [objective], burnRateRules: [rule] });
        // So many of the requests of each minute fail, more than it takes for the pair to fire at some time.
        const failing = Math.min(perMinute, Math.ceil((rule.factor * 0.001 * perMinute * percent) / 100));
        const alertAfter = (minutes: number) => {
          const atMs = T0 + minutes * MINUTE;
          const of = (lengthMs: number) =>
            events(failing * Math.min(minutes, lengthMs / MINUTE), perMinute * (lengthMs / MINUTE));
          const named = Object.fromEntries(windowsOf(slo).map((lengthMs) => [formatDuration(lengthMs), of(lengthMs)]));
          const { alerts, budget } = measureObjective(slo, objective, readingsOf(slo, null, named, { atMs }), nothing);
          return { firing: alerts[0]?.firing === true, spent: budget.consumedRatio ?? 0 };
        };
        const longest = rule.longWindowMs / MINUTE;
        const minutes = Array.from({ length: longest + 1 }, (_, minute) => minute);
        const first = firstOf(minutes, (minute) => alertAfter(minute).firing);
        expect(first).not.toBeNull();
        const step = alertAfter(1).spent;
        expect(alertAfter(first as number).spent).toBeGreaterThan(rule.budgetShare - step);
        expect(alertAfter((first as number) - 1).spent).toBeLessThan(rule.budgetShare + step);
      }),
      { numRuns: 60 },
    );
  });
});

/** The first of ascending numbers for which something holds that never ceases to; null where it holds for none. */
function firstOf(numbers: readonly number[], holds: (number: number) => boolean): number | null {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(numbers[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return numbers[low] ?? null;
}
