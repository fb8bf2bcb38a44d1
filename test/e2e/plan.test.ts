import { expect, it } from 'vitest';
import type { WrittenSeries } from '../../src/demo/remote-write.js';
import { type GraphqlAnswer, startGateway } from '../support/gateway.js';
import { counter, gauge, startPrometheus, T0 } from '../support/prometheus.js';
import { startRecordingProxy } from '../support/recording-proxy.js';

interface PlanEntry {
  readonly promql: string;
  readonly cached: boolean;
}

const operation = `query ($cluster: String!, $at: DateTime!) {
  cluster(name: $cluster, at: $at) {
    nodes { nodes { name cpuUtilization { value } } }
    containers(first: 5000) {
      totalCount
      nodes {
        name state restarts
        pod { name phase node { name memoryUtilization { value missing } } workload { kind name } }
        cpuUsage { value unit } cpuUtilization { value } memoryWorkingSet { value } cpuThrottling { value missing }
        series: cpuUsage { series(last: "10m", step: "1m") { values } }
      }
    }
    microservices { nodes { name requestRate { value } errorRatio { value } latency(quantile: 0.99) { value } } }
  }
}`;

it('sends the same few PromQL for 10, 100 and 1,000 containers, and the plan tells every one of them', async () => {
  const sizes = [10, 100, 1_000];
  const prometheus = await startPrometheus({ series: [] });
  for (const size of sizes) await prometheus.push(cluster(size));
  const proxy = await startRecordingProxy(prometheus.url);
  const gateway = await startGateway(
    `clusters:\n${sizes.map((size) => `  - { name: c${size}, prometheus: { url: '${proxy.url}' }, match: { cluster: c${size} } }`).join('\n')}`,
  );

  const counts: number[] = [];
  for (const size of sizes) {
    const before = proxy.promql.length;
    const answer = await gateway.query<{
      cluster: { containers: { totalCount: number; nodes: { cpuUsage: { value: number } }[] } };
    }>(operation, { cluster: `c${size}`, at: new Date(T0).toISOString() }, { 'x-slograph-plan': '1' });
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.cluster.containers.totalCount).toBe(size);
    for (const container of answer.data?.cluster.containers.nodes ?? [])
      expect(container.cpuUsage.value).toBeCloseTo(0.25, 6);
    const sent = proxy.promql.slice(before);
    const planned = sentOf(answer).map((entry) => entry.promql);
    expect([...planned].sort()).toEqual([...sent].sort());
    counts.push(sent.length);
  }
  expect(new Set(counts).size).toBe(1);

  const before = proxy.promql.length;
  const again = await gateway.query(
    operation,
    { cluster: 'c1000', at: new Date(T0).toISOString() },
    { 'x-slograph-plan': '1' },
  );
  expect(sentOf(again)).toEqual([]);
  expect(proxy.promql.length).toBe(before);
});

/** What the plan says was sent, not found answered. */
function sentOf(answer: GraphqlAnswer): PlanEntry[] {
  return ((answer.extensions?.plan ?? []) as PlanEntry[]).filter((entry) => !entry.cached);
}

/** One cluster of pods with one container each, ten to a node. */
function cluster(containers: number): WrittenSeries[] {
  const name = `cluster="c${containers}"`;
  const span = { fromMs: T0 - 1_200_000, everyMs: 30_000 };
  const series: WrittenSeries[] = [];
  for (let index = 0; index < containers; index += 1) {
    const pod = `${name},namespace="app-${index % 4}",pod="pod-${index}"`;
    const container = `${pod},container="main"`;
    const node = `n${Math.floor(index / 10)}`;
    series.push(
      gauge(
        `kube_pod_info{${pod},uid="u${index}",node="${node}",created_by_kind="ReplicaSet",created_by_name="rs-${index}"}`,
        1,
        span,
      ),
      gauge(`kube_pod_status_phase{${pod},phase="Running"}`, 1, span),
      gauge(
        `kube_pod_owner{${pod},owner_kind="ReplicaSet",owner_name="rs-${index}",owner_is_controller="true"}`,
        1,
        span,
      ),
      gauge(
        `kube_replicaset_owner{${name},namespace="app-${index % 4}",replicaset="rs-${index}",owner_kind="Deployment",owner_name="d-${index}"}`,
        1,
        span,
      ),
      gauge(`kube_pod_container_info{${container},image="i"}`, 1, span),
      gauge(`kube_pod_container_status_running{${container}}`, 1, span),
      gauge(`kube_pod_container_status_restarts_total{${container}}`, 2, span),
      gauge(`kube_pod_container_resource_limits{${container},node="${node}",resource="cpu",unit="core"}`, 1, span),
      counter(
        `container_cpu_usage_seconds_total{${container},image="i",cpu="total",metrics_path="/metrics/cadvisor"}`,
        { perSecond: 0.25, ...span },
      ),
      gauge(`container_memory_working_set_bytes{${container},image="i",metrics_path="/metrics/cadvisor"}`, 1e8, span),
    );
    if (index % 10 === 0) {
      series.push(
        gauge(`kube_node_info{${name},node="${node}",internal_ip="10.0.0.${index % 250}"}`, 1, span),
        counter(`node_cpu_seconds_total{${name},instance="${node}",cpu="0",mode="idle"}`, { perSecond: 0.5, ...span }),
        counter(`node_cpu_seconds_total{${name},instance="${node}",cpu="0",mode="user"}`, { perSecond: 0.5, ...span }),
      );
    }
  }
  const service = `${name},reporter="destination",destination_service_name="s",destination_service_namespace="app-0",destination_workload="d-0",destination_workload_namespace="app-0",request_protocol="http",response_flags="-"`;
  series.push(counter(`istio_requests_total{${service},response_code="200"}`, { perSecond: 10, ...span }));
  for (const le of ['100', '250', '+Inf']) {
    series.push(
      counter(`istio_request_duration_milliseconds_bucket{${service},response_code="200",le="${le}"}`, {
        perSecond: 10,
        ...span,
      }),
    );
  }
  return series;
}
