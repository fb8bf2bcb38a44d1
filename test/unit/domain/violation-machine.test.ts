import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureObjective } from '../../../src/domain/evaluation.js';
import type { EventCounts, ObjectiveDefinition, SloDefinition } from '../../../src/domain/slo.js';
import { HOLD_MS, type Hold, isOutOfBounds, nextHold, type Verdict, verdictOf } from '../../../src/domain/verdict.js';
import type { Violation, ViolationChange, ViolationKind } from '../../../src/domain/violation.js';
import { advance, retire } from '../../../src/domain/violation-machine.js';
import { anObjective, anSli, anSlo, events, readingsOf, T0 } from './slo-examples.js';

const slo = anSlo();
const first = (slo: SloDefinition) => slo.objectives[0] as ObjectiveDefinition;

function verdict(kind: ViolationKind, ...readings: Parameters<typeof readingsOf>): Verdict {
  const read = readingsOf(...readings);
  const figures = measureObjective(readings[0], first(readings[0]), read, { figures: null, open: null });
  return verdictOf(kind, readings[0], figures, read, null);
}
const step = (open: Violation | null, verdict: Verdict, atMs = T0, of = slo, kind: ViolationKind = 'BURN_RATE') =>
  advance(open, verdict, { slo: of, objective: first(of), kind, atMs });

const quiet = events(0, 1000);
const outage = events(50, 1000);
const page = verdict('BURN_RATE', slo, quiet, { '1h': outage, '5m': outage });
const ticket = verdict('BURN_RATE', slo, quiet, { '3d': events(5, 1000), '6h': events(5, 1000) });
const kept = verdict('BURN_RATE', slo, quiet);
const opened = step(null, page).next as Violation;

describe('a burn-rate violation', () => {
  it('opens with the windows and severity of its most severe firing pair, and says what is wrong', () => {
    const { change } = step(null, verdict('BURN_RATE', slo, outage));
    expect(change).toMatchObject({ transition: 'OPENED', evaluatedAtMs: T0, late: false });
    expect(change?.violation).toMatchObject({
      slo: 'checkout-availability',
      objective: 'objective-1',
      kind: 'BURN_RATE',
      severity: 'PAGE',
      status: 'OPEN',
      startedAtMs: T0,
      resolvedAtMs: null,
      burnRate: 50,
      peakBurnRate: 50,
      longWindowMs: 3_600_000,
      shortWindowMs: 300_000,
      threshold: 14.4,
      value: null,
      budgetConsumed: 50,
    });
    expect(opened.message).toBe(
      'checkout-availability burns its error budget 50 times as fast as allowed (above 14.4 over 1h and 5m) ' +
        'since 2026-01-15T12:00:00Z; 100 % of the budget of 30d is left.',
    );
  });

  it('goes on without a word while it fires, and keeps its peak', () => {
    const worse = step(opened, verdict('BURN_RATE', slo, quiet, { '1h': events(90, 1000), '5m': outage }), T0 + 15_000);
    expect(worse).toMatchObject({ change: null, next: { id: opened.id, burnRate: 90, peakBurnRate: 90 } });
    const better = step(worse.next, page, T0 + 30_000);
    expect(better).toMatchObject({ change: null, next: { burnRate: 50, peakBurnRate: 90, startedAtMs: T0 } });
  });

  it('changes its severity with the most severe pair that fires', () => {
    const { change, next } = step(opened, ticket, T0 + 60_000);
    expect(change).toMatchObject({ transition: 'SEVERITY_CHANGED', violation: { id: opened.id, severity: 'TICKET' } });
    expect(step(next, page, T0 + 120_000).change).toMatchObject({ violation: { severity: 'PAGE' } });
  });

  it('resolves when no pair fires, and says how long it lasted', () => {
    const { change, next } = step(opened, kept, T0 + 750_000);
    expect(next).toBeNull();
    expect(change).toMatchObject({
      transition: 'RESOLVED',
      violation: { id: opened.id, status: 'RESOLVED', startedAtMs: T0, resolvedAtMs: T0 + 750_000, peakBurnRate: 50 },
    });
    expect(change?.violation.message).toMatch(/no longer burns its error budget too fast after 12m30s; 100 % .* left/);
  });

  it('continues through a changed definition with its own id and revision', () => {
    const changed = anSlo({ source: { ...slo.source, revision: 'r2' } });
    expect(step(opened, page, T0 + 1000, changed).next).toMatchObject({ id: opened.id, revision: 'r1' });
  });

  it('resolves when its SLO is gone, and says so', () => {
    const { change } = retire(opened, T0 + 1000, 'the SLO is no longer defined');
    expect(change).toMatchObject({ transition: 'RESOLVED', violation: { resolvedAtMs: T0 + 1000 } });
    expect(change?.violation.message).toMatch(/the SLO is no longer defined/);
  });

  it('never ends before it began, though a clock was set back', () => {
    expect(step(opened, kept, T0 - 3_600_000).change?.violation.resolvedAtMs).toBe(T0);
  });
});

describe('what is not known neither opens nor resolves', () => {
  const rows: readonly [string, Verdict][] = [
    ['nothing was measured recently', verdict('BURN_RATE', slo, outage, { '5m': null })],
    ['the answers were partial', verdict('BURN_RATE', slo, outage, {}, { partial: true })],
    [
      'the source did not answer for the short window',
      verdict('BURN_RATE', slo, outage, {}, { failedWindows: new Set([300_000]) }),
    ],
    ['no window has an event', verdict('BURN_RATE', slo, events(0, 0))],
    ['no window has as many events as count', verdict('BURN_RATE', anSlo({ minEvents: 2000 }), outage)],
    [
      'the long windows burn and the short ones have no events',
      verdict('BURN_RATE', slo, outage, { '5m': events(0, 0), '30m': events(0, 0), '6h': events(0, 0) }),
    ],
    ['the budget was read in part', verdict('BUDGET_EXHAUSTED', slo, outage, {}, { partial: true })],
    [
      'the budget window was not answered',
      verdict('BUDGET_EXHAUSTED', slo, quiet, {}, { failedWindows: new Set([slo.windowMs]) }),
    ],
    ['the budget has no events', verdict('BUDGET_EXHAUSTED', slo, events(0, 0))],
  ];

  it.each(rows)('%s', (_, verdict) => {
    expect(verdict.kind).toBe('UNKNOWN');
    expect(step(null, verdict)).toMatchObject({ next: null, change: null });
    expect(step(opened, verdict)).toMatchObject({ next: opened, change: null });
  });

  it('but one window that is known to be low is enough to know that a pair does not fire', () => {
    expect(verdict('BURN_RATE', slo, quiet, { '5m': events(0, 0), '30m': events(0, 0), '6h': quiet }).kind).toBe(
      'KEPT',
    );
  });

  it('and the severity does not fall while a worse pair may still fire', () => {
    const hidden = verdict('BURN_RATE', slo, events(5, 1000), { '1h': outage, '5m': events(0, 0), '30m': quiet });
    expect(hidden).toMatchObject({ kind: 'BROKEN', severity: 'TICKET', complete: false });
    expect(step(opened, hidden)).toMatchObject({ change: null, next: { severity: 'PAGE' } });
    expect(step(null, hidden).change).toMatchObject({ transition: 'OPENED', violation: { severity: 'TICKET' } });
  });
});

describe('a budget violation', () => {
  const budget = (bad: number) => verdict('BUDGET_EXHAUSTED', slo, events(bad, 10_000));

  it('is a ticket that opens when nothing remains and resolves when something does', () => {
    expect(step(null, budget(9), T0, slo, 'BUDGET_EXHAUSTED').next).toBeNull();
    const open = step(null, budget(10), T0, slo, 'BUDGET_EXHAUSTED').next as Violation;
    expect(open).toMatchObject({ kind: 'BUDGET_EXHAUSTED', severity: 'TICKET', budgetConsumed: 1 });
    expect(open.message).toMatch(/has spent its error budget of 30d since 2026-01-15T12:00:00Z; 0 % .* left/);
    expect(step(open, budget(9), T0 + 1, slo, 'BUDGET_EXHAUSTED').change?.transition).toBe('RESOLVED');
  });
});

describe('a threshold violation', () => {
  const lower = { value: 10, inclusive: true };
  const upper = { value: 90, inclusive: true };
  const bounded = anSlo({
    displayName: 'GPU temperature',
    sli: anSli({ unit: 'CELSIUS' }),
    objectives: [anObjective({ lower, upper })],
  });

  function run(values: readonly (number | null)[], stepMs: number) {
    let hold: Hold | null = null;
    let open: Violation | null = null;
    const changes: ViolationChange[] = [];
    for (const [index, current] of values.entries()) {
      const atMs = T0 + index * stepMs;
      const read = readingsOf(bounded, events(0, 10), {}, { atMs, current });
      hold = nextHold(hold, isOutOfBounds(first(bounded), current), atMs);
      const figures = measureObjective(bounded, first(bounded), read, { figures: null, open: null });
      const verdict = verdictOf('THRESHOLD', bounded, figures, read, hold);
      const taken = step(open, verdict, atMs, bounded, 'THRESHOLD');
      open = taken.next;
      if (taken.change !== null) changes.push(taken.change);
    }
    return changes.map(({ transition, evaluatedAtMs, violation }) => ({
      transition,
      afterMs: evaluatedAtMs - T0,
      message: violation.message,
    }));
  }

  it('opens after a minute out of bounds and resolves after a minute within', () => {
    const changes = run([50, 95, 95, 95, 95, 95, 50, 50, 50, 50, 50], 15_000);
    expect(changes).toEqual([
      {
        transition: 'OPENED',
        afterMs: 15_000 + HOLD_MS,
        message: expect.stringMatching(/^GPU temperature is at 95 °C, out of its upper bound of 90 °C, since/),
      },
      {
        transition: 'RESOLVED',
        afterMs: 90_000 + HOLD_MS,
        message: expect.stringMatching(/within its bounds again after 1m15s/),
      },
    ]);
  });

  it('knows the lower bound too', () => {
    expect(run([9, 9, 9], 30_000)).toEqual([
      { transition: 'OPENED', afterMs: HOLD_MS, message: expect.stringMatching(/lower bound of 10 °C/) },
    ]);
  });

  it('is not opened by a value that comes and goes, nor by one that is not seen for a while', () => {
    expect(run([95, 95, 50, 95, 95, 50], 30_000)).toEqual([]);
    expect(run([95, 95, null, 95, 95, null], 30_000)).toEqual([]);
  });

  it.each([
    { bound: { upper: { value: 90, inclusive: true } }, value: 90, out: false },
    { bound: { upper: { value: 90, inclusive: false } }, value: 90, out: true },
    { bound: { lower: { value: 10, inclusive: true } }, value: 10, out: false },
    { bound: { lower: { value: 10, inclusive: false } }, value: 10, out: true },
    { bound: { lower, upper }, value: 9.99, out: true },
    { bound: { lower, upper }, value: 90.01, out: true },
    { bound: {}, value: 1e9, out: false },
  ])('$value is out of $bound: $out', ({ bound, value, out }) => {
    expect(isOutOfBounds(anObjective(bound), value)).toBe(out);
  });
});

describe('for every history', () => {
  const count: fc.Arbitrary<EventCounts | null> = fc.oneof(
    fc.constant(null),
    fc.constant(events(0, 0)),
    fc.tuple(fc.nat(100), fc.nat(1000)).map(([bad, good]) => events(bad, bad + good)),
  );
  const evaluation = fc.record({ '5m': count, '30m': count, '1h': count, '6h': count, '3d': count, '30d': count });
  const failing = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true));

  it('transitions alternate, ids never repeat, and an unknown evaluation changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(evaluation, failing), { maxLength: 40 }), (history) => {
        let open: Violation | null = null;
        const changes: ViolationChange[] = [];
        for (const [index, [windows, partial]] of history.entries()) {
          const verdictNow = verdict('BURN_RATE', slo, null, windows, { partial });
          const taken = step(open, verdictNow, T0 + index * 15_000);
          if (partial || windows['5m'] === null) expect(taken).toMatchObject({ next: open, change: null });
          if (taken.change?.transition === 'OPENED') expect(open).toBeNull();
          else if (taken.change !== null) expect(open?.id).toBe(taken.change.violation.id);
          if (taken.change?.transition === 'SEVERITY_CHANGED') expect(taken.next?.severity).not.toBe(open?.severity);
          if (taken.next !== null)
            expect(taken.next.peakBurnRate).toBeGreaterThanOrEqual(taken.next.burnRate as number);
          if (taken.change !== null) changes.push(taken.change);
          open = taken.next;
        }
        const ends = changes
          .map((change) => change.transition)
          .filter((transition) => transition !== 'SEVERITY_CHANGED');
        expect(ends).toEqual(ends.map((_, index) => (index % 2 === 0 ? 'OPENED' : 'RESOLVED')));
        expect(new Set(changes.map((change) => change.eventId)).size).toBe(changes.length);
      }),
    );
  });

  it('the same evaluation gives the same ids', () => {
    expect(step(null, page)).toEqual(step(null, page));
    expect(step(null, page, T0 + 1).change?.eventId).not.toBe(step(null, page).change?.eventId);
  });
});
