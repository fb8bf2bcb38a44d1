import { describe, expect, it } from 'vitest';
import { burnRateRules, defaultWindowPairs, parseBurnRateWindows } from '../../../src/domain/alert-windows.js';
import { parseDuration } from '../../../src/domain/duration.js';

const factors = (window: string, target: string, text: string) =>
  burnRateRules({ windowMs: parseDuration(window), target, pairs: parseBurnRateWindows(text) });

describe('the factor of a burn-rate pair', () => {
  it.each([
    { window: '30d', text: '2%/1h/5m', factor: 14.4, because: 'SRE workbook, table 5-8' },
    { window: '30d', text: '5%/6h/30m', factor: 6, because: 'SRE workbook, table 5-8' },
    { window: '30d', text: '10%/1d/2h', factor: 3, because: 'SRE workbook, its code sample' },
    { window: '30d', text: '10%/3d/6h', factor: 1, because: 'SRE workbook, table 5-8' },
    { window: '28d', text: '2%/1h/5m', factor: 13.44, because: 'a shorter window has a smaller budget' },
    { window: '28d', text: '5%/6h/30m', factor: 5.6, because: 'a shorter window has a smaller budget' },
    { window: '7d', text: '2%/1h/5m', factor: 3.36, because: 'a week' },
    { window: '7d', text: '5%/6h/30m', factor: 1.4, because: 'a week' },
    { window: '7d', text: '10%/1h/5m', factor: 16.8, because: 'ten percent of a week in an hour' },
    { window: '90d', text: '1%/1h/5m', factor: 21.6, because: 'a quarter' },
    { window: '90d', text: '3%/6h/30m', factor: 10.8, because: 'a quarter' },
    { window: '90d', text: '5%/24h/2h', factor: 4.5, because: 'a quarter' },
    { window: '7d', text: '8%/1h/5m', factor: 13.44, because: 'many pairs for a week' },
    { window: '7d', text: '12.5%/6h/30m', factor: 3.5, because: 'many pairs for a week' },
    { window: '7d', text: '20%/1d/2h', factor: 1.4, because: 'many pairs for a week' },
  ])('is $factor for $text of $window: $because', ({ window, text, factor }) => {
    const { rules, warnings } = factors(window, '0.999', text);
    expect(warnings).toEqual([]);
    expect(rules.map((rule) => rule.factor)).toEqual([factor]);
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
