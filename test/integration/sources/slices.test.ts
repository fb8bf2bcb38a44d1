import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { CompiledSli, SliceCounts } from '../../../src/domain/ports.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { labelsOf, startPrometheus, T0 } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';
import { anObjective, anSli } from '../../unit/domain/slo-examples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLICE = 5 * MINUTE;

/** Samples once a minute, half a minute off the slices; null where there is none. */
function series(text: string, fromMs: number, toMs: number, valueAt: (minute: number) => number | null) {
  const samples: [number, number][] = [];
  for (let at = fromMs; at < toMs; at += MINUTE) {
    const value = valueAt((at - fromMs) / MINUTE);
    if (value !== null) samples.push([at + MINUTE / 2, value]);
  }
  return { labels: labelsOf(text), samples };
}

async function world(all: readonly ReturnType<typeof series>[]) {
  const prometheus = await startPrometheus();
  const ends = all.flatMap(({ samples }) => samples.map(([at]) => at));
  // In the order of time, as a Prometheus takes them.
  for (let at = Math.min(...ends); at <= Math.max(...ends); at += HOUR) {
    const within = (time: number) => time >= at && time < at + HOUR;
    await prometheus.push(all.map(({ labels, samples }) => ({ labels, samples: samples.filter(([t]) => within(t)) })));
  }
  const proxy = await startRecordingProxy(prometheus.url);
  const planner = createPlanner({
    clusters: [
      {
        name: 'edge',
        match: {},
        prometheus: { url: proxy.url, timeoutMs: 20_000, maxConcurrent: 8, headersFile: null },
      },
    ],
  });
  onTestFinished(() => planner.close());
  const compiler = createSliCompiler(planner);
  const events = createEventSource(planner);
  const text = (query: string) => ({ text: query, path: 'query', line: 1, column: 1 });
  return {
    prometheus,
    proxy,
    sli: (bad: string, total: string): CompiledSli => {
      const measure = { kind: 'RATIO', bad: text(bad), total: text(total), counter: true } as const;
      return compiler.compile(anSli({ measure }), anObjective(), 'edge');
    },
    /** Bad events and all of them, by slice. */
    async read(
      sli: CompiledSli,
      fromMs: number,
      toMs: number,
      perMinute?: { bad: number; total: number },
      sliceMs = SLICE,
    ) {
      const [bad, total] = [sli.streams.bad?.[0]?.key ?? '', sli.streams.total[0]?.key ?? ''];
      const known = perMinute && new Map([[bad, perMinute.bad] as const, [total, perMinute.total] as const]);
      const options = known === undefined ? {} : { largest: known };
      const read = await events.readSlices([sli], { fromMs, toMs, sliceMs }, options, { scope: everything });
      const of = (key: string): SliceCounts => {
        const outcome = read.get(key);
        if (outcome === undefined || !outcome.ok) throw new Error(`no slices: ${JSON.stringify(outcome)}`);
        return outcome.value;
      };
      return { bad: of(bad), total: of(total) };
    },
  };
}

const FROM = T0 - 6 * HOUR;
const usual = { bad: 2, total: 20 };
const sum = ({ counts }: SliceCounts) => counts.reduce((all, count) => all + (count || 0), 0);

it('counts the same, slice by slice and many at once, resets, first errors and the end of a series included', async () => {
  const { sli, read } = await world([
    // Restarts after three hours.
    series('x{s="a",code="200",pod="1"}', FROM, T0, (minute) => (minute < 180 ? 10 * minute : 10 * (minute - 180))),
    // Begins with its first error, and ends with its pod.
    series('x{s="a",code="503",pod="1"}', FROM, T0, (minute) => (minute < 60 || minute > 200 ? null : minute - 59)),
    series('x{s="b",code="200",pod="1"}', FROM, T0, (minute) => 1_000 * minute),
  ]);
  const one = sli('sum(rate(x{s="a",code=~"5.."}[5m]))', 'sum(rate(x{s="a"}[5m]))');
  const together = await read(one, FROM, T0, usual);
  expect(sum(together.bad)).toBe(141);
  expect(sum(together.total)).toBe(10 * 179 + 10 * 179 + 141);
  for (const slice of [0, 12, 36, 40, 71]) {
    const fromMs = FROM + slice * SLICE;
    const alone = await read(one, fromMs, fromMs + SLICE, usual);
    expect(alone.bad.counts[0]).toEqual(together.bad.counts[slice]);
    expect(alone.total.counts[0]).toEqual(together.total.counts[slice]);
  }
  expect([...together.total.estimated].every((mark) => mark === 0)).toBe(true);
});

it('finds the counter of before behind a gap of hours, and counts what happened in it once', async () => {
  const { sli, read } = await world([
    series('x{s="a",code="200"}', FROM, T0, (minute) => (minute >= 120 && minute < 240 ? null : 100_000 + 10 * minute)),
    series('x{s="a",code="503"}', FROM, T0, (minute) => (minute >= 120 && minute < 240 ? null : 700)),
  ]);
  const one = sli('sum(rate(x{s="a",code="503"}[5m]))', 'sum(rate(x{s="a"}[5m]))');
  const { bad, total } = await read(one, FROM + HOUR, T0, usual);
  expect(sum(bad)).toBe(0);
  expect(sum(total)).toBe(10 * 300);
  expect(total.counts.filter(Number.isNaN)).toHaveLength(24);
});

it('leaves out what a counter had counted before it was seen, and says that it is an estimate', async () => {
  const { sli, read } = await world([
    series('x{s="a",code="200",pod="1"}', FROM, T0, (minute) => 10 * minute),
    series('x{s="a",code="200",pod="2"}', FROM, T0, (minute) => (minute < 200 ? null : 5_000_000 + 10 * minute)),
    series('x{s="a",code="503",pod="2"}', FROM, T0, (minute) => (minute < 200 ? null : 300)),
  ]);
  const one = sli('sum(rate(x{s="a",code="503"}[5m]))', 'sum(rate(x{s="a"}[5m]))');
  const { bad, total } = await read(one, FROM, T0, usual);
  expect(sum(bad)).toBe(0);
  expect(Math.abs(sum(total) - 10 * (359 + 159))).toBeLessThanOrEqual(20);
  expect([...total.estimated].indexOf(1)).toBe(40);
  expect([...total.estimated].filter((mark) => mark === 1)).toHaveLength(1);
});

it('counts a counter that was reset as one that was not, but for one slice', async () => {
  const seed = Date.now() % 1_000_000;
  const growth = fc.array(fc.nat(40), { minLength: 60, maxLength: 60 });
  const pods = fc.sample(fc.tuple(growth, fc.integer({ min: 6, max: 59 }), fc.nat(100)), { numRuns: 40, seed });
  const from = T0 - HOUR;
  const valuesOf = ([growth, reset, percent]: (typeof pods)[number], isReset: boolean) => {
    const all = growth.map((_, minute) => growth.slice(0, minute + 1).reduce((sum, events) => sum + events, 0));
    // What was counted between the last sample and the end of the pod is gone with it.
    const before = (all[reset - 1] ?? 0) + Math.floor(((growth[reset] ?? 0) * percent) / 100);
    return all.map((value, minute) => (isReset && minute >= reset ? value - before : value));
  };
  const { sli, read } = await world(
    pods.flatMap((pod, index) =>
      [false, true].map((isReset) => {
        const values = valuesOf(pod, isReset);
        return series(`x{case="${index}",reset="${isReset}"}`, from, T0, (minute) => values[minute] ?? null);
      }),
    ),
  );
  const countOf = async (index: number, isReset: boolean, sliceMs: number) => {
    const one = sli(`x{case="${index}",reset="${isReset}",code="503"}`, `x{case="${index}",reset="${isReset}"}`);
    return sum((await read(one, from, T0, { bad: 500, total: 500 }, sliceMs)).total);
  };
  for (const sliceMs of [MINUTE, SLICE]) {
    await Promise.all(
      pods.map(async ([growth, reset], index) => {
        const [steady, restarted] = [await countOf(index, false, sliceMs), await countOf(index, true, sliceMs)];
        const minutes = sliceMs / MINUTE;
        const first = Math.floor(reset / minutes) * minutes;
        const inSlice = growth.slice(first, first + minutes).reduce((sum, events) => sum + events, 0);
        const told = `seed ${seed}, case ${index}, slices of ${minutes} min`;
        expect(steady, told).toBe(growth.reduce((sum, events) => sum + events, 0));
        expect(steady - restarted, told).toBeGreaterThanOrEqual(0);
        expect(steady - restarted, told).toBeLessThanOrEqual(inSlice);
      }),
    );
  }
});

it('asks anew for what may have changed, and once for SLIs of one shape', async () => {
  const late = series('x{s="a",code="200"}', T0 - 10 * MINUTE, T0 + 5 * MINUTE, (minute) => 10 * minute);
  const { prometheus, proxy, sli, read } = await world([
    { ...late, samples: late.samples.filter(([at]) => at < T0 - MINUTE) },
  ]);
  const one = sli('sum(rate(x{s="a",code="503"}[5m]))', 'sum(rate(x{s="a"}[5m]))');
  const before = await read(one, T0 - SLICE, T0, { bad: 0, total: 20 });
  expect(proxy.promql).toHaveLength(2);
  await prometheus.push([{ ...late, samples: late.samples.filter(([at]) => at >= T0 - MINUTE && at < T0) }]);
  const after = await read(one, T0 - SLICE, T0, { bad: 0, total: 20 });
  expect([before.total.counts[0], after.total.counts[0]]).toEqual([40, 50]);
  expect(before.bad.counts[0]).toBeNaN();
});

it('counts an expression of several selectors as exactly as one', async () => {
  const { sli, read } = await world([
    series('x{s="a"}', FROM, T0, (minute) => (minute < 100 ? 30 * minute : 30 * (minute - 100))),
    series('y{s="a"}', FROM, T0, (minute) => (minute < 50 ? null : minute - 49)),
  ]);
  const one = sli('sum(rate(y{s="a"}[5m])) or vector(0)', 'sum(rate(x{s="a"}[5m])) - sum(rate(y{s="a"}[5m]))');
  const { bad, total } = await read(one, FROM + 5 * HOUR, T0, { bad: 2, total: 40 });
  expect([sum(bad), sum(total)]).toEqual([60, 60 * 29]);
});
