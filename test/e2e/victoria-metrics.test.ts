import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { counter, gauge, startPrometheus } from '../support/prometheus.js';
import { startVictoriaMetrics } from '../support/victoria-metrics.js';

const SLO = `apiVersion: openslo/v1
kind: SLO
metadata: { name: front }
spec:
  service: front
  indicator:
    metadata: { name: answers }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: east, type: prometheus, spec: { query: 'requests_total{code="200"}' } } }
        total: { metricSource: { metricSourceRef: east, type: prometheus, spec: { query: requests_total } } }
  timeWindow: [{ duration: 1h, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: answers, target: 0.8 }]
`;

it('reads one cluster of a Prometheus and two of one VictoriaMetrics, told apart by a label, up to this moment', async () => {
  const nowMs = Date.now() - 20_000;
  const span = { fromMs: nowMs - 600_000, toMs: nowMs, everyMs: 5_000 };
  const machine = (labels: string, load: number) => [
    gauge(`node_uname_info{${labels}instance="n:9100",nodename="n-${load}",release="6.1.0"}`, 1, span),
    gauge(`node_load1{${labels}instance="n:9100"}`, load, span),
    counter(`requests_total{${labels}code="200"}`, { ...span, perSecond: 9 * load }),
    counter(`requests_total{${labels}code="500"}`, { ...span, perSecond: load }),
  ];
  const prometheus = await startPrometheus({ series: machine('', 1) });
  // Seen by nobody: no cluster is called west.
  const others = ['east', 'south', 'west'].flatMap((name, index) => machine(`cluster="${name}",`, index + 2));
  const victoria = await startVictoriaMetrics({ series: others });
  // The load is what it is since seconds ago: an answer of half a minute ago would be another one.
  const freshAtMs = nowMs + 1_000;
  await victoria.push([
    gauge('node_load1{cluster="east",instance="n:9100"}', 7, { fromMs: freshAtMs, toMs: freshAtMs }),
  ]);
  const shared = ['east', 'south'].map(
    (name) => `  - { name: ${name}, prometheus: { url: '${victoria.url}' }, match: { cluster: ${name} } }`,
  );
  const gateway = await startGateway(
    `definitions: [./slos]\nclusters:\n  - { name: north, prometheus: { url: '${prometheus.url}' } }\n${shared.join('\n')}`,
    { 'slos/front.yaml': SLO },
  );
  const loads = async (at: number) => {
    const { data, errors } = await gateway.query<{ clusters: Seen[] }>(
      `{ clusters(at: "${new Date(at).toISOString()}") { name dataSources { name kind reachable }
         nodes { nodes { name load1 { value missing } } } } }`,
    );
    expect(errors).toBeUndefined();
    return data?.clusters.map(({ name, dataSources: [source], nodes }) => [
      name,
      source?.kind,
      ...nodes.nodes.map((node) => `${node.name}: ${node.load1.value}`),
    ]);
  };
  expect(await loads(freshAtMs + 9_000)).toEqual([
    ['north', 'prometheus', 'n-1: 1'],
    ['east', 'victoria-metrics', 'n-2: 7'],
    ['south', 'victoria-metrics', 'n-3: 3'],
  ]);
  expect((await loads(nowMs - 60_000))?.[1]).toEqual(['east', 'victoria-metrics', 'n-2: 2']);

  const { data } = await gateway.query<{ cluster: { nodes: { nodes: { load1: { series: Series } }[] } } }>(
    `query ($from: DateTime!, $to: DateTime!) { cluster(name: "east") { nodes { nodes { load1 {
       series(from: $from, to: $to, step: "7s") { times values } } } } } }`,
    { from: new Date(nowMs - 63_000).toISOString(), to: new Date(nowMs).toISOString() },
  );
  const { times, values } = data?.cluster.nodes.nodes[0]?.load1.series ?? { times: [], values: [] };
  expect(times).toEqual(times.map((time) => Math.round(time / 7) * 7));
  expect(values).toEqual(times.map(() => 2));
  expect(times.length).toBeGreaterThan(7);

  const slo = await gateway.query<{ slo: { state: string; objectives: { ratio: number }[] } }>(
    '{ slo(name: "front") { state objectives { ratio } } }',
  );
  expect(slo.data?.slo.state).toBe('OK');
  expect(slo.data?.slo.objectives[0]?.ratio).toBeCloseTo(0.9, 6);
});

interface Seen {
  readonly name: string;
  readonly dataSources: readonly { readonly name: string; readonly kind: string }[];
  readonly nodes: { readonly nodes: readonly { readonly name: string; readonly load1: { readonly value: number } }[] };
}

interface Series {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}
