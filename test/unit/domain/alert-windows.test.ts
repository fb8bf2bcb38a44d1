import { describe, expect, it } from 'vitest';
import {
  burnRateRules,
  defaultWindowPairs,
  parseBurnRateWindows,
  ruleOfThreshold,
} from '../../../src/domain/alert-windows.js';
import { parseDuration } from '../../../src/domain/duration.js';

const factors = (window: string, target: string, text: string) =>
  burnRateRules({ windowMs: parseDuration(window), target, pairs: parseBurnRateWindows(text) });

describe('the factor of a burn-rate pair', () => {
  it.each([
    { id: 'G11, G17', window: '30d', text: '2%/1h/5m,5%/6h/30m,10%/1d/2h,10%/3d/6h', factors: [14.4, 6, 3, 1] },
    { id: 'G18', window: '28d', text: '2%/1h/5m,5%/6h/30m,10%/1d/2h', factors: [13.44, 5.6, 2.8] },
    { id: 'G19', window: '7d', text: '2%/1h/5m,5%/6h/30m', factors: [3.36, 1.4] },
    { id: 'G20', window: '7d', text: '10%/1h/5m,20%/6h/30m,40%/24h/2h', factors: [16.8, 5.6, 2.8] },
    { id: 'G21', window: '90d', text: '1%/1h/5m,3%/6h/30m,5%/24h/2h', factors: [21.6, 10.8, 4.5] },
    { id: 'G22', window: '7d', text: '8%/1h/5m,12.5%/6h/30m,20%/1d/2h', factors: [13.44, 3.5, 1.4] },
  ])('$id: is budget share times window by long window', ({ window, text, factors: expected }) => {
    const { rules, warnings } = factors(window, '0.999', text);
    expect(warnings).toEqual([]);
    expect(rules.map((rule) => rule.factor)).toEqual(expected);
  });

  it.each([
    { id: 'G18', window: '28d', text: '10%/3d/6h', factor: 0.9333 },
    { id: 'G19', window: '7d', text: '10%/1d/2h', factor: 0.7 },
    { id: 'G19', window: '7d', text: '10%/3d/6h', factor: 0.2333 },
    { id: 'G22', window: '7d', text: '42%/3d/6h', factor: 0.98 },
  ])('$id: is not used below 1, as $factor is', ({ window, text, factor }) => {
    const { rules, warnings } = factors(window, '0.999', text);
    expect(rules).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`factor ${factor} is below 1`)]);
  });

  it.each([
    { id: 'G17', window: '30d', rates: [14.4, 6, 3, 1], longs: ['1h', '6h', '1d', '3d'], percent: [2, 5, 10, 10] },
    {
      id: 'G18',
      window: '28d',
      rates: [14.4, 6, 3, 1],
      longs: ['1h', '6h', '1d', '3d'],
      percent: [2.143, 5.357, 10.714, 10.714],
    },
    {
      id: 'G19',
      window: '7d',
      rates: [14.4, 6, 3, 1],
      longs: ['1h', '6h', '1d', '3d'],
      percent: [8.571, 21.43, 42.86, 42.86],
    },
    {
      id: 'G23',
      window: '28d',
      rates: [14, 7, 2, 1],
      longs: ['1h', '6h', '1d', '4d'],
      percent: [2.083, 6.25, 7.143, 14.286],
    },
  ])('$id: that is given says what share is spent', ({ window, rates, longs, percent }) => {
    const shares = rates.map((factor, index) => {
      const longWindowMs = parseDuration(longs[index] as string);
      const rule = { severity: 'PAGE' as const, factor, longWindowMs, shortWindowMs: longWindowMs, alertAfterMs: 0 };
      return ruleOfThreshold(rule, parseDuration(window)).budgetShare * 100;
    });
    for (const [index, share] of shares.entries()) expect(share).toBeCloseTo(percent[index] as number, 2);
  });

  it.each([
    { window: '30d', factor: 14.4 },
    { window: '28d', factor: 13.44 },
  ])('G24: lets a budget of $window last 50 hours at $factor', ({ window, factor }) => {
    expect(parseDuration(window) / factor).toBeCloseTo(parseDuration('50h'), 3);
  });

  it('of the default pairs over 30 d are 14.4, 6 and 1: two pages and a ticket', () => {
    const { rules } = burnRateRules({ windowMs: parseDuration('30d'), target: '0.999', pairs: defaultWindowPairs });
    expect(rules.map(({ severity, factor }) => [severity, factor])).toEqual([
      ['PAGE', 14.4],
      ['PAGE', 6],
      ['TICKET', 1],
    ]);
  });
});

describe('a pair that cannot work is left out with a warning', () => {
  it('because its factor is below 1: 10% in 3 d of 28 d', () => {
    const { rules, warnings } = factors('28d', '0.999', '10%/3d/6h');
    expect(rules).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/10%\/3d\/6h .*0\.9333 is below 1.*at least 10\.72%/)]);
  });

  it('because nothing can burn that fast: 14.4 at a target of 90%', () => {
    const { rules, warnings } = factors('30d', '0.9', '2%/1h/5m,5%/6h/30m');
    expect(rules.map((rule) => rule.factor)).toEqual([6]);
    expect(warnings).toEqual([expect.stringMatching(/14\.4 can never be passed.*0\.9 .*burns at 10;/)]);
  });

  it('because a burn rate cannot be above its own maximum', () => {
    expect(factors('10d', '0.9', '100%/1d/2h').rules).toEqual([]);
  });

  it('because its long window is longer than the window of the SLO', () => {
    expect(factors('1d', '0.999', '100%/3d/6h').warnings).toEqual([
      expect.stringMatching(/3d is longer than the SLO's window of 1d/),
    ]);
  });
});

describe('the text of burn-rate windows', () => {
  it('says a severity, or leaves it to the length of the long window', () => {
    const pairs = parseBurnRateWindows('2%/1h/5m, 10%/12h/1h/ticket, 10%/1d/2h');
    expect(pairs.map((pair) => pair.severity)).toEqual(['PAGE', 'TICKET', 'TICKET']);
  });

  it('with the default pairs reads as the default pairs', () => {
    expect(parseBurnRateWindows('2%/1h/5m,5%/6h/30m,10%/3d/6h')).toEqual(defaultWindowPairs);
  });

  it.each([
    ['', /not a pair/],
    ['2%/1h', /not a pair/],
    ['2/1h/5m', /not a pair/],
    ['-2%/1h/5m', /not a pair/],
    ['2%/1h/5m,', /not a pair/],
    ['0%/1h/5m', /above 0%/],
    ['101%/1h/5m', /up to 100%/],
    ['2%/5m/1h', /shorter than the long one/],
    ['2%/1h/1h', /shorter than the long one/],
    ['2%/1h/0', /longer than 0s/],
    ['2%/1 hour/5m', /not a duration/],
    ['2%/1h/5m,3%/60m/5m', /1h\/5m are given twice/],
  ])('is refused when it is "%s"', (text, message) => {
    expect(() => parseBurnRateWindows(text)).toThrow(message);
  });
});
