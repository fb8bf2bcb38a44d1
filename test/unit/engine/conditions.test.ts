import { describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { anObjective, anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { outage, quiet, type Script, startWorld } from './world.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const when = { text: 'up', path: '', line: 1, column: 1 };

/** An SLO that counts while its script says so. */
const conditional = (name: string) =>
  anSlo({ name, windowMs: DAY, sli: anSli({ name, counting: { hours: [], when } }) });

/** The state of each hour after the beginning, and what was opened. */
async function hours(scripts: Readonly<Record<string, Script>>, length = 2) {
  const slos = Object.keys(scripts).map(conditional);
  const { engine, clock, store } = startWorld(slos, { scripts });
  engine.start();
  await clock.advance(0);
  const states: (string | undefined)[][] = [];
  for (let hour = 0; hour < length; hour += 1) {
    await clock.advance(60 * MINUTE);
    states.push(slos.map(({ name }) => engine.board.one(name, everything)?.state));
  }
  const statuses = slos.map(({ name }) => engine.board.one(name, everything)?.objectives[0]);
  await engine.stop();
  return { states, statuses, opened: store.log.map(({ violation }) => violation.slo) };
}

describe('an SLI with a condition', () => {
  const down = outage(T0 + 10 * MINUTE, T0 + 30 * MINUTE);
  const inService = (atMs: number) => atMs <= T0 + 10 * MINUTE || atMs > T0 + 30 * MINUTE;

  it('counts what happens while it holds, and nothing else', async () => {
    const { opened, statuses, states } = await hours({
      always: { ...down, holds: () => true },
      serving: { ...down, holds: inService },
    });
    expect(new Set(opened)).toEqual(new Set(['always']));
    const [always, serving] = statuses;
    expect(always?.events?.bad).toBe(20 * 600);
    expect(serving?.events).toMatchObject({ bad: 0, total: (always?.events?.total ?? 0) - 20 * 600 });
    expect(serving?.coverage.ratio).toBe(1);
    expect(states[1]?.[1]).toBe('OK');
  });

  it('misses nothing while it does not hold, though there is no data', async () => {
    const gone = (atMs: number) => atMs > T0;
    const silent: Script = { errorRatio: (atMs) => (gone(atMs) ? null : 0) };
    const { states, statuses } = await hours({
      silent: { ...silent, holds: () => true },
      resting: { ...silent, holds: (atMs) => !gone(atMs) },
      never: { ...quiet, holds: () => false },
    });
    expect(states.at(-1)).toEqual(['NO_DATA', 'OK', 'NO_EVENTS']);
    expect(statuses[2]).toMatchObject({ ratio: null, events: { total: 0 }, budget: { consumedRatio: null } });
    expect(statuses[1]?.ratio).toBe(1);
  });

  it('decides nothing while it cannot be read, and leaves the others alone', async () => {
    const isDoubtful = (atMs: number) => atMs > T0 + 5 * MINUTE;
    const { states, statuses, opened } = await hours({
      doubtful: { ...down, holds: (atMs) => (isDoubtful(atMs) ? null : true) },
      other: { ...quiet, holds: () => true },
    });
    expect(states).toEqual([
      ['STALE', 'OK'],
      ['STALE', 'OK'],
    ]);
    expect(statuses[0]?.stateReason).toContain('many-to-many matching');
    expect(opened).toEqual([]);
  });

  it('counts no more when it turns out that it did not hold', async () => {
    const slo = conditional('late');
    let nowMs = () => T0;
    // What is said at first of the newest minutes is wrong.
    const holds = (atMs: number) => inService(atMs) || nowMs() - atMs < 1.5 * MINUTE;
    const { engine, clock } = startWorld([slo], { scripts: { late: { ...down, holds } } });
    nowMs = () => clock.now();
    engine.start();
    await clock.advance(0);
    await clock.advance(60 * MINUTE);
    expect(engine.board.one('late', everything)?.objectives[0]?.events?.bad).toBe(0);
    await engine.stop();
  });

  it('misses data in slices of a minute that count, though it does not hold for long', async () => {
    const minutes = { timeSliceTarget: '0.9', timeSliceWindowMs: MINUTE };
    const slo = { ...conditional('minutes'), budgetingMethod: 'TIMESLICES' as const };
    const objectives = [anObjective({ target: '0.9', ...minutes })];
    const silent: Script = { errorRatio: (atMs) => (atMs > T0 + 10 * MINUTE ? null : 0) };
    const holds = (atMs: number) => Math.round(atMs / MINUTE) % 3 !== 0;
    const { engine, clock } = startWorld([{ ...slo, objectives }], { scripts: { minutes: { ...silent, holds } } });
    engine.start();
    await clock.advance(0);
    await clock.advance(120 * MINUTE);
    const present = engine.board.one('minutes', everything);
    expect(present?.state).toBe('NO_DATA');
    await engine.stop();
  });
});
