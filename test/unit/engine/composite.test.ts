import { describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { anObjective, anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { outage, quiet, type Script, startWorld } from './world.js';

const MINUTE = 60_000;

/** A composite whose members are read by the scripts of these names. */
function composed(name: string, members: Readonly<Record<string, string>>, changes: Partial<SloDefinition> = {}) {
  const objectives = Object.entries(members).map(([script, weight]) =>
    anObjective({ name: script, displayName: script, sli: anSli({ name: script }), weight }),
  );
  return anSlo({ name, sli: null, objectives, ...changes });
}

const silent: Script = { errorRatio: () => null };
const down = outage(T0 + MINUTE, T0 + 8 * MINUTE);

describe('a composite', () => {
  it('is evaluated without a question of its own, and shares the streams of SLOs on the same events', async () => {
    const alone = ['shop', 'till'].map((name) => anSlo({ name, sli: anSli({ name }) }));
    const asked = async (slos: readonly SloDefinition[]) => {
      const { engine, world } = startWorld(slos, { scripts: { shop: quiet, till: quiet } });
      await engine.evaluateOnce();
      return { windows: world.asked.length, slices: world.slices.map(({ streams }) => streams) };
    };
    expect(await asked([...alone, composed('both', { shop: '1', till: '1' })])).toEqual(await asked(alone));
  });

  it('has its state, figures and violations by itself, and its members figures only', async () => {
    const { engine, clock, store, state } = startWorld([composed('both', { shop: '1', till: '3' })], {
      scripts: { shop: down, till: quiet },
    });
    engine.start();
    await clock.advance(0);
    expect(engine.board.one('both', everything)).toMatchObject({
      state: 'OK',
      evaluatedAtMs: T0,
      composite: { ratio: 1, budget: { remainingRatio: 1 }, coverage: { newestMs: T0 } },
    });
    await clock.advance(7 * MINUTE);
    expect(store.log).toMatchObject([
      { transition: 'OPENED', violation: { slo: 'both', objective: 'composite', kind: 'BURN_RATE', severity: 'PAGE' } },
    ]);
    const status = engine.board.one('both', everything);
    const [shop, till] = status?.objectives ?? [];
    expect(status?.composite?.burnRates.get(60 * MINUTE)).toBeCloseTo((shop?.burnRates.get(60 * MINUTE) ?? 0) / 4, 9);
    expect([till?.state, state('both')]).toEqual(['OK', 'VIOLATED']);
    expect(status?.stateReason).toMatch(/^both burns its error budget/);
    await clock.advance(40 * MINUTE);
    expect(store.log.map(({ transition }) => transition)).toContain('RESOLVED');
    await engine.stop();
  });

  it('is not green while a member was never measured, and opens on what the others burn alone', async () => {
    const { engine, clock, store, state } = startWorld([composed('both', { shop: '1', till: '1' })], {
      scripts: { shop: down, till: silent },
    });
    engine.start();
    await clock.advance(0);
    expect(engine.board.one('both', everything)).toMatchObject({
      state: 'NO_DATA',
      stateReason: expect.stringMatching(/^till: nothing was measured in the last 30d/),
      composite: { ratio: null, budget: { remainingRatio: null } },
    });
    await clock.advance(6 * MINUTE);
    expect(store.log).toMatchObject([{ violation: { objective: 'composite', severity: 'PAGE' } }]);
    expect(state('both')).toBe('VIOLATED');
    await clock.advance(60 * MINUTE);
    expect(store.log.map(({ transition }) => transition)).not.toContain('RESOLVED');
    expect(engine.board.one('both', everything)?.stateReason).toMatch(/It stays open: till: nothing was measured/);
    await engine.stop();
  });

  it('is STALE while its source does not answer, opens and resolves nothing, and keeps its figures', async () => {
    const { engine, clock, store, world, state } = startWorld([composed('both', { shop: '1', till: '1' })], {
      scripts: { shop: quiet, till: quiet },
    });
    engine.start();
    await clock.advance(15_000);
    world.health.set('core', 'DOWN');
    await clock.advance(10 * MINUTE);
    expect(state('both')).toBe('STALE');
    expect(engine.board.one('both', everything)?.composite?.ratio).toBe(1);
    expect(store.log).toEqual([]);
    await engine.stop();
  });

  it('of which a member cannot be read says so', async () => {
    const { engine } = startWorld([composed('both', { shop: '1', 'broken-till': '1' })], { scripts: { shop: quiet } });
    await engine.evaluateOnce();
    expect(engine.board.one('both', everything)).toMatchObject({
      state: 'NO_DATA',
      stateReason: 'broken-till: its SLI cannot be read: unexpected end of "broken-till"',
      objectives: [{ state: 'OK' }, { state: 'NO_DATA' }],
    });
  });

  it('is evaluated at a past instant as well', async () => {
    const { engine } = startWorld([composed('both', { shop: '1', till: '1' })], {
      scripts: { shop: outage(T0 - 10 * MINUTE, T0), till: quiet },
    });
    const [status] = await engine.board.at(['both'], T0, { scope: everything });
    expect(status).toMatchObject({ evaluatedAtMs: T0, composite: { coverage: { ratio: 1 } } });
    expect(status?.composite?.burnRates.get(60 * MINUTE)).toBeCloseTo((0.5 * 1000) / 6, 6);
  });

  it('that takes the place of objectives ends their violations, and keeps its own over a change of words', async () => {
    const apart = anSlo({
      name: 'both',
      sli: anSli({ name: 'shop' }),
      objectives: [anObjective({ name: 'shop' })],
    });
    const { engine, store, definitions } = startWorld([apart], {
      scripts: { shop: outage(T0 - 10 * MINUTE, Infinity), till: quiet },
    });
    await engine.evaluateOnce();
    const together = composed('both', { shop: '1', till: '1' });
    definitions.replace({ slos: [{ ...together, source: { ...together.source, revision: 'r2' } }], problems: [] });
    await engine.evaluateOnce();
    const ended = store.log.find(({ transition }) => transition === 'RESOLVED');
    expect(ended?.violation).toMatchObject({
      objective: 'shop',
      message: expect.stringContaining('became a member of a composite'),
    });
    definitions.replace({
      slos: [{ ...together, displayName: 'Both', source: { ...together.source, revision: 'r2' } }],
      problems: [],
    });
    expect(engine.board.one('both', everything)).toMatchObject({ state: 'VIOLATED', evaluatedAtMs: T0 });
    await engine.evaluateOnce();
    const own = store.log.filter(({ violation }) => violation.objective === 'composite');
    expect(own.map(({ transition }) => transition)).toEqual(['OPENED']);
  });
});
