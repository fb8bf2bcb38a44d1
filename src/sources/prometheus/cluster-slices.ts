import type { Labels } from './answer.js';
import type { Matchers } from './promql.js';

/** Names of labels that differ between installations. */
export interface ClusterLabels {
  /** Of node_exporter's series, naming their node; null finds it out. */
  readonly node: string | null;
  /** Of `kube_pod_labels`, naming the application of a pod. */
  readonly partOf: string;
}

/** Labels that the series of an exporter must carry to be read; exporters are named as in the configuration. */
export type ClusterSelectors = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A cluster as its data source knows it. */
export interface DataSourceCluster {
  readonly name: string;
  /** Labels of this cluster's series; empty where the source holds one cluster only. */
  readonly match: Readonly<Record<string, string>>;
  readonly labels?: ClusterLabels;
  readonly selectors?: ClusterSelectors;
}

/** One Prometheus (or what speaks its API), with every cluster that is read from it. */
export interface DataSource {
  readonly name: string;
  readonly clusters: readonly DataSourceCluster[];
}

/** Clusters of one data source that one PromQL can ask for, and how its rows are told apart. */
export interface ClusterSlice {
  readonly dataSource: string;
  readonly clusters: readonly string[];
  /** Equal for slices of one data source that sort rows to the same clusters. */
  readonly key: string;
  /** `cluster=~"a|b"`; empty where the clusters' `match` is. */
  readonly matchers: Matchers;
  /** Those of all its clusters. */
  readonly labels: ClusterLabels;
  readonly selectors: ClusterSelectors;
  /** Labels to keep in `by (...)`, so that `clusterOf` can tell rows apart. */
  readonly by: readonly string[];
  /** The cluster a row belongs to; null for a row that belongs to none of `clusters` (leave it out). */
  clusterOf(labels: Labels): string | null;
}

const DEFAULT_LABELS: ClusterLabels = { node: null, partOf: 'label_app_kubernetes_io_part_of' };

/**
 * One slice per distinct set of label names: clusters told apart by equal labels share their queries, unless their
 * exporters are read in different ways.
 */
export function clusterSlices(dataSource: DataSource, clusters: readonly string[]): readonly ClusterSlice[] {
  const slices = new Map<string, DataSourceCluster[]>();
  for (const cluster of dataSource.clusters) {
    if (!clusters.includes(cluster.name)) continue;
    const { match, labels = DEFAULT_LABELS, selectors = {} } = cluster;
    const marks = Object.entries(selectors).map(([exporter, wanted]) => [exporter, Object.entries(wanted).sort()]);
    const key = JSON.stringify([Object.keys(match).sort(), labels.node, labels.partOf, marks]);
    slices.set(key, [...(slices.get(key) ?? []), cluster]);
  }
  return [...slices.values()].flatMap((group) => sliceOf(dataSource.name, group));
}

function sliceOf(dataSource: string, group: readonly DataSourceCluster[]): readonly ClusterSlice[] {
  const by = Object.keys(group[0]?.match ?? {}).sort();
  const [only = ''] = by;
  // Asked for every row of every answer, mostly about one label.
  const valuesOf =
    by.length === 1
      ? (labels: Labels) => labels[only] ?? ''
      : (labels: Labels) => JSON.stringify(by.map((label) => labels[label] ?? ''));
  const names = new Map<string, DataSourceCluster>();
  const twins: DataSourceCluster[] = [];
  for (const cluster of group) {
    const key = valuesOf(cluster.match);
    // Two clusters of equal marks read the same rows: each gets a slice of its own, for a row can name only one.
    if (names.has(key)) twins.push(cluster);
    else names.set(key, cluster);
  }
  const matchers = Object.fromEntries(
    by.map((label) => [label, { in: [...names.values()].map(({ match }) => match[label] ?? '') }]),
  );
  return [
    {
      dataSource,
      clusters: [...names.values()].map(({ name }) => name),
      key: JSON.stringify([...names.values()]),
      matchers,
      labels: group[0]?.labels ?? DEFAULT_LABELS,
      selectors: group[0]?.selectors ?? {},
      by,
      clusterOf: (labels) => names.get(valuesOf(labels))?.name ?? null,
    },
    ...(twins.length === 0 ? [] : sliceOf(dataSource, twins)),
  ];
}
