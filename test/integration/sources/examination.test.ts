import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { Finding } from '../../../src/domain/finding.js';
import { examineCluster } from '../../../src/sources/examination/cluster.js';
import type { SourceCluster } from '../../../src/sources/prometheus/data-sources.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { gauge, startPrometheus, T0 } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';
import { sample } from './exporter-sample.js';

const about = (findings: readonly Finding[], topic: string) => findings.filter((finding) => finding.topic === topic);
const exporter = (findings: readonly Finding[], name: string) =>
  about(findings, 'exporter').find(({ message }) => message.includes(name));

describe('an examination of a cluster', () => {
  it('says what answers, that clocks agree, which exporters are there and what the missing ones cost', async () => {
    const prometheus = await startPrometheus({
      series: [
        ...sample({ keep: ({ __name__ = '' }) => !/^(kube_|istio_|node_pressure)/.test(__name__) }),
        gauge('up{job="node"}', 1),
      ],
    });
    const findings = await examine(prometheus.url);
    expect(about(findings, 'reach')).toMatchObject([
      { level: 'OK', message: expect.stringMatching(/^prometheus 2\./) },
    ]);
    expect(about(findings, 'clock')).toMatchObject([{ level: 'OK' }]);
    expect(exporter(findings, 'cAdvisor')).toMatchObject({ level: 'OK', fields: [], advice: null });
    expect(exporter(findings, 'node_exporter')).toMatchObject({
      level: 'WARNING',
      message: expect.stringMatching(/found, without .*node_pressure_cpu_waiting_seconds_total/),
      fields: expect.arrayContaining(['Node.cpuPressure', 'Node.ioPressure', 'Node.memoryPressure']),
    });
    const kube = exporter(findings, 'no kube-state-metrics');
    expect(kube).toMatchObject({ level: 'WARNING', advice: expect.stringContaining('honor_labels') });
    expect(kube?.fields).toEqual(
      expect.arrayContaining(['Node.ready', 'Node.cpuAllocatable', 'Node.kubeletVersion', 'Container.cpuUtilization']),
    );
    expect(kube?.fields).not.toContain('Cluster.nodes');
    expect(exporter(findings, 'no Istio')?.fields).toEqual(
      expect.arrayContaining(['Cluster.microservices', 'Microservice.requestRate', 'Microservice.responseCodes']),
    );
    expect(exporter(findings, 'no Istio')?.message).toContain('microservice-availability');
    expect(about(findings, 'scrapes')).toMatchObject([{ level: 'OK', message: 'all 1 targets are scraped' }]);
    expect(about(findings, 'proxies')).toEqual([]);
  });

  it('finds every exporter of a whole cluster', async () => {
    const others = ['DCGM_FI_DEV_GPU_UTIL', 'vllm:num_requests_running', 'minio_s3_requests_total', 'kafka_brokers'];
    const prometheus = await startPrometheus({ series: [...sample(), ...others.map((name) => gauge(name, 1))] });
    const findings = about(await examine(prometheus.url), 'exporter');
    for (const name of ['node_exporter', 'cAdvisor', 'kube-state-metrics', 'Istio', 'DCGM', 'vLLM', 'MinIO', 'Kafka']) {
      const finding = findings.find(({ message }) => message.includes(name));
      expect(finding?.message, name).toContain(' found');
    }
  });

  it('counts failing scrapes by job, and proxies that are scraped twice', async () => {
    const proxy = (pod: string, job: string) =>
      gauge(`istio_build{component="proxy",namespace="shop",pod="${pod}",job="${job}"}`, 1);
    const prometheus = await startPrometheus({
      series: [
        ...['a', 'b', 'c'].map((instance) =>
          gauge(`up{job="kubelet",instance="${instance}"}`, instance === 'a' ? 1 : 0),
        ),
        gauge('up{job="node"}', 1),
        proxy('cart', 'envoy'),
        proxy('cart', 'pods'),
        proxy('till', 'pods'),
      ],
    });
    const findings = await examine(prometheus.url);
    expect(about(findings, 'scrapes')).toMatchObject([
      { level: 'WARNING', message: '2 of 3 targets of job "kubelet" cannot be scraped' },
    ]);
    expect(about(findings, 'proxies')).toMatchObject([
      { level: 'WARNING', message: expect.stringContaining('1 proxy is scraped more than once') },
    ]);
  });

  it('looks at its own cluster of a shared source, and says when nothing carries its labels', async () => {
    const prometheus = await startPrometheus({
      series: [gauge('up{cluster="east",job="node"}', 1), gauge('up{cluster="west",job="node"}', 0)],
    });
    expect(about(await examine(prometheus.url, { cluster: 'east' }), 'scrapes')).toMatchObject([{ level: 'OK' }]);
    const nowhere = await examine(prometheus.url, { cluster: 'north' });
    expect(about(nowhere, 'exporter')).toMatchObject([
      {
        level: 'ERROR',
        message: 'no series carries {cluster="north"}',
        advice: expect.stringContaining('external_labels'),
      },
    ]);
  });

  it('shows which jobs and labels were found', async () => {
    const prometheus = await startPrometheus({
      series: [
        ...sample(),
        gauge('up{cluster="east",job="node"}', 1),
        gauge('up{cluster="west",job="node"}', 1),
        gauge('kube_pod_labels{namespace="shop",pod="a",label_team="web"}', 1),
      ],
    });
    const said = async (options: Partial<SourceCluster> = {}) =>
      about(await examine(prometheus.url, {}, options), 'labels').map(({ level, message }) => `${level} ${message}`);
    expect(await said()).toEqual([
      'WARNING its series are of 2 clusters by the label cluster (east, west), and all are read as one',
      expect.stringMatching(
        /^OK jobs: node_exporter "[^"]+", kube-state-metrics "kube-state-metrics", cAdvisor "kubelet"/,
      ),
      expect.stringMatching(/^OK node_exporter names its node by the (label|address)/),
      'OK 2 pods name their application by label_app_kubernetes_io_part_of',
      'OK labels of kube-state-metrics are honoured',
    ]);
    const labels = { node: 'machine', partOf: 'label_team' };
    const selectors = { istio: { job: 'nobody' }, nodeExporter: {} };
    const configured = await said({ labels, selectors });
    expect(configured).toContain('WARNING selectors.istio leaves nothing: no series of it carries {job="nobody"}');
    expect(configured).toContain('OK 1 pod names its application by label_team');
    expect(exporter(await examine(prometheus.url, {}, { selectors }), 'no Istio')).toBeDefined();
    expect(await said({ labels: { ...labels, partOf: 'label_nobody' } })).toContain(
      'WARNING no pod names its application by label_nobody',
    );
  });

  it('sends ten PromQL at most', async () => {
    const prometheus = await startPrometheus({ series: [...sample(), gauge('up{job="node"}', 1)] });
    const proxy = await startRecordingProxy(prometheus.url);
    await examine(proxy.url);
    expect(proxy.promql.length).toBeLessThanOrEqual(10);
  });

  it('says that a source does not answer, and nothing else', async () => {
    expect(await examine('http://127.0.0.1:9')).toEqual([
      {
        level: 'ERROR',
        topic: 'reach',
        cluster: 'edge',
        message: 'its Prometheus does not answer: the connection was refused',
        advice: expect.stringContaining('url'),
        fields: [],
      },
    ]);
  });

  it.each([
    [90_000, '1m30s ahead of ours'],
    [-3_600_000, '1h behind ours'],
  ])('says that a clock is off by %d ms', async (offsetMs, says) => {
    const prometheus = await startPrometheus({ series: [gauge('up{job="node"}', 1)] });
    const url = await startClockProxy(prometheus.url, offsetMs);
    expect(about(await examine(url), 'clock')).toMatchObject([
      { level: 'WARNING', message: expect.stringContaining(says), advice: expect.stringContaining('NTP') },
    ]);
  });
});

async function examine(
  url: string,
  match: Readonly<Record<string, string>> = {},
  options: Partial<SourceCluster> = {},
): Promise<readonly Finding[]> {
  const prometheus = { url, timeoutMs: 5_000, maxConcurrent: 4, headersFile: null };
  const planner = createPlanner({ clusters: [{ ...options, name: 'edge', prometheus, match }] });
  onTestFinished(() => planner.close());
  return examineCluster(planner, 'edge', T0, { scope: everything });
}

/** Passes everything on, with another time in the answer's head. */
async function startClockProxy(target: string, offsetMs: number): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', target);
    const onward = request(url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      const date = new Date(Date.now() + offsetMs).toUTCString();
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
