import { describe, expect, it } from 'vitest';
import { burnRateRules, parseBurnRateWindows, ruleOfThreshold } from '../../../../src/domain/alert-windows.js';
import { burnRate } from '../../../../src/domain/burn-rate.js';
import { parseDuration } from '../../../../src/domain/duration.js';
import { measureObjective } from '../../../../src/domain/evaluation.js';
import type { BurnRateRule } from '../../../../src/domain/slo.js';
import { aBudget, anObjective, anSlo, events, readingsOf, T0 } from '../slo-examples.js';
import { aRule, changesAfter, firesAt } from './outage.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MONTH = 30 * 24 * HOUR;

/** The rule of a share of the budget of 99.9 % over 30 d in one window. */
function ruleOf(share: string, window: string): BurnRateRule {
  const pairs = parseBurnRateWindows(`${share}/${window}/1s`);
  const [rule] = burnRateRules({ windowMs: MONTH, target: '0.999', pairs }).rules;
  if (rule === undefined) throw new Error(`${share}/${window} is no rule`);
  return { ...rule, shortWindowMs: rule.longWindowMs };
}

/** Share of a budget of 30 d that an outage spends, where an event happens in every millisecond. */
const spentBy = (errors: number, lastsMs: number, target = '0.999') =>
  aBudget({ target, events: events(errors * lastsMs, MONTH) }).consumedRatio;

/** @see https://sre.google/workbook/implementing-slos/ */
describe('the SRE workbook on implementing SLOs', () => {
  it('G1: 3,557,865 of 3,663,253 requests are 97.123 %: 105,388 were bad', () => {
    const slo = anSlo({ objectives: [anObjective({ target: '0.97' })] });
    const readings = readingsOf(slo, events(3_663_253 - 3_557_865, 3_663_253));
    const figures = measureObjective(slo, anObjective({ target: '0.97' }), readings, { figures: null, open: null });
    expect(figures.ratio).toBeCloseTo(0.971231, 6);
    expect(figures.events?.bad).toBe(105_388);
  });

  it('G2: they were promised to 97 %: of 109,897.59 errors 95.897 % are spent', () => {
    const spent = aBudget({ target: '0.97', events: events(105_388, 3_663_253) });
    expect(spent.consumedRatio).toBeCloseTo(0.95897, 5);
    expect(spent.remainingEvents).toBeCloseTo(109_897.59 - 105_388, 2);
  });

  it.each([
    { target: '0.90', allowed: 366_325.3 },
    { target: '0.99', allowed: 36_632.53 },
  ])('G3: $allowed of them may be slow at $target', ({ target, allowed }) => {
    expect(aBudget({ target, events: events(0, 3_663_253) }).remainingEvents).toBe(allowed);
  });

  it('G4: 99.9 % of 3,000,000 requests in 4 weeks are 3,000 errors: an outage of 1,500 spends half', () => {
    const windowMs = parseDuration('4w');
    expect(aBudget({ windowMs, events: events(0, 3_000_000) }).remainingEvents).toBe(3_000);
    const spent = aBudget({ windowMs, events: events(1_500, 3_000_000) });
    expect(spent).toMatchObject({ total: 0.001, consumedRatio: 0.5, remainingRatio: 0.5, remainingEvents: 1_500 });
  });

  it('G5: 14,066 errors are 12.8 % of 109,897', () => {
    expect(aBudget({ target: '0.97', events: events(14_066, 3_663_253) }).consumedRatio).toBeCloseTo(0.128, 3);
  });
});

/** @see https://sre.google/workbook/alerting-on-slos/ */
describe('the SRE workbook on alerting, 99.9 % over 30 days', () => {
  it.each([
    { rate: 1, lasts: '30d' },
    { rate: 2, lasts: '15d' },
    { rate: 10, lasts: '3d' },
    { rate: 1_000, lasts: '43m12s' },
  ])('G6: at a burn rate of $rate a budget lasts $lasts', ({ rate, lasts }) => {
    expect(aBudget({ presentBurnRate: rate }).exhaustsAtMs).toBe(T0 + parseDuration(lasts));
  });

  it('G7: 0.1 % over 10 minutes sees a full outage after 0.6 s, but fires for 0.023 % of the budget, 144 times a day', () => {
    const fires = firesAt(aRule(1, '10m'), { errors: 1, lastsMs: HOUR });
    expect(changesAfter(fires, 0, MINUTE)).toBe(600);
    const { budgetShare } = ruleOfThreshold(aRule(1, '10m'), MONTH);
    expect(100 * budgetShare).toBeCloseTo(0.02315, 5);
    expect(parseDuration('1d') / MONTH / budgetShare).toBeCloseTo(144, 9);
  });

  it('G8: 5 % of the budget in 36 hours sees a full outage after 129.6 s', () => {
    const rule = ruleOf('5%', '36h');
    expect(rule.factor).toBe(1);
    expect(changesAfter(firesAt(rule, { errors: 1, lastsMs: HOUR }), 0, HOUR)).toBe(129_600);
  });

  it('G9: a full outage of an hour spends 138.9 % of the budget', () => {
    expect(spentBy(1, HOUR)).toBeCloseTo(1.389, 3);
  });

  it('G10: 5 % in an hour is a burn rate of 36, goes on for 57.84 min after an outage, and overlooks 35 for 20.57 h', () => {
    const rule = ruleOf('5%', '1h');
    expect(rule.factor).toBe(36);
    const outage = { errors: 1, lastsMs: 2 * HOUR };
    const end = changesAfter((afterMs) => !firesAt(rule, outage)(afterMs), outage.lastsMs, 4 * HOUR) + 1;
    expect((end - outage.lastsMs) / MINUTE).toBeCloseTo(57.84, 4);
    expect(firesAt(rule, { errors: 0.035, lastsMs: MONTH })(HOUR)).toBe(false);
    const exhaustsAtMs = aBudget({ presentBurnRate: burnRate(0.035, '0.999') }).exhaustsAtMs ?? 0;
    expect((exhaustsAtMs - T0) / HOUR).toBeCloseTo(20.57, 2);
  });

  it('G12: 5 minutes of nothing but errors spend 11.57 % of the budget', () => {
    expect(spentBy(1, 5 * MINUTE)).toBeCloseTo(0.1157, 4);
  });

  it('G13: 15 % for 10 minutes passes 14.4 over 1 h at 5.76 min, over 5 m at 0.48 min, and spends 3.47 %', () => {
    const outage = { errors: 0.15, lastsMs: 10 * MINUTE };
    const beginsMin = (rule: BurnRateRule) => changesAfter(firesAt(rule, outage), 0, outage.lastsMs) / MINUTE;
    const endsMin = (rule: BurnRateRule) => changesAfter(firesAt(rule, outage), outage.lastsMs, 2 * HOUR) / MINUTE;
    const [long, short, both] = [aRule(14.4, '1h'), aRule(14.4, '5m'), aRule(14.4, '1h', '5m')];
    expect([beginsMin(long), beginsMin(short), beginsMin(both)].map((at) => at.toFixed(3))).toEqual([
      '5.760',
      '0.480',
      '5.760',
    ]);
    expect(endsMin(both)).toBeCloseTo(14.52, 3);
    expect(endsMin(long)).toBeCloseTo(64.24, 3);
    expect(spentBy(0.15, 10 * MINUTE)).toBeCloseTo(0.0347, 4);
  });

  it('G15: at 90 % nothing burns faster than 10, so 14.4 is not watched for, and an hour of outage spends 1.39 %', () => {
    expect(burnRate(1, '0.9')).toBe(10);
    const { rules, warnings } = burnRateRules({
      windowMs: MONTH,
      target: '0.9',
      pairs: parseBurnRateWindows('2%/1h/5m'),
    });
    expect(rules).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/14\.4 can never be passed.*burns at 10;/)]);
    expect(spentBy(1, HOUR, '0.9')).toBeCloseTo(0.0139, 4);
  });

  it('G16: 99.999 % is 25.92 s, which a canary of 1 % stretches to 43.2 min', () => {
    const budget = aBudget({ target: '0.99999', presentBurnRate: burnRate(0.01, '0.99999') });
    expect(budget.remainingTimeMs).toBe(25_920);
    expect(budget.exhaustsAtMs).toBe(T0 + 43.2 * MINUTE);
  });
});
