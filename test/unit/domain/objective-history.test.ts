import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, isCut } from '../../../src/domain/counted.js';
import {
  measureObjective,
  type ObjectiveFigures,
  presentWindowOf,
  unknownCoverage,
  windowsOf,
} from '../../../src/domain/evaluation.js';
import { needsOf } from '../../../src/domain/ledger-needs.js';
import { LedgerStream } from '../../../src/domain/ledger-stream.js';
import type { LedgerParts } from '../../../src/domain/ledger-window.js';
import { objectiveHistory } from '../../../src/domain/objective-history.js';
import { countSlices, type SliceRule, SlidingCounts } from '../../../src/domain/slices.js';
import type { SloDefinition, WindowReading } from '../../../src/domain/slo.js';
import { coverageOf, slicesOf, windowReading } from '../../../src/engine/ledger-readings.js';
import { anObjective, anSli, anSlo, T0 } from './slo-examples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stretch in hours before T0, and how long it lasts. */
interface Hole {
  readonly hoursAgo: number;
  readonly minutes: number;
}

const inHole = (holes: readonly Hole[], endMs: number) =>
  holes.some(({ hoursAgo, minutes }) => {
    const fromMs = T0 - hoursAgo * HOUR;
    return endMs > fromMs && endMs <= fromMs + minutes * MINUTE;
  });

/** What a ledger has after it read all but some stretches; of others it was told that nobody saw anything. */
function ledgerOf(slo: SloDefinition, unread: readonly Hole[], unseen: readonly Hole[], seed: number): LedgerParts {
  const [objective = anObjective()] = slo.objectives;
  const streamOf = (eventsOf: (endMs: number) => number) => {
    const stream = new LedgerStream(needsOf(slo, objective));
    stream.advance(T0);
    for (const gap of stream.missing(T0 - 20 * DAY, T0)) {
      for (let fromMs = gap.fromMs; fromMs < gap.toMs; fromMs += HOUR) {
        const toMs = Math.min(gap.toMs, fromMs + HOUR);
        const ends = Array.from({ length: (toMs - fromMs) / gap.sliceMs }, (_, n) => fromMs + (n + 1) * gap.sliceMs);
        if (ends.some((endMs) => inHole(unread, endMs))) continue;
        const counts = ends.map((endMs) => (inHole(unseen, endMs) ? Number.NaN : eventsOf(endMs)));
        stream.write(fromMs, gap.sliceMs, Float64Array.from(counts), new Uint8Array(counts.length));
      }
    }
    return stream;
  };
  const total = (endMs: number) => ((endMs / MINUTE) * 7919 + seed) % 13;
  const bad = (endMs: number) => (((endMs / MINUTE) * 31 + seed) % 7 === 0 ? total(endMs) : 0);
  return { good: null, bad: [streamOf(bad)], total: [streamOf(total)] };
}

/** The same as the engine evaluates, from the ledger alone; null where that would have to ask the source. */
function evaluatedAt(slo: SloDefinition, parts: LedgerParts, atMs: number): ObjectiveFigures | null {
  const [objective = anObjective()] = slo.objectives;
  const windows = new Map<number, WindowReading>();
  for (const windowMs of windowsOf(slo)) {
    const reading = windowReading(parts, windowMs, atMs);
    if (reading !== null) windows.set(windowMs, reading);
  }
  const readings = {
    atMs,
    windows,
    current: null,
    coverage: coverageOf(parts, slo.windowMs, atMs) ?? unknownCoverage,
    failedWindows: new Set<number>(),
    currentFailed: false,
    slices: (span: Parameters<typeof slicesOf>[1]) => slicesOf(parts, span),
  };
  // What is counted slice by slice needs no more than the slices that count; any other window is asked for as a whole.
  const isAsked = !isCut(slo, objective, slo.windowMs, false) && !windows.has(slo.windowMs);
  if (isAsked) return null;
  return measureObjective(slo, objective, counted(slo, objective, readings), { figures: null, open: null });
}

const hole = fc.record({ hoursAgo: fc.integer({ min: 0, max: 400 }), minutes: fc.integer({ min: 5, max: 3_000 }) });
const slices = fc.constantFrom(5 * MINUTE, 10 * MINUTE, HOUR);
const office = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 480, toMinute: 1_080, timeZone: 'Europe/Berlin' };

const definition = fc
  .record({
    method: fc.constantFrom('OCCURRENCES', 'TIMESLICES', 'RATIO_TIMESLICES'),
    noData: fc.constantFrom('IGNORE', 'GOOD', 'BAD', 'FREEZE'),
    windowMs: fc.constantFrom(6 * HOUR, DAY, 7 * DAY),
    calendar: fc.constantFrom(null, 'Europe/Berlin', 'Asia/Seoul'),
    sliceMs: slices,
    minEvents: fc.constantFrom(0, 20),
    hours: fc.constantFrom([], [office]),
  } as const)
  .map(({ method, noData, windowMs, calendar, sliceMs, minEvents, hours }) => {
    const cut = { timeSliceTarget: method === 'TIMESLICES' ? '0.9' : null, timeSliceWindowMs: sliceMs };
    const unit = { kind: 'CALENDAR', unit: windowMs < DAY ? 'DAY' : 'WEEK', count: 1 } as const;
    return anSlo({
      objectives: [anObjective({ target: '0.9', ...(method === 'OCCURRENCES' ? {} : cut) })],
      sli: anSli({ counting: { hours, when: null } }),
      burnRateRules: [],
      budgetingMethod: method,
      ...{ noData, windowMs, minEvents },
      ...(calendar === null
        ? {}
        : { window: { ...unit, startTime: '2026-01-01 00:00:00', timeZone: calendar } as const }),
    });
  });

const expectNear = (actual: number | null | undefined, expected: number | null, name: string) => {
  if (expected === null) expect(actual, name).toBeNull();
  else expect(actual, name).toBeCloseTo(expected, 9);
};

describe('the history of an objective', () => {
  it('is at each point what an evaluation at that instant says', () => {
    const stepMs = fc.constantFrom(5 * MINUTE, 90_000, HOUR, 7 * HOUR);
    const holes = fc.array(hole, { maxLength: 2 });
    fc.assert(
      fc.property(
        definition,
        holes,
        holes,
        stepMs,
        fc.integer({ min: 0, max: 999 }),
        (slo, unread, unseen, step, seed) => {
          const [objective = anObjective()] = slo.objectives;
          const parts = ledgerOf(slo, unread, unseen, seed);
          const toMs = Math.floor(T0 / step) * step;
          const history = objectiveHistory(slo, objective, parts, { fromMs: toMs - 60 * step, toMs, stepMs: step });
          expect(history.timesMs.length).toBe(61);
          for (const [point, atMs] of history.timesMs.entries()) {
            const evaluated = evaluatedAt(slo, parts, atMs);
            const name = `${new Date(atMs).toISOString()}`;
            if (evaluated === null) {
              expect(history.ratio[point] === null || history.estimated[point], name).toBe(true);
              continue;
            }
            expectNear(history.ratio[point], evaluated.ratio, `ratio ${name}`);
            expectNear(history.remainingRatio[point], evaluated.budget.remainingRatio, `remaining ${name}`);
            expect(history.estimated[point], `estimated ${name}`).toBe(evaluated.budget.isEstimated);
            const burnRate = evaluated.burnRates.get(presentWindowOf(slo)) ?? null;
            if (burnRate !== null) expectNear(history.burnRate[point], burnRate, `burn rate ${name}`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says of windows of which not all was read what was, that it is an estimate, and how much was seen', () => {
    const slo = anSlo({ windowMs: 10 * DAY, burnRateRules: [] });
    const [objective = anObjective()] = slo.objectives;
    const range = { fromMs: T0 - 9 * DAY, toMs: T0, stepMs: DAY };
    const { ratio, coverage, estimated, remainingRatio } = objectiveHistory(
      slo,
      objective,
      ledgerOf(slo, [], [], 1),
      range,
    );
    expect(coverage.map((share) => Math.round(share * 10))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
    expect(estimated).toEqual(coverage.map((share) => share < 1));
    expect(ratio.every((share) => share !== null && share > 0.5 && share < 1)).toBe(true);
    expect(remainingRatio.every((share) => share !== null)).toBe(true);
  });

  it('knows nothing of times before anything was read, nor without a ledger', () => {
    const slo = anSlo({ windowMs: DAY });
    const [objective = anObjective()] = slo.objectives;
    const range = { fromMs: T0 - 60 * DAY, toMs: T0 - 40 * DAY, stepMs: DAY };
    for (const parts of [ledgerOf(slo, [], [], 1), null]) {
      const history = objectiveHistory(slo, objective, parts, range);
      expect(history.timesMs).toHaveLength(21);
      for (const column of [history.ratio, history.remainingRatio, history.burnRate]) {
        expect(column).toEqual(Array.from({ length: 21 }, () => null));
      }
      expect(history.coverage.every((share) => share === 0)).toBe(true);
    }
  });

  it('counts sliding windows as it counts each by itself', () => {
    const mark = fc.constantFrom(0, 1, 2, 3);
    const slice = fc.record({ mark, total: fc.nat(30), bad: fc.nat(30) });
    const rule = fc.record<SliceRule>({
      budgetingMethod: fc.constantFrom('OCCURRENCES', 'TIMESLICES', 'RATIO_TIMESLICES'),
      timeSliceTarget: fc.constantFrom('0.9', '1'),
      minEvents: fc.constantFrom(0, 10),
      noData: fc.constantFrom('IGNORE', 'GOOD', 'BAD', 'FREEZE'),
      typicalEvents: fc.constantFrom(null, 7),
    });
    fc.assert(
      fc.property(
        fc.array(slice, { minLength: 1, maxLength: 40 }),
        rule,
        fc.nat(40),
        fc.nat(40),
        (list, rule, a, b) => {
          const [from, to] = [Math.min(a, b, list.length), Math.min(Math.max(a, b), list.length)];
          const columnsOf = (part: typeof list) => ({
            bad: Float64Array.from(part, ({ bad }) => bad),
            total: Float64Array.from(part, ({ total }) => total),
            marks: Uint8Array.from(part, ({ mark }) => mark),
          });
          const alone = countSlices(columnsOf(list.slice(from, to)), rule);
          const sliding = new SlidingCounts(columnsOf(list), rule).between(from, to, rule.typicalEvents ?? null);
          expect(sliding.estimated).toBe(alone.estimated);
          expect(sliding.events === null).toBe(alone.events === null);
          expect(sliding.events?.bad ?? 0).toBeCloseTo(alone.events?.bad ?? 0, 9);
          expect(sliding.events?.total ?? 0).toBeCloseTo(alone.events?.total ?? 0, 9);
        },
      ),
    );
  });
});
