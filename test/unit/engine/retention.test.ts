import { expect, it } from 'vitest';
import { StoreError } from '../../../src/domain/errors.js';
import type { Retention } from '../../../src/domain/ports.js';
import { keepRetention } from '../../../src/engine/retention.js';
import { fakeClock } from './fake-clock.js';

const T0 = Date.UTC(2026, 0, 15, 12);
const HOUR = 3_600_000;

function world(prune: (retention: Retention) => Promise<number>) {
  const clock = fakeClock(T0);
  const errors: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (_: object, message: string) => void errors.push(message) };
  const stop = keepRetention({ store: { prune }, retentionMs: 24 * HOUR, maxEvents: 7, clock, log });
  return { clock, errors, stop };
}

it('shortens the log at once and every hour, until it is stopped', async () => {
  const asked: Retention[] = [];
  const { clock, stop } = world(async (retention) => asked.push(retention));
  await clock.advance(HOUR);
  expect(asked).toEqual([
    { beforeMs: T0 - 24 * HOUR, maxEvents: 7 },
    { beforeMs: T0 - 23 * HOUR, maxEvents: 7 },
  ]);
  stop();
  await clock.advance(10 * HOUR);
  expect(asked).toHaveLength(2);
});

it('tries again after an hour when the store does not answer, and says so', async () => {
  let calls = 0;
  const { clock, errors, stop } = world(async () => {
    calls += 1;
    throw new StoreError('the disk is full', true);
  });
  await clock.advance(HOUR);
  stop();
  expect(calls).toBe(2);
  expect(errors).toHaveLength(2);
  expect(errors[0]).toContain('could not be shortened');
});
