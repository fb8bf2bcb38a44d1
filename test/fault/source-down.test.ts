import { expect, it, onTestFinished } from 'vitest';
import type { WrittenSeries } from '../../src/demo/remote-write.js';
import { collect, startGateway } from '../support/gateway.js';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';

interface Slos {
  readonly slos: {
    readonly nodes: {
      readonly name: string;
      readonly state: string;
      readonly stateReason: string | null;
      readonly objectives: { readonly ratio: number | null }[];
    }[];
  };
}
interface Item {
  readonly violations: {
    readonly __typename: string;
    readonly transition?: string;
    readonly violation?: { readonly slo: { readonly name: string } };
  };
}

const question = `{
  slos { nodes { name state stateReason objectives { ratio } } }
  clusters { name reachable microservices { nodes { name requestRate { value missing } } } }
}`;

/** Share of bad requests of each service at an instant: changed by the test, read by the writer. */
const badShare = new Map<string, (atMs: number) => number>();

it('a source that dies opens and resolves nothing until it answers again; then both come right', async () => {
  const [edge, core] = [await startPrometheus(), await startPrometheus()];
  const started = Math.floor(Date.now() / 1000) * 1000;
  badShare.set('ending', () => 0.6);
  badShare.set('starting', () => 0);
  badShare.set('steady', () => 0);
  const edgeWriter = new Writer(edge, ['ending', 'starting'], started - 600_000);
  const coreWriter = new Writer(core, ['steady'], started - 600_000);
  await Promise.all([edgeWriter.catchUp(), coreWriter.catchUp()]);
  const timer = setInterval(() => {
    void edgeWriter.catchUp();
    void coreWriter.catchUp();
  }, 500);
  onTestFinished(() => clearInterval(timer));

  const gateway = await startGateway(
    `clusters:
  - { name: edge, prometheus: { url: '${edge.url}' } }
  - { name: core, prometheus: { url: '${core.url}' } }
definitions: [./slos]
evaluation: { interval: 2s, lag: 1s }`,
    { 'slos/all.yaml': [slo('ending', 'edge'), slo('starting', 'edge'), slo('steady', 'core')].join('\n---\n') },
  );
  const stream = collect<Item>(gateway.client(), {
    query: `subscription { violations(filter: { kind: [BURN_RATE] }) { __typename ... on ViolationEvent { transition violation { slo { name } } } } }`,
  });
  const transitions = () =>
    stream.seen
      .filter((item) => item.violations.__typename === 'ViolationEvent')
      .map((item) => `${item.violations.violation?.slo.name} ${item.violations.transition}`);
  await until('the first violation', () => transitions().length > 0);
  expect(transitions()).toEqual(['ending OPENED']);

  edgeWriter.pause();
  await edge.stop('SIGKILL');
  const killed = Date.now();
  badShare.set('ending', (atMs) => (atMs < killed ? 0.6 : 0));
  badShare.set('starting', (atMs) => (atMs < killed ? 0 : 0.6));
  const during = await until('both SLOs of the dead source to be stale', async () => {
    const answer = await gateway.query<Slos & { clusters: Clusters }>(question);
    const states = statesOf(answer.data);
    return states.ending === 'STALE' && states.starting === 'STALE' ? answer : null;
  });
  expect(statesOf(during.data).steady).toBe('OK');
  expect(during.data?.slos.nodes.map((node) => node.objectives[0]?.ratio)).toEqual([
    expect.any(Number),
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(during.data?.clusters).toEqual([
    { name: 'edge', reachable: false, microservices: null },
    {
      name: 'core',
      reachable: true,
      microservices: { nodes: [{ name: 'steady', requestRate: { value: expect.closeTo(100, 0), missing: null } }] },
    },
  ]);
  const codes = (during.errors ?? []).map((error) => error.extensions?.code);
  expect(codes).toEqual(['SOURCE_UNAVAILABLE']);

  // Longer than the short window of the pair: by now the first cause has ended and the second one would have opened.
  await until('the outage to outlast the short window', () => Date.now() > killed + 25_000, 60_000);
  expect(transitions()).toEqual(['ending OPENED']);
  await edge.restart();
  edgeWriter.resume();
  await until('both violations to come right', () => transitions().length >= 3, 60_000);
  expect(transitions().slice(1).sort()).toEqual(['ending RESOLVED', 'starting OPENED']);
  await until('the sources to be well again', async () => {
    const { data, errors } = await gateway.query<Slos>(question);
    const states = statesOf(data);
    return errors === undefined && states.starting === 'VIOLATED' && states.ending !== 'STALE';
  });
  expect(stream.errors).toEqual([]);
}, 180_000);

type Clusters = readonly { readonly name: string; readonly reachable: boolean; readonly microservices: unknown }[];

function statesOf(data: Slos | null | undefined): Record<string, string> {
  return Object.fromEntries((data?.slos.nodes ?? []).map((node) => [node.name, node.state]));
}

/** Writes one sample a second per series up to now, without a gap over a pause. */
class Writer {
  private nextMs: number;
  private busy = false;
  private paused = false;
  private readonly counts = new Map<string, { good: number; bad: number }>();

  constructor(
    private readonly prometheus: TestPrometheus,
    private readonly services: readonly string[],
    fromMs: number,
  ) {
    this.nextMs = fromMs;
    for (const service of services) this.counts.set(service, { good: 0, bad: 0 });
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async catchUp(): Promise<void> {
    if (this.busy || this.paused) return;
    this.busy = true;
    try {
      const series = new Map<string, [number, number][]>();
      for (; this.nextMs <= Date.now(); this.nextMs += 1_000) {
        for (const service of this.services) {
          const count = this.counts.get(service) as { good: number; bad: number };
          const share = badShare.get(service)?.(this.nextMs) ?? 0;
          count.bad += 100 * share;
          count.good += 100 * (1 - share);
          for (const [code, value] of [
            ['200', count.good],
            ['503', count.bad],
          ] as const) {
            const key = `${service} ${code}`;
            const samples = series.get(key) ?? [];
            samples.push([this.nextMs, value]);
            series.set(key, samples);
          }
        }
      }
      const written: WrittenSeries[] = [...series].map(([key, samples]) => {
        const [service, code] = key.split(' ') as [string, string];
        return { labels: labels(service, code), samples };
      });
      await this.prometheus.push(written);
    } finally {
      this.busy = false;
    }
  }
}

function labels(service: string, code: string): Record<string, string> {
  return {
    __name__: 'istio_requests_total',
    reporter: 'destination',
    destination_service_name: service,
    destination_service_namespace: 'app',
    destination_workload: service,
    destination_workload_namespace: 'app',
    source_workload: 'gateway',
    source_workload_namespace: 'app',
    request_protocol: 'http',
    response_flags: '-',
    response_code: code,
  };
}

/** Pages when 1 % of the budget is spent within 2 minutes, over 15 s too: both fit into the time of a test. */
function slo(service: string, cluster: string): string {
  const query = (codes: string) =>
    `sum(istio_requests_total{reporter="destination",destination_service_namespace="app",destination_service_name="${service}"${codes}})`;
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${service}
  annotations: { slograph.dev/burn-rate-windows: "1%/2m/15s", slograph.dev/cluster: ${cluster}, slograph.dev/microservice: app/${service} }
spec:
  service: app
  indicator:
    metadata: { name: ${service} }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: '${query(',response_code!~"5.."')}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: '${query('')}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: most, target: 0.999 }]`;
}
