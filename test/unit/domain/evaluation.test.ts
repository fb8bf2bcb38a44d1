import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burnRateRules, parseBurnRateWindows } from '../../../src/domain/alert-windows.js';
import { parseDuration } from '../../../src/domain/duration.js';
import { freshnessWindowOf, measureObjective, unknownFigures, windowsOf } from '../../../src/domain/evaluation.js';
import type { ObjectiveDefinition, SloDefinition } from '../../../src/domain/slo.js';
import { anObjective, anSlo, events, readingsOf, T0 } from './slo-examples.js';

const first = (slo: SloDefinition) => slo.objectives[0] as ObjectiveDefinition;
const nothingBefore = { figures: null, open: null };
const measure = (
  slo: SloDefinition,
  ...readings: Parameters<typeof readingsOf> extends [unknown, ...infer R] ? R : never
) => measureObjective(slo, first(slo), readingsOf(slo, ...readings), nothingBefore);

describe('the windows of an evaluation', () => {
  it('are those of the SLO and its pairs, and the hour of the present burn rate', () => {
    expect(windowsOf(anSlo())).toEqual(['5m', '30m', '1h', '6h', '3d', '30d'].map(parseDuration));
  });

  it('are never longer than the window of the SLO, but for the 5 minutes that count as recent', () => {
    const short = anSlo({ windowMs: parseDuration('2m'), burnRateRules: [] });
    expect(windowsOf(short)).toEqual(['2m', '5m'].map(parseDuration));
  });

  it('include 5 minutes when a pair has shorter ones', () => {
    const pairs = parseBurnRateWindows('2%/1m/10s');
    const slo = anSlo({
      burnRateRules: burnRateRules({ windowMs: parseDuration('1h'), target: '0.999', pairs }).rules,
    });
    expect(freshnessWindowOf(slo)).toBe(parseDuration('5m'));
    expect(windowsOf(slo)).toContain(parseDuration('5m'));
  });
});

describe('the figures of an objective', () => {
  it('follow from its counts, each window from its own', () => {
    const figures = measure(anSlo(), events(300, 1_000_000), { '1h': events(20, 1000), '5m': events(0, 100) });
    expect(figures.ratio).toBe(0.9997);
    expect(figures.budget).toMatchObject({ consumedRatio: 0.3, remainingRatio: 0.7, isEstimated: false });
    expect(figures.burnRates.get(parseDuration('1h'))).toBe(20);
    expect(figures.burnRates.get(parseDuration('5m'))).toBe(0);
    expect(figures.budget.exhaustsAtMs).toBe(T0 + (0.7 * parseDuration('30d')) / 20);
  });

  it('say null where nothing was measured, nothing happened, or too little to count', () => {
    const slo = anSlo({ minEvents: 50 });
    const figures = measure(slo, events(0, 49), { '1h': null, '30m': events(0, 0), '3d': events(1, 50) });
    expect(figures.ratio).toBeNull();
    expect([...figures.burnRates]).toEqual(
      windowsOf(slo).map((windowMs) => [windowMs, windowMs === parseDuration('3d') ? 20 : null]),
    );
    expect(figures.alerts.every((alert) => !alert.firing)).toBe(true);
  });

  it('are said to be partial when any answer was', () => {
    const figures = measure(anSlo(), events(1, 100), {}, { partial: true });
    expect(figures.coverage.partial).toBe(true);
    expect(figures.budget.isEstimated).toBe(true);
  });

  it('are all null of an objective that was never read', () => {
    const figures = unknownFigures(anSlo(), anObjective());
    expect(figures).toMatchObject({
      ratio: null,
      events: null,
      current: null,
      budget: { total: 0.001, consumedRatio: null },
    });
    expect([...figures.burnRates.values()].every((rate) => rate === null)).toBe(true);
  });
});

describe('a burn-rate pair', () => {
  it('does not fire at its factor, only above it', () => {
    expect(measure(anSlo(), events(144, 10_000)).alerts[0]?.firing).toBe(false);
    expect(measure(anSlo(), events(145, 10_000)).alerts[0]?.firing).toBe(true);
  });

  it('fires exactly when both of its windows are above its factor', () => {
    const counts = fc.option(
      fc.record({ bad: fc.nat(100), good: fc.nat(2000) }).map(({ bad, good }) => events(bad, bad + good)),
      { nil: null },
    );
    fc.assert(
      fc.property(counts, counts, fc.nat(50), (long, short, minEvents) => {
        const [alert] = measure(anSlo({ minEvents }), null, { '1h': long, '5m': short }).alerts;
        const counted = [long, short].filter((window) => window !== null && window.total >= Math.max(1, minEvents));
        const above = counted.filter((window) => window !== null && window.bad * 1000 > 14.4 * window.total);
        expect(alert?.firing).toBe(above.length === 2);
        if (alert?.firing) {
          expect(alert.longBurnRate).toBeGreaterThan(alert.factor);
          expect(alert.shortBurnRate).toBeGreaterThan(alert.factor);
        }
      }),
    );
  });

  it('remembers since when it fires', () => {
    const slo = anSlo();
    const before = measure(slo, events(1, 10));
    const later = readingsOf(slo, events(1, 10), {}, { atMs: T0 + 60_000 });
    const figures = measureObjective(slo, first(slo), later, { figures: before, open: null });
    expect(before.alerts[0]?.sinceMs).toBe(T0);
    expect(figures.alerts[0]?.sinceMs).toBe(T0);
    const over = measureObjective(slo, first(slo), readingsOf(slo, events(0, 10)), { figures: before, open: null });
    expect(over.alerts[0]?.sinceMs).toBeNull();
  });
});

describe('a rule with a delay', () => {
  const delayed = anSlo({ burnRateRules: anSlo().burnRateRules.map((rule) => ({ ...rule, alertAfterMs: 120_000 })) });
  const at = (seconds: number, bad: number, figures: ReturnType<typeof measureObjective> | null) =>
    measureObjective(
      delayed,
      first(delayed),
      readingsOf(delayed, events(bad, 1000), {}, { atMs: T0 + seconds * 1000 }),
      {
        figures,
        open: null,
      },
    );

  it('fires only after it was above its factor for as long without a break', () => {
    let figures = at(0, 500, null);
    const firing = [figures.alerts[0]?.firing];
    for (const [seconds, bad] of [
      [60, 500],
      [90, 0],
      [119, 500],
      [120, 500],
      [239, 500],
      [300, 500],
    ] as const) {
      figures = at(seconds, bad, figures);
      firing.push(figures.alerts[0]?.firing);
    }
    expect(firing).toEqual([false, false, false, false, false, true, true]);
    expect(figures.alerts[0]?.sinceMs).toBe(T0 + 239_000);
  });
});
