import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import { type FamilyName, metricFamilies } from '../../../src/domain/metric.js';
import { gauge, T0 } from '../../support/prometheus.js';
import { engineSubjects, type TestMetrics } from '../../support/victoria-metrics.js';
import { sample } from './exporter-sample.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (_engine, startMetrics) => {
  const FRONTEND = 'shop/frontend-6d5c7f9b8-x2x4q';

  /** Figures that the sample of real exporters gives; rates come from counters that grew evenly for two hours. */
  const EXPECTED: readonly (readonly [FamilyName, string, number])[] = [
    ['cluster.cpuUtilization', '', 1 / 3],
    ['cluster.memoryUtilization', '', 1 - 12 / 33.5],
    ['cluster.podCapacityUtilization', '', 4 / 220],

    ['node.cpuCapacity', 'cpu-1', 8],
    ['node.cpuAllocatable', 'gpu-1', 191.4],
    ['node.cpuRequested', 'cpu-1', 0.5],
    ['node.cpuRequested', 'gpu-1', 0],
    ['node.cpuUsage', 'cpu-1', 4_800 / 7_200],
    ['node.cpuUtilization', 'cpu-1', 1 / 3],
    ['node.load1', 'cpu-1', 1.7],
    ['node.cpuPressure', 'cpu-1', 90 / 7_200],
    ['node.memoryPressure', 'cpu-1', 1 / 7_200],
    ['node.ioPressure', 'cpu-1', 20 / 7_200],
    ['node.memoryCapacity', 'cpu-1', 3.35e10],
    ['node.memoryAllocatable', 'cpu-1', 3.2e10],
    ['node.memoryRequested', 'cpu-1', 536_870_912],
    ['node.memoryUsage', 'cpu-1', 2.15e10],
    ['node.memoryUtilization', 'cpu-1', 1 - 12 / 33.5],
    ['node.diskIOUtilization', 'cpu-1', 360 / 7_200],
    ['node.networkReceiveRate', 'cpu-1', 1e6],
    ['node.networkTransmitRate', 'cpu-1', 5e5],

    ['filesystem.size', 'cpu-1//', 1e11],
    ['filesystem.available', 'cpu-1//', 3.1e10],
    ['filesystem.utilization', 'cpu-1//', 0.69],

    ['pod.networkReceiveRate', FRONTEND, 9e8 / 7_200],
    ['pod.networkTransmitRate', FRONTEND, 4e8 / 7_200],

    ['container.cpuUsage', `${FRONTEND}/app`, 1_200 / 7_200],
    ['container.cpuUsage', `${FRONTEND}/istio-proxy`, 300 / 7_200],
    ['container.cpuRequest', `${FRONTEND}/app`, 0.5],
    ['container.cpuLimit', `${FRONTEND}/app`, 1],
    ['container.cpuThrottling', `${FRONTEND}/app`, 0.15],
    ['container.cpuUtilization', `${FRONTEND}/app`, 1_200 / 7_200],
    ['container.memoryWorkingSet', `${FRONTEND}/app`, 4.2e8],
    ['container.memoryRequest', `${FRONTEND}/app`, 536_870_912],
    ['container.memoryLimit', `${FRONTEND}/app`, 1_073_741_824],
    ['container.memoryUtilization', `${FRONTEND}/app`, 4.2e8 / 1_073_741_824],
    ['container.oomKills', `${FRONTEND}/app`, 0],

    ['microservice.requestRate', 'shop/checkout', 108_450 / 7_200],
    // The callers' view: beside the 500s requests that timed out, found no server or failed with a status of gRPC.
    ['microservice.errorRatio', 'shop/checkout', (450 + 45 + 180 + 180) / 108_855],
    ['microservice.successRatio', 'shop/checkout', 108_000 / 108_855],
    ['microservice.errorRatio', 'shop/frontend', 0],
    ['microservice.requestRate', 'ai/llm-gateway', 3_636 / 7_200],
    ['microservice.errorRatio', 'ai/llm-gateway', 0],
    ['microservice.latency', 'shop/checkout', 0.1 + 0.15 * (4_500 / 7_200)],
    ['microservice.responseThroughput', 'shop/checkout', 1.8e8 / 7_200],

    ['serviceEdge.requestRate', 'shop/frontend/shop/checkout/http', 90_450 / 7_200],
    ['serviceEdge.errorRatio', 'shop/frontend/shop/checkout/http', (450 + 45 + 180) / 90_675],
    ['serviceEdge.requestRate', 'shop/frontend/shop/checkout/grpc', 18_000 / 7_200],
    ['serviceEdge.latency', 'shop/frontend/shop/checkout/http', 0.1 + 0.15 * (4_500 / 7_200)],

    ['serviceEdge.responseThroughput', 'shop/frontend/shop/checkout/http', 1.8e8 / 7_200],
    ['serviceEdge.connectionRate', 'shop/frontend/shop/redis/tcp', 40 / 7_200],
    ['serviceEdge.requestThroughput', 'shop/frontend/shop/redis/tcp', 9e6 / 7_200],
    ['serviceEdge.responseThroughput', 'shop/frontend/shop/redis/tcp', 5e7 / 7_200],

    ['responseCode.rate', 'shop/checkout/http/500', 450 / 7_200],
    ['responseCode.rate', 'shop/checkout/grpc/0', 18_000 / 7_200],
  ];

  describe('figures of the sample of real exporters', () => {
    let prometheus: TestMetrics;
    beforeAll(async () => {
      prometheus = await startMetrics({ series: sample(), shared: true });
    });
    afterAll(() => prometheus.dispose());

    it.each(EXPECTED)('reads %s of %s', async (family, key, expected) => {
      const { figure, plan } = openSources([{ name: 'edge', url: prometheus.url }]);
      const found = await figure(family, key);
      expect(found.value).toBeCloseTo(expected, expected > 1e6 ? -3 : 6);
      expect(found).toMatchObject({ missing: null, atMs: T0, measurement: { dataSource: 'edge', partial: false } });
      expect(plan.map(({ promql }) => promql)).toEqual(expect.arrayContaining([...found.measurement.promql]));
    });

    it('reads the same for all there is as for one by one', async () => {
      const { figures, context } = openSources([{ name: 'edge', url: prometheus.url }]);
      for (const [family, key, expected] of EXPECTED) {
        const column = await figures.values({ family }, { clusters: ['edge'] }, T0, context);
        expect(column.of({ cluster: 'edge', key }).value).toBeCloseTo(expected, expected > 1e6 ? -3 : 6);
        expect(column.keys('edge')).toContain(key);
      }
    });

    it('counts nothing but containers as containers', async () => {
      const { figures, context } = openSources([{ name: 'edge', url: prometheus.url }]);
      const column = await figures.values(
        { family: 'container.memoryWorkingSet' },
        { clusters: ['edge'] },
        T0,
        context,
      );
      expect(column.keys('edge')).toEqual([`${FRONTEND}/app`, `${FRONTEND}/istio-proxy`]);
    });

    it('sees the edges of a gateway and those on which only the caller reports', async () => {
      const { figures, context } = openSources([{ name: 'edge', url: prometheus.url }]);
      const column = await figures.values({ family: 'serviceEdge.requestRate' }, { clusters: ['edge'] }, T0, context);
      expect(column.keys('edge')).toEqual([
        'istio-system/istio-ingressgateway/shop/frontend/http',
        'shop/frontend/ai/llm-gateway/http',
        'shop/frontend/shop/checkout/grpc',
        'shop/frontend/shop/checkout/http',
      ]);
    });

    it('says why there is no value', async () => {
      const { figure } = openSources([{ name: 'edge', url: prometheus.url }]);
      expect(await figure('container.cpuLimit', `${FRONTEND}/istio-proxy`)).toMatchObject({
        value: null,
        missing: 'NO_SAMPLE',
      });
      expect(await figure('container.cpuUtilization', `${FRONTEND}/istio-proxy`)).toMatchObject({
        value: null,
        missing: 'NO_SAMPLE',
      });
      expect(await figure('node.diskReadRate', 'cpu-1')).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
      expect(await figure('node.cpuUsage', 'gpu-1')).toMatchObject({ value: null, missing: 'NO_SAMPLE' });
      expect(await figure('microservice.errorRatio', 'shop/nothing')).toMatchObject({
        value: null,
        missing: 'NO_SAMPLE',
      });
    });

    it('shows a caller the namespaces it may see, and nodes', async () => {
      const { figure, figures, context } = openSources(
        [{ name: 'edge', url: prometheus.url }],
        scopeOf(['edge'], ['ai']),
      );
      expect((await figure('microservice.requestRate', 'ai/llm-gateway')).value).not.toBeNull();
      expect(await figure('microservice.requestRate', 'shop/checkout')).toMatchObject({
        value: null,
        missing: 'NO_SAMPLE',
      });
      expect((await figure('node.load1', 'cpu-1')).value).toBe(1.7);
      const column = await figures.values({ family: 'microservice.requestRate' }, { clusters: ['edge'] }, T0, context);
      expect(column.keys('edge')).toEqual(['ai/llm-gateway']);
    });

    it('reads figures over time with null for gaps', async () => {
      const { figures, context, plan } = openSources([{ name: 'edge', url: prometheus.url }]);
      const range = { fromMs: T0 - 8_400_000, toMs: T0, stepMs: 1_200_000 };
      const entities = [{ cluster: 'edge', key: `${FRONTEND}/app` }];
      const usage = (await figures.series({ family: 'container.cpuUtilization' }, entities, range, context)).of(
        entities[0] as never,
      );
      expect([...usage.timesMs]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((step) => range.fromMs + step * range.stepMs));
      // Limits are there for the last hour, usage for two: a quotient needs both.
      const shares = usage.values.map((value) => value?.toFixed(3) ?? null);
      expect(shares).toEqual([null, null, null, null, '0.167', '0.167', '0.167', '0.167']);
      // The plan is in the order of answers.
      expect([...usage.measurement.promql].sort()).toEqual(plan.map(({ promql }) => promql).sort());
      await expect(
        figures.series(
          { family: 'node.load1' },
          [{ cluster: 'edge', key: 'cpu-1' }],
          { ...range, stepMs: 100 },
          context,
        ),
      ).rejects.toThrow(/11,?000/);
    });

    it('asks one question for figures that come from the same answer', async () => {
      const { figure, plan } = openSources([{ name: 'edge', url: prometheus.url }]);
      await figure('microservice.requestRate', 'shop/checkout');
      await figure('microservice.errorRatio', 'shop/checkout');
      await figure('responseCode.rate', 'shop/checkout/http/500');
      await figure('container.cpuUsage', `${FRONTEND}/app`);
      await figure('container.cpuUtilization', `${FRONTEND}/app`);
      expect(plan.filter(({ cached }) => !cached)).toHaveLength(3);
    });
  });

  it.each([
    {
      change: 'every exporter is scraped twice',
      again: { target: (target: object) => ({ ...target, instance: 'twin:1' }) },
    },
    {
      change: 'scraped by two jobs under one name',
      again: { target: (target: object) => ({ ...target, job: 'again' }) },
    },
    { change: 'labels of an HA pair are kept', again: { external: { prometheus_replica: 'b' } } },
  ])('reads the same when $change', async ({ again }) => {
    const twice = [...sample(), ...sample(again as never)];
    const prometheus = await startMetrics({ series: twice });
    const { figure } = openSources([{ name: 'edge', url: prometheus.url }]);
    for (const [family, key, expected] of EXPECTED) {
      const found = await figure(family, key);
      expect([family, key, found.missing]).toEqual([family, key, null]);
      expect(found.value).toBeCloseTo(expected, expected > 1e6 ? -3 : 6);
    }
  });

  it('reads the same when labels are not honoured, and kube-state-metrics has a replica', async () => {
    const replica = sample({
      dishonorLabels: true,
      keep: (_, { job }) => job === 'kube-state-metrics',
      target: (labels) => ({ ...labels, pod: 'kube-state-metrics-7d8b6c9f5-fghij', instance: '10.42.0.10:8080' }),
    });
    const prometheus = await startMetrics({ series: [...sample({ dishonorLabels: true }), ...replica] });
    const { figure } = openSources([{ name: 'edge', url: prometheus.url }]);
    for (const [family, key, expected] of EXPECTED) {
      const found = await figure(family, key);
      expect([family, key, found.missing]).toEqual([family, key, null]);
      expect(found.value).toBeCloseTo(expected, expected > 1e6 ? -3 : 6);
    }
  });

  it('reads clusters that share a source by one PromQL, and keeps them apart', async () => {
    const prometheus = await startMetrics({
      series: [
        ...sample({ external: { cluster: 'a' } }),
        ...sample({ external: { cluster: 'b' }, keep: (labels) => labels.__name__ !== 'node_load1' }),
      ],
    });
    const { figures, context, plan } = openSources([
      { name: 'edge-a', url: prometheus.url, match: { cluster: 'a' } },
      { name: 'edge-b', url: prometheus.url, match: { cluster: 'b' } },
    ]);
    for (const family of Object.keys(metricFamilies) as FamilyName[]) {
      const before = new Set(plan.map(({ promql }) => promql));
      await figures.values({ family }, { clusters: ['edge-a', 'edge-b'] }, T0, context);
      const asked = new Set(plan.map(({ promql }) => promql).filter((promql) => !before.has(promql)));
      expect(asked.size).toBeLessThanOrEqual(family.startsWith('node.') || family.endsWith('Utilization') ? 3 : 1);
    }
    const load = await figures.values({ family: 'node.load1' }, { clusters: ['edge-a', 'edge-b'] }, T0, context);
    expect(load.of({ cluster: 'edge-a', key: 'cpu-1' }).value).toBe(1.7);
    expect(load.of({ cluster: 'edge-b', key: 'cpu-1' })).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
  });

  it('reads the series that the configuration selects, by the labels it names, each cluster of a source in its own way', async () => {
    const twice = { target: (target: object) => ({ ...target, job: 'again', instance: 'twin:1' }) };
    const prometheus = await startMetrics({
      series: [
        ...sample({ external: { cluster: 'a' } }),
        // A second exporter of another truth, and machines that only a label of this installation names.
        gauge('kube_node_status_capacity{cluster="a",job="mirror",node="cpu-1",resource="cpu",unit="core"}', 64),
        gauge('node_load1{cluster="b",machine="rack-7",instance="10.9.9.9:9100",job="metal"}', 3),
        gauge('node_load1{cluster="b",instance="10.9.9.8:9100",job="other"}', 5),
        gauge('kube_pod_labels{cluster="b",namespace="shop",pod="a",label_team="web"}', 1),
        ...sample({ external: { cluster: 'c' }, ...twice } as never),
      ],
    });
    const labels = { node: 'machine', partOf: 'label_team' };
    const { figure, figures, facet, context } = openSources([
      {
        name: 'a',
        url: prometheus.url,
        match: { cluster: 'a' },
        selectors: { kubeStateMetrics: { job: 'kube-state-metrics' } },
      },
      {
        name: 'b',
        url: prometheus.url,
        match: { cluster: 'b' },
        labels,
        selectors: { nodeExporter: { job: 'metal' } },
      },
      { name: 'c', url: prometheus.url, match: { cluster: 'c' } },
    ]);
    expect((await figure('node.cpuCapacity', 'cpu-1')).value).toBe(8);
    expect((await figure('node.cpuCapacity', 'cpu-1', { cluster: 'c' })).value).toBe(8);
    const load = await figures.values({ family: 'node.load1' }, { clusters: ['a', 'b', 'c'] }, T0, context);
    expect([load.keys('a'), load.keys('b'), load.keys('c')]).toEqual([['cpu-1'], ['rack-7'], ['cpu-1']]);
    expect((await figure('node.load1', 'rack-7', { cluster: 'b' })).value).toBe(3);
    expect([...(await facet('applications', 'b'))]).toEqual([['shop/a', { application: 'web', microservices: [] }]]);
  });

  it('says that a source does not answer, and answers for the others', async () => {
    const prometheus = await startMetrics({ series: sample() });
    const gone = await startMetrics();
    await gone.stop('SIGKILL');
    const { figures, context } = openSources([
      { name: 'here', url: prometheus.url },
      { name: 'gone', url: gone.url },
    ]);
    const entities = ['here', 'gone'].map((cluster) => ({ cluster, key: 'cpu-1' }));
    const column = await figures.values({ family: 'node.load1' }, entities, T0, context);
    expect(column.of({ cluster: 'here', key: 'cpu-1' }).value).toBe(1.7);
    expect(column.of({ cluster: 'gone', key: 'cpu-1' })).toMatchObject({
      value: null,
      missing: 'SOURCE_UNAVAILABLE',
      error: { code: 'SOURCE_UNAVAILABLE' },
    });
  });
});
