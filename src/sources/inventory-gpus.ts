import { type EntityKey, entityKey } from '../domain/entity.js';
import type { ContainerName, GpuFacts, NodeFacts, PodFacts } from '../domain/model.js';
import { gpuKey, uuidOf } from './dcgm.js';
import { nodeKey } from './family.js';
import { firstOf, rowByKey, rowsByKey } from './inventory-rows.js';
import type { Naming } from './inventory-vectors.js';
import type { InstantSeries, Labels } from './prometheus/answer.js';

type Rows = readonly InstantSeries[];

/** GPUs by key, each with its holders, from the rows of `gpusVector`. */
export function gpusOf(rows: Rows, nodeOf: (labels: Labels) => string | null): ReadonlyMap<EntityKey, GpuFacts> {
  const holderOf = holderNaming(rows);
  const gpus = new Map<EntityKey, GpuFacts>();
  for (const [key, seen] of rowsByKey(rows, gpuKey)) {
    const facts = cardOf(
      key,
      seen.map(({ labels }) => labels),
      nodeOf,
    );
    if (facts !== null) gpus.set(key, { ...facts, containers: distinct(newest(seen).map(holderOf)) });
  }
  return gpus;
}

/** Whether nodes have GPUs: what Kubernetes counts, where it is above 0, and those that GPUs were found on. */
export function nodesWithGpu(counts: Rows, gpus: Iterable<GpuFacts>): ReadonlyMap<EntityKey, boolean> {
  const counted = [...rowByKey(counts, nodeKey)].map(([node, { value }]) => [node, value > 0] as const);
  const found = [...gpus].flatMap(({ node }) => (node === null ? [] : [[node, true] as const]));
  return new Map([...counted, ...found]);
}

/** What GPUs are placed by. */
export interface Places {
  readonly known: ReadonlyMap<EntityKey, NodeFacts>;
  readonly naming: Pick<Naming, 'nodeOf'>;
  /** Read only where a host name is that of no node. */
  readonly pods: ReadonlyMap<EntityKey, PodFacts>;
}

/**
 * The node of a row, in this order: the exporter's host name, when a node has it, in full or up to the first dot; what
 * the scrape says (a label, the address); the node of the pod that has the host name; the host name as it is.
 */
export function gpuPlacing({ known, naming, pods }: Places): (labels: Labels) => string | null {
  const ofPods = new Map([...pods.values()].map(({ name, node }) => [name, node]));
  return (labels) => {
    const host = gpuHostOf(labels);
    const scraped = naming.nodeOf(labels);
    const node = [host, host?.split('.')[0], scraped].find((name) => known.has(name ?? ''));
    return node ?? ofPods.get(host ?? '') ?? host ?? firstOf(labels, 'node', 'kubernetes_node');
  };
}

/** The host name that the exporter of a row gives. */
export function gpuHostOf(labels: Labels): string | null {
  return firstOf(labels, 'Hostname', 'exported_hostname', 'hostname');
}

function cardOf(
  key: EntityKey,
  rows: readonly Labels[],
  nodeOf: (labels: Labels) => string | null,
): Omit<GpuFacts, 'containers'> | null {
  const [labels = {}] = rows;
  const uuid = uuidOf(labels);
  const index = Number.parseInt(firstOf(labels, 'gpu') ?? firstOf(labels, 'device')?.replace(/^nvidia/, '') ?? '', 10);
  if (uuid === null || !Number.isSafeInteger(index)) return null;
  const model = firstOf(labels, 'modelName');
  const profile = firstOf(labels, 'GPU_I_PROFILE');
  return {
    key,
    uuid,
    index,
    model: model === null || profile === null ? model : `${model} MIG ${profile}`,
    node: rows.map(nodeOf).find((node) => node !== null) ?? null,
  };
}

/**
 * The rows of each exporter's last scrape. A GPU goes from one holder to the next within it, and the series of the one
 * before may be found for some minutes more.
 */
function newest(rows: Rows): Rows {
  const last = new Map<string, number>();
  for (const { labels, value } of rows) last.set(targetOf(labels), Math.max(value, last.get(targetOf(labels)) ?? 0));
  return rows.filter(({ labels, value }) => value === last.get(targetOf(labels)));
}

const PARTS = [
  { label: 'namespace', older: 'pod_namespace' },
  { label: 'pod', older: 'pod_name' },
  { label: 'container', older: 'container_name' },
] as const;

/**
 * How a row names its holder. A label counts only when it is the exporter's own: under `exported_...` it always is; under
 * its plain name it is that of the scrape when the target has the same value, or when the scrape was seen to rename it.
 * The series of an idle GPU have no holder, so that on them the target's labels stand where a holder's would.
 */
function holderNaming(rows: Rows): (row: InstantSeries) => ContainerName | null {
  const targets = new Map<string, Set<string>>();
  const renamed = new Set<string>();
  for (const { labels } of rows) {
    const target = targetOf(labels);
    for (const { label } of PARTS) {
      if (labels[`exported_${label}`] !== undefined) renamed.add(`${target} ${label}`);
      if (uuidOf(labels) !== null) continue;
      const values = targets.get(`${target} ${label}`) ?? new Set();
      targets.set(`${target} ${label}`, values.add(labels[label] ?? ''));
    }
  }
  return ({ labels }) => {
    const target = targetOf(labels);
    const [namespace = '', pod = '', name = ''] = PARTS.map(({ label, older }) => {
      const given = firstOf(labels, `exported_${label}`, older);
      if (given !== null) return given;
      const plain = labels[label] ?? '';
      const isOfTarget = renamed.has(`${target} ${label}`) || targets.get(`${target} ${label}`)?.has(plain) === true;
      return isOfTarget ? '' : plain;
    });
    // Where nothing tells of the target, the exporter itself would seem to hold what is idle.
    const isExporter = EXPORTER.test(pod) || EXPORTER.test(name);
    return namespace === '' || pod === '' || name === '' || isExporter ? null : { namespace, pod, name };
  };
}

const EXPORTER = /(^|-)dcgm-exporter(-|$)/;

function targetOf(labels: Labels): string {
  return `${labels.job ?? ''} ${labels.instance ?? ''}`;
}

function distinct(holders: readonly (ContainerName | null)[]): readonly ContainerName[] {
  const byKey = new Map(
    holders.flatMap((holder) =>
      holder === null ? [] : [[entityKey(holder.namespace, holder.pod, holder.name), holder] as const],
    ),
  );
  return [...byKey].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, holder]) => holder);
}
