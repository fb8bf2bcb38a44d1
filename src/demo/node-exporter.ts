import { isDuring, secondsOf } from './incidents.js';
import { Target } from './target.js';
import { type Node, pods } from './topology.js';
import { amount, type Flow, hash, phaseOf, remembering, wave } from './waves.js';
import type { World } from './world.js';

/** How a second of a processor is spent on average beside idling, as shares of the busy part. */
const modes = { user: 0.72, system: 0.2, softirq: 0.04, iowait: 0.03, irq: 0, nice: 0, steal: 0.01 } as const;

/** What the noisy neighbour leaves: nearly nothing. */
const NOISY_BUSY = 0.97;

/** node_exporter of one machine, with the target labels of the Helm chart. */
export function nodeExporter(node: Node, world: World): Target {
  const pod = pods.find((one) => one.workload.name === 'node-exporter' && one.node === node);
  if (pod === undefined) throw new Error(`no node-exporter runs on ${node.name}`);
  const target = new Target({
    cluster: node.cluster,
    job: 'node-exporter',
    instance: `${node.ip}:9100`,
    honorLabels: false,
    labels: {
      namespace: pod.namespace,
      pod: pod.name,
      service: 'node-exporter',
      container: 'node-exporter',
      endpoint: 'http-metrics',
    },
  });
  const uname = {
    sysname: 'Linux',
    release: '6.8.0-45-generic',
    version: '#45-Ubuntu SMP',
    machine: 'x86_64',
    nodename: node.name,
    domainname: '(none)',
  };
  target.gauge('node_uname_info', uname, 1);
  target.gauge('node_boot_time_seconds', {}, world.startedMs / 1_000);
  processors(target, node, world);
  memory(target, node);
  disks(target, node, world);
  network(target, node, world);
  return target;
}

/** Share of all cores that is busy on average: what its containers use, and a little of its own. */
export function busyShare(node: Node): number {
  const used = pods.filter((pod) => pod.node === node).flatMap((pod) => pod.containers.map(({ cpu }) => cpu[0]));
  return (0.25 + used.reduce((sum, cores) => sum + cores, 0)) / node.cores;
}

function processors(target: Target, node: Node, world: World): void {
  const noise = world.noiseOn(node);
  const busy = busyShare(node);
  const phase = phaseOf(node.name);
  for (let cpu = 0; cpu < node.cores; cpu += 1) {
    const flow: Flow = { perSecond: busy, swing: 0.2, phase: phase + cpu / 10 };
    const busySeconds = remembering(
      (atMs) => amount(flow, world.startedMs, atMs) + (NOISY_BUSY - busy * 1.3) * secondsOf(noise, atMs),
    );
    const labels = (mode: string) => ({ cpu: String(cpu), mode });
    target.counter('node_cpu_seconds_total', labels('idle'), (atMs) =>
      hundredths((atMs - world.startedMs) / 1_000 - busySeconds(atMs)),
    );
    for (const [mode, share] of Object.entries(modes)) {
      target.counter('node_cpu_seconds_total', labels(mode), (atMs) => hundredths(share * busySeconds(atMs)));
    }
  }
  const load = (atMs: number) =>
    isDuring(noise, atMs) ? node.cores * 2.4 : node.cores * busy * (1 + 0.2 * wave(atMs, phase));
  target.gauge('node_load1', {}, (atMs) => hundredths(load(atMs)));
  target.gauge('node_load5', {}, hundredths(node.cores * busy));
  target.gauge('node_load15', {}, hundredths(node.cores * busy));
  pressure(
    target,
    'cpu_waiting',
    world,
    { perSecond: 0.02, swing: 0.3, phase },
    (atMs) => 0.7 * secondsOf(noise, atMs),
  );
  pressure(target, 'memory_waiting', world, { perSecond: 0.0008, swing: 0.3, phase });
  pressure(target, 'memory_stalled', world, { perSecond: 0.0004, swing: 0.3, phase });
  pressure(target, 'io_waiting', world, { perSecond: 0.006, swing: 0.3, phase });
  pressure(target, 'io_stalled', world, { perSecond: 0.004, swing: 0.3, phase });
}

function pressure(
  target: Target,
  kind: string,
  world: World,
  flow: Flow,
  more: (atMs: number) => number = () => 0,
): void {
  target.counter(`node_pressure_${kind}_seconds_total`, {}, (atMs) =>
    micros(amount(flow, world.startedMs, atMs) + more(atMs)),
  );
}

function memory(target: Target, node: Node): void {
  const phase = phaseOf(`${node.name}/memory`);
  const used = pods.filter((pod) => pod.node === node).flatMap((pod) => pod.containers.map((one) => one.memory[0]));
  const usedBytes = (1_200 + used.reduce((sum, mib) => sum + mib, 0)) * 2 ** 20;
  const available = (atMs: number) => node.memoryBytes - usedBytes * (1 + 0.04 * wave(atMs, phase));
  target.gauge('node_memory_MemTotal_bytes', {}, node.memoryBytes);
  target.gauge('node_memory_MemAvailable_bytes', {}, (atMs) => pages(available(atMs)));
  target.gauge('node_memory_MemFree_bytes', {}, (atMs) => pages(available(atMs) * 0.4));
  target.gauge('node_memory_Buffers_bytes', {}, pages(node.memoryBytes * 0.01));
  target.gauge('node_memory_Cached_bytes', {}, (atMs) => pages(available(atMs) * 0.55));
  target.gauge('node_memory_SwapTotal_bytes', {}, 0);
  target.gauge('node_memory_SwapFree_bytes', {}, 0);
  target.counter('node_vmstat_oom_kill', {}, () => 0);
}

function disks(target: Target, node: Node, world: World): void {
  const phase = phaseOf(`${node.name}/disk`);
  const scale = 1 + (hash(node.name) % 5) / 4;
  const grown = (perSecond: number) => (atMs: number) =>
    amount({ perSecond: perSecond * scale, swing: 0.3, phase }, world.startedMs, atMs);
  const device = { device: 'nvme0n1' };
  const whole = (perSecond: number) => (atMs: number) => Math.floor(grown(perSecond)(atMs));
  target.counter('node_disk_read_bytes_total', device, whole(900_000));
  target.counter('node_disk_written_bytes_total', device, whole(2_400_000));
  target.counter('node_disk_reads_completed_total', device, whole(40));
  target.counter('node_disk_writes_completed_total', device, whole(110));
  target.counter('node_disk_io_time_seconds_total', device, (atMs) => micros(grown(0.06)(atMs)));
  const root = { device: '/dev/nvme0n1p1', mountpoint: '/', fstype: 'ext4', device_error: '' };
  const shared = { device: 'tmpfs', mountpoint: '/run', fstype: 'tmpfs', device_error: '' };
  filesystem(target, root, 240 * 2 ** 30, (atMs) => 0.42 + 0.06 * wave(atMs, phase));
  filesystem(target, shared, node.memoryBytes / 10, () => 0.02);
}

function filesystem(
  target: Target,
  labels: Record<string, string>,
  size: number,
  usedAt: (atMs: number) => number,
): void {
  const free = (atMs: number) => size * (1 - usedAt(atMs));
  target.gauge('node_filesystem_size_bytes', labels, size);
  target.gauge('node_filesystem_avail_bytes', labels, (atMs) => pages(free(atMs) * 0.95));
  target.gauge('node_filesystem_free_bytes', labels, (atMs) => pages(free(atMs)));
  target.gauge('node_filesystem_readonly', labels, 0);
  target.gauge('node_filesystem_device_error', labels, 0);
}

function network(target: Target, node: Node, world: World): void {
  const rates = { eth0: 6_000_000, lo: 400_000, cni0: 3_000_000 };
  for (const [device, perSecond] of Object.entries(rates)) {
    const flow = (direction: string): Flow => ({
      perSecond,
      swing: 0.35,
      phase: phaseOf(`${node.name}/${device}/${direction}`),
    });
    const bytes = (direction: string) => (atMs: number) => Math.floor(amount(flow(direction), world.startedMs, atMs));
    target.counter('node_network_receive_bytes_total', { device }, bytes('receive'));
    target.counter('node_network_transmit_bytes_total', { device }, bytes('transmit'));
    const rare: Flow = { perSecond: device === 'eth0' ? 0.002 : 0, swing: 0, phase: 0 };
    const errors = (atMs: number) => Math.floor(amount(rare, world.startedMs, atMs));
    for (const kind of ['receive_errs', 'transmit_errs', 'receive_drop', 'transmit_drop']) {
      target.counter(`node_network_${kind}_total`, { device }, errors);
    }
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function micros(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function pages(bytes: number): number {
  return Math.floor(bytes / 4_096) * 4_096;
}
