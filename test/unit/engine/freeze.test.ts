import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { anObjective, anSli, anSlo, T0 } from '../domain/slo-examples.js';
import { startWorld } from './world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Figures of an SLO of which all is bad from a minute on until it falls silent three minutes later, after some hours. */
async function figures(slo: Partial<SloDefinition>, badFromMs: number, hours: readonly number[]) {
  const frozen = anSlo({
    name: 'silent',
    windowMs: 30 * DAY,
    noData: 'FREEZE',
    sli: anSli({ name: 'silent' }),
    ...slo,
  });
  const silentMs = badFromMs + 3 * MINUTE;
  const errorRatio = (atMs: number) => (atMs >= silentMs ? null : atMs >= badFromMs ? 1 : 0);
  const { engine, clock } = startWorld([frozen], { scripts: { silent: { errorRatio } }, intervalMs: 5 * MINUTE });
  engine.start();
  await clock.advance(0);
  const seen = [];
  for (const hour of hours) {
    await clock.advance(badFromMs + hour * HOUR - clock.now());
    const objective = engine.board.one('silent', everything)?.objectives[0];
    seen.push({ events: objective?.events, hourly: objective?.burnRates.get(HOUR) });
  }
  await engine.stop();
  return seen;
}

it('frozen figures have the last minutes before silence, and keep them when minutes are no more kept', async () => {
  const [first, ...later] = await figures({}, T0 + 30 * MINUTE, [0.5, 9, 5 * 24]);
  expect(first?.events?.bad).toBe(3 * 600);
  expect(first?.hourly).toBeGreaterThan(0);
  for (const figure of later) expect(figure).toEqual(first);
});

it('frozen slices end with the last one that had data, once it has ended', async () => {
  const slices = {
    budgetingMethod: 'TIMESLICES',
    objectives: [anObjective({ target: '0.9', timeSliceTarget: '0.99', timeSliceWindowMs: 10 * MINUTE })],
  } as const;
  const [first, ...later] = await figures(slices, T0 + 31 * MINUTE, [2, 9, 5 * 24]);
  expect(first?.events?.bad).toBe(1);
  for (const figure of later) expect(figure).toEqual(first);
});
