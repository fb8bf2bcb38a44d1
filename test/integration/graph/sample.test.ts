import { readFileSync } from 'node:fs';
import { buildSchema, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../support/gateway.js';
import { gauge, startPrometheus } from '../../support/prometheus.js';
import { startVictoriaMetrics, type TestMetrics } from '../../support/victoria-metrics.js';
import { counterNames, sample } from '../sources/exporter-sample.js';
import { GROWTH, growthOf } from './sample-growth.js';
import { TRUTH } from './sample-truth.js';
import { askAtT0, calls, plain } from './world.js';

type Labels = Readonly<Record<string, string>>;

const KUBE_STATE_METRICS = { job: 'kube-state-metrics', instance: '10.42.0.9:8080', namespace: 'monitoring' };
/** The other one of a highly available pair. */
const TWIN = { ...KUBE_STATE_METRICS, instance: '10.42.0.8:8080', pod: 'kube-state-metrics-7d8b6c9f5-fghij' };

/** The sample has no mesh in front of its model servers, nor owners of all their pods. */
const SERVERS = {
  'vllm-llama': null,
  triton: null,
  'iris-predictor': 'iris-predictor-0000',
  ray: 'ray-head-0',
  'llama-epp': 'llama-epp-0',
};

function owners(target: Labels) {
  return Object.entries(SERVERS).flatMap(([name, pod]) => {
    if (pod === null) return [];
    const { labels, samples } = gauge('kube_pod_owner', 1, { everyMs: 30_000 });
    const owner = { namespace: 'ai', pod, owner_kind: 'StatefulSet', owner_name: name, owner_is_controller: 'true' };
    return [{ labels: { ...target, ...labels, ...owner }, samples }];
  });
}

function meshOfServers() {
  return Object.keys(SERVERS).flatMap((to) =>
    calls({ from: 'llm-gateway', to, perSecond: 1, latencyMs: 10 })
      .filter(({ labels }) => labels.__name__ === 'istio_requests_total')
      .map(({ labels, samples }) => ({
        labels: {
          ...labels,
          destination_service_namespace: 'ai',
          destination_workload_namespace: 'ai',
          namespace: 'ai',
        },
        samples,
      })),
  );
}

const once = () => [...sample({ growth: growthOf }), ...owners(KUBE_STATE_METRICS), ...meshOfServers()];
const twin = () => [
  ...sample({ growth: growthOf, keep: (_, { job }) => job === 'kube-state-metrics', target: () => ({ ...TWIN }) }),
  ...owners(TWIN),
];

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));
const FIGURES = Object.values(schema.getTypeMap()).flatMap((type) =>
  isObjectType(type) ? Object.values(type.getFields()).filter((field) => String(field.type) === 'Metric!') : [],
);
const figureNames: ReadonlySet<string> = new Set(FIGURES.map(({ name }) => name));

it('knows of each counter of the sample how fast it grows', () => {
  expect(counterNames().filter((name) => growthOf(name) === null)).toEqual([]);
  const names = new Set(sample().map(({ labels }) => (labels.__name__ ?? '').replace(/_(bucket|sum|count)$/, '')));
  const known = new Set([...names, ...sample().map(({ labels }) => labels.__name__)]);
  expect(Object.keys(GROWTH).filter((name) => !known.has(name))).toEqual([]);
});

it('has a truth for each figure of what runs', () => {
  const words = Object.values(TRUTH).flatMap(({ fields }) => fields.flatMap(([text]) => text.match(/\w+/g) ?? []));
  expect(FIGURES.length).toBeGreaterThan(60);
  expect([...figureNames].filter((name) => !words.includes(name))).toEqual([]);
});

describe.each([
  ['as it is, over Prometheus', startPrometheus, once],
  ['with every series of kube-state-metrics doubled, over Prometheus', startPrometheus, () => [...once(), ...twin()]],
  ['doubled too, over VictoriaMetrics', startVictoriaMetrics, () => [...once(), ...twin()]],
] as const)('the sample of real exporters, %s, in the graph', (_, startMetrics, series) => {
  let prometheus: TestMetrics;
  beforeAll(async () => {
    prometheus = await startMetrics({ series: series(), shared: true });
  });
  afterAll(() => prometheus.dispose());

  it('is told field by field as worked out by hand', async () => {
    const gateway = await startGateway(`clusters: [{ name: edge, prometheus: { url: '${prometheus.url}' } }]`);
    for (const [entity, { at, fields }] of Object.entries(TRUTH)) {
      const answer = await askAtT0(gateway, at.replace('FIELDS', fields.map(([field]) => selected(field)).join(' ')));
      const expected = Object.fromEntries(
        fields.map(([field, value]) => [/^\w+/.exec(field)?.[0], rounded(plain(value))]),
      );
      expect.soft(rounded(plain(entityOf(answer, at))), entity).toEqual(expected);
    }
  });
});

/** `latency(quantile: 0.5) { value missing }`; what is no figure stays. */
function selected(field: string): string {
  const [, name = ''] = /^(?:\w+: )?(\w+)/.exec(field) ?? [];
  return figureNames.has(name) ? `${field} { value missing }` : field;
}

/** What the fields were asked of: the only one there. */
function entityOf(answer: unknown, at: string): unknown {
  const path = at.replace(/\(.*?\)/g, '').match(/\w+/g) ?? [];
  return path.slice(0, -1).reduce((owner, name) => {
    const part = (owner as Record<string, unknown>)[name];
    if (Array.isArray(part)) expect(part, at).toHaveLength(1);
    return Array.isArray(part) ? part[0] : part;
  }, answer);
}

/** To nine digits: engines keep samples in different ways. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'number' ? Number(part.toPrecision(9)) : part,
  ) as unknown;
}
