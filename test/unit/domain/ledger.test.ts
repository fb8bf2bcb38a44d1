import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../src/domain/ledger-columns.js';
import { decodeState, encodeState } from '../../../src/domain/ledger-state.js';
import { LedgerStream, type StreamNeeds } from '../../../src/domain/ledger-stream.js';
import { isComplete, isEstimate, readingOf, seenWithin, windowWithin } from '../../../src/domain/ledger-window.js';
import { T0 } from './slo-examples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const needs: StreamNeeds = { minutesForMs: 6 * HOUR, blocksForMs: 3 * DAY, hoursForMs: 30 * DAY };

/** Events of the minute that ends at an instant; deterministic, now and then none. */
function eventsOf(endMs: number): number {
  const n = Math.floor(endMs / MINUTE) % 9973;
  return (n * 7919) % 13 === 0 ? 0 : (n * 31) % 101;
}

/** What a source answers for a span; `isSeen` tells whether a minute has samples. */
function answer(fromMs: number, toMs: number, sliceMs: number, isSeen: (endMs: number) => boolean = () => true) {
  const counts = new Float64Array((toMs - fromMs) / sliceMs).fill(Number.NaN);
  for (let endMs = fromMs + MINUTE; endMs <= toMs; endMs += MINUTE) {
    const slice = Math.floor((endMs - fromMs - 1) / sliceMs);
    if (isSeen(endMs)) counts[slice] = (Number.isNaN(counts[slice]) ? 0 : (counts[slice] as number)) + eventsOf(endMs);
  }
  return counts;
}

function write(
  stream: LedgerStream,
  fromMs: number,
  toMs: number,
  sliceMs: number,
  isSeen?: (endMs: number) => boolean,
) {
  const counts = answer(fromMs, toMs, sliceMs, isSeen);
  stream.write(fromMs, sliceMs, counts, new Uint8Array(counts.length));
}

/** Reads all that a stream misses. */
function fill(stream: LedgerStream, closedMs: number, isSeen?: (endMs: number) => boolean) {
  stream.advance(closedMs);
  for (const gap of stream.missing(closedMs - needs.hoursForMs, closedMs)) {
    write(stream, gap.fromMs, gap.toMs, gap.sliceMs, isSeen);
  }
}

function truth(fromMs: number, toMs: number): number {
  let sum = 0;
  for (let endMs = fromMs + MINUTE; endMs <= toMs; endMs += MINUTE) sum += eventsOf(endMs);
  return sum;
}

const totalOf = (stream: LedgerStream) => ({ good: null, bad: [], total: [stream], condition: null });
const count = (stream: LedgerStream, fromMs: number, toMs: number) =>
  readingOf(totalOf(stream), { fromMs, toMs }).events?.total ?? null;
const stateOf = (stream: LedgerStream) => createHash('sha256').update(encodeState(stream.state())).digest('hex');

/** The same by looking at every slice. */
function largestOf(stream: LedgerStream): number | null {
  const known = stream.state().tiers.flatMap(({ sliceMs, counts, marks }) => {
    const exact = [...counts].filter((count, at) => !Number.isNaN(count) && ((marks[at] ?? 0) & 0x8000) === 0);
    return sliceMs > HOUR ? [] : exact.map((count) => count / (sliceMs / MINUTE));
  });
  return known.length === 0 ? null : Math.max(1, ...known);
}

describe('a stream of the ledger', () => {
  it('asks for minutes of six hours, then for five minutes of every hour of the window, the newest first', () => {
    const stream = new LedgerStream(needs);
    stream.advance(T0);
    const missing = stream.missing(T0 - 30 * DAY, T0);
    expect(missing.map(({ sliceMs }) => sliceMs)).toEqual([MINUTE, 5 * MINUTE, 5 * MINUTE]);
    expect(missing[0]?.toMs).toBe(T0);
    expect(missing.at(-1)?.fromMs).toBe(T0 - 30 * DAY);
    for (const [index, gap] of missing.entries()) {
      if (index > 0) expect(gap.toMs).toBe(missing[index - 1]?.fromMs);
    }
    fill(stream, T0);
    expect(stream.missing(T0 - 30 * DAY, T0)).toEqual([]);
  });

  it('sums every window exactly, whatever slices it is made of', () => {
    const stream = new LedgerStream(needs);
    fill(stream, T0);
    for (const windowMs of [5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 28 * DAY, 30 * DAY]) {
      const span = windowWithin(totalOf(stream), windowMs, T0);
      expect(span).toEqual({ fromMs: T0 - windowMs, toMs: T0 });
      expect(count(stream, T0 - windowMs, T0)).toBe(truth(T0 - windowMs, T0));
      expect(isComplete(totalOf(stream), { fromMs: T0 - windowMs, toMs: T0 })).toBe(true);
    }
  });

  it('sums short windows of days ago, as long as five minutes of then are kept', () => {
    const stream = new LedgerStream({ minutesForMs: 0, blocksForMs: 3 * DAY, hoursForMs: 6 * HOUR });
    stream.advance(T0);
    write(stream, T0 - 3 * DAY, T0, 5 * MINUTE);
    for (const hoursAgo of [0, 30, 54, 60]) {
      const toMs = T0 - hoursAgo * HOUR - 10 * MINUTE;
      expect(count(stream, toMs - 6 * HOUR, toMs), `${hoursAgo} h ago`).toBe(truth(toMs - 6 * HOUR, toMs));
    }
  });

  it('says of no time before what it keeps that it is complete', () => {
    const stream = new LedgerStream(needs);
    stream.advance(T0 - 200 * DAY);
    write(stream, T0 - 202 * DAY, T0 - 200 * DAY, 5 * MINUTE);
    expect(stream.isComplete(T0 - 201 * DAY, T0 - 200 * DAY)).toBe(true);
    fill(stream, T0);
    expect(stream.isComplete(T0 - 30 * DAY, T0)).toBe(true);
    expect(stream.isComplete(T0 - 201 * DAY, T0 - 200 * DAY)).toBe(false);
  });

  it('goes on minute by minute for days, and its windows stay exact', () => {
    const stream = new LedgerStream(needs);
    fill(stream, T0);
    for (let atMs = T0 + MINUTE; atMs <= T0 + 4 * DAY; atMs += MINUTE) {
      stream.advance(atMs);
      write(stream, atMs - MINUTE, atMs, MINUTE);
      if ((atMs / MINUTE) % 777 !== 0) continue;
      for (const windowMs of [5 * MINUTE, HOUR, 6 * HOUR, 3 * DAY, 30 * DAY]) {
        const span = windowWithin(totalOf(stream), windowMs, atMs) ?? { fromMs: 0, toMs: 0 };
        expect(Math.abs(span.fromMs - (atMs - windowMs))).toBeLessThanOrEqual(windowMs < DAY ? 0 : 30 * MINUTE);
        expect(count(stream, span.fromMs, span.toMs)).toBe(truth(span.fromMs, span.toMs));
      }
    }
    expect(stream.missing(T0 - 26 * DAY, T0 + 4 * DAY)).toEqual([]);
  });

  it('is the same in whatever order its slices arrive, once or twice', () => {
    const parts = new LedgerStream(needs);
    parts.advance(T0);
    const chunks = parts.missing(T0 - 30 * DAY, T0).flatMap(({ fromMs, toMs, sliceMs }) => {
      const length = sliceMs === MINUTE ? 35 * MINUTE : DAY;
      const starts = Array.from({ length: Math.ceil((toMs - fromMs) / length) }, (_, index) => fromMs + index * length);
      return starts.map((start) => ({ fromMs: start, toMs: Math.min(toMs, start + length), sliceMs }));
    });
    const isSeen = (endMs: number) => Math.floor(endMs / HOUR) % 11 !== 0;
    const inOrder = new LedgerStream(needs);
    inOrder.advance(T0);
    for (const { fromMs, toMs, sliceMs } of chunks) write(inOrder, fromMs, toMs, sliceMs, isSeen);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(chunks, { minLength: chunks.length }),
        fc.shuffledSubarray(chunks, { maxLength: 5 }),
        (shuffled, again) => {
          const stream = new LedgerStream(needs);
          stream.advance(T0);
          for (const { fromMs, toMs, sliceMs } of [...shuffled, ...again]) {
            write(stream, fromMs, toMs, sliceMs, isSeen);
          }
          expect(stateOf(stream)).toBe(stateOf(inOrder));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('gives for the halves of a window what adds up to the whole, never less than nothing', () => {
    const isSeen = (endMs: number) => Math.floor(endMs / (7 * MINUTE)) % 5 !== 0;
    const stream = new LedgerStream(needs);
    fill(stream, T0, isSeen);
    const minutes = fc.integer({ min: 0, max: 360 });
    fc.assert(
      fc.property(fc.tuple(minutes, minutes, minutes), (offsets) => {
        const [from, middle, to] = offsets.sort((a, b) => b - a).map((offset) => T0 - offset * MINUTE) as [
          number,
          number,
          number,
        ];
        const [whole, left, right] = [count(stream, from, to), count(stream, from, middle), count(stream, middle, to)];
        expect((left ?? 0) + (right ?? 0)).toBe(whole ?? 0);
        expect(whole ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('tells an hour nobody saw from one without events, and says how much was seen', () => {
    const stream = new LedgerStream(needs);
    const gap = [T0 - 10 * DAY, T0 - 10 * DAY + 12 * HOUR] as const;
    fill(stream, T0, (endMs) => endMs <= gap[0] || endMs > gap[1]);
    const parts = totalOf(stream);
    expect(readingOf(parts, { fromMs: gap[0], toMs: gap[1] })).toEqual({
      events: null,
      seenRatio: 0,
      estimated: false,
      goodless: false,
    });
    expect(readingOf(parts, { fromMs: T0 - 30 * DAY, toMs: T0 }).seenRatio).toBeCloseTo(1 - 0.5 / 30, 12);
    expect(isComplete(parts, { fromMs: T0 - 30 * DAY, toMs: T0 })).toBe(true);
    expect(seenWithin(parts, { fromMs: gap[0], toMs: T0 })).toEqual({ oldestMs: gap[1], newestMs: T0 });
    expect(seenWithin(parts, { fromMs: gap[0], toMs: gap[1] })).toBeNull();
  });

  it('takes minutes between two scrapes for seen, and five of them for a hole', () => {
    const stream = new LedgerStream(needs);
    fill(stream, T0, (endMs) => (endMs / MINUTE) % 2 === 0 && (endMs <= T0 - HOUR || endMs > T0 - 50 * MINUTE));
    const seen = (minutes: number) => readingOf(totalOf(stream), { fromMs: T0 - minutes * MINUTE, toMs: T0 }).seenRatio;
    expect(seen(50)).toBe(1);
    expect(seen(60)).toBeCloseTo(50 / 60, 12);
  });

  it('keeps what was seen when a later answer has nothing, and what is exact when it has an estimate', () => {
    const stream = new LedgerStream(needs);
    fill(stream, T0);
    const before = stateOf(stream);
    stream.write(T0 - MINUTE, MINUTE, Float64Array.of(Number.NaN), Uint8Array.of(0));
    stream.write(T0 - MINUTE, MINUTE, Float64Array.of(1e9), Uint8Array.of(1));
    expect(stateOf(stream)).toBe(before);
    stream.write(T0 - MINUTE, MINUTE, Float64Array.of(777), Uint8Array.of(0));
    expect(count(stream, T0 - MINUTE, T0)).toBe(777);
    expect(count(stream, T0 - DAY, T0)).toBe(truth(T0 - DAY, T0 - MINUTE) + 777);
  });

  it('marks estimates up to the longest window, and counts nothing for what is less than nothing', () => {
    const stream = new LedgerStream(needs);
    stream.advance(T0);
    stream.write(T0 - 40 * MINUTE, 5 * MINUTE, Float64Array.of(-3, 5), Uint8Array.of(0, 1));
    const reading = readingOf(totalOf(stream), { fromMs: T0 - 30 * DAY, toMs: T0 });
    expect(reading).toMatchObject({ events: { total: 5 }, estimated: true });
    expect(readingOf(totalOf(stream), { fromMs: T0 - 40 * MINUTE, toMs: T0 - 35 * MINUTE })).toMatchObject({
      events: { total: 0 },
      estimated: false,
      goodless: false,
    });
  });

  it('asks again for whole hours where only a part of one was read before it was too old', () => {
    const stream = new LedgerStream(needs);
    stream.advance(T0 - 5 * DAY);
    write(stream, T0 - 5 * DAY - 30 * MINUTE, T0 - 5 * DAY, 5 * MINUTE);
    fill(stream, T0);
    expect(stream.missing(T0 - 30 * DAY, T0)).toEqual([]);
    expect(count(stream, T0 - 30 * DAY, T0)).toBe(truth(T0 - 30 * DAY, T0));
  });

  it('survives being written down and read back, with other needs as well', () => {
    const stream = new LedgerStream(needs);
    fill(stream, T0, (endMs) => endMs % (13 * MINUTE) !== 0);
    const copy = new LedgerStream(needs);
    copy.restore(decodeState(encodeState(stream.state())));
    expect(stateOf(copy)).toBe(stateOf(stream));

    const coarse = new LedgerStream({ ...needs, minutesForMs: 0 });
    coarse.restore(stream.state());
    expect(count(coarse, T0 - 30 * DAY, T0)).toBe(count(stream, T0 - 30 * DAY, T0));
    expect(coarse.missing(T0 - 30 * DAY, T0)).toEqual([]);

    const longer = new LedgerStream({ ...needs, blocksForMs: 30 * DAY, hoursForMs: 90 * DAY });
    longer.restore(coarse.state());
    const gaps = longer.missing(T0 - 90 * DAY, T0);
    expect(gaps.at(0)).toMatchObject({ toMs: T0, sliceMs: MINUTE });
    expect(gaps.at(-1)?.fromMs).toBe(T0 - 90 * DAY);
    for (const { fromMs, toMs, sliceMs } of gaps) write(longer, fromMs, toMs, sliceMs);
    expect(longer.resolutionAt(T0 - 29 * DAY)).toBe(5 * MINUTE);
    expect(count(longer, T0 - HOUR, T0)).toBe(truth(T0 - HOUR, T0));
  });

  it.each([5 * MINUTE, HOUR, 90 * MINUTE, 7 * HOUR + 5 * MINUTE])(
    'gives slices of %i ms where it keeps them',
    (sliceMs) => {
      const stream = new LedgerStream(needs);
      fill(stream, T0);
      const parts = totalOf(stream);
      // Hours, then blocks, of which the last was not read.
      const span = { fromMs: T0 - 5 * DAY, toMs: T0 + Math.max(sliceMs, 5 * MINUTE) };
      for (const { fromMs, toMs } of [span, { ...span, toMs: T0 }, { ...span, fromMs: T0 - DAY, toMs: T0 }]) {
        const columns = columnsOf(parts, { fromMs, toMs }, sliceMs);
        for (const [slice, mark] of columns.marks.entries()) {
          const [firstMs, lastMs] = [fromMs + slice * sliceMs, fromMs + (slice + 1) * sliceMs];
          const isKept = [firstMs, lastMs].every((atMs) => atMs % stream.resolutionAt(atMs) === 0) && lastMs <= T0;
          expect([slice, mark, columns.total[slice]]).toEqual(
            isKept ? [slice, 2, truth(firstMs, lastMs)] : [slice, 0, 0],
          );
        }
      }
    },
  );

  it('knows the most events a minute of what it keeps, whatever was written again or has left', () => {
    const write = fc.record({
      agoMs: fc.integer({ min: 0, max: 40 * 60 }).map((minutes) => minutes * MINUTE),
      counts: fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.NaN)), { maxLength: 8 }),
      estimated: fc.boolean(),
      onMs: fc.integer({ min: 0, max: 3 * 60 }).map((minutes) => minutes * MINUTE),
    });
    const runs = fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
      const stream = new LedgerStream({ minutesForMs: HOUR, blocksForMs: 6 * HOUR, hoursForMs: DAY });
      let closedMs = T0;
      for (const { agoMs, counts, estimated, onMs } of writes) {
        closedMs += onMs;
        stream.advance(closedMs);
        const marks = new Uint8Array(counts.length).fill(estimated ? 1 : 0);
        stream.write(closedMs - agoMs, MINUTE, Float64Array.from(counts), marks);
        expect(stream.largestPerMinute()).toBe(largestOf(stream));
      }
    });
    fc.assert(runs, { numRuns: 200 });
  });

  it('reads five minutes from answers of one, where minutes are not kept', () => {
    const stream = new LedgerStream({ ...needs, minutesForMs: 0 });
    stream.advance(T0);
    write(stream, T0 - 33 * MINUTE, T0, MINUTE);
    expect(stream.missing(T0 - HOUR, T0)).toEqual([{ fromMs: T0 - HOUR, toMs: T0 - 30 * MINUTE, sliceMs: 5 * MINUTE }]);
    expect(count(stream, T0 - 30 * MINUTE, T0)).toBe(truth(T0 - 30 * MINUTE, T0));
  });

  it('takes at most 20 KB for a window of 30 days', () => {
    expect(new LedgerStream(needs).bytes).toBeLessThan(20_480);
  });
});

describe('the events of an SLI', () => {
  const streams = () => [0, 1, 2].map(() => new LedgerStream(needs)) as [LedgerStream, LedgerStream, LedgerStream];
  const put = (stream: LedgerStream, ...counts: number[]) => {
    stream.advance(T0);
    stream.write(T0 - counts.length * MINUTE, MINUTE, Float64Array.from(counts), new Uint8Array(counts.length));
  };
  const span = { fromMs: T0 - 2 * MINUTE, toMs: T0 };

  it('are the sums of its streams; a part that is absent where the total was seen is 0', () => {
    const [bad, total, more] = streams();
    put(bad, Number.NaN, Number.NaN);
    put(total, 10, 20);
    put(more, Number.NaN, 5);
    const { events } = readingOf({ good: null, bad: [bad], total: [total, more], condition: null }, span);
    expect(events).toEqual({ good: 35, bad: 0, total: 35 });
    expect(readingOf({ good: [bad], bad: null, total: [total], condition: null }, span).events).toEqual({
      good: 0,
      bad: 30,
      total: 30,
    });
  });

  it('E3: are an estimate where there were events and no series of good ones, but for what lies within bounds', () => {
    const [absent, total] = streams();
    put(absent, Number.NaN, Number.NaN);
    put(total, 10, 20);
    const parts = { good: [absent], bad: null, total: [total], condition: null };
    expect(readingOf(parts, span).events).toMatchObject({ good: 0, bad: 30 });
    expect(isEstimate(readingOf(parts, span))).toBe(true);
    expect(isEstimate(readingOf({ ...parts, isBounded: true }, span))).toBe(false);
    expect(isEstimate(readingOf({ ...parts, good: null, bad: [absent] }, span))).toBe(false);
    put(total, 0, 0);
    expect(isEstimate(readingOf(parts, span))).toBe(false);
  });

  it('E1: of two hours are sums, so that one of few requests does not outweigh one of many', () => {
    const [bad, total] = streams();
    for (const [stream, counts] of [
      [bad, [1_000, 10]],
      [total, [1_000_000, 100]],
    ] as const) {
      stream.advance(T0);
      stream.write(T0 - 2 * HOUR, HOUR, Float64Array.from(counts), new Uint8Array(2));
    }
    const { events } = readingOf(
      { good: null, bad: [bad], total: [total], condition: null },
      { fromMs: T0 - 2 * HOUR, toMs: T0 },
    );
    expect(events).toEqual({ good: 999_090, bad: 1_010, total: 1_000_100 });
  });

  it('are unknown where the total was not seen, and never more good ones than there were', () => {
    const [good, total] = streams();
    put(good, 12, 12);
    put(total, Number.NaN, Number.NaN);
    expect(readingOf({ good: [good], bad: null, total: [total], condition: null }, span).events).toBeNull();
    put(total, 10, 10);
    expect(readingOf({ good: [good], bad: null, total: [total], condition: null }, span).events).toEqual({
      good: 20,
      bad: 0,
      total: 20,
    });
  });

  it('have windows of at least five slices, or of whole ones', () => {
    const [stream] = streams();
    const parts = totalOf(stream);
    stream.advance(T0 + MINUTE);
    expect(windowWithin(parts, 5 * MINUTE, T0 + 40_000)).toEqual({ fromMs: T0 - 5 * MINUTE, toMs: T0 });
    expect(windowWithin(parts, 15_000, T0 + 40_000)).toBeNull();
    expect(windowWithin(parts, HOUR, T0 - 10 * DAY + 5 * MINUTE)).toBeNull();
    expect(windowWithin(parts, HOUR, T0 - 10 * DAY)).toEqual({ fromMs: T0 - 10 * DAY - HOUR, toMs: T0 - 10 * DAY });
    expect(windowWithin(parts, 30 * DAY, T0 + 40_000)).toEqual({ fromMs: T0 - 30 * DAY, toMs: T0 });
  });
});
