import { secondsOf } from './incidents.js';
import { Target } from './target.js';
import { type Container, type Node, type Pod, pods } from './topology.js';
import { amount, type Flow, phaseOf, remembering, wave } from './waves.js';
import type { World } from './world.js';

/** CFS periods of 100 ms. */
const PERIODS_PER_SECOND = 10;

/** The kubelet's cAdvisor page of one node, with the rows of pause containers and of whole pods that real ones have. */
export function cadvisor(node: Node, world: World): Target {
  const target = new Target({
    cluster: node.cluster,
    job: 'kubelet',
    instance: `${node.ip}:10250`,
    honorLabels: true,
    ownTimes: true,
    labels: { metrics_path: '/metrics/cadvisor', node: node.name, endpoint: 'https-metrics', service: 'kubelet' },
  });
  for (const pod of pods) if (pod.node === node) podRows(target, pod, world);
  return target;
}

function podRows(target: Target, pod: Pod, world: World): void {
  const slice = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${pod.uid.replaceAll('-', '_')}.slice`;
  const base = { namespace: pod.namespace, pod: pod.name };
  const row = (container: string, image: string, short: string) => ({
    ...base,
    id: short === '' ? slice : `${slice}/cri-containerd-${short}.scope`,
    container,
    image,
    name: short,
  });
  const whole = row('', '', '');
  const pause = row('', 'registry.k8s.io/pause:3.10', shortId(pod, 'pause'));
  const running = pod.workload.waiting === null ? pod.containers : [];
  const usages = running.map((container) => cpuSeconds(pod, container, world));
  target.counter('container_cpu_usage_seconds_total', { ...whole, cpu: 'total' }, (atMs) =>
    round(usages.reduce((sum, usage) => sum + usage(atMs), 0.02)),
  );
  target.counter('container_cpu_usage_seconds_total', { ...pause, cpu: 'total' }, () => 0.02);
  const memory = running.map((container) => memoryBytes(pod, container));
  target.gauge('container_memory_working_set_bytes', whole, (atMs) =>
    memory.reduce((sum, of) => sum + of(atMs), 300_000),
  );
  target.gauge('container_memory_working_set_bytes', pause, 299_008);
  // The node exporter sits on its node's network: cAdvisor has no interface of its own to show for it.
  if (pod.ip !== pod.node.ip) traffic(target, pod, { ...pause, interface: 'eth0' }, world);
  running.forEach((container, at) => {
    const labels = row(container.name, container.image, shortId(pod, container.name));
    containerRows(
      target,
      pod,
      container,
      labels,
      usages[at] as (atMs: number) => number,
      memory[at] as (atMs: number) => number,
      world,
    );
  });
}

function containerRows(
  target: Target,
  pod: Pod,
  container: Container,
  labels: Record<string, string>,
  usage: (atMs: number) => number,
  memory: (atMs: number) => number,
  world: World,
): void {
  const noise = suffers(pod, container) ? world.noiseOn(pod.node) : [];
  target.counter('container_cpu_usage_seconds_total', { ...labels, cpu: 'total' }, (atMs) => round(usage(atMs)));
  if (container.cpu[2] > 0) {
    const seconds = (atMs: number) => (atMs - world.startedMs) / 1_000;
    const throttledShare = suffers(pod, container) ? 0.015 : 0.004;
    target.counter('container_cpu_cfs_periods_total', labels, (atMs) => Math.floor(PERIODS_PER_SECOND * seconds(atMs)));
    const throttled = (atMs: number) =>
      throttledShare * seconds(atMs) + (0.88 - throttledShare) * secondsOf(noise, atMs);
    target.counter('container_cpu_cfs_throttled_periods_total', labels, (atMs) =>
      Math.floor(PERIODS_PER_SECOND * throttled(atMs)),
    );
    target.counter('container_cpu_cfs_throttled_seconds_total', labels, (atMs) =>
      round(0.04 * PERIODS_PER_SECOND * throttled(atMs)),
    );
  }
  const waiting: Flow = { perSecond: 0.01, swing: 0.3, phase: phaseOf(`${pod.name}/${container.name}/waiting`) };
  target.counter('container_pressure_cpu_waiting_seconds_total', labels, (atMs) =>
    round(amount(waiting, world.startedMs, atMs) + 0.8 * secondsOf(noise, atMs)),
  );
  target.gauge('container_memory_working_set_bytes', labels, memory);
  target.gauge('container_memory_rss', labels, (atMs) => Math.floor((memory(atMs) * 0.9) / 4_096) * 4_096);
  target.counter('container_oom_events_total', labels, () => 0);
  target.gauge('container_start_time_seconds', labels, world.startedMs / 1_000);
}

/** Core seconds used so far. The noisy neighbour takes what the detector then lacks. */
function cpuSeconds(pod: Pod, container: Container, world: World): (atMs: number) => number {
  const flow: Flow = { perSecond: container.cpu[0], swing: 0.2, phase: phaseOf(`${pod.name}/${container.name}`) };
  const noise = world.noiseOn(pod.node);
  const extra = isNoisy(pod) ? 0.7 * pod.node.cores : suffers(pod, container) ? -0.55 * container.cpu[0] : 0;
  return remembering((atMs) => amount(flow, world.startedMs, atMs) + extra * secondsOf(noise, atMs));
}

function memoryBytes(pod: Pod, container: Container): (atMs: number) => number {
  const phase = phaseOf(`${pod.name}/${container.name}/memory`);
  return remembering((atMs) => Math.floor(container.memory[0] * 256 * (1 + 0.06 * wave(atMs, phase))) * 4_096);
}

function traffic(target: Target, pod: Pod, labels: Record<string, string>, world: World): void {
  const perSecond = 40_000 * (1 + 10 * pod.workload.container.cpu[0]);
  for (const direction of ['receive', 'transmit']) {
    const flow: Flow = { perSecond, swing: 0.3, phase: phaseOf(`${pod.name}/${direction}`) };
    const bytes = (atMs: number) => Math.floor(amount(flow, world.startedMs, atMs));
    target.counter(`container_network_${direction}_bytes_total`, labels, bytes);
  }
}

function isNoisy(pod: Pod): boolean {
  return pod.workload.name === 'video-transcode';
}

function suffers(pod: Pod, container: Container): boolean {
  return pod.workload.name === 'detector' && container.name === 'detector';
}

function shortId(pod: Pod, container: string): string {
  return `${pod.uid.replaceAll('-', '')}${container.length.toString(16)}`;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
