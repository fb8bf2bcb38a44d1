import { describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../../src/domain/access.js';
import { createPlanner } from '../../../../src/sources/prometheus/planner.js';
import { counter, gauge, T0 } from '../../../support/prometheus.js';
import { engineSubjects } from '../../../support/victoria-metrics.js';

const context = { scope: everything };

describe.each(engineSubjects)('%s', (engine, startMetrics) => {
  async function opened() {
    const { url } = await startMetrics({
      series: [counter('requests_total{code="200"}', { perSecond: 2 }), gauge('temperature', 20)],
    });
    const prometheus = { url, timeoutMs: 5_000, maxConcurrent: 4, headersFile: null };
    const planner = createPlanner({ clusters: [{ name: 'edge', prometheus, match: {} }] });
    onTestFinished(() => planner.close());
    return planner;
  }

  it('is known for what it is', async () => {
    const planner = await opened();
    const kind = engine === 'Prometheus' ? 'prometheus' : 'victoria-metrics';
    expect(await planner.status('edge')).toMatchObject({ kind, reachable: true, error: null });
  });

  it('answers a range at the times asked for, however they lie to the step', async () => {
    const planner = await opened();
    const range = { fromMs: T0 - 3_607_000 + 1_800_000, toMs: T0 - 7_000, stepMs: 300_000 };
    const { series } = await planner.range('edge', 'sum(rate(requests_total[5m]))', range, 1, context);
    expect([...(series[0]?.timesMs ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => range.fromMs + n * range.stepMs));
    for (const value of series[0]?.values ?? []) expect(value).toBeCloseTo(2, 9);
  });

  it.each(['sum(', 'temperature{', 'nonsense(temperature)'])('refuses %s', async (promql) => {
    const planner = await opened();
    await expect(planner.instant('edge', promql, T0, 1, context)).rejects.toMatchObject({
      code: 'SOURCE_REJECTED',
      retryable: false,
    });
  });

  it('has no number for what is none, and numbers for scalars and vectors alike', async () => {
    const planner = await opened();
    const valuesOf = async (promql: string) =>
      (await planner.instant('edge', promql, T0, 1, context)).series.map(({ value }) => value);
    expect((await valuesOf('vector(0) / vector(0)')).filter((value) => !Number.isNaN(value))).toEqual([]);
    expect(await valuesOf('2 * 3')).toEqual([6]);
    expect(await valuesOf('temperature + 1')).toEqual([21]);
    expect(await valuesOf('vector(1) / 0')).toEqual([Number.POSITIVE_INFINITY]);
  });
});
