import { describe, expect, it } from 'vitest';
import { withinHours } from '../../../src/domain/counting-hours.js';
import { SliceMark } from '../../../src/domain/slices.js';
import type { CountingHours } from '../../../src/domain/slo.js';

const HOUR = 3_600_000;
const working: CountingHours = { days: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 1_080, timeZone: 'Europe/Berlin' };

/** Which hours of UTC count from an instant on. */
function counted(from: string, hours: readonly CountingHours[], length = 24): number[] {
  const marks = withinHours(new Uint8Array(length).fill(SliceMark.SEEN), hours, Date.parse(from), HOUR);
  return [...marks].flatMap((mark, hour) => (mark === SliceMark.EXCLUDED ? [] : [hour]));
}

describe('the hours that count', () => {
  it('are those of the clock in their zone, before and after it was turned', () => {
    expect(counted('2026-03-27T00:00:00Z', [working])).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(counted('2026-03-30T00:00:00Z', [working])).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('are none at the weekend', () => {
    expect(counted('2026-03-28T00:00:00Z', [working], 48)).toEqual([]);
  });

  it('go on after midnight for the day on which they began', () => {
    const night = { days: [5], fromMinute: 22 * 60, toMinute: 26 * 60, timeZone: 'UTC' };
    expect(counted('2026-03-27T00:00:00Z', [night], 72)).toEqual([22, 23, 24, 25]);
  });

  it('are turned within the day on which the clock is', () => {
    const sunday = { days: [7], fromMinute: 0, toMinute: 240, timeZone: 'Europe/Berlin' };
    expect(counted('2026-03-28T22:00:00Z', [sunday], 10)).toEqual([1, 2, 3]);
    expect(counted('2026-10-24T21:00:00Z', [sunday], 10)).toEqual([1, 2, 3, 4, 5]);
  });

  it('are any of several spans, and all without one', () => {
    const two = [8, 20].map((hour) => ({
      days: [4],
      fromMinute: hour * 60,
      toMinute: hour * 60 + 60,
      timeZone: 'UTC',
    }));
    expect(counted('1970-01-01T00:00:00Z', two)).toEqual([8, 20]);
    expect(counted('1970-01-01T00:00:00Z', [], 3)).toEqual([0, 1, 2]);
  });
});
