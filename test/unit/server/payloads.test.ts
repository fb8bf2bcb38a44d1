import { expect, it } from 'vitest';
import { createPayloads } from '../../../src/server/payloads.js';

it('makes an answer once for all who ask meanwhile and later', async () => {
  const payloads = createPayloads();
  let made = 0;
  const make = async () => ({ bytes: Buffer.from(`${++made}`), lasting: true });
  const { signal } = new AbortController();
  const both = await Promise.all([payloads.of('a', make, signal), payloads.of('a', make, signal)]);
  expect(both.map(String)).toEqual(['1', '1']);
  expect(String(payloads.of('a', make, signal))).toBe('1');
});

it('does not give an answer that was abandoned on its way to who asks afterwards', async () => {
  const payloads = createPayloads();
  const gone = new AbortController();
  let abandon = () => {};
  const abandoned = payloads.of(
    'a',
    () =>
      new Promise((resolve) => {
        abandon = () => resolve({ bytes: Buffer.from('errors'), lasting: false });
      }),
    gone.signal,
  );
  gone.abort();
  const { signal } = new AbortController();
  const whole = payloads.of('a', async () => ({ bytes: Buffer.from('whole'), lasting: true }), signal);
  abandon();
  expect(String(await abandoned)).toBe('errors');
  expect(String(await whole)).toBe('whole');
});
