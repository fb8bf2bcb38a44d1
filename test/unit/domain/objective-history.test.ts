import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compositeOf } from '../../../src/domain/composite.js';
import { compositeReadings, type Member, measureComposite } from '../../../src/domain/composite-figures.js';
import { counted, endOf, isCut } from '../../../src/domain/counted.js';
import {
  measureObjective,
  type ObjectiveFigures,
  presentWindowOf,
  unknownCoverage,
  windowsOf,
} from '../../../src/domain/evaluation.js';
import { columnsOf } from '../../../src/domain/ledger-columns.js';
import { needsOf } from '../../../src/domain/ledger-needs.js';
import { LedgerStream } from '../../../src/domain/ledger-stream.js';
import type { LedgerParts } from '../../../src/domain/ledger-window.js';
import { compositeHistory, type ObjectiveHistory, objectiveHistory } from '../../../src/domain/objective-history.js';
import type { SliceSpan } from '../../../src/domain/ports.js';
import { countSlices, type SliceRule, SlidingCounts } from '../../../src/domain/slices.js';
import { type ObjectiveDefinition, type SloDefinition, sliOf, type WindowReading } from '../../../src/domain/slo.js';
import { coverageOf, windowReading } from '../../../src/engine/ledger-readings.js';
import { anObjective, anSli, anSlo, T0 } from './slo-examples.js';

const MINUTE = 60_000;
const BLOCK = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const nothing = { figures: null, open: null };

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
function ledgerOf(
  slo: SloDefinition,
  unread: readonly Hole[],
  unseen: readonly Hole[],
  seed: number,
  objective = slo.objectives[0] ?? anObjective(),
): LedgerParts {
  const streamOf = (eventsOf: (endMs: number, sliceMs: number) => number) => {
    const stream = new LedgerStream(needsOf(slo, objective));
    stream.advance(T0);
    for (const gap of stream.missing(T0 - 20 * DAY, T0)) {
      for (let fromMs = gap.fromMs; fromMs < gap.toMs; fromMs += HOUR) {
        const toMs = Math.min(gap.toMs, fromMs + HOUR);
        const ends = Array.from({ length: (toMs - fromMs) / gap.sliceMs }, (_, n) => fromMs + (n + 1) * gap.sliceMs);
        if (ends.some((endMs) => inHole(unread, endMs))) continue;
        const counts = ends.map((endMs) => (inHole(unseen, endMs) ? Number.NaN : eventsOf(endMs, gap.sliceMs)));
        stream.write(fromMs, gap.sliceMs, Float64Array.from(counts), new Uint8Array(counts.length));
      }
    }
    return stream;
  };
  const total = (endMs: number) => ((endMs / MINUTE) * 7919 + seed) % 13;
  const bad = (endMs: number) => (((endMs / MINUTE) * 31 + seed) % 7 === 0 ? total(endMs) : 0);
  // It holds in all minutes but those of some blocks, and of one in another.
  const held = (endMs: number, sliceMs: number) => {
    const block = (Math.ceil(endMs / BLOCK) * 13 + seed) % 11;
    return block < 3 ? Number.NaN : block === 3 && endMs % BLOCK === 0 ? sliceMs / MINUTE - 1 : sliceMs / MINUTE;
  };
  const { when } = sliOf(slo, objective).counting;
  const condition = when === null ? null : streamOf(held);
  return { good: null, bad: [streamOf(bad)], total: [streamOf(total)], condition };
}

/** The same as the engine evaluates, from the ledger alone; null where that would have to ask the source. */
function evaluatedAt(
  slo: SloDefinition,
  parts: LedgerParts,
  atMs: number,
  objective = slo.objectives[0] ?? anObjective(),
): Member | null {
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
    slices: (span: SliceSpan) => columnsOf(parts, span, span.sliceMs),
  };
  // What is counted slice by slice needs no more than the slices that count; any other window is asked for as a whole.
  const isFrozen = endOf(slo, objective, readings) !== atMs;
  const isAsked = !isCut(slo, objective, slo.windowMs, isFrozen) && !windows.has(slo.windowMs);
  if (isAsked) return null;
  const read = counted(slo, objective, readings);
  return { objective, readings: read, figures: measureObjective(slo, objective, read, nothing) };
}

function compositeAt(slo: SloDefinition, parts: readonly LedgerParts[], atMs: number): ObjectiveFigures | null {
  const members = slo.objectives.flatMap((objective, index) => {
    return evaluatedAt(slo, parts[index] as LedgerParts, atMs, objective) ?? [];
  });
  if (members.length < slo.objectives.length) return null;
  const composite = compositeOf(slo) as ObjectiveDefinition;
  return measureComposite(slo, composite, members, compositeReadings(slo, members), nothing);
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
    when: fc.constantFrom(null, { text: 'up', path: '', line: 1, column: 1 }),
  } as const)
  .map(({ method, noData, windowMs, calendar, sliceMs, minEvents, hours, when }) => {
    const cut = { timeSliceTarget: method === 'TIMESLICES' ? '0.9' : null, timeSliceWindowMs: sliceMs };
    const unit = { kind: 'CALENDAR', unit: windowMs < DAY ? 'DAY' : 'WEEK', count: 1 } as const;
    return anSlo({
      objectives: [anObjective({ target: '0.9', ...(method === 'OCCURRENCES' ? {} : cut) })],
      sli: anSli({ counting: { hours, when } }),
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

/** That every point of a history is what an evaluation at that instant says. */
function expectSame(
  slo: SloDefinition,
  history: ObjectiveHistory,
  evaluatedAt: (atMs: number) => ObjectiveFigures | null,
): void {
  expect(history.timesMs.length).toBe(61);
  for (const [point, atMs] of history.timesMs.entries()) {
    const evaluated = evaluatedAt(atMs);
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
}

const holes = fc.array(hole, { maxLength: 2 });
const steps = fc.constantFrom(5 * MINUTE, 90_000, HOUR, 7 * HOUR);
const rangeOf = (stepMs: number) => {
  const toMs = Math.floor(T0 / stepMs) * stepMs;
  return { fromMs: toMs - 60 * stepMs, toMs, stepMs };
};

describe('the history of an objective', () => {
  it('is at each point what an evaluation at that instant says', () => {
    fc.assert(
      fc.property(definition, holes, holes, steps, fc.nat(999), (slo, unread, unseen, stepMs, seed) => {
        const [objective = anObjective()] = slo.objectives;
        const parts = ledgerOf(slo, unread, unseen, seed);
        const history = objectiveHistory(slo, objective, parts, rangeOf(stepMs));
        expectSame(slo, history, (atMs) => evaluatedAt(slo, parts, atMs)?.figures ?? null);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same of what the members of a composite are together', () => {
    fc.assert(
      fc.property(definition, holes, holes, steps, fc.nat(999), (simple, unread, unseen, stepMs, seed) => {
        const objectives = ['1', '3'].map((weight, index) =>
          anObjective({ ...simple.objectives[0], name: `member-${index}`, sli: simple.sli, weight }),
        );
        const slo = { ...simple, sli: null, objectives };
        const parts = [
          ledgerOf(slo, unread, [], seed, objectives[0]),
          ledgerOf(slo, [], unseen, seed + 5, objectives[1]),
        ];
        const history = compositeHistory(slo, compositeOf(slo) as ObjectiveDefinition, parts, rangeOf(stepMs));
        expectSame(slo, history, (atMs) => compositeAt(slo, parts, atMs));
      }),
      { numRuns: 60 },
    );
  });

  it('of a composite is not known where that of a member is not', () => {
    const objectives = ['a', 'b'].map((name) => anObjective({ name, sli: anSli(), weight: '1' }));
    const slo = anSlo({ sli: null, objectives, windowMs: DAY });
    const composite = compositeOf(slo) as ObjectiveDefinition;
    const parts = [ledgerOf(slo, [], [], 1, objectives[0]), null];
    const { ratio, coverage } = compositeHistory(slo, composite, parts, rangeOf(HOUR));
    expect(new Set(ratio)).toEqual(new Set([null]));
    expect(new Set(coverage)).toEqual(new Set([0]));
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
    const slice = fc.record({ mark, total: fc.nat(30), bad: fc.nat(30), estimated: fc.constantFrom(0, 0, 0, 1) });
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
            estimated: Uint8Array.from(part, ({ estimated }) => estimated),
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
