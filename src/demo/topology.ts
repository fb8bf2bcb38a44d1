import { hash, nameOf, uuidOf } from './waves.js';

/** The distributed cloud of the demo as plain data: what exists, where it runs, who calls whom. */
export interface Node {
  readonly cluster: string;
  readonly name: string;
  readonly ip: string;
  readonly zone: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: { readonly model: string; readonly count: number; readonly memoryMiB: number } | null;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  /** Cores: used on average, requested, at most; 0 is no request or no limit. */
  readonly cpu: readonly [usage: number, request: number, limit: number];
  /** MiB, likewise. */
  readonly memory: readonly [usage: number, request: number, limit: number];
}

export interface Pod {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly node: Node;
  readonly workload: Workload;
  /** The direct owner: a ReplicaSet for a Deployment. */
  readonly owner: { readonly kind: string; readonly name: string };
  readonly index: number;
  readonly containers: readonly Container[];
  /** Restarts so far. */
  readonly restarts: number;
}

export interface Workload {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** One pod on each, in order. */
  readonly nodes: readonly string[];
  readonly container: Container;
  /** Has an istio-proxy as native sidecar; a gateway is a proxy itself. */
  readonly mesh: 'sidecar' | 'gateway' | null;
  readonly partOf: string | null;
  readonly gpusPerPod: number;
  readonly version: string;
  /** Why its containers do not start; null where they run. */
  readonly waiting: string | null;
}

export const edgeSites = ['edge-seoul', 'edge-busan'] as const;
export const core = 'cloud-core';
export const clusters = [...edgeSites, core] as const;
/** Clusters that keep their metrics in one Prometheus, told apart by the label `cluster`. */
export const sharing: readonly string[] = ['edge-busan', core];

const GIB = 2 ** 30;
const L4 = { model: 'NVIDIA L4', count: 2, memoryMiB: 23_034 };
const H100 = { model: 'NVIDIA H100 80GB HBM3', count: 4, memoryMiB: 81_559 };

export const nodes: readonly Node[] = [
  ...edgeSites.flatMap((cluster, site) => {
    const city = cluster.replace('edge-', '');
    const node = (name: string, host: number, cores: number, memory: number, gpus: Node['gpus']): Node => {
      const zone = `${city}-${host % 2 === 0 ? 'b' : 'a'}`;
      return {
        cluster,
        name: `${city}-${name}`,
        ip: `10.${site + 1}.0.${host}`,
        zone,
        cores,
        memoryBytes: memory * GIB,
        gpus,
      };
    };
    return [node('cpu-1', 11, 4, 16, null), node('cpu-2', 12, 4, 16, null), node('gpu-1', 21, 8, 32, L4)];
  }),
  coreNode('cpu-1', 11, 8, 64, null),
  coreNode('cpu-2', 12, 8, 64, null),
  coreNode('storage-1', 31, 8, 32, null),
  coreNode('gpu-1', 21, 16, 256, H100),
];

function coreNode(name: string, host: number, cores: number, memory: number, gpus: Node['gpus']): Node {
  const zone = host % 2 === 0 ? 'core-b' : 'core-a';
  return { cluster: core, name: `core-${name}`, ip: `10.3.0.${host}`, zone, cores, memoryBytes: memory * GIB, gpus };
}

/** Small parts of a workload's description; the rest follows from its name. */
interface Sketch {
  readonly on: readonly string[];
  readonly cpu: readonly [number, number, number];
  readonly memory: readonly [number, number, number];
  readonly kind?: Workload['kind'];
  readonly namespace?: string;
  readonly mesh?: Workload['mesh'];
  readonly image?: string;
  readonly gpus?: number;
  readonly partOf?: string;
  readonly waiting?: string;
}

const edge: Readonly<Record<string, Sketch>> = {
  'istio-ingressgateway': {
    on: ['cpu-1'],
    cpu: [0.25, 0.1, 2],
    memory: [90, 128, 1_024],
    namespace: 'istio-system',
    mesh: 'gateway',
  },
  'camera-ingest': { on: ['cpu-1', 'cpu-2'], cpu: [0.45, 0.5, 1], memory: [310, 512, 768], mesh: 'sidecar' },
  'sound-ingest': { on: ['cpu-2'], cpu: [0.15, 0.2, 0.5], memory: [120, 256, 256], mesh: 'sidecar' },
  'weather-ingest': { on: ['cpu-2'], cpu: [0.05, 0.1, 0.25], memory: [80, 128, 256], mesh: 'sidecar' },
  detector: { on: ['gpu-1', 'gpu-1'], cpu: [0.9, 1, 1.5], memory: [2_100, 3_072, 4_096], mesh: 'sidecar', gpus: 1 },
  'sound-classifier': { on: ['cpu-1'], cpu: [0.3, 0.5, 1], memory: [420, 512, 1_024], mesh: 'sidecar' },
  risk: { on: ['cpu-1'], cpu: [0.2, 0.25, 0.5], memory: [160, 256, 512], mesh: 'sidecar' },
  notifier: { on: ['cpu-2'], cpu: [0.08, 0.1, 0.25], memory: [96, 128, 256], mesh: 'sidecar' },
  siren: { on: ['cpu-2'], cpu: [0.01, 0.05, 0.1], memory: [32, 64, 128], mesh: 'sidecar' },
  'video-transcode': {
    on: ['gpu-1'],
    cpu: [0.2, 0.1, 0],
    memory: [700, 512, 4_096],
    namespace: 'batch',
    partOf: 'archive',
  },
};

const central: Readonly<Record<string, Sketch>> = {
  'istio-ingressgateway': {
    on: ['cpu-1'],
    cpu: [0.3, 0.1, 2],
    memory: [96, 128, 1_024],
    namespace: 'istio-system',
    mesh: 'gateway',
  },
  aggregator: { on: ['cpu-1', 'cpu-2'], cpu: [0.5, 0.5, 1], memory: [640, 1_024, 1_536], mesh: 'sidecar' },
  archive: { on: ['cpu-2'], cpu: [0.2, 0.25, 1], memory: [256, 512, 1_024], mesh: 'sidecar' },
  console: { on: ['cpu-1'], cpu: [0.1, 0.1, 0.5], memory: [180, 256, 512], mesh: 'sidecar' },
  assistant: { on: ['cpu-2'], cpu: [0.15, 0.25, 1], memory: [300, 512, 1_024], mesh: 'sidecar' },
  llm: {
    on: ['gpu-1', 'gpu-1'],
    cpu: [1.8, 4, 0],
    memory: [18_000, 32_768, 65_536],
    kind: 'StatefulSet',
    mesh: 'sidecar',
    image: 'docker.io/vllm/vllm-openai:v0.11.0',
    gpus: 1,
  },
  'llm-epp': {
    on: ['cpu-1'],
    cpu: [0.05, 0.1, 0.5],
    memory: [90, 128, 256],
    mesh: 'sidecar',
    image: 'registry.k8s.io/gateway-api-inference-extension/epp:v1.3.0',
  },
  trainer: { on: ['gpu-1'], cpu: [2.5, 4, 0], memory: [24_000, 32_768, 98_304], gpus: 1 },
  thumbnailer: {
    on: ['cpu-2'],
    cpu: [0, 0.1, 0.5],
    memory: [0, 128, 256],
    namespace: 'batch',
    partOf: 'archive',
    waiting: 'ImagePullBackOff',
  },
  minio: {
    on: ['storage-1', 'cpu-1'],
    cpu: [0.4, 0.5, 2],
    memory: [1_400, 2_048, 4_096],
    kind: 'StatefulSet',
    namespace: 'storage',
    image: 'quay.io/minio/minio:RELEASE.2026-03-01T00-00-00Z',
    partOf: 'storage',
  },
  kafka: {
    on: ['storage-1', 'cpu-1', 'cpu-2'],
    cpu: [0.5, 0.5, 2],
    memory: [2_300, 3_072, 4_096],
    kind: 'StatefulSet',
    namespace: 'streaming',
    image: 'docker.io/apache/kafka:4.1.0',
    partOf: 'streaming',
  },
  'kafka-exporter': {
    on: ['cpu-1'],
    cpu: [0.02, 0.05, 0.2],
    memory: [40, 64, 128],
    namespace: 'streaming',
    image: 'docker.io/danielqsj/kafka-exporter:v1.9.0',
    partOf: 'streaming',
  },
};

const monitoring: Readonly<Record<string, Sketch>> = {
  'kube-state-metrics': {
    on: ['cpu-1'],
    cpu: [0.01, 0.01, 0.1],
    memory: [60, 64, 128],
    namespace: 'monitoring',
    partOf: 'monitoring',
    image: 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0',
  },
};

export const workloads: readonly Workload[] = clusters.flatMap((cluster) => {
  const own = nodes.filter((node) => node.cluster === cluster);
  const prefix = (own[0] as Node).name.split('-')[0] as string;
  const all = { ...(cluster === core ? central : edge), ...monitoring };
  return [
    ...Object.entries(all).map(([name, sketch]) =>
      workload(cluster, name, { ...sketch, on: sketch.on.map((node) => `${prefix}-${node}`) }),
    ),
    workload(cluster, 'node-exporter', {
      on: own.map((node) => node.name),
      cpu: [0.02, 0.05, 0.25],
      memory: [28, 64, 128],
      kind: 'DaemonSet',
      namespace: 'monitoring',
      partOf: 'monitoring',
      image: 'quay.io/prometheus/node-exporter:v1.12.0',
    }),
    workload(cluster, 'nvidia-dcgm-exporter', {
      on: own.filter((node) => node.gpus !== null).map((node) => node.name),
      cpu: [0.05, 0.1, 0.5],
      memory: [220, 256, 512],
      kind: 'DaemonSet',
      namespace: 'gpu-operator',
      partOf: 'monitoring',
      image: 'nvcr.io/nvidia/k8s/dcgm-exporter:4.8.0-4.2.0-distroless',
    }),
  ];
});

function workload(cluster: string, name: string, sketch: Sketch): Workload {
  const version = `1.${hash(name) % 9}.${hash(`${name}/patch`) % 9}`;
  const image =
    sketch.image ??
    (sketch.mesh === 'gateway'
      ? 'docker.io/istio/proxyv2:1.29.2'
      : `registry.demo.example/crosswalk/${name}:${version}`);
  const container = {
    name: sketch.mesh === 'gateway' ? 'istio-proxy' : name === 'llm' ? 'vllm' : name,
    image,
    cpu: sketch.cpu,
    memory: sketch.memory,
  };
  return {
    cluster,
    namespace: sketch.namespace ?? 'crosswalk',
    name,
    kind: sketch.kind ?? 'Deployment',
    nodes: sketch.on,
    container,
    mesh: sketch.mesh ?? null,
    partOf: sketch.partOf ?? (sketch.mesh === 'gateway' ? null : 'crosswalk'),
    gpusPerPod: sketch.gpus ?? 0,
    version,
    waiting: sketch.waiting ?? null,
  };
}

const sidecar: Container = {
  name: 'istio-proxy',
  image: 'docker.io/istio/proxyv2:1.29.2',
  cpu: [0.04, 0.1, 2],
  memory: [58, 128, 1_024],
};

export const pods: readonly Pod[] = workloads.flatMap((workload) =>
  workload.nodes.map((nodeName, index) => podOf(workload, nodeName, index)),
);

function podOf(workload: Workload, nodeName: string, index: number): Pod {
  const { cluster, namespace, name, kind } = workload;
  const seed = `${cluster}/${namespace}/${name}`;
  const replicaSet = `${name}-${nameOf(seed, 9)}`;
  const node = nodes.find((one) => one.name === nodeName) as Node;
  const podName =
    kind === 'StatefulSet'
      ? `${name}-${index}`
      : `${kind === 'Deployment' ? replicaSet : name}-${nameOf(`${seed}/${index}`, 5)}`;
  const site = clusters.indexOf(cluster as (typeof clusters)[number]) + 1;
  return {
    cluster,
    namespace,
    name: podName,
    uid: uuidOf(`${seed}/${index}`),
    // The node exporter sits on its node's own network.
    ip: name === 'node-exporter' ? node.ip : `10.${40 + site}.${node.ip.split('.')[3]}.${10 + (hash(podName) % 200)}`,
    node,
    workload,
    owner: kind === 'Deployment' ? { kind: 'ReplicaSet', name: replicaSet } : { kind, name },
    index,
    containers: workload.mesh === 'sidecar' ? [workload.container, sidecar] : [workload.container],
    restarts: name === 'archive' ? 3 : 0,
  };
}

/** The pods of a workload, in the order of their indexes. */
export function podsOf(cluster: string, workloadName: string): readonly Pod[] {
  return pods.filter((pod) => pod.cluster === cluster && pod.workload.name === workloadName);
}
