import { hostname } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';
import { startGateway } from '../support/gateway.js';
import { freePort, start } from '../support/process.js';
import { startPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';

interface Figure {
  readonly value: number | null;
  readonly missing: string | null;
}
interface Answer {
  readonly cluster: {
    readonly nodes: {
      readonly nodes: {
        readonly name: string;
        readonly ready: boolean | null;
        readonly filesystems: { readonly mountpoint: string; readonly size: Figure; readonly utilization: Figure }[];
        readonly [figure: string]: unknown;
      }[];
    };
    readonly containers: { readonly totalCount: number } | null;
  };
}

const known = [
  'cpuUsage',
  'cpuUtilization',
  'cpuCapacity',
  'load1',
  'memoryCapacity',
  'memoryUsage',
  'memoryUtilization',
  'networkReceiveRate',
  'networkTransmitRate',
];
const unknown = ['cpuRequested', 'memoryRequested', 'cpuAllocatable', 'memoryAllocatable'];

it('answers for the machines of a Prometheus that scrapes node_exporter alone, and says what it cannot know', async () => {
  const port = await freePort();
  const exporter = start(findEngine('nodeExporter') ?? 'prometheus-node-exporter', [
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  onTestFinished(async () => void (await exporter.stop()));
  const prometheus = await startPrometheus();
  await prometheus.scrape(`- { job_name: node, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`);
  const gateway = await startGateway(`clusters: [{ name: machine, prometheus: { url: '${prometheus.url}' } }]`);

  const figures = [...known, ...unknown]
    .map((name) => `${name} { value missing unit measurement { source promql } }`)
    .join(' ');
  const node = await until('rates of the machine', async () => {
    const answer = await gateway.query<Answer>(
      `{ cluster(name: "machine") { nodes { nodes { name ready filesystems { mountpoint size { value } utilization { value } } ${figures} } } containers { totalCount } } }`,
    );
    expect(answer.errors).toBeUndefined();
    const found = answer.data?.cluster.nodes.nodes[0];
    return found !== undefined &&
      (found.cpuUsage as Figure).value !== null &&
      (found.networkReceiveRate as Figure).value !== null
      ? found
      : null;
  });
  expect(node.name).toBe(hostname());
  expect(node.ready).toBeNull();
  for (const name of known) expect(node[name], name).toMatchObject({ value: expect.any(Number), missing: null });
  for (const name of unknown) expect(node[name], name).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
  expect(node.filesystems.length).toBeGreaterThan(0);
  for (const { size, utilization } of node.filesystems) {
    expect(size.value).toBeGreaterThan(0);
    expect(utilization.value).toBeGreaterThanOrEqual(0);
    expect(utilization.value).toBeLessThanOrEqual(1);
  }
});
