import { describe, expect, it } from 'vitest';
import { measureObjective } from '../../../src/domain/evaluation.js';
import type { ObjectiveDefinition, ObjectiveStatus, SloDefinition, SloState } from '../../../src/domain/slo.js';
import { judge, judgeStale, worstOf } from '../../../src/domain/slo-state.js';
import { verdictOf } from '../../../src/domain/verdict.js';
import type { Violation } from '../../../src/domain/violation.js';
import { advance } from '../../../src/domain/violation-machine.js';
import { anObjective, anSli, anSlo, events, readingsOf, T0 } from './slo-examples.js';

const first = (slo: SloDefinition) => slo.objectives[0] as ObjectiveDefinition;

function judged(open: readonly Violation[], ...readings: Parameters<typeof readingsOf>) {
  const [slo] = readings;
  const read = readingsOf(...readings);
  return judge(slo, measureObjective(slo, first(slo), read, { figures: null, open: null }), read, open);
}

function anOpenViolation(slo: SloDefinition): Violation {
  const read = readingsOf(slo, events(50, 1000));
  const figures = measureObjective(slo, first(slo), read, { figures: null, open: null });
  const verdict = verdictOf('BURN_RATE', slo, figures, read, null);
  return advance(null, verdict, { slo, objective: first(slo), kind: 'BURN_RATE', atMs: T0 }).next as Violation;
}

const slo = anSlo();
const page = anOpenViolation(slo);
const temperature = anSlo({
  sli: anSli({ unit: 'CELSIUS' }),
  objectives: [anObjective({ upper: { value: 90, inclusive: true } })],
});

describe('the state of an objective', () => {
  const quiet = events(0, 10_000);
  const rows: readonly { state: SloState; because: string; reason: RegExp | null; of: ReturnType<typeof judged> }[] = [
    {
      state: 'VIOLATED',
      because: 'the budget is gone',
      reason: /^150 % of the error budget of 30d is spent: 15 of 10,000 events were bad where 10 are allowed$/,
      of: judged([], slo, events(15, 10_000), { '1h': quiet }),
    },
    {
      state: 'VIOLATED',
      because: 'nothing at all is left',
      reason: /^100 % of the error budget/,
      of: judged([], slo, events(10, 10_000), { '1h': quiet }),
    },
    {
      state: 'VIOLATED',
      because: 'a page is open',
      reason: /burns its error budget 50 times/,
      of: judged([page], slo, quiet),
    },
    {
      state: 'VIOLATED',
      because: 'a value is out of its bounds',
      reason: /^the value is 95 °C, out of its upper bound of 90 °C$/,
      of: judged([], temperature, quiet, {}, { current: 95 }),
    },
    {
      state: 'VIOLATED',
      because: 'a page stays open though nothing is measured any more',
      reason: /burns .* It stays open: nothing was measured in the last 5m\.$/,
      of: judged([page], slo, quiet, { '5m': null }),
    },
    {
      state: 'VIOLATED',
      because: 'a page stays open though all traffic has ended',
      reason: /burns .* It stays open: too few events in the last 5m tell whether it is over\.$/,
      of: judged([page], slo, quiet, { '5m': events(0, 0) }),
    },
    {
      state: 'AT_RISK',
      because: 'a ticket on a value stays open without a value',
      reason: /burns .* It stays open: there is no value at present\.$/,
      of: judged([{ ...page, severity: 'TICKET', kind: 'THRESHOLD' }], temperature, quiet),
    },
    {
      state: 'AT_RISK',
      because: 'a ticket is open',
      reason: /burns/,
      of: judged([{ ...page, severity: 'TICKET' }], slo, quiet),
    },
    {
      state: 'AT_RISK',
      because: 'the budget ends before the window does',
      reason:
        /^50 % of the error budget of 30d is left; at the present burn rate of 2 it is gone at 2026-01-23T00:00:00Z$/,
      of: judged([], slo, events(5, 10_000), { '1h': events(2, 1000) }),
    },
    {
      state: 'NO_DATA',
      because: 'nothing was ever measured',
      reason: /^nothing was measured in the last 30d$/,
      of: judged([], slo, null),
    },
    {
      state: 'NO_DATA',
      because: 'nothing was measured recently',
      reason: /^nothing was measured in the last 5m$/,
      of: judged([], slo, quiet, { '5m': null }),
    },
    {
      state: 'NO_EVENTS',
      because: 'nothing happened',
      reason: /^0 events in the last 30d$/,
      of: judged([], slo, events(0, 0)),
    },
    {
      state: 'NO_EVENTS',
      because: 'too little happened',
      reason: /^99 events in the last 30d, and at least 100 are needed to count$/,
      of: judged([], anSlo({ minEvents: 100 }), events(50, 99)),
    },
    { state: 'OK', because: 'all is well', reason: null, of: judged([], slo, quiet) },
    {
      state: 'OK',
      because: 'the budget just lasts',
      reason: null,
      of: judged([], slo, events(5, 10_000), { '1h': events(5, 10_000) }),
    },
    {
      state: 'OK',
      because: 'nothing happened lately',
      reason: null,
      of: judged([], slo, quiet, { '5m': events(0, 0) }),
    },
  ];

  it.each(rows)('is $state when $because', ({ state, reason, of }) => {
    expect(of.state).toBe(state);
    if (reason === null) expect(of.stateReason).toBeNull();
    else expect(of.stateReason).toMatch(reason);
  });
});

describe('a stale state', () => {
  it('names what does not answer and what was known last', () => {
    const last = { state: 'AT_RISK', stateReason: 'half is left', atMs: T0 } as const;
    expect(judgeStale('edge: connection refused', last)).toEqual({
      state: 'STALE',
      stateReason: 'edge: connection refused; at 2026-01-15T12:00:00Z it was AT_RISK (half is left)',
    });
  });

  it('says when nothing was known', () => {
    expect(judgeStale('edge: connection refused', null).stateReason).toMatch(/nothing was known before/);
  });
});

describe('an SLO', () => {
  const status = (name: string, state: SloState) =>
    ({ objective: anObjective({ name }), state, stateReason: state === 'OK' ? null : 'why' }) as ObjectiveStatus;

  it('is as bad as its worst objective, and gives its reason', () => {
    expect(worstOf([status('a', 'OK'), status('b', 'AT_RISK'), status('c', 'STALE')])).toMatchObject({
      state: 'AT_RISK',
      stateReason: 'b: why',
    });
    expect(worstOf([status('a', 'STALE'), status('b', 'NO_DATA')]).state).toBe('STALE');
    expect(worstOf([status('a', 'NO_EVENTS'), status('b', 'OK')]).state).toBe('NO_EVENTS');
    expect(worstOf([status('a', 'OK'), status('b', 'OK')])).toMatchObject({ state: 'OK', stateReason: null });
  });
});
