import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/domain/duration.js';

describe('a duration', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1y2w3d4h5m6s7ms', 365 * 86_400_000 + 17 * 86_400_000 + 4 * 3_600_000 + 306_007],
    ['0', 0],
    ['0s', 0],
    ['-1h', -3_600_000],
    ['PT5M', 300_000],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
    ['PT0.25S', 250],
    ['-PT1S', -1_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '-',
    '5',
    '5 m',
    'm',
    '1m1h',
    '1M',
    '5min',
    'P',
    'PT',
    'P1M',
    'P1Y',
    'PT1.2345S',
    '1e3s',
    '５m',
    '99999999999999999y',
  ])('refuses %j and says how to write one', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration; write it like 5m/);
  });

  it.each([
    [0, '0s'],
    [86_400_000, '1d'],
    [129_600_000, '1d12h'],
    [90_061_001, '1d1h1m1s1ms'],
    [-1_500, '-1s500ms'],
    [30 * 86_400_000, '30d'],
  ])('%d ms is written %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('comes back the same, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e14, max: 1e14 }),
        (milliseconds) => parseDuration(formatDuration(milliseconds)) === milliseconds,
      ),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0.5])('refuses to write %d', (milliseconds) => {
    expect(() => formatDuration(milliseconds)).toThrow(RangeError);
  });
});
