import { entityKey } from '../domain/entity.js';
import {
  type Ask,
  containerKey,
  type Family,
  foldBy,
  group,
  native,
  nodeKey,
  on,
  select,
  selectAll,
} from './family.js';
import { cpuCount, cpuMetrics, isOfTarget, memoryMetrics, memoryTotal } from './node-exporter.js';
import { by, type Matchers } from './prometheus/promql.js';

const CAPACITY = 'kube_node_status_capacity';
const ALLOCATABLE = 'kube_node_status_allocatable';
const PHASE = 'kube_pod_status_phase';
const POD_INFO = 'kube_pod_info';
const INIT_INFO = 'kube_pod_init_container_info';

const NODE = native('node');
const POD = native('namespace', 'pod');
const CONTAINER = native('namespace', 'pod', 'container');

/** Topology labels, the older names last. They are there only where the exporter is allowed to tell of them. */
export const ZONE_LABELS = ['label_topology_kubernetes_io_zone', 'label_failure_domain_beta_kubernetes_io_zone'];
export const REGION_LABELS = ['label_topology_kubernetes_io_region', 'label_failure_domain_beta_kubernetes_io_region'];

/** Init containers that keep running beside the others: native sidecars. */
const SIDECAR: Matchers = { restart_policy: 'Always' };
/** Pods that have ended keep their series until they are collected, but hold nothing. */
const LIVE: Matchers = { phase: { in: ['Pending', 'Running'] } };

/** What device plugins call GPUs and parts of them: `nvidia_com_gpu`, `nvidia_com_mig_1g_10gb`. */
const GPU_RESOURCES: Matchers = {
  resource: { matches: 'nvidia_com_gpu.*|nvidia_com_mig_.+|amd_com_gpu.*|gpu_intel_com_.+' },
};

const byNode = foldBy(nodeKey);
const byContainer = foldBy(containerKey);
const byCluster = foldBy(() => entityKey());

export const kubeStateMetricsFamilies = {
  'cluster.podCapacityUtilization': figure([ALLOCATABLE], podCapacityUtilization, byCluster),

  'node.cpuCapacity': capacity('cpu', cpuCount, cpuMetrics),
  'node.memoryCapacity': capacity('memory', memoryTotal, memoryMetrics),
  'node.cpuAllocatable': allocatable('cpu'),
  'node.memoryAllocatable': allocatable('memory'),
  'node.cpuRequested': requested('cpu'),
  'node.memoryRequested': requested('memory'),

  'container.cpuRequest': resource('requests', 'cpu'),
  'container.cpuLimit': resource('limits', 'cpu'),
  'container.memoryRequest': resource('requests', 'memory'),
  'container.memoryLimit': resource('limits', 'memory'),
} satisfies Record<string, Family>;

/** Any of these shows that the exporter tells of objects of the kind. */
export const kubeMetrics = {
  nodes: ['kube_node_info'],
  nodeStates: ['kube_node_status_condition'],
  nodeSchedulable: ['kube_node_spec_unschedulable'],
  nodeRoles: ['kube_node_role'],
  nodeLabels: ['kube_node_labels'],
  namespaces: ['kube_namespace_status_phase'],
  pods: [POD_INFO],
  podStates: [PHASE, 'kube_pod_status_ready'],
  workloads: ['kube_pod_owner'],
  applications: ['kube_pod_labels'],
  nodeHasGpu: [ALLOCATABLE, CAPACITY],
  containers: ['kube_pod_container_info', INIT_INFO],
  containerStates: ['kube_pod_container_status_running', 'kube_pod_container_status_restarts_total'],
};

/** Vectors of the inventory, flat: they are joined in the gateway. Values are 1 unless told otherwise. */
export const kubeVectors = {
  nodes: (ask: Ask) =>
    group(
      ask,
      'max',
      [...NODE, 'kubelet_version', 'kernel_version', 'os_image', 'internal_ip'],
      selectAll(ask, 'kube_node_info'),
    ),
  conditions: (ask: Ask) =>
    group(ask, 'max', [...NODE, 'condition', 'status'], `${selectAll(ask, 'kube_node_status_condition')} == 1`),
  /** 1 when no pod may be scheduled. */
  unschedulable: (ask: Ask) => group(ask, 'max', NODE, selectAll(ask, 'kube_node_spec_unschedulable')),
  roles: (ask: Ask) => group(ask, 'max', [...NODE, 'role'], selectAll(ask, 'kube_node_role')),
  nodeLabels: (ask: Ask) =>
    group(ask, 'max', [...NODE, ...ZONE_LABELS, ...REGION_LABELS], selectAll(ask, 'kube_node_labels')),
  namespaces: (ask: Ask) =>
    group(ask, 'max', native('namespace'), `${selectAll(ask, 'kube_namespace_status_phase')} == 1`),
  /** GPUs and parts of GPUs that a node has, broken ones included; 0 for a node of which other resources are told. */
  gpuCounts: (ask: Ask) => {
    const [gpus, others] = [GPU_RESOURCES, { resource: 'pods' }].map((matchers) =>
      [CAPACITY, ALLOCATABLE].map((metric) => selectAll(ask, metric, matchers)).join(' or '),
    );
    return group(ask, 'max', NODE, `${gpus} or 0 * (${others})`);
  },
  /** When the pod was last seen, in seconds: of two pods of one name the later one is there. */
  pods: (ask: Ask) => group(ask, 'max', [...POD, 'uid', ...NODE], `timestamp(${selectAll(ask, POD_INFO)})`),
  phases: (ask: Ask) => group(ask, 'max', [...POD, 'phase'], `${selectAll(ask, PHASE)} == 1`),
  ready: (ask: Ask) => group(ask, 'max', [...POD, 'condition'], `${selectAll(ask, 'kube_pod_status_ready')} == 1`),
  /** When the pod was last seen with the label that names its application, in seconds. */
  partOf: (ask: Ask) => {
    const { partOf } = ask.slice.labels;
    const named = selectAll(ask, 'kube_pod_labels', { [partOf]: { not: '' } });
    return group(ask, 'max', [...POD, partOf], `timestamp(${named})`);
  },
  owners: (ask: Ask) =>
    group(
      ask,
      'max',
      [...POD, 'owner_kind', 'owner_name'],
      selectAll(ask, 'kube_pod_owner', { owner_is_controller: { not: 'false' } }),
    ),
  replicaSetOwners: (ask: Ask) =>
    group(
      ask,
      'max',
      [...native('namespace', 'replicaset'), 'owner_kind', 'owner_name'],
      selectAll(ask, 'kube_replicaset_owner', { owner_kind: { not: '' } }),
    ),
  jobOwners: (ask: Ask) =>
    group(
      ask,
      'max',
      [...native('namespace', 'job_name'), 'owner_kind', 'owner_name'],
      selectAll(ask, 'kube_job_owner', { owner_kind: { not: '' } }),
    ),
  /** When the container was last seen with that image, in seconds. */
  containers: (ask: Ask) =>
    group(
      ask,
      'max',
      [...CONTAINER, 'image'],
      `timestamp(${selectAll(ask, 'kube_pod_container_info')}) or timestamp(${selectAll(ask, INIT_INFO, SIDECAR)})`,
    ),
  /** The sum of 1 when running, 2 when waiting, 4 when terminated. */
  containerStates: (ask: Ask) =>
    `${status(ask, 'running')} + 2 * ${status(ask, 'waiting')} + 4 * ${status(ask, 'terminated')}`,
  containerReady: (ask: Ask) => status(ask, 'ready'),
  restarts: (ask: Ask) => status(ask, 'restarts_total'),
  /** Reasons of the present state. */
  reasons: (ask: Ask) => reasons(ask, ['waiting_reason', 'terminated_reason']),
  lastReasons: (ask: Ask) => reasons(ask, ['last_terminated_reason']),
};

/**
 * 1 for every pod that has a controller, with the controller's name as `workload`: that of the Deployment where it is a
 * ReplicaSet, whose name is the Deployment's and a hash. Never more than one row per pod, so that PromQL can join by it.
 */
export function podWorkloads(ask: Ask): string {
  const owners = select(ask, 'KUBE_STATE_METRICS', 'kube_pod_owner', { owner_is_controller: { not: 'false' } });
  const joined = `label_join(${honoured(owners, 'namespace', 'pod')}, "owner", "/", "owner_kind", "owner_name")`;
  const named = `label_replace(${joined}, "workload", "$1$2", "owner", "ReplicaSet/(.+)-[^-]+|[^/]+/(.+)")`;
  const rows = group(ask, 'max', ['namespace', 'pod', 'workload'], named);
  return `topk ${by([...ask.slice.by, 'namespace', 'pod'])} (1, ${rows})`;
}

function status(ask: Ask, suffix: string): string {
  return group(ask, 'max', CONTAINER, statuses(ask, suffix));
}

function reasons(ask: Ask, suffixes: readonly string[]): string {
  const vectors = suffixes.map((suffix) => `(${statuses(ask, suffix)}) == 1`);
  return group(ask, 'max', [...CONTAINER, 'reason'], vectors.join(' or '));
}

/** A status of containers, native sidecars among them: those stand with the init containers. */
function statuses(ask: Ask, suffix: string): string {
  return ['kube_pod_container_status', 'kube_pod_init_container_status']
    .map((prefix) => selectAll(ask, `${prefix}_${suffix}`))
    .join(' or ');
}

function figure(metrics: readonly string[], promql: Family['promql'], fold: Family['fold'] = byNode): Family {
  return { metrics, promql, fold, notANumber: 'NOT_A_NUMBER' };
}

/** What Kubernetes says a node has; where it says nothing, what the node's own kernel says: one PromQL for both. */
function capacity(resource: string, kernel: (ask: Ask) => string, kernelMetrics: readonly string[]): Family {
  return {
    ...figure([CAPACITY, ...kernelMetrics], (ask) => `${perNode(ask, CAPACITY, resource)} or ${kernel(ask)}`),
    fold(rows, nodeOf) {
      const fromKernel = foldBy(nodeOf)(rows.filter(isOfTarget), nodeOf);
      return new Map([
        ...fromKernel,
        ...byNode(
          rows.filter((row) => !isOfTarget(row)),
          nodeOf,
        ),
      ]);
    },
    sourceOf: (rows) => (rows.length > 0 && rows.every(isOfTarget) ? 'NODE_EXPORTER' : 'KUBE_STATE_METRICS'),
  };
}

function allocatable(resource: string): Family {
  return figure([ALLOCATABLE], (ask) => perNode(ask, ALLOCATABLE, resource));
}

function perNode(ask: Ask, metric: string, resource: string): string {
  return group(ask, 'max', NODE, select(ask, 'KUBE_STATE_METRICS', metric, { resource }));
}

function resource(kind: 'requests' | 'limits', name: string): Family {
  const metric = `kube_pod_container_resource_${kind}`;
  return figure([metric], (ask) => group(ask, 'max', CONTAINER, ofContainers(ask, kind, name)), byContainer);
}

/** A resource of every container, native sidecars included and other init containers not. */
function ofContainers(ask: Ask, kind: 'requests' | 'limits', resource: string): string {
  const containers = select(ask, 'KUBE_STATE_METRICS', `kube_pod_container_resource_${kind}`, { resource });
  const initial = select(ask, 'KUBE_STATE_METRICS', `kube_pod_init_container_resource_${kind}`, { resource });
  return `${containers} or ((${initial}) and ${on(ask, CONTAINER)} ${selectAll(ask, INIT_INFO, SIDECAR)})`;
}

/** Requests of live pods, summed by node; 0 for a node on which nothing requests. */
function requested(resource: string): Family {
  const promql = (ask: Ask) => {
    const labels = ['namespace', 'pod', 'container', 'node'];
    const requests = group(ask, 'max', labels, honoured(ofContainers(ask, 'requests', resource), ...labels));
    const nodes = honoured(select(ask, 'KUBE_STATE_METRICS', ALLOCATABLE, { resource }), 'node');
    const held = `${requests} * ${on(ask, ['namespace', 'pod'])} group_left () ${livePods(ask)}`;
    return `${group(ask, 'sum', ['node'], held)} or 0 * ${group(ask, 'max', ['node'], nodes)}`;
  };
  return figure(['kube_pod_container_resource_requests'], promql);
}

/** Pods that hold a place on a node, of all places that may be held. */
function podCapacityUtilization(ask: Ask): string {
  const places = group(ask, 'max', ['node'], honoured(selectAll(ask, ALLOCATABLE, { resource: 'pods' }), 'node'));
  const bound = honoured(selectAll(ask, POD_INFO, { node: { not: '' } }), 'namespace', 'pod');
  const held = `${livePods(ask)} and ${on(ask, ['namespace', 'pod'])} ${bound}`;
  const all = group(ask, 'sum', [], places);
  return `(${group(ask, 'sum', [], held)} or 0 * ${all}) / ${all}`;
}

function livePods(ask: Ask): string {
  const phases = honoured(`${selectAll(ask, PHASE, LIVE)} == 1`, 'namespace', 'pod');
  return group(ask, 'max', ['namespace', 'pod'], phases);
}

/** Gives the exporter's labels their own names back where the scrape has renamed them, so that PromQL can join by them. */
function honoured(vector: string, ...labels: readonly string[]): string {
  return labels.reduce(
    (inner, label) => `label_replace(${inner}, "${label}", "$1", "exported_${label}", "(.+)")`,
    vector,
  );
}
