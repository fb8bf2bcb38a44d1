import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trueEvents } from '../../../src/demo/truth.js';
import type { ObjectiveDefinition, ObjectiveStatus, SloDefinition, SloStatus } from '../../../src/domain/slo.js';
import type { TestPrometheus } from '../../support/prometheus.js';
import { anObjective, anSli, anSlo } from '../../unit/domain/slo-examples.js';
import {
  AT,
  DAY,
  evaluated,
  eventSlices,
  FROM,
  failedOf,
  GAP,
  HOUR,
  MINUTE,
  RETIRED,
  requests,
  SLICE,
  startHistory,
  summed,
} from './budget-history.js';

const all = requests.aggregator;
const failed = failedOf(all);
const collected = requests.collector;

const text = (query: string) => ({ text: query, path: '', line: 1, column: 1 });
const measureOf = (service: string) => {
  const labels = `reporter="destination",destination_service_name="${service}"`;
  return {
    kind: 'RATIO',
    bad: text(`sum(istio_requests_total{${labels},response_code=~"5.."})`),
    total: text(`sum(istio_requests_total{${labels}})`),
    counter: true,
  } as const;
};
const measure = measureOf('aggregator');
const retired = anSli({ measure: measureOf('retired') });

type Changes = Partial<SloDefinition> & { readonly objective?: Partial<ObjectiveDefinition> };

function slo(name: string, { objective = {}, ...changes }: Changes): SloDefinition {
  const windowMs = changes.windowMs ?? 7 * DAY;
  const objectives = [anObjective({ target: '0.99', ...objective })];
  return anSlo({ name, cluster: 'core', sli: anSli({ measure }), windowMs, objectives, burnRateRules: [], ...changes });
}

const calendar = (unit: 'WEEK' | 'MONTH', timeZone: string, startTime = '2026-01-01 00:00:00') =>
  ({ kind: 'CALENDAR', unit, count: 1, startTime, timeZone }) as const;
const slices = { timeSliceTarget: '0.99', timeSliceWindowMs: SLICE };
const office = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 480, toMinute: 1_080, timeZone: 'Europe/Berlin' };

/** Two services: of events one promises less and weighs thrice as much. */
function composite(name: string, changes: Changes): SloDefinition {
  const member = (service: string, more: Partial<ObjectiveDefinition>) =>
    anObjective({ name: service, sli: anSli({ measure: measureOf(service) }), ...more, ...changes.objective });
  const objectives = [
    member('aggregator', { target: '0.99', weight: '1' }),
    member('collector', { target: '0.95', weight: '3' }),
  ];
  return { ...slo(name, changes), sli: null, objectives };
}

const definitions: readonly SloDefinition[] = [
  slo('rolling', {}),
  slo('week-in-berlin', { window: calendar('WEEK', 'Europe/Berlin', '2026-03-26 12:00:00') }),
  slo('month-in-seoul', { window: calendar('MONTH', 'Asia/Seoul'), windowMs: 30 * DAY }),
  slo('slices', { budgetingMethod: 'TIMESLICES', objective: slices }),
  slo('parts', { budgetingMethod: 'RATIO_TIMESLICES', objective: { ...slices, timeSliceTarget: null } }),
  slo('slices-in-berlin', {
    budgetingMethod: 'TIMESLICES',
    objective: slices,
    window: calendar('WEEK', 'Europe/Berlin', '2026-03-26 12:00:00'),
  }),
  slo('silence-is-bad', { budgetingMethod: 'TIMESLICES', objective: slices, noData: 'BAD' }),
  slo('silence-is-good', { budgetingMethod: 'TIMESLICES', objective: slices, noData: 'GOOD' }),
  slo('longer-than-history', { windowMs: 60 * DAY }),
  slo('retired', { sli: retired }),
  slo('retired-and-frozen', { sli: retired, noData: 'FREEZE' }),
  slo('retired-slices', { sli: retired, budgetingMethod: 'TIMESLICES', objective: slices }),
  slo('retired-and-frozen-slices', {
    sli: retired,
    budgetingMethod: 'TIMESLICES',
    objective: slices,
    noData: 'FREEZE',
  }),
  composite('both', {}),
  composite('both-in-slices', { budgetingMethod: 'TIMESLICES', objective: { ...slices, target: '0.9' } }),
  composite('both-in-parts', {
    budgetingMethod: 'RATIO_TIMESLICES',
    objective: { ...slices, timeSliceTarget: null, weight: '1' },
  }),
  slo('office-hours', { sli: anSli({ measure, counting: { hours: [office], when: null } }) }),
];

describe('budgets on a Prometheus that holds history of the demo', () => {
  let prometheus: TestPrometheus;
  let statuses: ReadonlyMap<string, SloStatus>;

  beforeAll(async () => {
    prometheus = await startHistory();
    statuses = await evaluated(prometheus.url, definitions, AT);
  }, 120_000);
  afterAll(() => prometheus?.dispose());

  const status = (name: string) => statuses.get(name)?.objectives[0] as ObjectiveStatus;
  /** The gap hides which slices its events belong to; its ends are known. */
  const near = (name: string, expected: { readonly bad: number; readonly total: number }, share: number) => {
    const { events } = status(name);
    expect(Math.abs((events?.total ?? 0) / expected.total - 1)).toBeLessThan(share);
    expect(Math.abs((events?.bad ?? 0) - expected.bad)).toBeLessThan(Math.max(1, share * expected.bad));
  };

  it('count events over a rolling window, and over the calendar as far as it has come', () => {
    // What was counted during the gap shows at its end.
    const whole = (fromMs: number) => ({ bad: trueEvents(failed, fromMs, AT), total: trueEvents(all, fromMs, AT) });
    near('rolling', whole(AT - 7 * DAY), 0.0005);
    near('week-in-berlin', whole(Date.UTC(2026, 2, 26, 11)), 0.0005);
    near('month-in-seoul', whole(Date.UTC(2026, 2, 31, 15)), 0.0005);
  });

  it('of a calendar window is held against what its end will bring', () => {
    const { bad, total } = summed(eventSlices(all, Date.UTC(2026, 2, 31, 15), AT));
    const { budget } = status('month-in-seoul');
    const elapsed = (AT - Date.UTC(2026, 2, 31, 15)) / (30 * DAY);
    expect(budget.consumedRatio).toBeCloseTo((bad / total / 0.01) * elapsed, 3);
    expect(budget.isEstimated).toBe(true);
    expect(budget.remainingTimeMs).toBeCloseTo((1 - (budget.consumedRatio ?? 0)) * 0.01 * 30 * DAY, -2);
  });

  it('count slices, and parts of them', () => {
    const week = eventSlices(all, AT - 7 * DAY, AT);
    const bad = week.filter(({ bad, total }) => bad / total > 0.01).length;
    expect(bad).toBeGreaterThan(5);
    expect(status('slices').events).toMatchObject({ bad, total: week.length });
    const parts = week.reduce((sum, { bad, total }) => sum + bad / total, 0);
    expect(status('parts').events?.total).toBe(week.length);
    expect(status('parts').events?.bad).toBeCloseTo(parts, 0);
    expect(status('parts').ratio).toBeCloseTo(1 - parts / week.length, 3);
  });

  it('count the slices of a week that lacks an hour', () => {
    const begun = eventSlices(all, Date.UTC(2026, 2, 26, 11), AT);
    const { events, budget } = status('slices-in-berlin');
    expect(events?.total).toBe(begun.length);
    // The week ends at noon of 2 April in summer: 167 hours, of which 17 slices were silent.
    const whole = 167 * 6 - 17;
    expect(budget.consumedRatio).toBeCloseTo((events?.bad ?? 0) / (whole * 0.01), 6);
    expect(budget.remainingEvents).toBe(Math.floor(whole * 0.01) - (events?.bad ?? 0));
  });

  it('take silence for what the policy says', () => {
    const silent = (GAP[1] - GAP[0]) / SLICE - 1;
    const ignored = status('slices').events;
    const { bad = 0, total = 0 } = ignored ?? {};
    for (const [name, more] of [
      ['silence-is-bad', 1],
      ['silence-is-good', 0],
    ] as const) {
      const { events } = status(name);
      expect((events?.total ?? 0) - total).toBeGreaterThanOrEqual(silent);
      expect((events?.bad ?? 0) - bad).toBe(more * ((events?.total ?? 0) - total));
    }
  });

  it('E15: of a window that the source cannot hold say so, and those of others do not', () => {
    expect(status('longer-than-history').coverage).toMatchObject({
      oldestMs: FROM - HOUR,
      retentionShorterThanWindow: true,
    });
    for (const name of ['rolling', 'retired', 'month-in-seoul']) {
      expect(status(name).coverage.retentionShorterThanWindow, name).toBe(false);
    }
  });

  it('stay as they were when there was data last, where silence freezes them', () => {
    const before = eventSlices(collected, RETIRED - 7 * DAY, RETIRED);
    const left = eventSlices(collected, AT - 7 * DAY, RETIRED);
    for (const [name, seen] of [
      ['retired', left],
      // What began long ago began at the nearest hour.
      ['retired-and-frozen', eventSlices(collected, RETIRED - 7 * DAY - 20 * MINUTE, RETIRED)],
    ] as const) {
      const { bad, total } = summed(seen);
      near(name, { bad, total }, 0.0005);
      expect(status(name).budget.consumedRatio).toBeCloseTo(bad / total / 0.01, 3);
    }
    const badOf = (seen: typeof left) => seen.filter(({ bad, total }) => bad / total > 0.01).length;
    expect(summed(before).total - summed(left).total).toBeGreaterThan(1_000);
    expect(status('retired-slices').events).toMatchObject({ bad: badOf(left), total: left.length });
    expect(status('retired-and-frozen-slices').events).toMatchObject({ bad: badOf(before), total: before.length });
  });

  describe('of a composite', () => {
    const week = () => [eventSlices(all, AT - 7 * DAY, AT), eventSlices(collected, AT - 7 * DAY, AT)] as const;
    const together = (name: string) => statuses.get(name)?.composite as ObjectiveStatus;

    it('are spent as its members spend theirs, by their weights', () => {
      const consumed = [
        [all, 0.01],
        [collected, 0.05],
      ] as const;
      const [first, second] = consumed.map(([series, allowed]) => {
        return trueEvents(failedOf(series), AT - 7 * DAY, AT) / trueEvents(series, AT - 7 * DAY, AT) / allowed;
      }) as [number, number];
      expect(Math.min(first, second)).toBeGreaterThan(0.1);
      const { budget, ratio, burnRates, events, coverage } = together('both');
      expect(budget.consumedRatio).toBeCloseTo((first + 3 * second) / 4, 3);
      expect(budget.remainingRatio).toBeCloseTo(1 - (first + 3 * second) / 4, 3);
      expect(ratio).toBeCloseTo(1 - (first * 0.01 + 3 * second * 0.05) / 4, 5);
      expect(burnRates.get(7 * DAY)).toBeCloseTo((first + 3 * second) / 4, 3);
      expect(events).toBeNull();
      expect(coverage.ratio).toBe(statuses.get('both')?.objectives[0]?.coverage.ratio);
    });

    it('count a slice as bad in which any member was', () => {
      const [one, other] = week();
      const isBad = (part: { bad: number; total: number } | undefined) => (part?.bad ?? 0) / (part?.total ?? 1) > 0.01;
      const bad = one.filter((part, slice) => isBad(part) || isBad(other[slice])).length;
      expect(bad).toBeGreaterThan(Math.max(one.filter(isBad).length, other.filter(isBad).length));
      expect(together('both-in-slices').events).toMatchObject({ bad, total: one.length });
    });

    it('miss of a slice what its members miss together', () => {
      const [one, other] = week();
      const missing = one.map(({ bad, total }, slice) => {
        const { bad: otherBad = 0, total: otherTotal = 1 } = other[slice] ?? {};
        return Math.min(1, bad / total + otherBad / otherTotal);
      });
      const sum = missing.reduce((parts, part) => parts + part, 0);
      expect(together('both-in-parts').ratio).toBeCloseTo(1 - sum / one.length, 4);
    });
  });

  it('count only what happens in the hours that count', () => {
    const counts = eventSlices(all, AT - 7 * DAY, AT).filter(({ fromMs }) => {
      // Berlin is an hour ahead of UTC in winter, two in summer.
      const minute = ((fromMs + (fromMs < Date.UTC(2026, 2, 29, 1) ? HOUR : 2 * HOUR)) % DAY) / MINUTE;
      return minute >= 480 && minute < 1_080;
    });
    const { events } = status('office-hours');
    expect(events?.total).toBeLessThan(0.6 * (status('rolling').events?.total ?? 0));
    // Events of the gap before 9 o'clock UTC show in its last slice.
    const { bad, total } = summed(counts);
    const hidden = trueEvents(all, GAP[0], GAP[1]);
    expect(Math.abs((events?.total ?? 0) - total)).toBeLessThan(hidden * 1.01);
    expect(events?.bad).toBeLessThan(bad + trueEvents(failed, GAP[0], GAP[1]) + 1);
  });
});
