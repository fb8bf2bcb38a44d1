import { describe, expect, it } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { gauge } from '../../support/prometheus.js';
import { engineSubjects } from '../../support/victoria-metrics.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (_engine, startMetrics) => {
  async function open(series: readonly WrittenSeries[]) {
    const prometheus = await startMetrics({ series });
    return openSources([{ name: 'edge', url: prometheus.url }]);
  }

  const request = (pod: string, container: string, cores: number, family = 'kube_pod_container_resource_requests') =>
    gauge(
      `${family}{namespace="shop",pod="${pod}",container="${container}",node="n1",resource="cpu",unit="core"}`,
      cores,
    );
  const phase = (pod: string, name: string) =>
    gauge(`kube_pod_status_phase{namespace="shop",pod="${pod}",phase="${name}"}`, 1);
  const INIT = 'kube_pod_init_container_resource_requests';

  it('sums what live pods request, sidecars included, and neither ended pods nor init containers that ran', async () => {
    const { figure } = await open([
      gauge('kube_node_status_allocatable{node="n1",resource="cpu",unit="core"}', 8),
      request('web', 'app', 1),
      request('web', 'istio-proxy', 0.25, INIT),
      request('web', 'migrate', 4, INIT),
      gauge(
        'kube_pod_init_container_info{namespace="shop",pod="web",container="istio-proxy",restart_policy="Always"}',
        1,
      ),
      gauge('kube_pod_init_container_info{namespace="shop",pod="web",container="migrate"}', 1),
      phase('web', 'Running'),
      request('done', 'app', 2),
      phase('done', 'Succeeded'),
      request('soon', 'app', 0.5),
      phase('soon', 'Pending'),
    ]);
    expect((await figure('node.cpuRequested', 'n1')).value).toBeCloseTo(1.75, 9);
    expect((await figure('container.cpuRequest', 'shop/web/istio-proxy')).value).toBe(0.25);
    expect(await figure('container.cpuRequest', 'shop/web/migrate')).toMatchObject({
      value: null,
      missing: 'NO_SAMPLE',
    });
  });

  it('believes Kubernetes on a node’s capacity, and the kernel where Kubernetes says nothing', async () => {
    const cpus = (instance: string) =>
      [0, 1].map((cpu) => gauge(`node_cpu_seconds_total{instance="${instance}",cpu="${cpu}",mode="idle"}`, 1));
    const series = [...cpus('n1:9100'), gauge('node_uname_info{instance="n1:9100",nodename="n1"}', 1)];
    const alone = await (await open(series)).figure('node.cpuCapacity', 'n1');
    expect(alone).toMatchObject({ value: 2, measurement: { source: 'NODE_EXPORTER' } });
    const kubernetes = gauge('kube_node_status_capacity{node="n1",resource="cpu",unit="core"}', 1.5);
    const both = await (await open([...series, kubernetes])).figure('node.cpuCapacity', 'n1');
    expect(both).toMatchObject({ value: 1.5, measurement: { source: 'KUBE_STATE_METRICS' } });
  });

  it('says what is not a number', async () => {
    const { figure } = await open([
      gauge('kube_pod_container_resource_limits{namespace="shop",pod="web",container="app",resource="memory"}', 0),
      gauge('container_memory_working_set_bytes{namespace="shop",pod="web",container="app"}', 1),
    ]);
    expect(await figure('container.memoryUtilization', 'shop/web/app')).toMatchObject({
      value: null,
      missing: 'NOT_A_NUMBER',
    });
  });

  it('tells a node whose readiness is unknown from one that is not ready', async () => {
    const condition = (node: string, status: string) =>
      ['true', 'false', 'unknown'].map((each) =>
        gauge(`kube_node_status_condition{node="${node}",condition="Ready",status="${each}"}`, each === status ? 1 : 0),
      );
    const { facet } = await open([
      ...condition('up', 'true'),
      ...condition('down', 'false'),
      ...condition('lost', 'unknown'),
    ]);
    const states = await facet('nodeStates');
    expect(['up', 'down', 'lost'].map((node) => states.get(node)?.ready)).toEqual([true, false, null]);
  });

  it('follows a ReplicaSet to what owns it, and keeps an owner of any kind', async () => {
    const owner = (pod: string, kind: string, name: string) =>
      gauge(
        `kube_pod_owner{namespace="shop",pod="${pod}",owner_kind="${kind}",owner_name="${name}",owner_is_controller="true"}`,
        1,
      );
    const { facet } = await open([
      owner('a', 'ReplicaSet', 'web-1'),
      gauge('kube_replicaset_owner{namespace="shop",replicaset="web-1",owner_kind="Rollout",owner_name="web"}', 1),
      owner('b', 'ReplicaSet', 'lonely'),
      owner('c', 'StrimziPodSet', 'kafka'),
      owner('d', '<none>', '<none>'),
      gauge(
        'kube_pod_owner{namespace="shop",pod="a",owner_kind="Other",owner_name="x",owner_is_controller="false"}',
        1,
      ),
    ]);
    expect(Object.fromEntries(await facet('workloads'))).toEqual({
      'shop/a': { kind: 'Rollout', name: 'web' },
      'shop/b': { kind: 'ReplicaSet', name: 'lonely' },
      'shop/c': { kind: 'StrimziPodSet', name: 'kafka' },
    });
  });
});
