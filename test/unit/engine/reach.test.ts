import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { SloStatus } from '../../../src/domain/slo.js';
import { anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { quiet, startWorld } from './world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

it('E15: a window is too long for its source when that has nothing of its beginning, and the ledger has not either', async () => {
  const slos = ['kept', 'lost'].map((name) => anSlo({ name, sli: anSli({ name }) }));
  const scripts = { kept: quiet, lost: { errorRatio: () => null } };
  for (const keptFromMs of [T0 - 10 * DAY, T0 - 40 * DAY]) {
    const { engine, world, clock } = startWorld(slos, { scripts });
    world.keptFromMs = keptFromMs;
    engine.start();
    await clock.advance(60_000);
    const isShorter = (name: string) =>
      engine.board.one(name, everything)?.objectives[0]?.coverage.retentionShorterThanWindow;
    expect([isShorter('kept'), isShorter('lost')]).toEqual([false, keptFromMs > T0 - 30 * DAY]);
    await engine.stop();
  }
});

it.each(['HANGING', 'DOWN'] as const)(
  'nobody waits for a source to say what it has of the beginning of a window: it is %s',
  async (names) => {
    const slo = anSlo({ name: 'lost', sli: anSli({ name: 'lost' }) });
    const durationsMs: number[] = [];
    const observer = { onEvaluated: ({ durationMs }: { durationMs: number }) => durationsMs.push(durationMs) };
    const { engine, world, clock } = startWorld([slo], {
      scripts: { lost: { errorRatio: (atMs) => (atMs > T0 - HOUR ? 0 : null) } },
      observer,
    });
    world.names = names;
    engine.start();
    await clock.advance(0);
    await clock.advance(10 * 60_000);
    expect(durationsMs.length).toBeGreaterThan(40);
    expect(new Set(durationsMs)).toEqual(new Set([0]));
    // Once in an hour; one that hangs is not asked again before it has answered.
    expect(world.reached.length).toBe(1);

    let past: readonly SloStatus[] = [];
    void engine.board.at(['lost'], clock.now() - 3 * HOUR, { scope: everything }).then((answer) => {
      past = answer;
    });
    await clock.advance(0);
    const present = engine.board.one('lost', everything);
    for (const status of [present, past[0]]) {
      expect(status?.objectives[0]?.coverage.retentionShorterThanWindow).toBe(false);
    }
    expect(present?.state).toBe('OK');
    await clock.advance(HOUR);
    const hoursAsked = world.reached.map((atMs) => atMs / HOUR);
    expect(new Set(hoursAsked).size).toBe(hoursAsked.length);
    await engine.stop();
  },
);
