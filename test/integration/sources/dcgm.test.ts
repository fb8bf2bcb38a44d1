import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import type { FamilyName } from '../../../src/domain/metric.js';
import { gauge, startPrometheus, T0, type TestPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';
import { sample } from './exporter-sample.js';
import { openSources } from './reading.js';

const MIB = 1_048_576;
const G0 = 'GPU-2b1f6c1e-0000-4a4a-8888-000000000000';
const G1 = 'GPU-2b1f6c1e-1111-4a4a-8888-000000000001';
const HOLDER = { namespace: 'ai', pod: 'vllm-llama-0', name: 'vllm' };

async function open(series: Parameters<TestPrometheus['push']>[0]) {
  const prometheus = await startPrometheus({ series });
  return openSources([{ name: 'edge', url: prometheus.url }]);
}

/** Series of one card with an `exported_` holder, as the chart scrapes it; `labels` come first and may hold more. */
function card(labels: string, values: Readonly<Record<string, number>>, options: { toMs?: number } = {}) {
  return Object.entries(values).map(([metric, value]) =>
    gauge(`${metric}{job="dcgm",instance="10.0.0.1:9400",gpu="0",device="nvidia0",${labels}}`, value, options),
  );
}

describe.each([
  { how: 'with labels that are honoured', options: { honorLabels: true } },
  { how: 'with labels that are not honoured', options: { dishonorLabels: true } },
])('the GPUs of the sample of real exporters, $how', ({ options }) => {
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const twin = (target: Readonly<Record<string, string>>) => ({ ...target, instance: 'twin:1' });
    const series = [...sample(options), ...sample({ ...options, target: twin })];
    prometheus = await startPrometheus({ series, shared: true });
  });
  afterAll(() => prometheus.dispose());
  const open = () => openSources([{ name: 'edge', url: prometheus.url }]);

  it('are known by card, with node and holder, one of them idle', async () => {
    const gpus = await open().facet('gpus');
    const model = 'NVIDIA H100 80GB HBM3';
    expect([...gpus.values()].sort((left, right) => left.index - right.index)).toEqual([
      { key: G0, uuid: G0, index: 0, model, node: 'gpu-1', containers: [HOLDER] },
      { key: G1, uuid: G1, index: 1, model, node: 'gpu-1', containers: [] },
    ]);
  });

  it.each<[FamilyName, string, number | null]>([
    ['gpu.utilization', G0, 0.87],
    ['gpu.utilization', G1, 0],
    ['gpu.memoryUsed', G0, 71_230 * MIB],
    ['gpu.memoryUsed', G1, 4 * MIB],
    ['gpu.memoryUtilization', G0, 71_230 / (71_230 + 9_700 + 629)],
    ['gpu.memoryUtilization', G1, 4 / (4 + 80_926 + 629)],
    ['gpu.temperature', G0, 61],
    ['gpu.temperature', G1, null],
    ['gpu.power', G0, 512.7],
    ['gpu.power', G1, 71],
    ['gpu.lastXid', G0, 0],
    ['gpu.lastXid', G1, null],
  ])('have %s of %s: %s', async (family, key, value) => {
    const figure = await open().figure(family, key);
    expect(figure.measurement.source).toBe('DCGM');
    if (value === null) expect(figure).toMatchObject({ value: null, missing: 'NO_SAMPLE' });
    else expect(figure.value).toBeCloseTo(value, 9);
  });

  it('are on the nodes that Kubernetes counts GPUs of, and on no other', async () => {
    expect([...(await open().facet('nodeHasGpu'))].sort()).toEqual([
      ['cpu-1', false],
      ['gpu-1', true],
    ]);
  });

  it('show their holder to whoever sees its namespace, and themselves to whoever sees the cluster', async () => {
    const { inventory, context, figures } = open();
    const shop = { ...context, scope: scopeOf(['edge'], ['shop']) };
    const outcome = (await inventory.read('gpus', ['edge'], T0, shop)).get('edge');
    if (outcome?.ok !== true) throw new Error('no answer');
    expect(outcome.value?.get(G0)).toMatchObject({ node: 'gpu-1', containers: [] });
    const column = await figures.values({ family: 'gpu.utilization' }, [{ cluster: 'edge', key: G0 }], T0, shop);
    expect(column.of({ cluster: 'edge', key: G0 }).value).toBeCloseTo(0.87, 9);
    const none = { ...context, scope: scopeOf([], null) };
    expect((await inventory.read('gpus', ['edge'], T0, none)).get('edge')).toEqual({ ok: true, value: new Map() });
  });

  it('are read by one PromQL per figure', async () => {
    const { figures, context, plan } = open();
    const both = [G0, G1].map((key) => ({ cluster: 'edge', key }));
    await figures.values({ family: 'gpu.utilization' }, both, T0, context);
    await figures.values({ family: 'gpu.memoryUtilization' }, both, T0, context);
    expect(plan.map(({ entities }) => entities)).toEqual([2, 2]);
  });
});

describe('a real scrape', () => {
  const EXPOSED = [
    `DCGM_FI_DEV_FB_USED{gpu="0",UUID="a",Hostname="gpu-1",container="vllm",namespace="ai",pod="vllm-0"} 10`,
    `DCGM_FI_DEV_FB_USED{gpu="1",UUID="b",Hostname="gpu-1",container="",namespace="",pod=""} 0`,
    `DCGM_FI_DEV_FB_USED{gpu="2",UUID="c",Hostname="gpu-1",container="train",namespace="",pod="train-0"} 10`,
  ].join('\n');

  it.each([true, false])('tells holders from targets of any name, with honor_labels: %s', async (honor) => {
    const exporter = createServer((_, answer) => void answer.end(`${EXPOSED}\n`));
    await new Promise<void>((done) => exporter.listen(0, '127.0.0.1', done));
    onTestFinished(() => {
      exporter.closeAllConnections();
      exporter.close();
    });
    const prometheus = await startPrometheus();
    const targets = [`127.0.0.1:${(exporter.address() as AddressInfo).port}`];
    const labels = { namespace: 'kube-system', pod: 'accelerators-x7', container: 'metrics' };
    await prometheus.scrape(
      `  ${JSON.stringify([{ job_name: 'gpu', honor_labels: honor, static_configs: [{ targets, labels }] }])}`,
    );
    const { facet } = openSources([{ name: 'edge', url: prometheus.url }]);
    const gpus = await until('the GPUs to be scraped', async () => {
      const found = await facet('gpus', 'edge', Date.now()).catch(() => new Map<string, never>());
      return found.size === 3 && found;
    });
    expect([...gpus.values()].map(({ uuid, containers }) => [uuid, containers])).toEqual([
      ['a', [{ namespace: 'ai', pod: 'vllm-0', name: 'vllm' }]],
      ['b', []],
      ['c', []],
    ]);
  });
});

describe('who holds a GPU', () => {
  const held = (pod: string) =>
    `UUID="a",Hostname="n1",exported_namespace="ai",exported_pod="${pod}",exported_container="app"`;
  const target = 'namespace="gpu-operator",pod="watcher-1",container="watcher"';
  const holders = (gpus: ReadonlyMap<string, { readonly containers: readonly { readonly pod: string }[] }>) =>
    gpus.get('a')?.containers.map(({ pod }) => pod);

  it('is nobody where only the target is named, though nothing tells of the target but a neighbour’s labels', async () => {
    const { facet } = await open([
      ...card(`${held('a-0')},${target}`, { DCGM_FI_DEV_FB_USED: 1 }),
      ...card(`UUID="b",Hostname="n1",${target}`, { DCGM_FI_DEV_FB_USED: 1 }),
    ]);
    const gpus = await facet('gpus');
    expect(gpus.get('a')?.containers).toEqual([{ namespace: 'ai', pod: 'a-0', name: 'app' }]);
    expect(gpus.get('b')?.containers).toEqual([]);
  });

  it('is all who take turns on it, and its figures count once', async () => {
    const { facet, figure, figures, context } = await open(
      ['a-0', 'b-0'].flatMap((pod, vgpu) =>
        card(`${held(pod)},vgpu="${vgpu}"`, { DCGM_FI_DEV_FB_USED: 100, DCGM_FI_DEV_POWER_USAGE: 250 }),
      ),
    );
    expect(holders(await facet('gpus'))).toEqual(['a-0', 'b-0']);
    expect((await figure('gpu.power', 'a')).value).toBe(250);
    const all = await figures.values({ family: 'gpu.memoryUsed' }, { clusters: ['edge'] }, T0, context);
    expect(all.keys('edge')).toEqual(['a']);
  });

  it('is the one of the last scrape, while the series of the one before is still found', async () => {
    const { facet } = await open([
      ...card(held('old-0'), { DCGM_FI_DEV_FB_USED: 1 }, { toMs: T0 - 60_000 }),
      ...card(held('new-0'), { DCGM_FI_DEV_FB_USED: 1 }),
    ]);
    expect(holders(await facet('gpus'))).toEqual(['new-0']);
  });

  it('is named by the older labels, too', async () => {
    const { facet, figure } = await open(
      card(`uuid="a",Hostname="n1",pod_namespace="ai",pod_name="a-0",container_name="app",${target}`, {
        DCGM_FI_DEV_FB_USED: 3,
      }),
    );
    expect((await facet('gpus')).get('a')).toMatchObject({
      uuid: 'a',
      containers: [{ namespace: 'ai', pod: 'a-0', name: 'app' }],
    });
    expect((await figure('gpu.memoryUsed', 'a')).value).toBe(3 * MIB);
  });
});

describe('a card that is split', () => {
  const instance = (id: number, pod: string) =>
    `UUID="a",GPU_I_ID="${id}",GPU_I_PROFILE="1g.10gb",modelName="NVIDIA H100",Hostname="n1",namespace="ai",pod="${pod}",container="app"`;

  it('is as many GPUs as it has instances, each busy as its engines are', async () => {
    const { facet, figure } = await open([
      ...card(instance(7, 'a-0'), { DCGM_FI_DEV_FB_USED: 5, DCGM_FI_PROF_GR_ENGINE_ACTIVE: 0.4 }),
      ...card(instance(8, 'b-0'), { DCGM_FI_DEV_FB_USED: 6, DCGM_FI_PROF_GR_ENGINE_ACTIVE: 0.1 }),
      // What some exporters write of the card, on one of its instances.
      ...card(instance(8, 'b-0'), { DCGM_FI_DEV_GPU_UTIL: 0 }),
    ]);
    const gpus = [...(await facet('gpus')).values()];
    expect(gpus.map(({ key, model, containers }) => [key, model, containers[0]?.pod])).toEqual([
      ['a/7', 'NVIDIA H100 MIG 1g.10gb', 'a-0'],
      ['a/8', 'NVIDIA H100 MIG 1g.10gb', 'b-0'],
    ]);
    expect((await figure('gpu.utilization', 'a/7')).value).toBe(0.4);
    expect((await figure('gpu.utilization', 'a/8')).value).toBe(0.1);
    expect((await figure('gpu.memoryUsed', 'a/8')).value).toBe(6 * MIB);
  });

  it('has no utilization where the profiling counters are not collected', async () => {
    const { figure } = await open(card(instance(7, 'a-0'), { DCGM_FI_DEV_FB_USED: 5 }));
    expect(await figure('gpu.utilization', 'a/7')).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
  });
});

it.each([9.223372036854776e18, 140_737_488_355_328, 2_147_483_632])(
  'takes %s for the blank that it is',
  async (blank) => {
    const { figure } = await open(
      card('UUID="a",Hostname="n1"', {
        DCGM_FI_DEV_GPU_UTIL: blank,
        DCGM_FI_DEV_FB_USED: blank,
        DCGM_FI_DEV_FB_FREE: 5,
        DCGM_FI_DEV_POWER_USAGE: blank,
        DCGM_FI_DEV_XID_ERRORS: blank,
        DCGM_FI_PROF_GR_ENGINE_ACTIVE: 0.3,
      }),
    );
    for (const family of ['gpu.memoryUsed', 'gpu.memoryUtilization', 'gpu.power', 'gpu.lastXid'] as const) {
      expect(await figure(family, 'a')).toMatchObject({ value: null, missing: 'NO_SAMPLE' });
    }
    expect((await figure('gpu.utilization', 'a')).value).toBe(0.3);
  },
);

it('divides by what is told of the memory where the driver’s own share is not', async () => {
  const { figure } = await open(card('UUID="a",Hostname="n1"', { DCGM_FI_DEV_FB_USED: 25, DCGM_FI_DEV_FB_FREE: 75 }));
  expect((await figure('gpu.memoryUtilization', 'a')).value).toBeCloseTo(0.25, 9);
});

it.each([
  { labels: 'Hostname="n1"', from: 'the host name' },
  { labels: 'hostname="n1"', from: 'the host name as newer exporters spell it' },
  { labels: 'Hostname="n1.example.com"', from: 'a full host name' },
  { labels: 'Hostname="dcgm-x7",node="n1"', from: 'the label of the scrape' },
  { labels: 'Hostname="dcgm-x7"', from: 'the pod of the exporter, whose host name it gives' },
])('finds the node of a GPU by $from', async ({ labels }) => {
  const { facet } = await open([
    gauge('kube_node_info{node="n1",internal_ip="10.9.9.9"}', 1),
    gauge('kube_pod_info{namespace="gpu-operator",pod="dcgm-x7",node="n1"}', 1),
    ...card(`UUID="a",${labels}`, { DCGM_FI_DEV_FB_USED: 1 }),
  ]);
  expect((await facet('gpus')).get('a')?.node).toBe('n1');
});

it('is not known where nothing of GPUs is collected', async () => {
  const { inventory, context, figure } = await open([gauge('node_load1{instance="n1:9100"}', 1)]);
  for (const facet of ['gpus', 'nodeHasGpu'] as const) {
    expect((await inventory.read(facet, ['edge'], T0, context)).get('edge')).toEqual({ ok: true, value: null });
  }
  expect(await figure('gpu.power', 'a')).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
});

it('tells the clusters of a shared source apart', async () => {
  const of = (cluster: string, used: number) =>
    card(`UUID="${cluster}",Hostname="n1",cluster="${cluster}"`, { DCGM_FI_DEV_FB_USED: used });
  const prometheus = await startPrometheus({ series: [...of('a', 1), ...of('b', 2)] });
  const clusters = ['a', 'b'].map((name) => ({ name, url: prometheus.url, match: { cluster: name } }));
  const { facet, figure, plan } = openSources(clusters);
  const [a, b] = await Promise.all([facet('gpus', 'a'), facet('gpus', 'b')]);
  expect([[...a.keys()], [...b.keys()]]).toEqual([['a'], ['b']]);
  expect((await figure('gpu.memoryUsed', 'b', { cluster: 'b' })).value).toBe(2 * MIB);
  expect((await figure('gpu.memoryUsed', 'a', { cluster: 'b' })).value).toBeNull();
  expect(plan.every(({ promql }) => promql.includes('cluster'))).toBe(true);
});
