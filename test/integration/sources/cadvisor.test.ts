import { describe, expect, it } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { counter, gauge, T0 } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';
import { engineSubjects, nothingHappenedOn } from '../../support/victoria-metrics.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (engine, startMetrics) => {
  const nothingHappened = nothingHappenedOn(engine);

  const CADVISOR = 'metrics_path="/metrics/cadvisor",node="n1"';
  const APP = `${CADVISOR},namespace="shop",pod="web-0",container="app",image="web:1"`;

  async function open(series: readonly WrittenSeries[]) {
    const prometheus = await startMetrics({ series });
    return openSources([{ name: 'edge', url: prometheus.url }]);
  }

  it('leaves out the pod’s own cgroup, the sandbox, and the second copy on /metrics/resource', async () => {
    const { figure, figures, context } = await open([
      counter(`container_cpu_usage_seconds_total{${APP},cpu="total"}`, { perSecond: 0.5 }),
      counter(
        'container_cpu_usage_seconds_total{metrics_path="/metrics/resource",namespace="shop",pod="web-0",container="app"}',
        { perSecond: 0.5 },
      ),
      counter(`container_cpu_usage_seconds_total{${CADVISOR},namespace="shop",pod="web-0",cpu="total"}`, {
        perSecond: 0.6,
      }),
      counter(
        `container_cpu_usage_seconds_total{${CADVISOR},namespace="shop",pod="web-0",container="POD",cpu="total"}`,
        {
          perSecond: 0.01,
        },
      ),
      counter(`container_cpu_usage_seconds_total{${CADVISOR},id="/",cpu="total"}`, { perSecond: 3 }),
    ]);
    expect((await figure('container.cpuUsage', 'shop/web-0/app')).value).toBeCloseTo(0.5, 9);
    const all = await figures.values({ family: 'container.cpuUsage' }, { clusters: ['edge'] }, T0, context);
    expect(all.keys('edge')).toEqual(['shop/web-0/app']);
  });

  it('adds the processors of a cAdvisor that tells them apart', async () => {
    const { figure } = await open(
      ['cpu00', 'cpu01'].map((cpu) =>
        counter(`container_cpu_usage_seconds_total{${APP},cpu="${cpu}"}`, { perSecond: 0.25 }),
      ),
    );
    expect((await figure('container.cpuUsage', 'shop/web-0/app')).value).toBeCloseTo(0.5, 9);
  });

  it('reads network from the sandbox, interface by interface, without loopback', async () => {
    const of = (network: string, perSecond: number, instance = 'a') =>
      counter(
        `container_network_receive_bytes_total{${CADVISOR},instance="${instance}",namespace="shop",pod="web-0",interface="${network}"}`,
        { perSecond },
      );
    const { figure } = await open([of('eth0', 100), of('eth0', 100, 'b'), of('net1', 20), of('lo', 999)]);
    expect((await figure('pod.networkReceiveRate', 'shop/web-0')).value).toBeCloseTo(120, 9);
  });

  it('has no share of throttled periods when no period passed', async () => {
    const { figure } = await open([
      counter(`container_cpu_cfs_periods_total{${APP}}`, { perSecond: 0 }),
      counter(`container_cpu_cfs_throttled_periods_total{${APP}}`, { perSecond: 0 }),
    ]);
    expect(await figure('container.cpuThrottling', 'shop/web-0/app')).toMatchObject({
      value: null,
      missing: nothingHappened,
    });
  });

  it('counts out-of-memory kills over restarts in whole numbers', async () => {
    const of = (id: string, killsPerHour: number) =>
      counter(`container_oom_events_total{${APP},id="${id}"}`, { perSecond: killsPerHour / 3_600, everyMs: 60_000 });
    const { figure } = await open([of('/old', 2), of('/new', 1)]);
    expect((await figure('container.oomKills', 'shop/web-0/app')).value).toBe(3);
  });

  it('sends as many PromQL for 1,000 containers as for 10, and plans what it sends', async () => {
    const containers = Array.from({ length: 1_000 }, (_, at) => ({
      namespace: `team-${at % 20}`,
      pod: `web-${at}`,
      key: `team-${at % 20}/web-${at}/app`,
    }));
    const window = { fromMs: T0 - 360_000, everyMs: 60_000 };
    const prometheus = await startMetrics({
      series: containers.flatMap(({ namespace, pod }) => {
        const labels = `namespace="${namespace}",pod="${pod}",container="app"`;
        return [
          counter(`container_cpu_usage_seconds_total{${labels},cpu="total"}`, { perSecond: 0.5, ...window }),
          gauge(`kube_pod_container_resource_limits{${labels},resource="cpu"}`, 2, window),
          gauge(`kube_pod_container_info{${labels},image="web:1"}`, 1, window),
        ];
      }),
    });
    const counts: number[] = [];
    for (const size of [10, 100, 1_000]) {
      const proxy = await startRecordingProxy(prometheus.url);
      const { figures, inventory, context, plan } = openSources([{ name: 'edge', url: proxy.url }]);
      const entities = containers.slice(0, size).map(({ key }) => ({ cluster: 'edge', key }));
      await inventory.read('containers', ['edge'], T0, context);
      const usage = await figures.values({ family: 'container.cpuUsage' }, entities, T0, context);
      const shares = await figures.values({ family: 'container.cpuUtilization' }, entities, T0, context);
      const throttling = await figures.values({ family: 'container.cpuThrottling' }, entities, T0, context);
      for (const entity of entities) {
        expect(usage.of(entity).value).toBeCloseTo(0.5, 6);
        expect(shares.of(entity).value).toBeCloseTo(0.25, 6);
        expect(throttling.of(entity).missing).toBe('NOT_COLLECTED');
      }
      expect(
        plan
          .filter(({ cached }) => !cached)
          .map(({ promql }) => promql)
          .sort(),
      ).toEqual([...proxy.promql].sort());
      expect(plan.find(({ promql }) => promql.includes('cfs'))?.entities).toBe(size);
      counts.push(proxy.promql.length);
    }
    expect(counts).toEqual([4, 4, 4]);
  });

  it.each([
    { labels: 'node="n1",instance="10.0.0.1:10250"', from: 'the label of the scrape' },
    { labels: 'instance="n1"', from: 'the instance, where the scrape is named after the node' },
  ])('knows nodes and pods of kubelets alone by $from', async ({ labels }) => {
    const prometheus = await startMetrics({
      series: [gauge(`container_memory_working_set_bytes{${labels},namespace="shop",pod="a-1",container="app"}`, 5e7)],
    });
    const { facet } = openSources([{ name: 'edge', url: prometheus.url }]);
    expect([...(await facet('nodes')).keys()]).toEqual(['n1']);
    expect((await facet('pods')).get('shop/a-1')).toMatchObject({ node: 'n1' });
  });
});
