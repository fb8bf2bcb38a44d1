import { isDuring } from './incidents.js';
import { type Labels, Target } from './target.js';
import { type Node, type Pod, pods } from './topology.js';
import { hash, phaseOf, uuidOf, wave } from './waves.js';
import type { World } from './world.js';

/** Busy share of a GPU by the workload that has it. */
const busyPercent: Readonly<Record<string, number>> = { detector: 58, llm: 68, trainer: 88 };

/** The DCGM exporter of a node with GPUs, with the chart's honor_labels: false. */
export function dcgmExporter(node: Node, world: World): Target {
  const pod = pods.find((one) => one.workload.name === 'nvidia-dcgm-exporter' && one.node === node);
  const { gpus } = node;
  if (pod === undefined || gpus === null) throw new Error(`${node.name} has no GPU`);
  const target = new Target({
    cluster: node.cluster,
    job: 'dcgm-exporter',
    instance: `${pod.ip}:9400`,
    honorLabels: false,
    labels: {
      namespace: pod.namespace,
      pod: pod.name,
      container: 'nvidia-dcgm-exporter',
      service: 'nvidia-dcgm-exporter',
      endpoint: 'gpu-metrics',
    },
  });
  const users = pods.filter((one) => one.node === node && one.workload.gpusPerPod > 0);
  for (let gpu = 0; gpu < gpus.count; gpu += 1) device(target, node, gpu, users[gpu], world);
  return target;
}

function device(target: Target, node: Node, index: number, user: Pod | undefined, world: World): void {
  const seed = `${node.name}/gpu${index}`;
  const model = node.gpus as NonNullable<Node['gpus']>;
  const labels: Labels = {
    gpu: String(index),
    UUID: `GPU-${uuidOf(seed)}`,
    pci_bus_id: `00000000:${(0x53 + 17 * index).toString(16).toUpperCase()}:00.0`,
    device: `nvidia${index}`,
    modelName: model.model,
    Hostname: node.name,
    DCGM_FI_DRIVER_VERSION: '570.124.06',
    container: user?.workload.container.name ?? '',
    namespace: user?.namespace ?? '',
    pod: user?.name ?? '',
  };
  const usual = busyPercent[user?.workload.name ?? ''] ?? 0;
  const starved = user?.workload.name === 'detector' ? world.noiseOn(node) : [];
  const phase = phaseOf(seed);
  // Without its processor a detector cannot feed its GPU.
  const busy = (atMs: number) => {
    const percent = usual * (1 + 0.08 * wave(atMs, phase)) * (isDuring(starved, atMs) ? 0.3 : 1);
    return Math.min(100, Math.round(percent));
  };
  const used = Math.round(model.memoryMiB * (user === undefined ? 0.0001 : 0.88));
  const watts = (atMs: number) => 70 + busy(atMs) * (model.memoryMiB > 40_000 ? 5 : 0.6);
  const isSlo = user?.workload.name === 'llm' ? 'SLO' : 'RECENT';
  target.gauge('DCGM_FI_DEV_GPU_UTIL', labels, busy, isSlo);
  target.gauge('DCGM_FI_DEV_FB_USED', labels, used);
  target.gauge('DCGM_FI_DEV_FB_FREE', labels, model.memoryMiB - used - 629);
  target.gauge('DCGM_FI_DEV_FB_RESERVED', labels, 629);
  target.gauge('DCGM_FI_DEV_POWER_USAGE', labels, (atMs) => Math.round(watts(atMs) * 10) / 10);
  target.gauge('DCGM_FI_DEV_GPU_TEMP', labels, (atMs) => 34 + Math.round(busy(atMs) * 0.3));
  target.gauge('DCGM_FI_DEV_SM_CLOCK', labels, user === undefined ? 345 : 1_980);
  target.gauge('DCGM_FI_DEV_XID_ERRORS', labels, 0);
  target.gauge('DCGM_FI_PROF_GR_ENGINE_ACTIVE', labels, (atMs) => busy(atMs) / 100);
  const milliwatts = (usual * 5 + 70) * 1_000;
  target.counter('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', labels, (atMs) =>
    Math.floor((milliwatts * (atMs - world.startedMs)) / 1_000 + (hash(seed) % 1_000)),
  );
}
