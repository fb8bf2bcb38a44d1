import { describe, expect, it } from 'vitest';
import { everything, scopeOf } from '../../../src/domain/access.js';
import { parseDuration } from '../../../src/domain/duration.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { anObjective, anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { memoryStore } from './memory-store.js';
import { outage, quiet, type Script, startWorld } from './world.js';

const MINUTE = 60_000;

/** An SLO whose SLI is scripted under the SLO's name. */
function named(name: string, cluster = 'core', changes: Partial<SloDefinition> = {}): SloDefinition {
  const base = anSlo();
  return { ...base, name, cluster, sli: anSli({ name }), ...changes };
}

describe('evaluating', () => {
  it('shows states that nobody evaluated as NO_DATA, then what was measured', async () => {
    const { engine, clock } = startWorld([named('a')], { scripts: { a: quiet } });
    expect(engine.board.one('a', everything)).toMatchObject({
      state: 'NO_DATA',
      stateReason: 'it was not evaluated yet',
      evaluatedAtMs: null,
    });
    engine.start();
    await clock.advance(0);
    expect(engine.board.one('a', everything)).toMatchObject({
      state: 'OK',
      evaluatedAtMs: T0,
      objectives: [{ ratio: 1, coverage: { newestMs: T0 }, budget: { remainingRatio: 1, isEstimated: true } }],
    });
    await clock.advance(15_000);
    expect(engine.board.one('a', everything)).toMatchObject({
      objectives: [{ ratio: 1, coverage: { ratio: 1 }, budget: { remainingRatio: 1, isEstimated: false } }],
    });
    await engine.stop();
  });

  it('asks once for the newest slices of all SLOs of a data source, and once per window while there is no history', async () => {
    const slos = ['a', 'b', 'c'].map((name) => named(name));
    const scripts = { a: quiet, b: quiet, c: quiet };
    const { engine, world } = startWorld(slos, { scripts, lagMs: 12_000 });
    await engine.evaluateOnce();
    const newest = { fromMs: T0 - 31 * MINUTE, toMs: T0 - MINUTE, sliceMs: MINUTE };
    expect(world.slices[0]).toEqual({ ...newest, dataSource: 'core', streams: 6 });
    const windows = ['1h', '6h', '3d', '30d'].map(parseDuration);
    expect(world.asked).toEqual(
      windows.map((windowMs) => ({ dataSource: 'core', windowMs, atMs: T0 - 15_000, slis: 3 })),
    );
  });

  it('asks for one slice a minute, once more two minutes later, and for no window when its history was read', async () => {
    const { engine, world, clock } = startWorld([named('a')], { scripts: { a: quiet } });
    engine.start();
    await clock.advance(0);
    world.asked.length = 0;
    world.slices.length = 0;
    await clock.advance(4 * MINUTE);
    expect(world.asked).toEqual([]);
    const ends = world.slices.map(({ fromMs, toMs }) => [(fromMs - T0) / MINUTE, (toMs - T0) / MINUTE]);
    expect(ends).toEqual([
      [0, 1],
      [-2, -1],
      [1, 2],
      [-1, 0],
      [2, 3],
      [0, 1],
      [3, 4],
      [1, 2],
    ]);
    await engine.stop();
    await clock.advance(4 * MINUTE);
    expect(world.slices.length).toBe(8);
  });

  it('shows only what a caller may see', async () => {
    const slos = [named('b', 'edge'), named('a'), named('c', 'core', { microservice: null })];
    const { engine } = startWorld(slos, { scripts: { a: quiet, b: quiet, c: quiet } });
    const names = (scope = everything) => engine.board.all(scope).map(({ definition }) => definition.name);
    expect(names()).toEqual(['a', 'b', 'c']);
    expect(names(scopeOf(['edge'], null))).toEqual(['b']);
    expect(names(scopeOf(null, ['shop']))).toEqual(['a', 'b']);
    expect(engine.board.one('b', scopeOf(['core'], null))).toBeNull();
    expect(engine.board.one('nothing', everything)).toBeNull();
  });

  it('of an SLI that does not compile stops at its own SLO', async () => {
    const { engine, state } = startWorld([named('a'), named('broken-b')], { scripts: { a: quiet } });
    await engine.evaluateOnce();
    expect(state('a')).toBe('OK');
    expect(engine.board.one('broken-b', everything)).toMatchObject({
      state: 'NO_DATA',
      stateReason: 'its SLI cannot be read: unexpected end of "broken-b"',
    });
  });

  it('tells an observer how late it was and how many objectives were not answered', async () => {
    const seen: object[] = [];
    const observer = { onEvaluated: (evaluation: object) => seen.push(evaluation) };
    const { engine, world } = startWorld([named('a'), named('b', 'edge')], {
      scripts: { a: quiet, b: quiet },
      observer,
    });
    world.health.set('edge', 'DOWN');
    await engine.evaluateOnce();
    expect(seen).toContainEqual({ dataSource: 'core', atMs: T0, durationMs: 0, lagMs: 0, objectives: 1, failed: 0 });
    expect(seen).toContainEqual({ dataSource: 'edge', atMs: T0, durationMs: 0, lagMs: 0, objectives: 1, failed: 1 });
  });
});

describe('a violation', () => {
  it('of 100 seconds of nothing but errors opens, shows VIOLATED, and resolves minutes after its end', async () => {
    const script = outage(T0 + MINUTE, T0 + 160_000);
    const { engine, clock, store, state } = startWorld([named('a')], { scripts: { a: script } });
    engine.start();
    await clock.advance(2.5 * MINUTE);
    expect(store.log).toMatchObject([{ transition: 'OPENED', violation: { kind: 'BURN_RATE', severity: 'PAGE' } }]);
    expect(state('a')).toBe('VIOLATED');
    await clock.advance(10 * MINUTE);
    expect(store.log.map((event) => event.transition)).toEqual(['OPENED', 'RESOLVED']);
    expect(store.log[1]?.violation.resolvedAtMs).toBe(T0 + 8 * MINUTE);
    expect(state('a')).toBe('AT_RISK');
    await engine.stop();
  });

  it('is stored before its state or the feed shows it', async () => {
    const { engine, clock, store, state } = startWorld([named('a')], { scripts: { a: outage(T0, Infinity) } });
    const append = store.append.bind(store);
    const seen: unknown[] = [];
    store.append = (changes, nowMs) => {
      seen.push({ append: changes.length, state: state('a') });
      return append(changes, nowMs);
    };
    engine.feed.onAppend(() => seen.push({ stored: store.log.length }));
    engine.start();
    await clock.advance(2 * MINUTE);
    expect(seen.slice(0, 2)).toEqual([{ append: 1, state: 'OK' }, { stored: 1 }]);
    expect(state('a')).toBe('VIOLATED');
    await engine.stop();
  });

  it('of a value out of its bounds opens after a minute of evaluations', async () => {
    const objective = anObjective({ upper: { value: 90, inclusive: true } });
    const hot: Script = { errorRatio: () => 0, current: (atMs) => (atMs >= T0 + MINUTE ? 95 : 50) };
    const { engine, clock, store, state } = startWorld([named('a', 'core', { objectives: [objective] })], {
      scripts: { a: hot },
    });
    engine.start();
    await clock.advance(MINUTE + 45_000);
    expect([store.log.length, state('a')]).toEqual([0, 'VIOLATED']);
    await clock.advance(15_000);
    expect(store.log).toMatchObject([{ violation: { kind: 'THRESHOLD', startedAtMs: T0 + 2 * MINUTE, value: 95 } }]);
    await engine.stop();
  });

  it('that was open when the program ended is continued, not opened again', async () => {
    const scripts = { a: outage(T0 - 2 * MINUTE, T0 + MINUTE) };
    const first = startWorld([named('a')], { scripts });
    await first.engine.evaluateOnce();
    await first.engine.stop();
    expect(first.store.log.map((event) => event.transition)).toEqual(['OPENED']);

    const second = startWorld([named('a')], { scripts, store: memoryStore([...first.store.log]) });
    second.engine.start();
    await second.clock.advance(15_000);
    expect(second.store.log.length).toBe(1);
    expect(second.engine.board.one('a', everything)?.objectives[0]?.alerts[0]?.sinceMs).toBe(T0);
    await second.clock.advance(40 * MINUTE);
    expect(second.store.log.map((event) => event.transition)).toContain('RESOLVED');
    expect(new Set(second.store.log.map((event) => event.violation.id)).size).toBe(1);
    await second.engine.stop();
  });
});

describe('definitions that change', () => {
  const burning = { a: outage(T0 - 10 * MINUTE, Infinity), b: quiet };

  it('are evaluated at once', async () => {
    const { engine, clock, definitions, state } = startWorld([], { scripts: burning });
    engine.start();
    await clock.advance(1000);
    definitions.replace({ slos: [named('b')], problems: [] });
    await clock.advance(0);
    expect(state('b')).toBe('OK');
    await engine.stop();
  });

  it('keep what they did not touch, and what was read of it', async () => {
    const { engine, definitions, world } = startWorld([named('a')], { scripts: burning });
    await engine.evaluateOnce();
    world.asked.length = 0;
    world.slices.length = 0;
    definitions.replace({ slos: [named('a'), named('b')], problems: [] });
    expect(engine.board.one('a', everything)?.evaluatedAtMs).toBe(T0);
    await engine.evaluateOnce();
    expect(world.asked.every(({ slis }) => slis === 1)).toBe(true);
    expect(world.slices.filter(({ streams }) => streams > 2)).toEqual([]);
  });

  it('are put in force while a source answers, and what it answers still counts', async () => {
    const { engine, definitions, world, state } = startWorld([named('a')], { scripts: burning });
    let change = () => {
      change = () => {};
      definitions.replace({ slos: [named('a'), named('b')], problems: [] });
    };
    const errorRatio = (atMs: number) => {
      change();
      return burning.a.errorRatio(atMs);
    };
    world.scripts.set('a', { errorRatio });
    await engine.evaluateOnce();
    expect(state('a')).toBe('VIOLATED');
    await engine.stop();
  });

  it('let an open violation go on under a new revision', async () => {
    const { engine, definitions, store, state } = startWorld([named('a')], { scripts: burning });
    await engine.evaluateOnce();
    const source = { ...named('a').source, revision: 'r2' };
    definitions.replace({ slos: [named('a', 'core', { source })], problems: [] });
    await engine.evaluateOnce();
    expect(store.log.length).toBe(1);
    expect(state('a')).toBe('VIOLATED');
  });

  it('resolve the violation of an objective that is renamed, and open that of its new name', async () => {
    const { engine, definitions, store } = startWorld([named('a')], { scripts: burning });
    await engine.evaluateOnce();
    const renamed = named('a', 'core', {
      objectives: [anObjective({ name: 'renamed' })],
      source: { ...named('a').source, revision: 'r2' },
    });
    definitions.replace({ slos: [renamed], problems: [] });
    await engine.evaluateOnce();
    const seen = store.log.map(({ transition, violation }) => `${transition} ${violation.objective}`);
    expect(seen.sort()).toEqual(['OPENED objective-1', 'OPENED renamed', 'RESOLVED objective-1']);
  });

  it('resolve the violation of an SLO that is gone, unless a definition could not be read', async () => {
    const { engine, definitions, store } = startWorld([named('a')], { scripts: burning });
    await engine.evaluateOnce();
    definitions.replace({ slos: [], problems: [{ path: '', message: 'not YAML', severity: 'ERROR' }] });
    await engine.evaluateOnce();
    expect(store.log.map((event) => event.transition)).toEqual(['OPENED']);
    definitions.replace({ slos: [], problems: [] });
    await engine.evaluateOnce();
    expect(store.log[1]).toMatchObject({ transition: 'RESOLVED', violation: { slo: 'a' } });
    expect(store.log[1]?.violation.message).toMatch(/no longer defined/);
  });
});

describe('the past', () => {
  it('is evaluated by the same rules, with the violations of then, and changes nothing', async () => {
    const { engine, clock, store, world } = startWorld([named('a')], {
      scripts: { a: outage(T0 + MINUTE, T0 + 160_000) },
    });
    engine.start();
    await clock.advance(3 * MINUTE);
    const then = engine.board.one('a', everything);
    const asked = world.asked.length;
    await clock.advance(27 * MINUTE);
    const context = { scope: everything };
    const [before] = await engine.board.at(['a'], T0, context);
    const [during] = await engine.board.at(['a', 'nothing'], T0 + 3 * MINUTE, context);
    expect(before).toMatchObject({ state: 'OK', evaluatedAtMs: T0 });
    const coverage = expect.anything();
    expect(during).toEqual({ ...then, objectives: then?.objectives.map((objective) => ({ ...objective, coverage })) });
    expect(world.asked.length).toBe(asked);
    expect(store.log.length).toBe(2);
    expect(engine.board.one('a', everything)?.evaluatedAtMs).toBe(T0 + 30 * MINUTE);
    await engine.stop();
  });

  it('of a source that does not answer is STALE with nothing known', async () => {
    const { engine, world } = startWorld([named('a')], { scripts: { a: quiet } });
    world.health.set('core', 'DOWN');
    const [status] = await engine.board.at(['a'], T0 - MINUTE, { scope: everything });
    expect(status).toMatchObject({ state: 'STALE', evaluatedAtMs: null, objectives: [{ ratio: null }] });
    expect(await engine.board.at(['a'], T0, { scope: scopeOf([], null) })).toEqual([]);
  });
});
