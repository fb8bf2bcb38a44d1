import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compositeOf } from '../../../src/domain/composite.js';
import { compositeReadings, type Member, measureComposite } from '../../../src/domain/composite-figures.js';
import { counted } from '../../../src/domain/counted.js';
import { parseDuration } from '../../../src/domain/duration.js';
import { measureObjective, type ObjectiveReadings } from '../../../src/domain/evaluation.js';
import type { LedgerColumns } from '../../../src/domain/ledger-columns.js';
import type { SliceSpan } from '../../../src/domain/ports.js';
import { SliceMark } from '../../../src/domain/slices.js';
import type { EventCounts, ObjectiveDefinition, SloDefinition } from '../../../src/domain/slo.js';
import { judge } from '../../../src/domain/slo-state.js';
import { verdictOf } from '../../../src/domain/verdict.js';
import { advance } from '../../../src/domain/violation-machine.js';
import { anObjective, anSli, anSlo, events, readingsOf, T0 } from './slo-examples.js';

const nothing = { figures: null, open: null };
const hour = parseDuration('1h');
const month = parseDuration('30d');

/** A composite of members by weight and target. */
function aComposite(
  members: readonly (readonly [weight: string, target: string, changes?: Partial<ObjectiveDefinition>])[],
  changes: Partial<SloDefinition> = {},
): SloDefinition {
  const objectives = members.map(([weight, target, more], index) =>
    anObjective({ name: `member-${index + 1}`, sli: anSli(), weight, target, ...more }),
  );
  return anSlo({ sli: null, objectives, ...changes });
}

/** Everything about a composite whose members were read so, in the order of its objectives. */
function evaluated(slo: SloDefinition, all: readonly ObjectiveReadings[]) {
  const members = slo.objectives.map((objective, index): Member => {
    const readings = counted(slo, objective, all[index] as ObjectiveReadings);
    return { objective, readings, figures: measureObjective(slo, objective, readings, nothing) };
  });
  const composite = compositeOf(slo) as ObjectiveDefinition;
  const readings = compositeReadings(slo, members);
  const figures = measureComposite(slo, composite, members, readings, nothing);
  const verdict = (kind: 'BURN_RATE' | 'BUDGET_EXHAUSTED') => verdictOf(kind, slo, figures, readings, null);
  return { composite, members, readings, figures, verdict, ...judge(slo, figures, readings, []) };
}

const ofEvents = (slo: SloDefinition, ...all: readonly (EventCounts | null)[]) =>
  evaluated(
    slo,
    all.map((counts) => readingsOf(slo, counts)),
  );

describe('a composite of events', () => {
  it.each([
    { id: 'G46', members: [['1', 0.99] as const, ['1', 0.98] as const], ratio: 0.985, state: 'VIOLATED' },
    { id: 'G47', members: [['3', 0.99] as const, ['7', 0.995] as const], ratio: 0.9935, state: 'OK' },
  ])('$id: $members at a target of 99 % is $ratio', ({ members, ratio, state }) => {
    const slo = aComposite(
      members.map(([weight]) => [weight, '0.99']),
      { burnRateRules: [] },
    );
    // Quiet for the last hour, so that only what is spent decides.
    const all = members.map(([, sli]) =>
      readingsOf(slo, events(Math.round(1e6 * (1 - sli)), 1e6), { '1h': events(0, 100) }),
    );
    const { figures, ...judged } = evaluated(slo, all);
    expect(figures.ratio).toBe(ratio);
    expect(figures.budget.consumedRatio).toBeCloseTo((1 - ratio) / 0.01, 9);
    expect(figures.budget.remainingRatio).toBeCloseTo(1 - (1 - ratio) / 0.01, 9);
    expect(judged.state).toBe(state);
  });

  it('burns as its members do, by their weights, each against its own target', () => {
    const slo = aComposite([
      ['1', '0.999'],
      ['3', '0.9'],
    ]);
    const { figures, composite } = ofEvents(slo, events(2, 1000), events(10, 1000));
    expect(composite.target).toBe('0.92475');
    expect(figures.burnRates.get(hour)).toBeCloseTo((1 * 2 + 3 * 0.1) / 4, 12);
    expect(figures.budget.consumedRatio).toBe(figures.burnRates.get(month));
    expect(figures.ratio).toBeCloseTo((0.998 + 3 * 0.99) / 4, 12);
    expect(figures.events).toBeNull();
    expect(figures.budget.remainingEvents).toBeNull();
  });

  it('of one member is that member', () => {
    const slo = aComposite([['7', '0.999']]);
    const { figures, members } = ofEvents(slo, events(300, 1_000_000));
    const { budget, ratio, burnRates } = (members[0] as Member).figures;
    expect(figures.ratio).toBe(ratio);
    expect(figures.burnRates).toEqual(burnRates);
    expect(figures.budget).toEqual({ ...budget, remainingEvents: null });
  });

  it('watches for burn rates by itself, and its members do not', () => {
    const slo = aComposite([
      ['1', '0.999'],
      ['1', '0.999'],
    ]);
    const { figures, members, verdict } = ofEvents(slo, events(40, 1000), events(0, 1000));
    expect(members.map(({ figures }) => figures.alerts)).toEqual([[], []]);
    expect(figures.alerts.map(({ firing }) => firing)).toEqual(slo.burnRateRules.map(() => true));
    expect(verdict('BURN_RATE')).toMatchObject({ kind: 'BROKEN', severity: 'PAGE', complete: true });
    const { change } = advance(null, verdict('BURN_RATE'), {
      ...{ slo, objective: compositeOf(slo) as ObjectiveDefinition },
      ...{ kind: 'BURN_RATE', atMs: T0 },
    });
    expect(change?.violation).toMatchObject({ objective: 'composite', burnRate: 20 });
    expect(change?.violation.message).toMatch(/^checkout-availability burns its error budget 20 times as fast/);
  });

  it('spends nothing by a member in which nothing happened, and says so when nothing happened in any', () => {
    const slo = aComposite([
      ['1', '0.999'],
      ['1', '0.999'],
    ]);
    const { figures, state } = ofEvents(slo, events(1, 2000), events(0, 0));
    expect(figures.burnRates.get(hour)).toBe(0.25);
    expect(state).toBe('OK');
    const silent = ofEvents(slo, events(0, 0), events(0, 0));
    expect(silent.state).toBe('NO_EVENTS');
    expect(silent.figures.ratio).toBeNull();
  });
});

describe('a composite with a member that is not known', () => {
  const slo = aComposite([
    ['1', '0.999', { displayName: 'Shop' }],
    ['1', '0.999', { displayName: 'Till' }],
  ]);

  it('has no figures, is not green, and resolves nothing', () => {
    const { figures, verdict, ...judged } = ofEvents(slo, events(0, 1000), null);
    expect(judged).toMatchObject({ state: 'NO_DATA', stateReason: 'Till: nothing was measured in the last 30d' });
    expect(figures.ratio).toBeNull();
    expect(figures.budget).toMatchObject({ consumedRatio: null, remainingRatio: null, exhaustsAtMs: null });
    expect([...figures.burnRates.values()].every((rate) => rate === null)).toBe(true);
    expect(figures.alerts.every(({ longBurnRate, firing }) => longBurnRate === null && !firing)).toBe(true);
    expect(verdict('BURN_RATE').kind).toBe('UNKNOWN');
    expect(verdict('BUDGET_EXHAUSTED').kind).toBe('UNKNOWN');
  });

  it('is not green when only the newest is not known', () => {
    const silent = readingsOf(slo, events(0, 1000), { '5m': null });
    const { verdict, ...judged } = evaluated(slo, [readingsOf(slo, events(0, 1000)), silent]);
    expect(judged).toMatchObject({ state: 'NO_DATA', stateReason: 'Till: nothing was measured in the last 5m' });
    expect(verdict('BURN_RATE').kind).toBe('UNKNOWN');
    expect(verdict('BUDGET_EXHAUSTED').kind).toBe('UNKNOWN');
  });

  it('fires nevertheless on what the others burn for certain, and does not fall in severity', () => {
    const { figures, verdict } = ofEvents(slo, events(100, 1000), null);
    expect(figures.alerts[0]).toMatchObject({ firing: true, longBurnRate: 50 });
    expect(verdict('BURN_RATE')).toMatchObject({ kind: 'BROKEN', severity: 'PAGE', complete: false });
    // The half of 25 is above 6, and whether it is above 14.4 is not known.
    const less = ofEvents(slo, events(25, 1000), null);
    expect(less.figures.alerts.map(({ firing }) => firing)).toEqual([false, true, true]);
    expect(less.figures.alerts[0]).toMatchObject({ longBurnRate: null, shortBurnRate: null });
  });

  it('decides nothing by windows that could not be read', () => {
    const failed = readingsOf(slo, events(0, 1000), {}, { failedWindows: new Set([parseDuration('5m'), hour]) });
    const { readings, verdict } = evaluated(slo, [readingsOf(slo, events(500, 1000)), failed]);
    expect(readings.failedWindows).toEqual(failed.failedWindows);
    expect(verdict('BURN_RATE').kind).not.toBe('KEPT');
  });

  it('was seen as much as the member that was seen least', () => {
    const seen = (ratio: number | null, oldestMs: number, newestMs: number) =>
      readingsOf(
        slo,
        events(0, 1),
        {},
        {
          coverage: { ratio, oldestMs, newestMs, retentionShorterThanWindow: false, partial: false },
        },
      );
    const { coverage } = evaluated(slo, [seen(1, 1, 9), seen(0.5, 3, 7)]).figures;
    expect(coverage).toMatchObject({ ratio: 0.5, oldestMs: 3, newestMs: 7 });
    expect(evaluated(slo, [seen(1, 1, 9), seen(null, 3, 7)]).figures.coverage.ratio).toBeNull();
  });
});

describe('the guards of a composite', () => {
  const rules = anSlo().burnRateRules;

  it('count the bad events of all members', () => {
    const slo = aComposite(
      [
        ['1', '0.999'],
        ['1', '0.999'],
      ],
      { minFailures: 10, burnRateRules: rules },
    );
    expect(ofEvents(slo, events(5, 100), events(4, 100)).verdict('BURN_RATE').kind).toBe('KEPT');
    expect(ofEvents(slo, events(5, 100), events(5, 100)).verdict('BURN_RATE').kind).toBe('BROKEN');
  });

  it('ask for burn rates that the events of all stand for', () => {
    const slo = aComposite(
      [
        ['1', '0.999'],
        ['1', '0.999'],
      ],
      { confidence: 0.95, burnRateRules: rules.slice(0, 1) },
    );
    expect(ofEvents(slo, events(1, 10), events(0, 10)).verdict('BURN_RATE').kind).toBe('KEPT');
    expect(ofEvents(slo, events(10, 100), events(10, 100)).verdict('BURN_RATE').kind).toBe('BROKEN');
  });
});

describe('a composite of slices', () => {
  const sliceMs = parseDuration('5m');
  const slices = { timeSliceWindowMs: sliceMs, timeSliceTarget: '0.9' };
  const NONE = -1;

  /** A member whose newest slices had so many bad of 100 events, oldest first; nothing was seen in those with `NONE`. */
  function read(slo: SloDefinition, bad: readonly number[]): ObjectiveReadings {
    const base = readingsOf(slo, events(0, 1));
    return { ...base, slices: (span) => columns(span, bad) };
  }

  function columns({ fromMs, toMs, sliceMs: unitMs }: SliceSpan, bad: readonly number[]): LedgerColumns {
    const length = (toMs - fromMs) / unitMs;
    const at = (index: number) => bad[bad.length - length + index] ?? NONE;
    const all = Array.from({ length }, (_, index) => at(index));
    return {
      bad: Float64Array.from(all, (count) => Math.max(0, count)),
      total: Float64Array.from(all, (count) => (count === NONE ? 0 : 100)),
      marks: Uint8Array.from(all, (count) => (count === NONE ? SliceMark.NO_DATA : SliceMark.SEEN)),
      estimated: new Uint8Array(length),
      goodless: new Uint8Array(length),
    };
  }

  const composed = (budgetingMethod: 'TIMESLICES' | 'RATIO_TIMESLICES', weights = ['1', '1']) =>
    aComposite(
      weights.map((weight) => [
        weight,
        '0.9',
        budgetingMethod === 'TIMESLICES' ? slices : { ...slices, timeSliceTarget: null },
      ]),
      { budgetingMethod, burnRateRules: [] },
    );

  it('is bad in every slice in which any member is', () => {
    const slo = composed('TIMESLICES');
    const { figures } = evaluated(slo, [read(slo, [11, 0, 0, 10]), read(slo, [0, 50, 0, NONE])]);
    expect(figures.events).toEqual({ good: 2, bad: 2, total: 4 });
    expect(figures.ratio).toBe(0.5);
    expect(figures.budget.consumedRatio).toBe(5);
    expect(figures.burnRates.get(hour)).toBe(5);
  });

  it('G53: misses what its members miss together: 95 % and 95 % are 90 %', () => {
    const slo = composed('RATIO_TIMESLICES');
    const { figures, state } = evaluated(slo, [read(slo, [5, 5, 5, 5]), read(slo, [5, 5, 5, 5])]);
    expect(figures.ratio).toBeCloseTo(0.9, 12);
    expect(figures.budget.consumedRatio).toBeCloseTo(1, 9);
    expect(state).toBe('VIOLATED');
  });

  it('is not known while slices of a member were not read', () => {
    const slo = composed('TIMESLICES');
    const { slices: unread, ...without } = read(slo, []);
    expect(unread).toBeDefined();
    const { figures, verdict, state } = evaluated(slo, [read(slo, [0, 0]), without]);
    expect(figures.ratio).toBeNull();
    expect(verdict('BUDGET_EXHAUSTED').kind).toBe('UNKNOWN');
    expect(state).toBe('NO_DATA');
  });
});

describe('whatever its members are', () => {
  const counts = fc
    .integer({ min: 1, max: 10_000 })
    .chain((total) => fc.integer({ min: 0, max: total }).map((bad) => events(bad, total)));
  const member = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom('0.9', '0.99', '0.999'), counts);
  const members = fc.array(member, { minLength: 1, maxLength: 4 });
  const figuresOf = (all: readonly (readonly [number, string, EventCounts])[], factor = 1) => {
    const slo = aComposite(all.map(([weight, target]) => [`${weight * factor}`, target]));
    return ofEvents(slo, ...all.map(([, , read]) => read)).figures;
  };

  it('what is spent and what remains make one, and the burn rate over the whole window is what is spent', () => {
    fc.assert(
      fc.property(members, (all) => {
        const { budget, burnRates } = figuresOf(all);
        expect((budget.consumedRatio ?? 0) + (budget.remainingRatio ?? 0)).toBeCloseTo(1, 6);
        expect(burnRates.get(month)).toBe(budget.consumedRatio);
      }),
    );
  });

  it('weights that are all multiplied change nothing, and one more error raises no budget', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 2, max: 5 }), (all, factor) => {
        const { budget, ratio } = figuresOf(all);
        expect(figuresOf(all, factor).budget.remainingRatio).toBeCloseTo(budget.remainingRatio as number, 9);
        expect(figuresOf(all, factor).ratio).toBeCloseTo(ratio as number, 9);
        const worse = all.map(([weight, target, { bad, total }], index) => {
          return [weight, target, events(index === 0 ? Math.min(total, bad + 1) : bad, total)] as const;
        });
        expect(figuresOf(worse).budget.remainingRatio).toBeLessThanOrEqual(budget.remainingRatio as number);
      }),
    );
  });
});
