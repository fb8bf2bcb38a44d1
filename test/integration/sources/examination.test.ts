import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { Finding } from '../../../src/domain/finding.js';
import { examineCluster } from '../../../src/sources/examination/cluster.js';
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

  it('sends three PromQL at most', async () => {
    const prometheus = await startPrometheus({ series: [...sample(), gauge('up{job="node"}', 1)] });
    const proxy = await startRecordingProxy(prometheus.url);
    await examine(proxy.url);
    expect(proxy.promql.length).toBeLessThanOrEqual(3);
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

async function examine(url: string, match: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const prometheus = { url, timeoutMs: 5_000, maxConcurrent: 4, headersFile: null };
  const planner = createPlanner({ clusters: [{ name: 'edge', prometheus, match }] });
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
