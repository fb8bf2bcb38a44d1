import { expect, it } from 'vitest';
import { counter, gauge, startPrometheus, T0 } from '../support/prometheus.js';

async function sampleOf(url: string, query: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query, time: String(T0 / 1000) }),
  });
  const body = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return body.data.result[0]?.value[1];
}

it('writes history that Prometheus reads back sample for sample', async () => {
  const { url } = await startPrometheus({
    series: [counter('c_total{a="1",b="x\\"y"}', { perSecond: 2 }), gauge('g', -1.5)],
  });
  expect(await sampleOf(url, 'count_over_time(c_total{b="x\\"y"}[2h])')).toBe('241');
  expect(await sampleOf(url, 'c_total')).toBe('7200');
  expect(await sampleOf(url, 'g')).toBe('-1.5');
});

it('ends a series with a stale marker, which a plain NaN would not', async () => {
  const series = gauge('ends', 1, { toMs: T0 - 60_000 });
  const { url } = await startPrometheus({
    series: [{ ...series, samples: [...series.samples, [T0 - 30_000, Number.NaN]] }],
  });
  expect(await sampleOf(url, 'ends')).toBeUndefined();
  expect(await sampleOf(url, 'last_over_time(ends[5m])')).toBe('1');
});

it('tells why a write was refused', async () => {
  const prometheus = await startPrometheus({ series: [gauge('g', 1)] });
  await expect(prometheus.push([gauge('g', 2, { fromMs: T0 - 1_800_000, toMs: T0 - 1_800_000 })])).rejects.toThrow(
    /duplicate sample|out of order/,
  );
});
