import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { startGateway, type TestGateway } from '../../support/gateway.js';
import { gauge, startPrometheus, T0 } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';

const MANY = 150;

interface Listed {
  readonly nodes: readonly { readonly name: string; readonly memoryWorkingSet: { readonly value: number | null } }[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly totalCount: number;
  readonly pageInfo: object;
}

/** Containers of a cluster; a figure of null is not measured, and some are measured twice. */
function containers(cluster: string, figures: readonly (number | null)[]): WrittenSeries[] {
  return figures.flatMap((figure, index) => {
    const own = `cluster="${cluster}",namespace="shop",pod="p${index % 50}",container="c${index}"`;
    const renamed = own.replace('namespace="shop"', 'namespace="monitoring",exported_namespace="shop"');
    return [
      gauge(`kube_pod_container_info{${own},image="i"}`, 1),
      ...(figure === null ? [] : [gauge(`container_memory_working_set_bytes{${own}}`, figure)]),
      ...(figure === null || index % 7 > 0
        ? []
        : [gauge(`container_memory_working_set_bytes{${renamed}}`, figure / 2)]),
    ];
  });
}

/** The list, through a filter that lets everything pass: it is sorted in memory. */
async function listed(gateway: TestGateway, cluster: string, first: number, filter: string, direction = 'DESC') {
  const { data, extensions } = await gateway.query(
    `query ($at: DateTime!) { cluster(name: "${cluster}", at: $at) {
      containers(first: ${first}, ${filter} orderBy: { by: MEMORY_WORKING_SET, direction: ${direction} }) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor }
        nodes { name memoryWorkingSet { value missing } } } } }`,
    { at: new Date(T0).toISOString() },
  );
  const found = (data?.cluster as { containers: Listed } | undefined)?.containers;
  if (found === undefined) throw new Error(JSON.stringify(data));
  return { found, extensions };
}

const EVERYTHING = 'filter: { name: { regex: ".*" } },';

it('lists the greatest first from the greatest alone, as if all had been read', async () => {
  const figure = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1e9 }));
  const figures = fc.array(figure, { minLength: MANY, maxLength: MANY });
  const worlds = fc.sample(figures, { numRuns: 3, seed: 7 });
  const distinct = Array.from({ length: MANY }, (_, index) => index * 1_000);
  // What is gone, and not in the list any more, takes the first places.
  const gone = Array.from({ length: 60 }, (_, index) =>
    gauge(`container_memory_working_set_bytes{cluster="w4",namespace="old",pod="gone",container="g${index}"}`, 1e12),
  );
  const prometheus = await startPrometheus({
    series: [...[...worlds, distinct, distinct].flatMap((values, index) => containers(`w${index}`, values)), ...gone],
  });
  const proxy = await startRecordingProxy(prometheus.url);
  const clusters = [0, 1, 2, 3, 4].map(
    (index) => `{ name: w${index}, prometheus: { url: '${proxy.url}' }, match: { cluster: w${index} } }`,
  );
  const gateway = await startGateway(`clusters: [${clusters.join(', ')}]`);

  for (const cluster of ['w0', 'w1', 'w2', 'w3', 'w4']) {
    for (const first of [1, 10, 40, 400]) {
      const { found } = await listed(gateway, cluster, first, '');
      expect(found).toEqual((await listed(gateway, cluster, first, EVERYTHING)).found);
      expect(found.totalCount).toBe(MANY);
    }
    const least = await listed(gateway, cluster, 10, '', 'ASC');
    expect(least.found).toEqual((await listed(gateway, cluster, 10, EVERYTHING, 'ASC')).found);
  }
  const chosen = proxy.promql.filter((promql) => promql.includes('topk'));
  expect(chosen.length).toBeGreaterThan(0);
});

it('asks as many questions as for all, and gets a small answer', async () => {
  const prometheus = await startPrometheus({
    series: containers(
      'a',
      Array.from({ length: 600 }, (_, index) => index),
    ),
  });
  const asked = async (filter: string) => {
    const proxy = await startRecordingProxy(prometheus.url);
    const gateway = await startGateway(`clusters: [{ name: a, prometheus: { url: '${proxy.url}' } }]`);
    const { found } = await listed(gateway, 'a', 5, filter);
    const figures = proxy.promql.filter((promql) => promql.includes('working_set'));
    const answers = await Promise.all(figures.map((promql) => rowsOf(prometheus.url, promql)));
    return { found, count: proxy.promql.length, rows: answers.reduce((sum, rows) => sum + rows, 0) };
  };
  const [greatest, all] = [await asked(''), await asked(EVERYTHING)];

  expect(greatest.found).toEqual(all.found);
  expect(greatest.found.nodes.map(({ name }) => name)).toEqual(['c599', 'c598', 'c597', 'c596', 'c595']);
  expect(greatest.count).toBe(all.count);
  expect([greatest.rows, all.rows > 600]).toEqual([25, true]);
});

async function rowsOf(url: string, query: string): Promise<number> {
  const body = new URLSearchParams({ query, time: String(T0 / 1_000) });
  const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
  return ((await answer.json()) as { data: { result: readonly unknown[] } }).data.result.length;
}
