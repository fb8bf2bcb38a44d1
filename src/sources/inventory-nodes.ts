import type { EntityKey } from '../domain/entity.js';
import type { FilesystemFacts, NodeCondition, NodeFacts, NodeLabels, NodeState } from '../domain/model.js';
import { nodeKey } from './family.js';
import { firstOf, rowByKey } from './inventory-rows.js';
import type { Naming } from './inventory-vectors.js';
import { REGION_LABELS, ZONE_LABELS } from './kube-state-metrics.js';
import { kernelNameOf } from './node-exporter.js';
import type { InstantSeries, Labels } from './prometheus/answer.js';

/** Nodes that Kubernetes knows, and those that only their node_exporter tells of; made once for a naming. */
export function nodesOf(naming: Naming): ReadonlyMap<EntityKey, NodeFacts> {
  const known = nodesByNaming.get(naming) ?? newNodes(naming);
  nodesByNaming.set(naming, known);
  return known;
}

const nodesByNaming = new WeakMap<Naming, ReadonlyMap<EntityKey, NodeFacts>>();

function newNodes({ infos, unames, nodeOf }: Naming): ReadonlyMap<EntityKey, NodeFacts> {
  const nodes = new Map<EntityKey, NodeFacts>();
  for (const { labels } of unames) {
    const name = nodeOf(labels);
    // Kubernetes knows its nodes: a host that it does not know, and that does not say its name, is none of them.
    if (name === null || (infos.length > 0 && kernelNameOf(labels) === null)) continue;
    const kernelVersion = firstOf(labels, 'release') ?? nodes.get(name)?.kernelVersion ?? null;
    nodes.set(name, { ...bareNode(name), kernelVersion });
  }
  for (const [name, { labels }] of rowByKey(infos, nodeKey)) {
    nodes.set(name, {
      name,
      kubeletVersion: firstOf(labels, 'kubelet_version'),
      kernelVersion: firstOf(labels, 'kernel_version') ?? nodes.get(name)?.kernelVersion ?? null,
      osImage: firstOf(labels, 'os_image'),
      internalIP: firstOf(labels, 'internal_ip'),
    });
  }
  return nodes;
}

/** Nodes of which only a name is known. */
export function bareNodes(rows: readonly InstantSeries[]): ReadonlyMap<EntityKey, NodeFacts> {
  return new Map([...rowByKey(rows, nodeKey).keys()].map((name) => [name, bareNode(name)]));
}

function bareNode(name: string): NodeFacts {
  return { name, kubeletVersion: null, kernelVersion: null, osImage: null, internalIP: null };
}

/** The state of one node from the conditions that hold for it. */
export function nodeStateOf(rows: readonly InstantSeries[]): NodeState {
  const byType = new Map<string, NodeCondition>();
  for (const { labels } of rows) {
    const type = labels.condition ?? '';
    const status = STATUSES[labels.status ?? ''];
    if (type !== '' && status !== undefined) byType.set(type, { type, status });
  }
  const conditions = [...byType.values()].sort((left, right) => (left.type < right.type ? -1 : 1));
  const ready = byType.get('Ready')?.status;
  return { ready: ready === 'TRUE' ? true : ready === 'FALSE' ? false : null, conditions };
}

const STATUSES: Readonly<Record<string, NodeCondition['status']>> = {
  true: 'TRUE',
  false: 'FALSE',
  unknown: 'UNKNOWN',
};

export function rolesOf(rows: readonly InstantSeries[]): readonly string[] {
  return [...new Set(rows.flatMap(({ labels }) => firstOf(labels, 'role') ?? []))].sort();
}

export function nodeLabelsOf(labels: Labels): NodeLabels {
  return { zone: firstOf(labels, ...ZONE_LABELS), region: firstOf(labels, ...REGION_LABELS) };
}

/** Filesystems by node, each mount point once, in the order of their names. */
export function filesystemsOf(
  rows: readonly InstantSeries[],
  { nodeOf }: Pick<Naming, 'nodeOf'>,
): ReadonlyMap<EntityKey, readonly FilesystemFacts[]> {
  const byNode = new Map<EntityKey, Map<string, FilesystemFacts>>();
  for (const { labels, value } of rows) {
    const node = nodeOf(labels);
    const mountpoint = labels.mountpoint ?? '';
    if (node === null || mountpoint === '') continue;
    const mounted = byNode.get(node) ?? new Map<string, FilesystemFacts>();
    byNode.set(node, mounted);
    mounted.set(mountpoint, {
      node,
      mountpoint,
      device: labels.device ?? '',
      fstype: firstOf(labels, 'fstype'),
      readOnly: value > 1 ? null : value === 1,
    });
  }
  return new Map(
    [...byNode].map(([node, mounted]) => [
      node,
      [...mounted.values()].sort((left, right) => (left.mountpoint < right.mountpoint ? -1 : 1)),
    ]),
  );
}
