import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalendarRule, calendarWindowAt } from '../../../src/domain/calendar.js';

const MINUTE = 60_000;

function rule(changes: Partial<CalendarRule> = {}): CalendarRule {
  return { unit: 'MONTH', count: 1, startTime: '2026-01-01 00:00:00', timeZone: 'UTC', ...changes };
}

function windowAt(at: string, changes: Partial<CalendarRule> = {}): [string, string] {
  const { fromMs, toMs } = calendarWindowAt(rule(changes), Date.parse(at));
  return [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
}

function minutesAt(at: string, timeZone: string): number {
  const { fromMs, toMs } = calendarWindowAt(rule({ timeZone }), Date.parse(at));
  return (toMs - fromMs) / MINUTE;
}

describe('a calendar window', () => {
  it.each([
    { id: 'G30', at: '2026-03-15T00:00:00Z', zone: 'Europe/Berlin', minutes: 44_580, because: 'an hour is skipped' },
    { id: 'G30', at: '2026-10-15T00:00:00Z', zone: 'Europe/Berlin', minutes: 44_700, because: 'an hour comes twice' },
    { id: 'G31', at: '2027-02-15T00:00:00Z', zone: 'Asia/Seoul', minutes: 40_320, because: 'February has 28 days' },
  ])('$id: lasts $minutes minutes in $zone around $at, since $because', ({ at, zone, minutes }) => {
    expect(minutesAt(at, zone)).toBe(minutes);
  });

  it('of a month in Seoul begins at 15:00 UTC of the day before', () => {
    expect(windowAt('2026-02-10T00:00:00Z', { timeZone: 'Asia/Seoul' })).toEqual([
      '2026-01-31T15:00:00.000Z',
      '2026-02-28T15:00:00.000Z',
    ]);
  });

  it('begins at the time of day of its start, at noon too, summer and winter', () => {
    const noon = { unit: 'DAY', startTime: '2026-01-01 12:00:00', timeZone: 'Europe/Berlin' } as const;
    expect(windowAt('2026-03-28T23:00:00Z', noon)).toEqual(['2026-03-28T11:00:00.000Z', '2026-03-29T10:00:00.000Z']);
    expect(windowAt('2026-07-01T09:00:00Z', noon)).toEqual(['2026-06-30T10:00:00.000Z', '2026-07-01T10:00:00.000Z']);
  });

  it('that begins on the 31st ends with shorter months and comes back to the 31st', () => {
    const last = { startTime: '2026-01-31 00:00:00' };
    expect(windowAt('2026-02-10T00:00:00Z', last)).toEqual(['2026-01-31T00:00:00.000Z', '2026-02-28T00:00:00.000Z']);
    expect(windowAt('2026-03-10T00:00:00Z', last)).toEqual(['2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z']);
  });

  it('of several units counts them from its start, before the start too', () => {
    const fortnight = { unit: 'WEEK', count: 2, startTime: '2026-01-05 00:00:00' } as const;
    expect(windowAt('2026-01-20T00:00:00Z', fortnight)[0]).toBe('2026-01-19T00:00:00.000Z');
    expect(windowAt('2025-12-30T00:00:00Z', fortnight)[0]).toBe('2025-12-22T00:00:00.000Z');
    expect(windowAt('2026-05-05T00:00:00Z', { unit: 'QUARTER' })).toEqual([
      '2026-04-01T00:00:00.000Z',
      '2026-07-01T00:00:00.000Z',
    ]);
    expect(windowAt('2028-02-29T00:00:00Z', { unit: 'YEAR' })[0]).toBe('2028-01-01T00:00:00.000Z');
  });

  it('has its end, and not its start, within it', () => {
    expect(windowAt('2026-02-01T00:00:00Z')[1]).toBe('2026-02-01T00:00:00.000Z');
    expect(windowAt('2026-02-01T00:00:00.001Z')[0]).toBe('2026-02-01T00:00:00.000Z');
  });

  it('begins after an hour that does not exist, and skips a day that a zone left out', () => {
    const skipped = { unit: 'DAY', startTime: '2026-03-01 02:30:00', timeZone: 'Europe/Berlin' } as const;
    expect(windowAt('2026-03-29T12:00:00Z', skipped)[0]).toBe('2026-03-29T01:30:00.000Z');
    const apia = { unit: 'DAY', startTime: '2011-12-01 00:00:00', timeZone: 'Pacific/Apia' } as const;
    expect(windowAt('2011-12-30T10:00:00Z', apia)).toEqual(['2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z']);
    expect(windowAt('2011-12-30T10:00:00.001Z', apia)[1]).toBe('2011-12-31T10:00:00.000Z');
  });

  it.each([
    { startTime: '2026-02-30 00:00:00' },
    { startTime: 'yesterday' },
    { timeZone: 'Europe/Nowhere' },
    { count: 0 },
    { count: 1.5 },
  ])('is refused with $startTime $timeZone $count', (changes) => {
    expect(() => windowAt('2026-01-01T00:00:00Z', changes)).toThrow(RangeError);
  });

  it('tiles the time axis without gap or overlap, whatever the clocks do', () => {
    const rules = fc.record({
      unit: fc.constantFrom('DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'),
      count: fc.integer({ min: 1, max: 5 }),
      startTime: fc.constantFrom('2026-01-01 00:00:00', '2026-01-31 12:00:00', '2024-02-29 02:30:00'),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Seoul', 'Australia/Lord_Howe', 'America/St_Johns'),
    });
    const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
    fc.assert(
      fc.property(rules, instants, (rule, atMs) => {
        const here = calendarWindowAt(rule, atMs);
        expect(here.fromMs).toBeLessThan(atMs);
        expect(here.toMs).toBeGreaterThanOrEqual(atMs);
        expect(calendarWindowAt(rule, here.fromMs).toMs).toBe(here.fromMs);
        expect(calendarWindowAt(rule, here.toMs)).toEqual(here);
        expect(calendarWindowAt(rule, here.toMs + 1).fromMs).toBe(here.toMs);
      }),
      { numRuns: 300 },
    );
  });
});
