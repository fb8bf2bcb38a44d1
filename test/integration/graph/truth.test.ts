import { expect, it } from 'vitest';
import { startGateway } from '../../support/gateway.js';
import { counter, gauge, labelsOf, startPrometheus, T0 } from '../../support/prometheus.js';
import { askAtT0, calls, figures, kubeNode, kubePod, machine, plain } from './world.js';

async function gatewayOver(url: string) {
  return startGateway(`clusters: [{ name: edge, prometheus: { url: '${url}' } }]`);
}

it('tells of machines, pods and containers what is true of them', async () => {
  const { url } = await startPrometheus({
    series: [
      ...['n1', 'n2'].flatMap((name, index) => [
        ...kubeNode(name, `10.0.0.${index + 1}`),
        ...machine(`10.0.0.${index + 1}:9100`, `ip-${index}`),
      ]),
      gauge('kube_node_role{node="n1",role="control-plane"}', 1),
      gauge('kube_node_labels{node="n1",label_topology_kubernetes_io_zone="z1"}', 1),
      ...kubePod('front-rs-1', 'n1', 'front'),
      ...calls({ from: 'load', to: 'front', perSecond: 1, latencyMs: 5 }),
    ],
  });
  const gateway = await gatewayOver(url);
  const node = figures(
    'cpuCapacity cpuAllocatable cpuRequested cpuUsage cpuUtilization load1 cpuPressure memoryPressure ioPressure memoryCapacity memoryAllocatable memoryRequested memoryUsage memoryUtilization diskReadRate diskWriteRate diskIOUtilization networkReceiveRate networkTransmitRate networkErrorRate',
  );
  const container = figures(
    'cpuUsage cpuRequest cpuLimit cpuThrottling cpuUtilization memoryWorkingSet memoryRequest memoryLimit memoryUtilization oomKills',
  );
  const answer = await askAtT0(
    gateway,
    `cluster(name: "edge", at: $at) {
      reachable ${figures('cpuUtilization memoryUtilization podCapacityUtilization')} namespaces
      nodes { nodes {
        name ready schedulable roles zone region kubeletVersion kernelVersion osImage internalIP ${node}
        filesystems { mountpoint device fstype readOnly ${figures('size available utilization')} }
        pods { nodes { name } }
      } }
      pods { nodes { name phase ready node { name } workload { kind name } microservice { name } ${figures('networkReceiveRate networkTransmitRate')} } }
      containers { nodes { name image state stateReason ready restarts lastTerminationReason pod { name } node { name } microservice { name } ${container} } }
    }`,
  );
  const figuresOfNode = {
    cpuCapacity: 4,
    cpuAllocatable: 3.5,
    cpuUsage: 1,
    cpuUtilization: 0.25,
    load1: 1.5,
    cpuPressure: 0.2,
    memoryPressure: 0.01,
    ioPressure: 0.02,
    memoryCapacity: 16e9,
    memoryAllocatable: 15e9,
    memoryUsage: 4e9,
    memoryUtilization: 0.25,
    diskReadRate: 1_000,
    diskWriteRate: 2_000,
    diskIOUtilization: 0.3,
    networkReceiveRate: 5_000,
    networkTransmitRate: 6_000,
    networkErrorRate: 0.75,
  };
  const facts = { ready: true, schedulable: true, region: null, kubeletVersion: 'v1.30.1', osImage: 'Debian 12' };
  const both = { ...figuresOfNode, ...facts, kernelVersion: '6.1.0' };
  const filesystem = { mountpoint: '/data/x', device: '/dev/sdb1', fstype: 'xfs', readOnly: true };
  const filesystems = [{ ...filesystem, size: 50e9, available: 20e9, utilization: 0.6 }];
  const requested = { cpuRequested: 0.5, memoryRequested: 1e8 };
  const none = { cpuRequested: 0, memoryRequested: 0 };
  const [n1, n2] = [
    { name: 'n1', internalIP: '10.0.0.1', roles: ['control-plane'], zone: 'z1' },
    { name: 'n2', internalIP: '10.0.0.2', roles: [], zone: null },
  ];
  const whose = { node: { name: 'n1' }, microservice: { name: 'front' } };
  expect(plain(answer.cluster)).toEqual({
    reachable: true,
    cpuUtilization: 0.25,
    memoryUtilization: 0.25,
    podCapacityUtilization: 0.005,
    namespaces: ['shop'],
    nodes: [
      { ...both, ...n1, ...requested, filesystems, pods: [{ name: 'front-rs-1' }] },
      { ...both, ...n2, ...none, filesystems, pods: [] },
    ],
    pods: [
      {
        ...whose,
        name: 'front-rs-1',
        phase: 'RUNNING',
        ready: true,
        workload: { kind: 'Deployment', name: 'front' },
        networkReceiveRate: 700,
        networkTransmitRate: 800,
      },
    ],
    containers: [
      {
        ...whose,
        name: 'app',
        image: 'img:front',
        pod: { name: 'front-rs-1' },
        state: 'RUNNING',
        stateReason: null,
        ready: true,
        restarts: 3,
        lastTerminationReason: 'OOMKilled',
        cpuUsage: 0.4,
        cpuRequest: 0.5,
        cpuLimit: 1,
        cpuThrottling: 0.25,
        cpuUtilization: 0.4,
        memoryWorkingSet: 5e7,
        memoryRequest: 1e8,
        memoryLimit: 2e8,
        memoryUtilization: 0.25,
        oomKills: 3,
      },
    ],
  });
});

it('tells of the mesh what is true of it, and calls nobody a caller who did not call in the window', async () => {
  const { url } = await startPrometheus({
    series: [
      ...calls({ from: 'gateway', to: 'front', perSecond: 9, latencyMs: 100 }),
      ...calls({ from: 'gateway', to: 'front', perSecond: 1, latencyMs: 500, code: '500' }),
      ...calls({ from: 'gateway', to: 'front', perSecond: 9, latencyMs: 100, reporter: 'source' }),
      // What the caller got: two of these three never reached the server.
      ...calls({ from: 'gateway', to: 'front', perSecond: 3, latencyMs: 100, reporter: 'source', code: '503' }),
      ...calls({ from: 'front', to: 'cart', perSecond: 20, latencyMs: 50 }),
      ...calls({ from: 'front', to: 'idle', perSecond: 0, latencyMs: 50 }),
    ],
  });
  const gateway = await gatewayOver(url);
  const edge = `sourceName targetName protocol source { name } ${figures('requestRate errorRatio latency')}`;
  const answer = await askAtT0(
    gateway,
    `cluster(name: "edge", at: $at) {
      microservices { nodes {
        name ${figures('requestRate errorRatio successRatio requestThroughput responseThroughput')}
        p50: latency(quantile: 0.5) { value missing } p95: latency { value missing }
        responseCodes { code protocol rate { value missing } } callers { ${edge} } callees { targetName } pods { totalCount }
      } }
      serviceGraph { nodes { name } outside edges { sourceName targetName } }
    }`,
  );
  const from = (sourceName: string, targetName: string) => ({ sourceName, targetName, protocol: 'http' });
  const unknown = { errorRatio: 'NO_EVENTS', successRatio: 'NO_EVENTS', p50: 'NO_EVENTS', p95: 'NO_EVENTS' };
  expect(plain(answer.cluster)).toEqual({
    microservices: [
      {
        name: 'cart',
        requestRate: 20,
        errorRatio: 0,
        successRatio: 1,
        requestThroughput: 2_000,
        responseThroughput: 40_000,
        // All within one bucket, 25 to 50 ms: interpolated.
        p50: 0.0375,
        p95: 0.04875,
        responseCodes: [{ code: '200', protocol: 'http', rate: 20 }],
        callers: [
          { ...from('front', 'cart'), source: { name: 'front' }, requestRate: 20, errorRatio: 0, latency: 0.04875 },
        ],
        callees: [],
        // Without kube-state-metrics nothing tells of pods.
        pods: null,
      },
      {
        name: 'front',
        requestRate: 10,
        errorRatio: 0.25,
        successRatio: 0.75,
        requestThroughput: 1_000,
        responseThroughput: 20_000,
        p50: plain(0.05 + (5 / 9) * 0.05),
        p95: 0.375,
        responseCodes: [
          { code: '200', protocol: 'http', rate: 9 },
          { code: '500', protocol: 'http', rate: 1 },
        ],
        callers: [{ ...from('gateway', 'front'), source: null, requestRate: 10, errorRatio: 0.25, latency: 0.375 }],
        callees: [{ targetName: 'cart' }],
        pods: null,
      },
      {
        name: 'idle',
        requestRate: 0,
        ...unknown,
        requestThroughput: 0,
        responseThroughput: 0,
        responseCodes: [{ code: '200', protocol: 'http', rate: 0 }],
        callers: [],
        callees: [],
        pods: null,
      },
    ],
    serviceGraph: {
      nodes: [{ name: 'cart' }, { name: 'front' }, { name: 'idle' }],
      outside: ['gateway'],
      edges: [
        { sourceName: 'front', targetName: 'cart' },
        { sourceName: 'gateway', targetName: 'front' },
      ],
    },
  });
});

/** 10/s in the first half of the hour before T0, 100/s in the second, and nothing seen from minute 10 to minute 20. */
function readBytes() {
  const samples: [number, number][] = [];
  for (let seconds = 0; seconds <= 3_600; seconds += 15) {
    if (seconds > 600 && seconds < 1_200) continue;
    const bytes = seconds <= 1_800 ? seconds * 10 : 18_000 + (seconds - 1_800) * 100;
    samples.push([T0 - 3_600_000 + seconds * 1_000, bytes]);
  }
  return { labels: labelsOf('node_disk_read_bytes_total{instance="h1:9100",device="sda"}'), samples };
}

it('looks through every window, at every instant, and over time with gaps', async () => {
  const { url } = await startPrometheus({
    series: [gauge('node_load1{instance="h1:9100"}', 1), readBytes()],
  });
  const gateway = await gatewayOver(url);
  const nodes = (fields: string, at = '$at') => `cluster(name: "edge", at: ${at}) { nodes { nodes { ${fields} } } }`;
  const answer = await askAtT0(
    gateway,
    `now: ${nodes(`
      name diskReadRate { value missing } hour: diskReadRate(window: "1h") { value missing } ten: diskReadRate(window: "PT10M") { value missing }
      steps: diskReadRate { series(last: "60m", step: "10m") { step times values points { time value } } }
      between: diskReadRate(window: "1m") { series(from: "2026-01-15T11:05:03Z", to: "2026-01-15T11:30:07Z", step: "5m") { times values } }
      usual: load1 { series { step times } }
    `)}
    early: ${nodes('diskReadRate { at value series(last: "2m", step: "1m") { times values } }', '"2026-01-15T11:30:03Z"')}
    before: cluster(name: "edge", at: "2026-01-15T10:00:00Z") { nodes { totalCount } pods { totalCount } }
    here: cluster(name: "edge", at: $at) { nodes { totalCount } }`,
  );
  const seconds = (minute: number) => T0 / 1_000 - 3_600 + minute * 60;
  const minutes = (list: readonly number[]) => list.map(seconds);
  const [{ usual, ...now }] = plain(answer.now) as [{ usual: { series: unknown } }];
  expect(now).toEqual({
    name: 'h1',
    diskReadRate: 100,
    hour: 55,
    ten: 100,
    steps: {
      series: {
        step: '10m',
        times: minutes([0, 10, 20, 30, 40, 50, 60]),
        values: [null, 10, null, 10, 100, 100, 100],
        points: [null, 10, null, 10, 100, 100, 100].map((value, index) => ({
          time: new Date(seconds(index * 10) * 1_000).toISOString(),
          value,
        })),
      },
    },
    between: { series: { times: minutes([10, 15, 20, 25, 30]), values: [10, null, null, 10, 10] } },
  });
  expect(usual.series).toEqual({ step: '15s', times: Array.from({ length: 241 }, (_, index) => seconds(index / 4)) });
  const early = { times: minutes([28, 29, 30]), values: [10, 10, 10] };
  expect(plain(answer.early)).toEqual([{ diskReadRate: { at: '2026-01-15T11:30:00.000Z', value: 10, series: early } }]);
  expect(answer).toMatchObject({ before: { nodes: null, pods: null }, here: { nodes: { totalCount: 1 } } });
});

it('lists in order with the unknown last, page by page, through filters, and finds each by its id', async () => {
  const names = ['c1', 'c2', 'c3', 'c4'];
  const { url } = await startPrometheus({
    series: [
      gauge('kube_pod_info{namespace="n",pod="a-0",node="n1"}', 1),
      gauge('kube_pod_owner{namespace="n",pod="a-0",owner_kind="StatefulSet",owner_name="a"}', 1),
      ...names.map((name) =>
        gauge(`kube_pod_container_info{namespace="n",pod="a-0",container="${name}",image="i"}`, 1),
      ),
      ...['c2', 'c1', 'c3'].map((name, index) =>
        counter(`container_cpu_usage_seconds_total{namespace="n",pod="a-0",container="${name}",cpu="total"}`, {
          perSecond: (index + 1) / 10,
        }),
      ),
    ],
  });
  const gateway = await gatewayOver(url);
  for (const [direction, expected] of [
    ['ASC', ['c2', 'c1', 'c3', 'c4']],
    ['DESC', ['c3', 'c1', 'c2', 'c4']],
  ] as const) {
    const found: string[] = [];
    let after: string | null = null;
    for (let hasNextPage = true; hasNextPage; ) {
      const list = `containers(first: 3, after: ${JSON.stringify(after)}, orderBy: { by: CPU_USAGE, direction: ${direction} })`;
      const { cluster } = (await askAtT0(
        gateway,
        `cluster(name: "edge", at: $at) { ${list} { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }`,
      )) as { cluster: { containers: ContainerPage } };
      found.push(...cluster.containers.nodes.map(({ name }) => name));
      expect(cluster.containers.totalCount).toBe(4);
      ({ hasNextPage, endCursor: after } = cluster.containers.pageInfo);
    }
    expect(found).toEqual(expected);
  }
  const list = (filter: string) => `containers(filter: { ${filter} }) { nodes { name } }`;
  const { cluster } = (await askAtT0(
    gateway,
    `cluster(name: "edge", at: $at) {
      id pods { nodes { id } }
      regex: ${list('name: { regex: "c[12]" }')} anchored: ${list('name: { regex: "c" }')}
      not: ${list('name: { not: { in: ["c1", "c2"] } }, node: { eq: "n1" }, namespace: { eq: "n" }')}
      unknown: ${list('state: [RUNNING]')}
    }`,
  )) as { cluster: { id: string; pods: { nodes: [{ id: string }] } } };
  const of = (...found: readonly string[]) => found.map((name) => ({ name }));
  const { id, pods } = cluster;
  // No state is collected: which of them run cannot be known.
  const filtered = { regex: of('c1', 'c2'), anchored: [], not: of('c3', 'c4'), unknown: null };
  expect(plain(cluster)).toEqual({ id, pods: pods.nodes, ...filtered });
  expect(
    await askAtT0(
      gateway,
      `cluster: entity(id: "${id}", at: $at) { __typename id }
      pod: entity(id: "${pods.nodes[0].id}", at: $at) { __typename id ... on Pod { name node { name } } }`,
    ),
  ).toEqual({
    cluster: { __typename: 'Cluster', id },
    pod: { __typename: 'Pod', id: pods.nodes[0].id, name: 'a-0', node: { name: 'n1' } },
  });
});

interface ContainerPage {
  readonly totalCount: number;
  readonly nodes: readonly { readonly name: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
