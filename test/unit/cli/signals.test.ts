import { expect, it, onTestFinished } from 'vitest';
import { terminated } from '../../../src/cli/signals.js';

it('ends in order at the first signal and at once at the second, whichever comes', async () => {
  const before = new Map((['SIGTERM', 'SIGINT'] as const).map((signal) => [signal, process.listeners(signal)]));
  onTestFinished(() => {
    for (const [signal, known] of before)
      for (const listener of process.listeners(signal))
        if (!known.includes(listener)) process.removeListener(signal, listener);
  });
  let seconds = 0;
  const first = terminated(() => {
    seconds += 1;
  });
  process.emit('SIGTERM', 'SIGTERM');
  expect(await first).toBe('SIGTERM');
  expect(seconds).toBe(0);
  process.emit('SIGINT', 'SIGINT');
  expect(seconds).toBe(1);
});
