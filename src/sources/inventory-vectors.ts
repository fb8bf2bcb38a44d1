import type { ReadContext } from '../domain/ports.js';
import { type Ask, type NodeOf, own } from './family.js';
import { kubeVectors } from './kube-state-metrics.js';
import { type NodeNames, nodeNaming, unameVector } from './node-exporter.js';
import type { InstantAnswer, InstantSeries, Labels } from './prometheus/answer.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';
import type { Planner } from './prometheus/planner.js';

/** One instant of one slice of clusters, and who asks. */
export interface InventoryQuestion {
  readonly planner: Pick<Planner, 'instant'>;
  readonly slice: ClusterSlice;
  readonly atMs: number;
  readonly context: ReadContext;
}

/** The rows of a vector by cluster; every cluster of the slice has a list. */
export type ClusterRows = ReadonlyMap<string, readonly InstantSeries[]>;

/** Asks for one vector: one PromQL, whatever the number of clusters and entities. */
export async function readVector(question: InventoryQuestion, promql: (ask: Ask) => string): Promise<ClusterRows> {
  const { planner, slice, atMs, context } = question;
  const text = promql({ slice, windowMs: 0, quantile: 0, narrowing: {} });
  const answer = await planner.instant(slice.dataSource, text, atMs, slice.clusters.length, context);
  const known = sorted.get(answer.labels);
  if (known?.slice === slice.key && areEqual(known.values, answer.values)) return known.rows;
  const rows = rowsByCluster(slice, answer.series);
  sorted.set(answer.labels, { slice: slice.key, values: answer.values, rows });
  return rows;
}

/**
 * Of the last answer with these labels. Every figure of nodes asks how nodes are named, and most of an inventory is the
 * same at the next instant: what is made of equal rows is made once.
 */
const sorted = new WeakMap<
  InstantAnswer['labels'],
  { readonly slice: string; readonly values: Float64Array; readonly rows: ClusterRows }
>();

/** NaN is unlike any number. */
function areEqual(values: Float64Array, others: Float64Array): boolean {
  return values.length === others.length && values.every((value, index) => value === others[index]);
}

/** Sorts rows to their clusters; rows of no cluster asked for are left out. */
export function rowsByCluster<T extends { readonly labels: InstantSeries['labels'] }>(
  slice: ClusterSlice,
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const sorted = new Map<string, T[]>(slice.clusters.map((cluster) => [cluster, []]));
  for (const row of rows) {
    const cluster = slice.clusterOf(row.labels);
    if (cluster !== null) sorted.get(cluster)?.push(row);
  }
  return sorted;
}

/** What names the nodes of a cluster. */
export interface Naming {
  readonly names: NodeNames;
  readonly nodeOf: NodeOf;
  /** Rows of `kube_node_info` and of `node_uname_info`. */
  readonly infos: readonly InstantSeries[];
  readonly unames: readonly InstantSeries[];
}

/** How nodes are named in each cluster: two PromQL, the same for the list of nodes and for every figure of theirs. */
export function readNaming(question: InventoryQuestion): Promise<ReadonlyMap<string, Naming>> {
  const { planner, slice, atMs, context } = question;
  const before = asked.get(context);
  if (before?.planner === planner && before.slice === slice && before.atMs === atMs) return before.naming;
  const naming = newNaming(question);
  const own = { planner, slice, atMs, naming };
  asked.set(context, own);
  // What failed may be asked again.
  naming.catch(() => asked.get(context) === own && asked.delete(context));
  return naming;
}

/**
 * The last of each asker: every figure of nodes in an operation wants it, mostly at one instant of one source. Asked for
 * again it is no question, not even one that is answered from memory; a partial answer, too, holds for the operation.
 */
const asked = new WeakMap<
  ReadContext,
  Pick<InventoryQuestion, 'planner' | 'slice' | 'atMs'> & { readonly naming: Promise<ReadonlyMap<string, Naming>> }
>();

async function newNaming(question: InventoryQuestion): Promise<ReadonlyMap<string, Naming>> {
  const { planner, slice } = question;
  const [infos, unames] = await Promise.all([
    readVector(question, kubeVectors.nodes),
    readVector(question, unameVector),
  ]);
  const known = namings.get(planner) ?? new Map<string, Naming>();
  namings.set(planner, known);
  const ofClusters = slice.clusters.map((cluster) => {
    const before = known.get(cluster);
    const naming = namingOf(infos.get(cluster) ?? [], unames.get(cluster) ?? [], slice.labels.node, before);
    known.set(cluster, naming);
    return [cluster, naming] as const;
  });
  return new Map(ofClusters);
}

/** The last of each cluster. Machines come and go seldom: what is made of their names holds for many instants. */
const namings = new WeakMap<InventoryQuestion['planner'], Map<string, Naming>>();

function namingOf(
  infos: readonly InstantSeries[],
  unames: readonly InstantSeries[],
  label: string | null,
  before: Naming | undefined,
): Naming {
  const isSame = before?.names.label === label && areSame(before.infos, infos) && areSame(before.unames, unames);
  if (isSame) return before;
  const names: NodeNames = {
    known: new Map(infos.map(({ labels }) => [own(labels, 'node'), labels.internal_ip ?? null])),
    unames: unames.map(({ labels }) => labels),
    label,
  };
  return { names, nodeOf: nodeNaming(names), infos, unames };
}

function areSame(rows: readonly InstantSeries[], others: readonly InstantSeries[]): boolean {
  if (rows === others) return true;
  if (rows.length !== others.length) return false;
  return rows.every(({ labels, value }, index) => {
    const other = others[index] as InstantSeries;
    return value === other.value && areSameLabels(labels, other.labels);
  });
}

/** Equal labels are mostly one object. */
function areSameLabels(labels: Labels, others: Labels): boolean {
  if (labels === others) return true;
  const names = Object.keys(labels);
  return names.length === Object.keys(others).length && names.every((name) => labels[name] === others[name]);
}
