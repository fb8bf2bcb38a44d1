import { entityKey } from '../domain/entity.js';
import {
  type Ask,
  type Family,
  foldBy,
  group,
  hostOf,
  keptByLabels,
  type NodeOf,
  on,
  type Row,
  select,
} from './family.js';
import { firstOf } from './inventory-rows.js';
import type { Labels } from './prometheus/answer.js';
import { type Matchers, rate } from './prometheus/promql.js';

const CPU = 'node_cpu_seconds_total';
const LOAD = 'node_load1';
const AVAILABLE = 'node_memory_MemAvailable_bytes';
const TOTAL = 'node_memory_MemTotal_bytes';
const FS_AVAILABLE = 'node_filesystem_avail_bytes';
const FS_SIZE = 'node_filesystem_size_bytes';
const FS_READ_ONLY = 'node_filesystem_readonly';
const UNAME = 'node_uname_info';

/** Labels a scrape gives to the series of one node_exporter; any of them may name the node. */
const TARGET = ['instance', 'node', 'kubernetes_node', 'nodename'];

function targetLabels({ slice }: Ask): readonly string[] {
  const { node } = slice.labels;
  return node === null ? TARGET : [...TARGET, node];
}

/** Waiting is not work: neither for the disk (iowait) nor for the hypervisor (steal). */
const NOT_BUSY = 'idle|iowait|steal';
/** Partitions and stacked devices count the bytes of their disks again. */
const DISKS: Matchers = { device: { notMatches: 'dm-.*|loop.*|z?ram.*|md.*|sr.*|fd.*' } };
/** Loopback, containers' ends, bridges, tunnels, bonds and VLANs count the bytes of their interfaces again. */
const INTERFACES: Matchers = {
  device: {
    notMatches:
      'lo|veth.*|cali.*|cilium.*|lxc.*|docker.*|cni.*|flannel.*|br-.*|virbr.*|tun.*|tap.*|vxlan.*|genev.*|kube-.*|nodelocaldns|bond.*|team.*|ifb.*|dummy.*|.+[.][0-9]+',
  },
};
const FILESYSTEMS: Matchers = {
  fstype: { notMatches: 'tmpfs|devtmpfs|ramfs|rootfs|squashfs|overlay|nsfs' },
  mountpoint: { not: '' },
};

const byNode = foldBy((labels, nodeOf) => nodeOf(labels));
const byFilesystem = foldBy((labels, nodeOf) => {
  const node = nodeOf(labels);
  return node === null ? null : entityKey(node, labels.mountpoint ?? '');
});
const byCluster = foldBy(() => entityKey());

export const nodeExporterFamilies = {
  'cluster.cpuUtilization': figure([CPU], (ask) => busyShare(ask, []), byCluster),
  'cluster.memoryUtilization': figure(
    [TOTAL],
    (ask) => `1 - ${group(ask, 'sum', [], perNode(ask, AVAILABLE))} / ${group(ask, 'sum', [], perNode(ask, TOTAL))}`,
    byCluster,
  ),

  'node.cpuUsage': figure([CPU], (ask) => sumOfParts(ask, CPU, ['cpu', 'mode'], { mode: { notMatches: NOT_BUSY } })),
  'node.cpuUtilization': figure([CPU], (ask) => busyShare(ask, targetLabels(ask))),
  'node.load1': figure([LOAD], (ask) => perNode(ask, LOAD)),
  'node.cpuPressure': pressure('node_pressure_cpu_waiting_seconds_total'),
  'node.memoryPressure': pressure('node_pressure_memory_stalled_seconds_total'),
  'node.ioPressure': pressure('node_pressure_io_stalled_seconds_total'),
  'node.memoryUsage': figure([TOTAL], (ask) => `${perNode(ask, TOTAL)} - ${perNode(ask, AVAILABLE)}`),
  'node.memoryUtilization': figure([TOTAL], (ask) => `1 - ${perNode(ask, AVAILABLE)} / ${perNode(ask, TOTAL)}`),
  'node.diskReadRate': perDevice('node_disk_read_bytes_total', DISKS),
  'node.diskWriteRate': perDevice('node_disk_written_bytes_total', DISKS),
  // The busiest disk: an average would hide it among idle ones.
  'node.diskIOUtilization': figure(['node_disk_io_time_seconds_total'], (ask) =>
    group(ask, 'max', targetLabels(ask), rated(ask, 'node_disk_io_time_seconds_total', DISKS)),
  ),
  'node.networkReceiveRate': perDevice('node_network_receive_bytes_total', INTERFACES),
  'node.networkTransmitRate': perDevice('node_network_transmit_bytes_total', INTERFACES),
  'node.networkErrorRate': figure(['node_network_receive_errs_total'], (ask) =>
    ['node_network_receive_errs_total', 'node_network_transmit_errs_total']
      .map((metric) => sumOfParts(ask, metric, ['device'], INTERFACES))
      .join(' + '),
  ),

  'filesystem.size': figure([FS_SIZE], (ask) => perFilesystem(ask, filesystem(ask, FS_SIZE)), byFilesystem),
  'filesystem.available': figure(
    [FS_AVAILABLE],
    (ask) => perFilesystem(ask, filesystem(ask, FS_AVAILABLE)),
    byFilesystem,
  ),
  'filesystem.utilization': figure(
    [FS_SIZE],
    (ask) => perFilesystem(ask, `1 - (${filesystem(ask, FS_AVAILABLE)}) / (${filesystem(ask, FS_SIZE)})`),
    byFilesystem,
  ),
} satisfies Record<string, Family>;

/** Cores that the kernel runs on. */
export function cpuCount(ask: Ask): string {
  return group(
    ask,
    'count',
    targetLabels(ask),
    group(ask, 'max', [...targetLabels(ask), 'cpu'], select(ask, 'NODE_EXPORTER', CPU, { mode: 'idle' })),
  );
}

/** Memory that the kernel manages. */
export function memoryTotal(ask: Ask): string {
  return perNode(ask, TOTAL);
}

/** Names that show whether `cpuCount`, `memoryTotal` and `filesystemVector` are collected. */
export const cpuMetrics = [CPU];
export const memoryMetrics = [TOTAL];
export const filesystemMetrics = [FS_SIZE, FS_READ_ONLY];

/** Whether a row comes from node_exporter: rows of objects that Kubernetes names carry no instance. */
export function isOfTarget({ labels }: Row): boolean {
  return labels.instance !== undefined;
}

/** Every node_exporter with the host name its kernel knows; without that, by what nearly all of them measure. */
export function unameVector(ask: Ask): string {
  const unames = select(ask, 'NODE_EXPORTER', UNAME);
  const measured = [TOTAL, LOAD].map((metric) => select(ask, 'NODE_EXPORTER', metric));
  const first = select(ask, 'NODE_EXPORTER', CPU, { cpu: '0', mode: 'idle' });
  const others = group(ask, 'max', targetLabels(ask), [...measured, first].join(' or '));
  const named = group(ask, 'max', [...targetLabels(ask), 'exported_nodename', 'release'], unames);
  return `${named} or (${others} unless ${on(ask, ['instance'])} ${unames})`;
}

/** Any of these shows that machines are measured. */
export const exporterMetrics = [UNAME, TOTAL, LOAD, CPU];

/** Filesystems; the value is 1 when read-only, 0 when not, above 1 when that is not told. */
export function filesystemVector(ask: Ask): string {
  const readOnly = select(ask, 'NODE_EXPORTER', FS_READ_ONLY, FILESYSTEMS);
  return group(
    ask,
    'max',
    [...targetLabels(ask), 'mountpoint', 'device', 'fstype'],
    `${readOnly} or (${filesystem(ask, FS_SIZE)}) + 2`,
  );
}

/** What names nodes: the nodes Kubernetes knows, and the kernels' own names. */
export interface NodeNames {
  /** By name, with the internal address where it is known. */
  readonly known: ReadonlyMap<string, string | null>;
  /** Rows of `unameVector`. */
  readonly unames: readonly Labels[];
  /** The label that names the node, where one is configured. */
  readonly label?: string | null;
}

/**
 * How the series of a node_exporter find their node, in this order: the label that is configured; one that the scrape
 * gives (`node`, `kubernetes_node`, `nodename`); `instance`, with or without a port, as the name of a known node; its address as a
 * node's internal one; the host name of the kernel; at last the host that was scraped.
 */
export function nodeNaming({ known, unames, label = null }: NodeNames): NodeOf {
  const byAddress = new Map<string, string>();
  for (const [name, address] of known) if (address !== null) byAddress.set(address, name);
  const byInstance = new Map<string, string>();
  for (const labels of unames) {
    const nodename = kernelNameOf(labels);
    if (labels.instance !== undefined && nodename !== null) byInstance.set(labels.instance, nodename);
  }
  return keptByLabels((labels) => {
    const given = (label === null ? undefined : labels[label]) ?? labels.node ?? labels.kubernetes_node;
    if (given !== undefined) return given;
    // On node_uname_info itself a lone `nodename` is the kernel's; elsewhere only the scrape can have given it.
    if (labels.nodename !== undefined && known.has(labels.nodename)) return labels.nodename;
    const instance = labels.instance ?? '';
    const host = hostOf(instance);
    if (known.has(instance)) return instance;
    if (known.has(host)) return host;
    return byAddress.get(host) ?? labels.nodename ?? byInstance.get(instance) ?? (host === '' ? null : host);
  });
}

/** The host name that a row of `unameVector` tells; null when it tells none. */
export function kernelNameOf(labels: Labels): string | null {
  return firstOf(labels, 'exported_nodename', 'nodename');
}

/** Instances whose series are those of the wanted nodes, each with its node. */
export function instancesOf(
  wanted: ReadonlySet<string>,
  { unames }: NodeNames,
  nodeOf: NodeOf,
): readonly { readonly instance: string; readonly node: string }[] {
  return unames.flatMap((labels) => {
    const node = nodeOf(labels);
    return node === null || labels.instance === undefined || !wanted.has(node)
      ? []
      : [{ instance: labels.instance, node }];
  });
}

function figure(metrics: readonly string[], promql: Family['promql'], fold: Family['fold'] = byNode): Family {
  return { metrics, promql, fold, isGreatestRow: true, notANumber: 'NOT_A_NUMBER' };
}

function pressure(metric: string): Family {
  return figure([metric], (ask) => group(ask, 'max', targetLabels(ask), rated(ask, metric)));
}

function perDevice(metric: string, devices: Matchers): Family {
  return figure([metric], (ask) => sumOfParts(ask, metric, ['device'], devices));
}

function perNode(ask: Ask, metric: string): string {
  return group(ask, 'max', targetLabels(ask), select(ask, 'NODE_EXPORTER', metric));
}

function rated(ask: Ask, metric: string, matchers: Matchers = {}): string {
  return select(ask, 'NODE_EXPORTER', metric, matchers, (vector) => rate(vector, ask.windowMs));
}

/** The sum over a node's parts, each part counted once however often it is scraped. */
function sumOfParts(ask: Ask, metric: string, parts: readonly string[], matchers: Matchers): string {
  return group(
    ask,
    'sum',
    targetLabels(ask),
    group(ask, 'max', [...targetLabels(ask), ...parts], rated(ask, metric, matchers)),
  );
}

/** The share of time in which processors worked. Extrapolation may make idle time longer than time: never below 0. */
function busyShare(ask: Ask, labels: readonly string[]): string {
  const idle = rated(ask, CPU, { mode: { matches: NOT_BUSY } });
  return `clamp_min(1 - ${group(ask, 'sum', labels, group(ask, 'avg', [...labels, 'mode'], idle))}, 0)`;
}

function filesystem(ask: Ask, metric: string): string {
  return select(ask, 'NODE_EXPORTER', metric, FILESYSTEMS);
}

function perFilesystem(ask: Ask, vector: string): string {
  return group(ask, 'max', [...targetLabels(ask), 'mountpoint'], vector);
}
