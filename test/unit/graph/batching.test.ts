import { describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { Inventory } from '../../../src/domain/model.js';
import { createGraphContext } from '../../../src/graph/context.js';
import { ask, event, portsOf, slo, T0, violation, type World } from './graph-world.js';

/** `count` nodes with a pod of one container each, all behind one microservice. */
function inventoryOf(count: number): Partial<Inventory> {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const node = (index: number) => ({
    name: `n${index}`,
    kubeletVersion: 'v1.29.0',
    kernelVersion: null,
    osImage: null,
    internalIP: null,
  });
  return {
    nodes: new Map(numbers.map((index) => [`n${index}`, node(index)])),
    pods: new Map(
      numbers.map((index) => [
        `crosswalk/p${index}`,
        { namespace: 'crosswalk', name: `p${index}`, uid: null, node: `n${index}` },
      ]),
    ),
    containers: new Map(
      numbers.map((index) => [
        `crosswalk/p${index}/app`,
        { namespace: 'crosswalk', pod: `p${index}`, name: 'app', image: null },
      ]),
    ),
    workloads: new Map(numbers.map((index) => [`crosswalk/p${index}`, { kind: 'Deployment', name: 'detector' }])),
    microservices: new Map([
      [
        'crosswalk/detector',
        { namespace: 'crosswalk', name: 'detector', workloads: [{ namespace: 'crosswalk', name: 'detector' }] },
      ],
    ]),
  };
}

function worldOf(count: number): World {
  return {
    clusters: ['core', 'edge'],
    inventory: { core: inventoryOf(count), edge: inventoryOf(count) },
    value: () => 0.5,
  };
}

const DEEP = `{
  clusters {
    cpuUtilization { value }
    nodes(first: 5000) { nodes { kubeletVersion cpuUsage { value } pods { nodes { node { cpuUsage { value } } } } } }
    containers(first: 5000) { nodes { memoryWorkingSet { value } pod { node { cpuUsage { value } } } microservice { requestRate { value } } } }
    microservices { nodes { requestRate { value } nodes { cpuUsage { value } } pods { nodes { node { cpuUsage { value } } } } } }
  }
}`;

describe('reading', () => {
  it('asks for each figure once, however many entities there are, wherever they stand', async () => {
    const { data, codes, calls } = await ask(worldOf(1_000), DEEP);

    expect(codes).toEqual([]);
    expect(data).not.toBeNull();
    expect(calls.values.map(({ question }) => question.family).sort()).toEqual([
      'cluster.cpuUtilization',
      'container.memoryWorkingSet',
      'microservice.requestRate',
      'node.cpuUsage',
    ]);
    expect(calls.values.find(({ question }) => question.family === 'node.cpuUsage')?.count).toBe(2_000);
  });

  it('asks the same number of questions for 10, 100 and 1,000 entities', async () => {
    const counts = await Promise.all(
      [10, 100, 1_000].map(async (count) => {
        const { calls } = await ask(worldOf(count), DEEP);
        return [calls.values.length, calls.facets.length];
      }),
    );

    expect(new Set(counts.map(String)).size).toBe(1);
  });

  it('reads a part of the inventory once for all clusters', async () => {
    const { calls } = await ask(worldOf(3), DEEP);

    expect(calls.facets.every(({ clusters }) => clusters.length === 2)).toBe(true);
    const facets = calls.facets.map(({ facet }) => facet);
    expect(new Set(facets).size).toBe(facets.length);
  });

  it('asks apart for what differs in window or quantile, and together for what does not', async () => {
    const { calls } = await ask(
      worldOf(2),
      `{ cluster(name: "edge") { microservices { nodes {
        a: latency { value } b: latency(quantile: 0.95, window: "5m") { value } c: latency(quantile: 0.5) { value }
        d: requestRate(window: "PT5M") { value } e: requestRate(window: "1h") { value }
      } } } }`,
    );

    expect(calls.values.map(({ question }) => question)).toEqual([
      { family: 'microservice.latency', windowMs: 300_000, quantile: 0.95 },
      { family: 'microservice.latency', windowMs: 300_000, quantile: 0.5 },
      { family: 'microservice.requestRate', windowMs: 300_000 },
      { family: 'microservice.requestRate', windowMs: 3_600_000 },
    ]);
  });

  it('takes the figures of a listing from the answer that listed them', async () => {
    const world: World = {
      ...worldOf(1),
      keys: ({ family }) =>
        family === 'serviceEdge.requestRate'
          ? ['crosswalk/gateway/crosswalk/detector/http', 'crosswalk/detector/crosswalk/risk/grpc']
          : family === 'responseCode.rate'
            ? ['crosswalk/detector/http/200', 'crosswalk/detector/http/503', 'crosswalk/other/http/200']
            : [],
    };
    const { data, calls } = await ask(
      world,
      `{ microservice(cluster: "edge", namespace: "crosswalk", name: "detector") {
        callers { sourceName source { name } target { name } protocol requestRate { value } errorRatio { value } }
        callees { targetName target { name } }
        responseCodes { code protocol rate { value unit } }
      } }`,
    );

    expect(data).toEqual({
      microservice: {
        callers: [
          {
            sourceName: 'gateway',
            source: null,
            target: { name: 'detector' },
            protocol: 'http',
            requestRate: { value: 0.5 },
            errorRatio: { value: 0.5 },
          },
        ],
        callees: [{ targetName: 'risk', target: null }],
        responseCodes: [
          { code: '200', protocol: 'http', rate: { value: 0.5, unit: 'REQUESTS_PER_SECOND' } },
          { code: '503', protocol: 'http', rate: { value: 0.5, unit: 'REQUESTS_PER_SECOND' } },
        ],
      },
    });
    expect(calls.values.map(({ question }) => question.family)).toEqual([
      'serviceEdge.requestRate',
      'serviceEdge.connectionRate',
      'responseCode.rate',
      'serviceEdge.errorRatio',
    ]);
  });

  it('shows the service graph with what lies outside the mesh', async () => {
    const world: World = { ...worldOf(1), keys: () => ['unknown/unknown/crosswalk/detector/http'] };
    const { data } = await ask(
      world,
      '{ cluster(name: "edge") { serviceGraph { nodes { name } outside edges { sourceName targetName } } } }',
    );

    expect(data).toEqual({
      cluster: {
        serviceGraph: {
          nodes: [{ name: 'detector' }],
          outside: ['unknown'],
          edges: [{ sourceName: 'unknown', targetName: 'detector' }],
        },
      },
    });
  });

  it('shows connections between those whose requests nobody counts', async () => {
    const world: World = {
      ...worldOf(1),
      value: ({ family }) => (family === 'serviceEdge.requestRate' ? 0 : 2),
      keys: ({ family }) =>
        family === 'serviceEdge.requestRate'
          ? ['crosswalk/detector/crosswalk/risk/http']
          : ['crosswalk/detector/crosswalk/risk/tcp', 'crosswalk/detector/crosswalk/store/tcp'],
    };
    const { data } = await ask(
      world,
      `{ microservice(cluster: "edge", namespace: "crosswalk", name: "detector") { callees { targetName protocol
        connectionRate { value unit } requestThroughput { value unit } responseThroughput { value } } } }`,
    );

    // The layer below an edge of requests is no edge of its own, though nobody asks for anything on it at the moment.
    expect(data).toEqual({
      microservice: {
        callees: [
          {
            targetName: 'store',
            protocol: 'tcp',
            connectionRate: { value: 2, unit: 'PER_SECOND' },
            requestThroughput: { value: 2, unit: 'BYTES_PER_SECOND' },
            responseThroughput: { value: 2 },
          },
        ],
      },
    });
  });

  it('reads series of many entities at once, on multiples of the step', async () => {
    const { data, calls } = await ask(
      worldOf(100),
      '{ cluster(name: "edge") { nodes(first: 100) { nodes { cpuUsage { series(last: "10m", step: "5m") { times values step points { time value } } } } } } }',
    );

    expect(calls.series).toEqual([
      {
        question: { family: 'node.cpuUsage', windowMs: 300_000 },
        count: 100,
        range: { fromMs: T0 - 600_000, toMs: T0, stepMs: 300_000 },
      },
    ]);
    const [first] = (data as { cluster: { nodes: { nodes: unknown[] } } }).cluster.nodes.nodes;
    expect(first).toEqual({
      cpuUsage: {
        series: {
          times: [T0 / 1_000 - 600, T0 / 1_000 - 300, T0 / 1_000],
          values: [0.5, 0.5, 0.5],
          step: '5m',
          points: [-600_000, -300_000, 0].map((offset) => ({ time: new Date(T0 + offset).toISOString(), value: 0.5 })),
        },
      },
    });
  });

  it.each([
    { args: 'last: "30d", step: "1s"', because: 'has too many points' },
    { args: 'from: "2026-01-05T00:00:00Z"', because: 'begins in the future' },
    { args: 'step: "1ms"', because: 'has a step below a second' },
    { args: 'from: "2026-01-04T11:00:00Z", to: "2026-01-04T10:00:00Z"', because: 'ends before it begins' },
  ])('refuses a series that $because', async ({ args }) => {
    const { codes, calls } = await ask(
      worldOf(1),
      `{ cluster(name: "edge") { nodes { nodes { cpuUsage { series(${args}) { values } } } } } }`,
    );

    expect(codes).toEqual(['BAD_INPUT']);
    expect(calls.series).toEqual([]);
  });

  it('bounds the points of all series of an operation together', async () => {
    const { codes } = await ask(
      worldOf(400),
      '{ cluster(name: "edge") { nodes(first: 400) { nodes { cpuUsage { series(last: "10000s", step: "1s") { values } } } } } }',
    );

    expect(new Set(codes)).toEqual(new Set(['LIMIT_EXCEEDED']));
  });

  it('asks the same whichever source answers first', async () => {
    const asked = async (turns: (what: string) => number) => {
      const { calls, data } = await ask({ ...worldOf(5), turns }, DEEP);
      return {
        data,
        families: calls.values.map(({ question }) => question.family).sort(),
        facets: calls.facets.length,
      };
    };
    const atOnce = await asked(() => 0);

    expect(await asked((what) => (what === 'nodes' ? 20 : 1))).toEqual(atOnce);
    expect(await asked((what) => (what === 'workloads' ? 30 : what.length))).toEqual(atOnce);
  });

  it.each([
    { cache: true, reads: 1, because: 'an operation has one instant' },
    { cache: false, reads: 2, because: 'one context serves many events' },
  ])(
    'reads a figure $reads times when it is wanted twice, one after the other, with cache $cache: $because',
    async (row) => {
      const { ports, calls } = portsOf(worldOf(1));
      const { loaders } = createGraphContext(ports, {
        caller: { name: 'test', scope: everything, rights: new Set() },
        nowMs: T0,
        gridMs: 5_000,
        cache: row.cache,
      });
      const entity = { cluster: 'edge', key: 'n0' };
      const read = async () => (await loaders.columnOf({ family: 'node.load1' }, entity, T0)).of(entity).value;

      expect([await read(), await read()]).toEqual([0.5, 0.5]);
      expect(calls.values).toHaveLength(row.reads);
    },
  );
});

describe('the instant', () => {
  it('is one for all root fields without `at`, and that of the field with it, on the grid, all the way down', async () => {
    const { data, calls } = await ask(
      worldOf(1),
      `{
        now: cluster(name: "edge") { nodes { nodes { cpuUsage { at } } } }
        past: cluster(name: "edge", at: "2026-01-01T00:00:03+00:00") { nodes { nodes { pods { nodes { node { cpuUsage { at } } } } } } }
      }`,
    );

    expect(data).toEqual({
      now: { nodes: { nodes: [{ cpuUsage: { at: new Date(T0).toISOString() } }] } },
      past: { nodes: { nodes: [{ pods: { nodes: [{ node: { cpuUsage: { at: '2026-01-01T00:00:00.000Z' } } }] } }] } },
    });
    const past = Date.UTC(2026, 0, 1);
    expect(calls.values.map(({ atMs }) => atMs).sort()).toEqual([past, T0]);
    expect(new Set(calls.facets.map(({ atMs }) => atMs))).toEqual(new Set([past, T0]));
  });

  it('holds for SLOs and what hangs below them', async () => {
    const world: World = {
      ...worldOf(1),
      slos: [slo('a'), slo('b')],
      violations: [violation({ slo: 'a' })],
      log: [event(1)],
    };
    const { data, calls } = await ask(
      world,
      `{ slos(at: "2026-01-01T00:00:00Z") { nodes { name evaluatedAt microservice { requestRate { at } } } }
         live: slo(name: "a") { evaluatedAt window { start end duration rolling } } }`,
    );

    const at = '2026-01-01T00:00:00.000Z';
    expect(data).toEqual({
      slos: {
        nodes: ['a', 'b'].map((name) => ({ name, evaluatedAt: at, microservice: { requestRate: { at } } })),
      },
      live: {
        evaluatedAt: new Date(T0).toISOString(),
        window: {
          start: new Date(T0 - 30 * 86_400_000).toISOString(),
          end: new Date(T0).toISOString(),
          duration: '30d',
          rolling: true,
        },
      },
    });
    expect(calls.board).toEqual([{ names: ['a', 'b'], atMs: Date.parse(at) }]);
  });

  it.each([
    { at: '2026-01-04T12:01:00Z', because: 'the future is not known' },
    { at: '1969-12-31T23:59:59Z', because: 'nothing was measured before 1970' },
  ])('is refused as $at: $because', async ({ at }) => {
    const { codes } = await ask(worldOf(1), `{ clusters(at: "${at}") { name } }`);

    expect(codes).toEqual(['BAD_INPUT']);
  });

  it.each(['2026-02-30T00:00:00Z', '2026-01-04', '2026-01-04T12:00:00', 'now', '2026-01-04T25:00:00Z'])(
    'is not a DateTime as %s',
    async (at) => {
      const { codes } = await ask(worldOf(1), `{ clusters(at: "${at}") { name } }`);

      expect(codes[0]).toContain('is not a DateTime');
    },
  );

  it('may be the epoch', async () => {
    const { data } = await ask(
      worldOf(1),
      '{ cluster(name: "edge", at: "1970-01-01T00:00:00Z") { cpuUtilization { at } } }',
    );

    expect(data).toEqual({ cluster: { cpuUtilization: { at: '1970-01-01T00:00:00.000Z' } } });
  });
});
