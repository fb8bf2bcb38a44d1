import { expect, it } from 'vitest';
import { expectedSamples, sampleTimes } from '../../../src/demo/history.js';
import type { Series } from '../../../src/demo/target.js';
import { DAY, FROM, targetsWith } from './support.js';

it('samples at multiples of the step, after the one end and up to the other', () => {
  expect(sampleTimes(30_000, 120_000, 30_000, false)).toEqual([60_000, 90_000, 120_000]);
  expect(sampleTimes(30_001, 100_000, 30_000, true)).toEqual([60_000, 90_000, 100_000]);
  expect(sampleTimes(60_000, 60_000, 30_000, false)).toEqual([]);
});

it('holds at most ten million samples for 30 days of all clusters', () => {
  let samples = 0;
  for (const target of targetsWith()) {
    for (const series of target.families.flatMap((family): readonly Series[] => family.series)) {
      samples += expectedSamples(target, series, FROM, FROM + 30 * DAY);
    }
  }
  expect(samples).toBeLessThanOrEqual(10_000_000);
  expect(samples).toBeGreaterThan(5_000_000);
});
