import type { EntityKey } from './entity.js';

/** A fact that a source may not know is null, never a guess. */
export interface NodeFacts {
  readonly name: string;
  readonly kubeletVersion: string | null;
  readonly kernelVersion: string | null;
  readonly osImage: string | null;
  readonly internalIP: string | null;
}

export interface NodeCondition {
  readonly type: string;
  readonly status: 'TRUE' | 'FALSE' | 'UNKNOWN';
}

export interface NodeState {
  /** Whether the kubelet reports Ready; null when that is not known, Ready=unknown included. */
  readonly ready: boolean | null;
  readonly conditions: readonly NodeCondition[];
}

export interface NodeLabels {
  readonly zone: string | null;
  readonly region: string | null;
}

export interface FilesystemFacts {
  readonly node: string;
  readonly mountpoint: string;
  readonly device: string;
  readonly fstype: string | null;
  readonly readOnly: boolean | null;
}

export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | null;
  /** Null while the pod is not scheduled. */
  readonly node: string | null;
}

export type PodPhase = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'UNKNOWN';

export interface PodState {
  readonly phase: PodPhase | null;
  readonly ready: boolean | null;
}

/** The controller a pod belongs to, followed to its root: `Deployment/detector`, not its ReplicaSet. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

export interface ContainerFacts {
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
  readonly image: string | null;
}

/** Names a container, known to the inventory or not. */
export type ContainerName = Pick<ContainerFacts, 'namespace' | 'pod' | 'name'>;

/** A GPU, or one instance of a GPU that is split (MIG). */
export interface GpuFacts {
  readonly key: EntityKey;
  /** Of the card, also for an instance of it. */
  readonly uuid: string;
  /** Number of the card in its node, from 0. */
  readonly index: number;
  /** `NVIDIA H100 80GB HBM3`; of an instance with its profile: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`. */
  readonly model: string | null;
  readonly node: string | null;
  /** Who holds it, sorted: none while it is idle, several where they take turns (time slices, MPS). */
  readonly containers: readonly ContainerName[];
}

export type ContainerRunState = 'WAITING' | 'RUNNING' | 'TERMINATED' | 'UNKNOWN';

export interface ContainerState {
  readonly state: ContainerRunState | null;
  /** Why it waits or ended: `CrashLoopBackOff`, `OOMKilled`. */
  readonly reason: string | null;
  readonly ready: boolean | null;
  /** Restarts since the pod was created. */
  readonly restarts: number | null;
  readonly lastTerminationReason: string | null;
}

export interface MicroserviceFacts {
  readonly namespace: string;
  readonly name: string;
  /** Workloads that were seen answering for it. */
  readonly workloads: readonly { readonly namespace: string; readonly name: string }[];
}

/** A model that the pods of a workload serve, all of them together. */
export interface InferenceFacts {
  /** `vllm`, `triton`, `kserve`, `ray-serve`, `inference-gateway`. */
  readonly server: string;
  /** The pool that an inference gateway routes to; null when the server does not name it. */
  readonly model: string | null;
  /** Keys of the pods that serve it, sorted. */
  readonly pods: readonly EntityKey[];
}

/** What the label of a pod says of its application, and where the pod stands in the mesh. */
export interface PodApplication {
  /** Value of `app.kubernetes.io/part-of`. */
  readonly application: string;
  /** Microservices that the pod answers for, sorted; empty for a pod that answers for none. */
  readonly microservices: readonly EntityKey[];
}

/**
 * The inventory of one cluster at one instant, in parts that are asked for separately, each one or a few PromQL.
 * Keys are those of `EntityKey`.
 */
export interface Inventory {
  readonly nodes: ReadonlyMap<EntityKey, NodeFacts>;
  readonly nodeStates: ReadonlyMap<EntityKey, NodeState>;
  readonly nodeSchedulable: ReadonlyMap<EntityKey, boolean>;
  readonly nodeRoles: ReadonlyMap<EntityKey, readonly string[]>;
  readonly nodeLabels: ReadonlyMap<EntityKey, NodeLabels>;
  /** By node name. */
  readonly filesystems: ReadonlyMap<EntityKey, readonly FilesystemFacts[]>;
  readonly namespaces: ReadonlySet<string>;
  readonly pods: ReadonlyMap<EntityKey, PodFacts>;
  readonly podStates: ReadonlyMap<EntityKey, PodState>;
  /** By pod. */
  readonly workloads: ReadonlyMap<EntityKey, Workload>;
  readonly containers: ReadonlyMap<EntityKey, ContainerFacts>;
  readonly containerStates: ReadonlyMap<EntityKey, ContainerState>;
  readonly gpus: ReadonlyMap<EntityKey, GpuFacts>;
  /** Whether a node has GPUs, as Kubernetes or the exporter of its GPUs tells. */
  readonly nodeHasGpu: ReadonlyMap<EntityKey, boolean>;
  readonly microservices: ReadonlyMap<EntityKey, MicroserviceFacts>;
  readonly inferenceServers: ReadonlyMap<EntityKey, InferenceFacts>;
  /** By pod; only pods whose label names an application. */
  readonly applications: ReadonlyMap<EntityKey, PodApplication>;
}

export type Facet = keyof Inventory;

/** What is known of a data source, from its last answer. */
export interface DataSourceStatus {
  readonly name: string;
  /** `prometheus`, `victoria-metrics`, `thanos`, `mimir`; null when it does not say. */
  readonly kind: string | null;
  readonly version: string | null;
  readonly reachable: boolean;
  readonly error: string | null;
  readonly latencySeconds: number | null;
  readonly checkedAtMs: number | null;
}
