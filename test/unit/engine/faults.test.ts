import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { memoryLedger } from './memory-ledger.js';
import { type Health, outage, quiet, startWorld } from './world.js';

const MINUTE = 60_000;

function named(name: string, cluster = 'core'): SloDefinition {
  const base = anSlo();
  return { ...base, name, cluster, sli: anSli({ name }) };
}

describe('a source that stops answering', () => {
  const slos = [named('ending', 'edge'), named('beginning', 'edge'), named('other', 'core')];
  // Both happen while the source is down, from minute 4 to minute 24.
  const scripts = {
    ending: outage(T0, T0 + 4 * MINUTE + 5000),
    beginning: outage(T0 + 22 * MINUTE, T0 + 25 * MINUTE),
    other: quiet,
  };
  const transitions = (log: readonly { transition: string; violation: { slo: string } }[]) =>
    log.map(({ transition, violation }) => `${violation.slo} ${transition}`);

  it.each<Health>(['DOWN', 'HANGING', 'PARTIAL'])(
    'opens and resolves nothing while it is %s; then both come right',
    async (health) => {
      const { engine, world, clock, store, state } = startWorld(slos, { scripts, sourceDeadlineMs: 10_000 });
      engine.start();
      await clock.advance(4 * MINUTE);
      expect(transitions(store.log)).toEqual(['ending OPENED']);
      const open = store.log[0]?.violation.id;

      world.health.set('edge', health);
      await clock.advance(20 * MINUTE);
      expect(transitions(store.log)).toEqual(['ending OPENED']);
      if (health !== 'PARTIAL') expect([state('ending'), state('beginning')]).toEqual(['STALE', 'STALE']);
      else expect(engine.board.one('ending', everything)?.objectives[0]?.coverage.partial).toBe(true);
      expect(state('other')).toBe('OK');
      expect(engine.board.one('other', everything)?.evaluatedAtMs).toBe(T0 + 24 * MINUTE);

      world.health.set('edge', 'UP');
      await clock.advance(15_000 + 10_000);
      expect(transitions(store.log).slice(0, 3)).toContain('beginning OPENED');
      expect(state('beginning')).toBe('VIOLATED');
      expect(store.log.find(({ violation }) => violation.slo === 'ending')?.violation.id).toBe(open);
      await clock.advance(15 * MINUTE);
      expect(transitions(store.log)).toContain('ending RESOLVED');
      expect(store.log.filter(({ violation }) => violation.slo === 'ending').at(-1)?.violation.id).toBe(open);
      await engine.stop();
    },
  );

  it('says so while only its newest slices are partial, and takes nothing older for the present', async () => {
    const { engine, world, clock } = startWorld([named('other')], { scripts });
    const isPartial = () => engine.board.one('other', everything)?.objectives[0]?.coverage.partial;
    engine.start();
    await clock.advance(4 * MINUTE);
    expect(isPartial()).toBe(false);
    world.health.set('core', 'PARTIAL_AT_THE_END');
    await clock.advance(MINUTE);
    expect(isPartial()).toBe(true);
    await clock.advance(4 * MINUTE);
    expect(isPartial()).toBe(true);
    world.health.set('core', 'UP');
    await clock.advance(MINUTE);
    expect(isPartial()).toBe(false);
    await engine.stop();
  });

  it('keeps the last known figures, and says since when and why', async () => {
    const { engine, world, clock } = startWorld(slos, { scripts });
    await engine.evaluateOnce();
    await clock.advance(0);
    const known = engine.board.one('ending', everything);
    world.health.set('edge', 'DOWN');
    await clock.advance(MINUTE);
    await engine.evaluateOnce();
    expect(engine.board.one('ending', everything)).toMatchObject({
      state: 'STALE',
      stateReason: 'edge: refused; at 2026-01-15T12:00:00Z it was OK',
      evaluatedAtMs: T0,
      objectives: [{ ratio: known?.objectives[0]?.ratio, budget: known?.objectives[0]?.budget }],
    });
  });

  it('is never asked twice at once, and is told when nobody waits any more', async () => {
    const { engine, world, clock } = startWorld([named('other')], { scripts, sourceDeadlineMs: 40_000 });
    world.health.set('core', 'HANGING');
    engine.start();
    await clock.advance(39_000);
    expect(new Set(world.asked.map(({ atMs }) => atMs))).toEqual(new Set([T0]));
    await clock.advance(20_000);
    expect(new Set(world.asked.map(({ atMs }) => atMs))).toEqual(new Set([T0, T0 + 45_000]));
    await engine.stop();
  });

  it('is judged window by window: 30 days that take too long do not hold back a page', async () => {
    const slo = named('a');
    const { engine, world, store } = startWorld([slo], { scripts: { a: outage(T0 - 2 * MINUTE, T0 + 1) } });
    world.tooLong.add(slo.windowMs);
    await engine.evaluateOnce();
    expect(store.log).toMatchObject([{ transition: 'OPENED', violation: { severity: 'PAGE', budgetConsumed: null } }]);
    expect(engine.board.one('a', everything)).toMatchObject({
      state: 'STALE',
      stateReason: 'core: too many samples (its history is being read: 0 %); nothing was known before',
      evaluatedAtMs: T0,
    });
  });
});

describe('a store that fails', () => {
  it('delays what is shown, and loses nothing', async () => {
    const { engine, clock, store, state } = startWorld([named('a')], { scripts: { a: outage(T0, T0 + 2 * MINUTE) } });
    const heard: number[] = [];
    engine.feed.onAppend(() => heard.push(store.log.length));
    engine.start();
    await clock.advance(0);
    store.broken = true;
    await clock.advance(20 * MINUTE);
    expect(store.log).toEqual([]);
    expect(heard).toEqual([]);
    expect(engine.pendingChanges()).toBe(2);
    expect(engine.isStoreAnswering()).toBe(false);
    expect(engine.board.one('a', everything)?.evaluatedAtMs).toBe(T0 + 20 * MINUTE);
    expect(state('a')).toBe('AT_RISK');
    store.broken = false;
    await clock.advance(30_000);
    expect(store.log.map(({ transition }) => transition)).toEqual(['OPENED', 'RESOLVED']);
    expect(store.log[0]?.violation.startedAtMs).toBeLessThan(T0 + 2 * MINUTE);
    expect(engine.pendingChanges()).toBe(0);
    expect(engine.isStoreAnswering()).toBe(true);
    await engine.stop();
  });

  it('that is down at the start opens nothing until what is open is known', async () => {
    const { engine, clock, store } = startWorld([named('a')], { scripts: { a: outage(T0 - 2 * MINUTE, Infinity) } });
    store.broken = true;
    engine.start();
    await clock.advance(MINUTE);
    expect(engine.pendingChanges()).toBe(0);
    store.broken = false;
    await clock.advance(MINUTE);
    expect(store.log.map(({ transition }) => transition)).toEqual(['OPENED']);
    await engine.stop();
  });

  it('writes what waits when the program ends', async () => {
    const { engine, store } = startWorld([named('a')], { scripts: { a: outage(T0 - 2 * MINUTE, Infinity) } });
    store.append = ((append) => {
      let calls = 0;
      return (...call: Parameters<typeof append>) =>
        calls++ === 0 ? Promise.reject(new Error('busy')) : append(...call);
    })(store.append.bind(store));
    await engine.evaluateOnce();
    expect(store.log).toEqual([]);
    await engine.stop();
    expect(store.log.map(({ transition }) => transition)).toEqual(['OPENED']);
  });
});

describe('a kept stream that cannot be read', () => {
  it('is filled again from history, is told once, and leaves the others as they were kept', async () => {
    const ledgerStore = memoryLedger();
    const slos = [named('a'), named('b')];
    const scripts = { a: quiet, b: quiet };
    const first = startWorld(slos, { scripts, ledgerStore });
    first.engine.start();
    await first.clock.advance(2 * MINUTE);
    await first.engine.stop();
    const state = new Uint8Array([1, 2, 3]);
    await ledgerStore.saveSnapshots([{ key: 'core a total', state, usedAtMs: T0 }]);

    const { engine, clock, world, logged } = startWorld(slos, { scripts, ledgerStore });
    engine.start();
    await clock.advance(2 * MINUTE);
    expect(logged.filter((message) => message.includes('could not be read'))).toEqual([
      'the kept slices of some streams could not be read; their history is read again',
    ]);
    const history = world.slices.filter(({ fromMs }) => fromMs < T0 - 60 * MINUTE);
    expect(new Set(history.map(({ streams }) => streams))).toEqual(new Set([2]));
    for (const name of ['a', 'b']) {
      const objectives = [{ ratio: 1, coverage: { ratio: 1 }, budget: { isEstimated: false } }];
      expect(engine.board.one(name, everything)).toMatchObject({ state: 'OK', objectives });
    }
    await engine.stop();
  });
});

describe('whatever fails, and in whatever order', () => {
  it('every violation opens once, resolves once, and in the end is what it would have been', async () => {
    const fault = fc.record({
      health: fc.constantFrom<Health>('UP', 'DOWN', 'PARTIAL'),
      broken: fc.boolean(),
      minutes: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 6 }), async (faults) => {
        const { engine, world, clock, store, state } = startWorld([named('a')], {
          scripts: { a: outage(T0 + 5 * MINUTE, T0 + 8 * MINUTE) },
        });
        engine.start();
        for (const { health, broken, minutes } of faults) {
          world.health.set('core', health);
          store.broken = broken;
          await clock.advance(minutes * MINUTE);
          if (health === 'DOWN') expect(state('a')).toBe('STALE');
        }
        world.health.set('core', 'UP');
        store.broken = false;
        await clock.advance(60 * MINUTE);
        const ends = store.log.map(({ transition }) => transition).filter((word) => word !== 'SEVERITY_CHANGED');
        expect(ends).toEqual(ends.map((_, index) => (index % 2 === 0 ? 'OPENED' : 'RESOLVED')));
        expect(ends.length % 2).toBe(0);
        expect(engine.pendingChanges()).toBe(0);
        expect(new Set(store.log.map(({ eventId }) => eventId)).size).toBe(store.log.length);
        await engine.stop();
      }),
      { numRuns: 15 },
    );
  });
});
