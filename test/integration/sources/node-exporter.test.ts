import { hostname } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../../src/demo/engines.js';
import type { FamilyName } from '../../../src/domain/metric.js';
import { freePort, start } from '../../support/process.js';
import { counter, gauge, startPrometheus, T0 } from '../../support/prometheus.js';
import { until } from '../../support/until.js';
import { openSources } from './reading.js';

async function startNodeExporter(): Promise<number> {
  const binary = findEngine('nodeExporter');
  if (binary === null) throw new Error('node_exporter is not installed');
  const port = await freePort();
  const running = start(binary, [`--web.listen-address=127.0.0.1:${port}`]);
  onTestFinished(async () => {
    await running.stop('SIGKILL');
  });
  await until('node_exporter', async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).ok);
  return port;
}

it('reads the machine it runs on through a Prometheus that scrapes nothing but its node_exporter', async () => {
  const port = await startNodeExporter();
  const prometheus = await startPrometheus();
  await prometheus.scrape(`- { job_name: node, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`);
  const raw = async (promql: string, atMs: number) => {
    const body = new URLSearchParams({ query: promql, time: String(atMs / 1_000) });
    const answer = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result[0] === undefined ? null : Number(data.result[0].value[1]);
  };
  const atMs = await until('six scrapes', async () => {
    const now = Date.now();
    return ((await raw('min(count_over_time(node_cpu_seconds_total[1m]))', now)) ?? 0) >= 6 && now;
  });

  const { facet, figure, inventory, context } = openSources([{ name: 'edge', url: prometheus.url }]);
  const name = hostname();
  expect([...(await facet('nodes', 'edge', atMs)).keys()]).toEqual([name]);
  expect((await facet('nodes', 'edge', atMs)).get(name)?.kernelVersion).toMatch(/^\d+\.\d+/);

  const expected: readonly (readonly [FamilyName, string, readonly [number, number]])[] = [
    ['node.cpuCapacity', 'count(node_cpu_seconds_total{mode="idle"})', [1, 4_096]],
    ['node.cpuUsage', 'sum(rate(node_cpu_seconds_total{mode!~"idle|iowait|steal"}[5m]))', [0, 4_096]],
    [
      'node.cpuUtilization',
      'clamp_min(1 - avg(sum by (cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m]))), 0)',
      [0, 1],
    ],
    ['node.load1', 'node_load1', [0, 1e6]],
    ['node.memoryCapacity', 'node_memory_MemTotal_bytes', [1e8, 1e15]],
    ['node.memoryUsage', 'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes', [1e6, 1e15]],
    ['node.memoryUtilization', '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', [0, 1]],
    [
      'node.networkReceiveRate',
      'sum(rate(node_network_receive_bytes_total{device!~"lo|ifb.*|veth.*|docker.*|br-.*|cni.*|tap.*|tun.*"}[5m]))',
      [0, 1e12],
    ],
    [
      'node.networkErrorRate',
      'sum(rate(node_network_receive_errs_total[5m])) + sum(rate(node_network_transmit_errs_total[5m]))',
      [0, 1e9],
    ],
    ['cluster.memoryUtilization', '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', [0, 1]],
  ];
  for (const [family, promql, [least, most]] of expected) {
    const found = await figure(family, family.startsWith('cluster.') ? '' : name, { atMs });
    expect([family, found.missing]).toEqual([family, null]);
    expect(found.value).toBeGreaterThanOrEqual(least);
    expect(found.value).toBeLessThanOrEqual(most);
    expect(found.value).toBeCloseTo((await raw(promql, atMs)) ?? Number.NaN, 9);
    expect(found.measurement.source).toBe('NODE_EXPORTER');
  }

  const filesystems = (await facet('filesystems', 'edge', atMs)).get(name) ?? [];
  expect(filesystems.map(({ mountpoint }) => mountpoint)).toContain('/');
  for (const { mountpoint } of filesystems) {
    const used = await figure('filesystem.utilization', `${name}/${mountpoint}`, { atMs });
    expect(used.value).toBeGreaterThanOrEqual(0);
    expect(used.value).toBeLessThanOrEqual(1);
    const size = await figure('filesystem.size', `${name}/${mountpoint}`, { atMs });
    expect(size.value).toBe(await raw(`max(node_filesystem_size_bytes{mountpoint="${mountpoint}"})`, atMs));
  }

  for (const family of ['node.cpuAllocatable', 'node.memoryRequested'] as const) {
    expect(await figure(family, name, { atMs })).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
  }
  for (const name of ['nodeStates', 'pods', 'containers', 'microservices', 'namespaces'] as const) {
    expect((await inventory.read(name, ['edge'], atMs, context)).get('edge')).toEqual({ ok: true, value: null });
  }
});

it.each([
  { variant: 'the label node', labels: 'instance="10.0.0.5:9100",node="n1"' },
  { variant: 'the label kubernetes_node', labels: 'instance="10.0.0.5:9100",kubernetes_node="n1"' },
  { variant: 'instance, without a port', labels: 'instance="n1"' },
  { variant: 'instance, with a port', labels: 'instance="n1:9100"' },
  { variant: 'the address of the instance', labels: 'instance="10.0.0.1:9100"' },
  { variant: 'an IPv6 address', labels: 'instance="[fd00::2]:9100"', key: 'n2' },
  { variant: 'the host name of its kernel', labels: 'instance="localhost:9100"', uname: 'nodename="n1"' },
  {
    variant: 'the host that is scraped, when nothing else tells',
    labels: 'instance="bare-metal:9100"',
    key: 'bare-metal',
  },
])('finds the node by $variant', async ({ labels, uname = 'nodename="ip-10-0-0-1"', key = 'n1' }) => {
  const unames = key === 'bare-metal' ? [] : [gauge(`node_uname_info{${labels},${uname}}`, 1)];
  const prometheus = await startPrometheus({
    series: [
      gauge('kube_node_info{node="n1",internal_ip="10.0.0.1"}', 1),
      gauge('kube_node_info{node="n2",internal_ip="fd00::2"}', 1),
      ...unames,
      gauge(`node_load1{${labels}}`, 3),
      gauge('node_load1{instance="10.9.9.9:9100"}', 7),
    ],
  });
  const { figure, figures, context, facet } = openSources([{ name: 'edge', url: prometheus.url }]);
  expect((await figure('node.load1', key)).value).toBe(3);
  const all = await figures.values({ family: 'node.load1' }, { clusters: ['edge'] }, T0, context);
  expect(all.of({ cluster: 'edge', key }).value).toBe(3);
  expect([...(await facet('nodes')).keys()].sort()).toEqual(['n1', 'n2']);
});

it('reads a node once though two of its exporters are scraped', async () => {
  const twins = ['10.0.0.1:9100', 'n1:9101'].flatMap((instance) => [
    gauge(`node_uname_info{instance="${instance}",nodename="n1"}`, 1),
    counter(`node_cpu_seconds_total{instance="${instance}",cpu="0",mode="user"}`, { perSecond: 0.25 }),
    counter(`node_cpu_seconds_total{instance="${instance}",cpu="0",mode="idle"}`, { perSecond: 0.75 }),
    counter(`node_network_receive_bytes_total{instance="${instance}",device="eth0"}`, { perSecond: 100 }),
  ]);
  const prometheus = await startPrometheus({ series: twins });
  const { figure, facet } = openSources([{ name: 'edge', url: prometheus.url }]);
  expect([...(await facet('nodes')).keys()]).toEqual(['n1']);
  expect((await figure('node.cpuUsage', 'n1')).value).toBeCloseTo(0.25, 9);
  expect((await figure('node.cpuUtilization', 'n1')).value).toBeCloseTo(0.25, 9);
  expect((await figure('cluster.cpuUtilization', '')).value).toBeCloseTo(0.25, 9);
  expect((await figure('node.networkReceiveRate', 'n1')).value).toBeCloseTo(100, 9);
  expect((await figure('node.cpuCapacity', 'n1')).value).toBe(1);
});

it('lists machines of which nothing tells the name by the host that is scraped, beside those that tell it', async () => {
  const prometheus = await startPrometheus({
    series: [
      gauge('node_memory_MemTotal_bytes{instance="db-1:9100"}', 8e9),
      gauge('node_memory_MemAvailable_bytes{instance="db-1:9100"}', 2e9),
      gauge('node_load1{instance="[fd00::7]:9100"}', 0.5),
      counter('node_cpu_seconds_total{instance="10.0.0.9:9100",cpu="0",mode="idle"}', { perSecond: 0.75 }),
      gauge('node_load1{instance="10.0.0.8:9100"}', 0.7),
      gauge('node_uname_info{instance="10.0.0.8:9100",nodename="web-1",release="6.6.1"}', 1),
    ],
  });
  const { figure, facet, plan } = openSources([{ name: 'edge', url: prometheus.url }]);
  const nodes = await facet('nodes');
  expect([...nodes.keys()].sort()).toEqual(['10.0.0.9', 'db-1', 'fd00::7', 'web-1']);
  expect(nodes.get('web-1')).toMatchObject({ kernelVersion: '6.6.1' });
  expect(plan).toHaveLength(2);
  expect((await figure('node.memoryUtilization', 'db-1')).value).toBeCloseTo(0.75, 9);
  expect((await figure('node.load1', 'web-1')).value).toBe(0.7);
  expect((await figure('node.cpuUtilization', '10.0.0.9')).value).toBeCloseTo(0.25, 9);
});
