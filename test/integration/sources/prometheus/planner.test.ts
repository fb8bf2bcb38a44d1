import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../../src/domain/access.js';
import type { PlanEntry, ReadContext } from '../../../../src/domain/ports.js';
import { createPlanner, type Planner } from '../../../../src/sources/prometheus/planner.js';
import { aggregate, rate, selector } from '../../../../src/sources/prometheus/promql.js';
import { counter, gauge, startPrometheus, T0, type TestPrometheus } from '../../../support/prometheus.js';
import { until } from '../../../support/until.js';

let prometheus: TestPrometheus;
const hostile = 'a"} or up{x="\\|.*';

beforeAll(async () => {
  prometheus = await startPrometheus({ shared: true });
  await prometheus.push(
    [
      counter('requests_total{cluster="east",node="n1"}', { perSecond: 2 }),
      counter('requests_total{cluster="west",node="n1"}', { perSecond: 3 }),
      counter('requests_total{cluster="north",node="n1"}', { perSecond: 5 }),
      gauge('temperature{site="s1"}', 40),
      gauge('temperature{cluster="east"}', 50),
      { ...gauge('temperature{}', 60), labels: { __name__: 'temperature', cluster: hostile } },
      gauge('old{cluster="east"}', 1, { fromMs: T0 - 30 * 86_400_000, toMs: T0 - 30 * 86_400_000 }),
    ].sort((a, b) => (a.samples[0]?.[0] ?? 0) - (b.samples[0]?.[0] ?? 0)),
  );
});
afterAll(() => prometheus.dispose());

function planner(matches: Readonly<Record<string, Readonly<Record<string, string>>>>): Planner {
  const { url } = prometheus;
  const created = createPlanner({
    clusters: Object.entries(matches).map(([name, match]) => ({
      name,
      prometheus: { url, timeoutMs: 10_000, maxConcurrent: 4, headersFile: null },
      match,
    })),
  });
  onTestFinished(() => created.close());
  return created;
}

function asker(): ReadContext & { readonly plan: PlanEntry[] } {
  const plan: PlanEntry[] = [];
  return { scope: everything, plan, onPlan: (entry) => plan.push(entry) };
}

describe('clusters behind one Prometheus', () => {
  it('are read by one query, each row in its cluster, and others’ rows are left out', async () => {
    const reads = planner({ a: { cluster: 'east' }, b: { cluster: 'west' } });
    const context = asker();
    const [slice, ...others] = reads.slices(['a', 'b']);
    expect(others).toEqual([]);
    if (slice === undefined) throw new Error('no slice');
    const promql = aggregate('sum', [...slice.by, 'node'], rate(selector('requests_total', slice.matchers), 300_000));
    expect(promql).toBe('sum by (cluster, node) (rate(requests_total{cluster=~"east|west"}[5m]))');
    const { series, warnings, samples } = await reads.instant(slice.dataSource, promql, T0, 2, context);
    const values = Object.fromEntries(series.map(({ labels, value }) => [slice.clusterOf(labels), value]));
    expect(values.a).toBeCloseTo(2, 9);
    expect(values.b).toBeCloseTo(3, 9);
    expect(Object.keys(values)).toHaveLength(2);
    expect(warnings).toEqual([]);
    expect(samples).toBeGreaterThanOrEqual(40);
    expect(context.plan).toEqual([
      { promql, dataSource: 'a+b', cached: false, durationMs: expect.any(Number), samples, entities: 2 },
    ]);
  });

  it('of different marks are read by a query each, hostile marks included', async () => {
    const reads = planner({ a: { cluster: 'east' }, b: { site: 's1' }, c: { cluster: hostile } });
    const found: Record<string, number> = {};
    for (const slice of reads.slices(['a', 'b', 'c'])) {
      const promql = selector('temperature', slice.matchers);
      const { series } = await reads.instant(slice.dataSource, promql, T0, 1, asker());
      for (const { labels, value } of series) found[slice.clusterOf(labels) ?? 'nobody'] = value;
    }
    expect(found).toEqual({ a: 50, b: 40, c: 60 });
  });
});

describe('figures', () => {
  it.each([
    { promql: 'vector(1) / 0', value: Number.POSITIVE_INFINITY },
    { promql: '-vector(1) / 0', value: Number.NEGATIVE_INFINITY },
    { promql: 'vector(0) / 0', value: Number.NaN },
    { promql: '1 + 1', value: 2 },
  ])('of $promql arrive as $value', async ({ promql, value }) => {
    const { series } = await planner({ a: {} }).instant('a', promql, T0, 1, asker());
    expect(series.map((row) => row.value)).toEqual([value]);
  });

  it('at time 0 are those of 1970', async () => {
    const { series } = await planner({ a: {} }).instant('a', 'time()', 0, 1, asker());
    expect(series[0]?.value).toBe(0);
  });

  it('over time come with their times, and steps without samples are absent', async () => {
    const range = { fromMs: T0 - 120_000, toMs: T0 + 600_000, stepMs: 60_000 };
    const { series } = await planner({ a: {} }).range('a', 'temperature{site="s1"}', range, 1, asker());
    expect(series).toHaveLength(1);
    // The last sample is at T0, and holds for five minutes.
    expect([...(series[0]?.timesMs ?? [])]).toEqual([-2, -1, 0, 1, 2, 3, 4, 5].map((minute) => T0 + minute * 60_000));
    expect(new Set(series[0]?.values)).toEqual(new Set([40]));
  });

  it.each([
    { promql: 'up[5m]', says: 'it selects a range of samples where one value is wanted' },
    { promql: '"text"', says: 'its answer is a string' },
    { promql: 'sum(', says: /parse error/ },
    { promql: 'temperature * on() temperature', says: /many-to-many|duplicate series/ },
  ])('that $promql cannot give are refused', async ({ promql, says }) => {
    await expect(planner({ a: {} }).instant('a', promql, T0, 1, asker())).rejects.toMatchObject({
      code: 'SOURCE_REJECTED',
      retryable: false,
      query: promql,
      message: expect.stringMatching(says),
    });
  });

  it('from a source that lost a part of itself come with a warning, and are not kept', async () => {
    const own = await startPrometheus();
    await own.scrape('  []\nremote_read: [{ url: "http://127.0.0.1:1/read", read_recent: true }]');
    const reads = createPlanner({
      clusters: [
        { name: 'a', prometheus: { url: own.url, timeoutMs: 10_000, maxConcurrent: 4, headersFile: null }, match: {} },
      ],
    });
    onTestFinished(() => reads.close());
    const context = asker();
    for (let count = 1; count <= 2; count += 1) {
      const { warnings, series } = await reads.instant('a', 'up', T0, 1, context);
      expect(series).toEqual([]);
      expect(warnings[0]).toContain('remote_read');
    }
    expect(context.plan.map(({ cached }) => cached)).toEqual([false, false]);
  });

  it('that take too long are stopped by the source itself', async () => {
    const { url } = prometheus;
    const reads = createPlanner({
      clusters: [{ name: 'a', prometheus: { url, timeoutMs: 100, maxConcurrent: 4, headersFile: null }, match: {} }],
    });
    onTestFinished(() => reads.close());
    const heavy = 'count_over_time((requests_total * 0 + 1)[1y:1s])';
    await expect(reads.instant('a', heavy, T0, 1, asker())).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT' });
    await until('no query to run', async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /^prometheus_engine_queries 0$/m.test(metrics);
    });
  });
});

describe('what a source has', () => {
  it('are the metrics of the hour before, of one cluster or all, without a PromQL', async () => {
    const reads = planner({ a: { cluster: 'east' }, rest: { cluster: '' } });
    const context = asker();
    const [slice] = reads.slices(['a']);
    expect([...(await reads.metricNames('a+rest', slice?.matchers ?? {}, T0, context))].sort()).toEqual([
      'requests_total',
      'temperature',
    ]);
    const [rest] = reads.slices(['rest']);
    expect([...(await reads.metricNames('a+rest', rest?.matchers ?? {}, T0, context))]).toEqual(['temperature']);
    expect([...(await reads.metricNames('a+rest', {}, T0, context))].sort()).toEqual(['requests_total', 'temperature']);
    expect(context.plan).toEqual([]);
  });

  it('and what it is, is in its status', async () => {
    expect(await planner({ a: {} }).status('a')).toEqual({
      name: 'a',
      kind: 'prometheus',
      version: expect.stringMatching(/^2\./),
      reachable: true,
      error: null,
      latencySeconds: expect.any(Number),
      checkedAtMs: expect.any(Number),
    });
  });
});

it('asks for names only that are configured', async () => {
  const reads = planner({ a: {}, b: { cluster: 'west' } });
  expect(reads.dataSourceOf('b').name).toBe('a+b');
  expect(() => reads.dataSourceOf('c')).toThrow(RangeError);
  await expect(reads.instant('c', 'up', T0, 1, asker())).rejects.toThrow(RangeError);
});
