import { type Labels, Target } from './target.js';
import { type Container, type Node, nodes, type Pod, pods, podsOf, type Workload, workloads } from './topology.js';
import { hash, nameOf, uuidOf } from './waves.js';
import type { World } from './world.js';

/** kube-state-metrics of one cluster, scraped with honor_labels as kube-prometheus does. */
export function kubeStateMetrics(cluster: string, world: World): Target {
  const own = podsOf(cluster, 'kube-state-metrics')[0] as Pod;
  const target = new Target({
    cluster,
    job: 'kube-state-metrics',
    instance: `${own.ip}:8080`,
    honorLabels: true,
    labels: {
      namespace: own.namespace,
      pod: own.name,
      service: 'kube-state-metrics',
      container: 'kube-state-metrics',
      endpoint: 'http',
    },
  });
  for (const node of nodes) if (node.cluster === cluster) nodeRows(target, node);
  for (const pod of pods) if (pod.cluster === cluster) podRows(target, pod, world);
  for (const workload of workloads) if (workload.cluster === cluster) workloadRows(target, workload, world);
  return target;
}

function nodeRows(target: Target, node: Node): void {
  const name = { node: node.name };
  target.gauge(
    'kube_node_info',
    {
      ...name,
      kernel_version: '6.8.0-45-generic',
      os_image: 'Ubuntu 24.04.1 LTS',
      container_runtime_version: 'containerd://1.7.22',
      kubelet_version: 'v1.33.2',
      kubeproxy_version: 'deprecated',
      provider_id: `demo:///${node.zone}/${node.name}`,
      pod_cidr: `10.4${node.ip.split('.')[1]}.${node.ip.split('.')[3]}.0/24`,
      system_uuid: uuidOf(node.name),
      internal_ip: node.ip,
    },
    1,
    'INVENTORY',
  );
  target.gauge(
    'kube_node_labels',
    {
      ...name,
      label_topology_kubernetes_io_zone: node.zone,
      label_topology_kubernetes_io_region: node.cluster,
      label_node_kubernetes_io_instance_type: node.gpus === null ? 'general' : 'gpu',
      ...(node.gpus === null ? {} : { label_nvidia_com_gpu_product: node.gpus.model.replaceAll(' ', '-') }),
    },
    1,
  );
  target.gauge('kube_node_role', { ...name, role: 'worker' }, 1);
  target.gauge('kube_node_spec_unschedulable', name, 0);
  if (node.gpus !== null) {
    target.gauge('kube_node_spec_taint', { ...name, key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }, 1);
  }
  for (const condition of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const holds = condition === 'Ready' ? 'true' : 'false';
    for (const status of ['true', 'false', 'unknown']) {
      const tier = condition === 'Ready' && status === 'true' ? 'INVENTORY' : 'RECENT';
      target.gauge('kube_node_status_condition', { ...name, condition, status }, status === holds ? 1 : 0, tier);
    }
  }
  for (const [resource, unit, capacity, allocatable] of nodeResources(node)) {
    target.gauge('kube_node_status_capacity', { ...name, resource, unit }, capacity);
    target.gauge('kube_node_status_allocatable', { ...name, resource, unit }, allocatable);
  }
}

function nodeResources(node: Node): readonly (readonly [string, string, number, number])[] {
  return [
    ['cpu', 'core', node.cores, node.cores - 0.1],
    ['memory', 'byte', node.memoryBytes, node.memoryBytes - 2 ** 30],
    ['ephemeral_storage', 'byte', 240 * 2 ** 30, 216 * 2 ** 30],
    ['pods', 'integer', 110, 110],
    ...(node.gpus === null ? [] : [['nvidia_com_gpu', 'integer', node.gpus.count, node.gpus.count] as const]),
  ];
}

function podRows(target: Target, pod: Pod, world: World): void {
  const id = { namespace: pod.namespace, pod: pod.name, uid: pod.uid };
  const hostNetwork = pod.ip === pod.node.ip;
  target.gauge(
    'kube_pod_info',
    {
      ...id,
      host_ip: pod.node.ip,
      pod_ip: pod.ip,
      node: pod.node.name,
      created_by_kind: pod.owner.kind,
      created_by_name: pod.owner.name,
      priority_class: pod.workload.kind === 'DaemonSet' ? 'system-node-critical' : '',
      host_network: String(hostNetwork),
    },
    1,
    'INVENTORY',
  );
  const owner = { owner_kind: pod.owner.kind, owner_name: pod.owner.name, owner_is_controller: 'true' };
  target.gauge('kube_pod_owner', { ...id, ...owner }, 1, 'INVENTORY');
  target.gauge('kube_pod_labels', { ...id, ...partOf(pod.workload) }, 1);
  const { waiting } = pod.workload;
  for (const phase of ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']) {
    target.gauge(
      'kube_pod_status_phase',
      { ...id, phase },
      phase === (waiting === null ? 'Running' : 'Pending') ? 1 : 0,
    );
  }
  for (const condition of ['true', 'false', 'unknown']) {
    target.gauge('kube_pod_status_ready', { ...id, condition }, condition === String(waiting === null) ? 1 : 0);
  }
  target.gauge('kube_pod_created', id, world.startedMs / 1_000);
  target.gauge('kube_pod_start_time', id, world.startedMs / 1_000);
  for (const container of pod.containers) containerRows(target, pod, id, container);
}

function partOf(workload: Workload): Labels {
  return {
    label_app_kubernetes_io_name: workload.name,
    ...(workload.partOf === null ? {} : { label_app_kubernetes_io_part_of: workload.partOf }),
    label_app_kubernetes_io_version: workload.version,
  };
}

function containerRows(target: Target, pod: Pod, id: Labels, container: Container): void {
  // A sidecar that Kubernetes starts before the others and keeps running is an init container to kube-state-metrics.
  const isSidecar = pod.workload.mesh === 'sidecar' && container.name === 'istio-proxy';
  const family = isSidecar ? 'kube_pod_init_container' : 'kube_pod_container';
  const labels = { ...id, container: container.name };
  const digest = hash(container.image).toString(16).padStart(8, '0').repeat(8);
  target.gauge(
    `${family}_info`,
    {
      ...labels,
      image: container.image,
      image_spec: container.image,
      image_id: `${container.image.split(':')[0]}@sha256:${digest}`,
      container_id: `containerd://${hash(`${pod.uid}/${container.name}`).toString(16)}`,
      ...(isSidecar ? { restart_policy: 'Always' } : {}),
    },
    1,
    isSidecar ? 'RECENT' : 'INVENTORY',
  );
  const restarts = isSidecar ? 0 : pod.restarts;
  target.counter(`${family}_status_restarts_total`, labels, () => restarts);
  const { waiting } = pod.workload;
  const holds = waiting === null ? ['ready', 'running'] : ['waiting'];
  for (const state of ['ready', 'running', 'waiting', 'terminated']) {
    target.gauge(`${family}_status_${state}`, labels, holds.includes(state) ? 1 : 0);
  }
  if (waiting !== null) target.gauge(`${family}_status_waiting_reason`, { ...labels, reason: waiting }, 1);
  if (restarts > 0) {
    target.gauge(`${family}_status_last_terminated_reason`, { ...labels, reason: 'OOMKilled' }, 1);
    target.gauge(`${family}_status_last_terminated_exitcode`, labels, 137);
  }
  const gpus = container === pod.workload.container ? pod.workload.gpusPerPod : 0;
  const amounts = [
    ['requests', 'cpu', 'core', container.cpu[1]],
    ['limits', 'cpu', 'core', container.cpu[2]],
    ['requests', 'memory', 'byte', container.memory[1] * 2 ** 20],
    ['limits', 'memory', 'byte', container.memory[2] * 2 ** 20],
    ['requests', 'nvidia_com_gpu', 'integer', gpus],
    ['limits', 'nvidia_com_gpu', 'integer', gpus],
  ] as const;
  for (const [kind, resource, unit, value] of amounts) {
    if (value > 0)
      target.gauge(`${family}_resource_${kind}`, { ...labels, node: pod.node.name, resource, unit }, value);
  }
}

/** Nobody calls a batch job. */
const WITHOUT_SERVICE: readonly string[] = ['trainer', 'video-transcode', 'thumbnailer'];

function workloadRows(target: Target, workload: Workload, world: World): void {
  const { namespace, name, kind, cluster } = workload;
  const replicas = workload.nodes.length;
  const started = workload.waiting === null ? replicas : 0;
  const created = world.startedMs / 1_000;
  if (kind === 'Deployment') {
    const labels = { namespace, deployment: name };
    target.gauge('kube_deployment_created', labels, created);
    target.gauge('kube_deployment_spec_replicas', labels, replicas);
    for (const state of ['', '_updated']) {
      target.gauge(`kube_deployment_status_replicas${state}`, labels, replicas);
    }
    for (const state of ['_ready', '_available']) {
      target.gauge(`kube_deployment_status_replicas${state}`, labels, started);
    }
    target.gauge('kube_deployment_status_replicas_unavailable', labels, replicas - started);
    const replicaset = (podsOf(cluster, name)[0] as Pod).owner.name;
    const owner = { owner_kind: 'Deployment', owner_name: name, owner_is_controller: 'true' };
    target.gauge('kube_replicaset_owner', { namespace, replicaset, ...owner }, 1, 'INVENTORY');
  } else if (kind === 'StatefulSet') {
    const labels = { namespace, statefulset: name };
    target.gauge('kube_statefulset_created', labels, created);
    target.gauge('kube_statefulset_replicas', labels, replicas);
    target.gauge('kube_statefulset_status_replicas_ready', labels, replicas);
  } else {
    const labels = { namespace, daemonset: name };
    target.gauge('kube_daemonset_created', labels, created);
    target.gauge('kube_daemonset_status_desired_number_scheduled', labels, replicas);
    target.gauge('kube_daemonset_status_number_available', labels, replicas);
  }
  if (kind !== 'DaemonSet' && !WITHOUT_SERVICE.includes(name)) serviceRows(target, workload);
}

function serviceRows(target: Target, { cluster, namespace, name, kind }: Workload): void {
  const seed = `${cluster}/${namespace}/${name}/service`;
  const uid = uuidOf(seed);
  const service = { namespace, service: name, uid };
  const headless = kind === 'StatefulSet';
  target.gauge(
    'kube_service_info',
    {
      ...service,
      cluster_ip: headless ? 'None' : `10.96.${hash(seed) % 250}.${hash(`${seed}/ip`) % 250}`,
      external_name: '',
      external_traffic_policy: '',
      load_balancer_ip: '',
    },
    1,
  );
  target.gauge('kube_service_spec_type', { ...service, type: 'ClusterIP' }, 1);
  const slice = `${name}-${nameOf(seed, 5)}`;
  for (const pod of podsOf(cluster, name)) {
    target.gauge(
      'kube_endpointslice_endpoints',
      {
        namespace,
        endpointslice: slice,
        address: pod.ip,
        ready: 'true',
        serving: 'true',
        terminating: 'false',
        hostname: headless ? pod.name : '',
        targetref_kind: 'Pod',
        targetref_name: pod.name,
        targetref_namespace: namespace,
        endpoint_nodename: pod.node.name,
        endpoint_zone: pod.node.zone,
      },
      1,
    );
  }
}
