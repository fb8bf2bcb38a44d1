import fc from 'fast-check';
import { expect, it } from 'vitest';
import { columnsOf } from '../../../src/domain/ledger-columns.js';
import { LedgerStream } from '../../../src/domain/ledger-stream.js';
import { RememberedSlices } from '../../../src/domain/remembered-slices.js';
import { T0 } from './slo-examples.js';

const MINUTE = 60_000;
const BLOCK = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const MINUTES = 12 * HOUR;
const needs = { minutesForMs: MINUTES, blocksForMs: MINUTES, hoursForMs: 24 * HOUR };

/** What happens to a ledger: slices that are written, by their place before the present, or time that passes. */
const written = fc.record({
  stream: fc.nat(2),
  blocksAgo: fc.integer({ min: 1, max: 160 }),
  blocks: fc.integer({ min: 1, max: 12 }),
  isFine: fc.boolean(),
  seed: fc.nat(50),
});
const asked = fc.record({ slices: fc.integer({ min: 1, max: 70 }), slicesAgo: fc.nat(20) });
const step = fc.oneof(
  fc.record({ written }),
  fc.record({ passed: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ passed: fc.constant(700) }),
  fc.record({ asked }),
  fc.record({ asked }),
);
const lengths = fc.constantFrom(MINUTE, 2 * MINUTE, BLOCK, 10 * MINUTE, HOUR);

it('slices that are remembered are what a full recount gives, whatever is written and asked meanwhile', () => {
  fc.assert(
    fc.property(lengths, fc.boolean(), fc.array(step, { maxLength: 60 }), (sliceMs, isConditional, steps) => {
      const streams = [new LedgerStream(needs), new LedgerStream(needs), new LedgerStream(needs)] as const;
      const [bad, total, condition] = streams;
      const parts = { good: null, bad: [bad], total: [total], condition: isConditional ? condition : null };
      const slices = new RememberedSlices(parts, sliceMs);
      let nowMs = T0;
      for (const one of steps) {
        if ('passed' in one) nowMs += one.passed * MINUTE;
        for (const stream of streams) stream.advance(nowMs);
        if ('written' in one) {
          const { stream, blocksAgo, blocks, isFine, seed } = one.written;
          const fromMs = Math.floor(nowMs / BLOCK) * BLOCK - blocksAgo * BLOCK;
          const lengthMs = isFine ? MINUTE : BLOCK;
          const length = (Math.min(blocks, blocksAgo) * BLOCK) / lengthMs;
          const counts = Float64Array.from({ length }, (_, at) =>
            (at + seed) % 9 === 0 ? Number.NaN : stream === 2 ? lengthMs / MINUTE : (at * seed) % 17,
          );
          streams[stream]?.write(
            fromMs,
            lengthMs,
            counts,
            Uint8Array.from(counts, (_, at) => ((at + seed) % 5 === 0 ? 1 : 0)),
          );
        }
        if ('asked' in one) {
          const toMs = Math.floor(nowMs / sliceMs) * sliceMs - one.asked.slicesAgo * sliceMs;
          const span = { fromMs: toMs - one.asked.slices * sliceMs, toMs, sliceMs };
          expect(slices.read(span)).toEqual(columnsOf(parts, span, sliceMs));
        }
      }
    }),
    { numRuns: 300 },
  );
});

it('slices are made again only where something was written', () => {
  const streams = [new LedgerStream(needs), new LedgerStream(needs)] as const;
  const [bad, total] = streams;
  const put = (fromMs: number, slices: number) => {
    for (const stream of streams)
      stream.write(fromMs, MINUTE, new Float64Array(slices).fill(1), new Uint8Array(slices));
  };
  for (const stream of streams) stream.advance(T0);
  put(T0 - 6 * HOUR, 360);
  const sums = total.addTo.bind(total);
  let made = 0;
  total.addTo = (...about) => {
    made += 1;
    sums(...about);
  };
  const slices = new RememberedSlices({ good: null, bad: [bad], total: [total], condition: null }, MINUTE);
  const read = (toMs: number) => slices.read({ fromMs: toMs - 5 * HOUR, toMs, sliceMs: MINUTE });
  read(T0);
  expect(made).toBe(300);
  for (let minute = 0; minute < 100; minute += 1) {
    for (const stream of streams) stream.advance(T0 + (minute + 1) * MINUTE);
    put(T0 + minute * MINUTE, 1);
    const { marks, total: counts } = read(T0 + (minute + 1) * MINUTE);
    expect([marks.length, counts.at(-1)]).toEqual([300, 1]);
  }
  expect(made).toBe(400);
});
