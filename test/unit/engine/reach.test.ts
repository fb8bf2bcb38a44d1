import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { quiet, startWorld } from './world.js';

const DAY = 86_400_000;

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
