import { type EntityKey, entityKey } from '../domain/entity.js';
import type { MeasurementSource, MissingReason, Perspective } from '../domain/metric.js';
import type { Labels } from './prometheus/answer.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';
import { type Aggregation, aggregate, allOf, type Matchers, selector } from './prometheus/promql.js';

/** One value per instant asked for: one for an instant, many for a range; null where there was no sample. */
export type Cells = readonly (number | null)[];

/** One row of an answer. */
export interface Row {
  readonly labels: Labels;
  readonly cells: Cells;
}

/** Exporters whose series name an entity in a way of their own. */
export type Exporter = 'NODE_EXPORTER' | 'CADVISOR' | 'KUBE_STATE_METRICS' | 'ISTIO' | 'DCGM' | 'INFERENCE_SERVER';

/** Matchers that keep a question to the entities wanted, per exporter: alternatives, one selector each. */
export type Narrowing = Partial<Readonly<Record<Exporter, readonly Matchers[]>>>;

/** What a family's PromQL is made from. */
export interface Ask {
  readonly slice: ClusterSlice;
  readonly windowMs: number;
  readonly quantile: number;
  readonly narrowing: Narrowing;
}

/** The name of the node that a row of node_exporter is about; null when nothing tells. */
export type NodeOf = (labels: Labels) => string | null;

/** The rows of one cluster, by entity. */
export interface Fold {
  (rows: readonly Row[], nodeOf: NodeOf): ReadonlyMap<EntityKey, Cells>;
  /** Where a row tells of one entity by its labels, and the greatest of an entity's rows counts. */
  readonly keyOf?: RowKey;
}

/** Names the entity that a row tells of; null when a label is missing. */
export type RowKey = (labels: Labels, nodeOf: NodeOf) => EntityKey | null;

/** A figure as PromQL, and how the rows of its answer name entities. */
export interface Family {
  /** A data source that has none of these does not collect the figure. */
  readonly metrics: readonly string[];
  /** The same for one entity, where entities of the kind are measured by different exporters. */
  metricsOf?(key: EntityKey): readonly string[];
  /** Entities that never have the figure, whatever is collected, where there are such. */
  isForeignTo?(key: EntityKey): boolean;
  promql(ask: Ask): string;
  /** Whether an entity's figure is the greatest of its rows, as they stand in the answer: then PromQL can choose. */
  readonly isGreatestRow?: boolean;
  readonly fold: Fold;
  /** Whose view the last cell of each entity is, where several tell of it. */
  perspectives?(rows: readonly Row[]): ReadonlyMap<EntityKey, Perspective>;
  /** What NaN stands for: NO_EVENTS where it can only come from nothing having happened. */
  readonly notANumber: MissingReason;
  /** The exporter that answered, where the figure has two. */
  sourceOf?(rows: readonly Row[]): MeasurementSource;
}

/**
 * The selector of a metric within the clusters and entities asked for, each alternative passed through `read`:
 * `rate(x{pod="a"}[5m]) or rate(x{exported_pod="a"}[5m])`.
 */
export function select(
  ask: Ask,
  exporter: Exporter,
  metric: string,
  matchers: Matchers = {},
  read: (vector: string) => string = (vector) => vector,
): string {
  return (ask.narrowing[exporter] ?? [{}])
    .map((narrowing) => read(selector(metric, allOf(ask.slice.matchers, selected(ask, metric), matchers, narrowing))))
    .join(' or ');
}

/** The selector of a metric within the clusters asked for, whatever the entities. */
export function selectAll(ask: Ask, metric: string, matchers: Matchers = {}): string {
  return selector(metric, allOf(ask.slice.matchers, selected(ask, metric), matchers));
}

/** What the configuration wants of the exporter that has the metric. */
function selected({ slice }: Ask, metric: string): Matchers {
  return slice.selectors[exporterOf(metric)] ?? {};
}

/** How the configuration calls the exporter of a metric. */
export function exporterOf(metric: string): string {
  return Object.entries(PREFIXES).find(([prefix]) => metric.startsWith(prefix))?.[1] ?? 'modelServers';
}

const PREFIXES = {
  node_: 'nodeExporter',
  container_: 'cadvisor',
  kube_: 'kubeStateMetrics',
  istio_: 'istio',
  DCGM_: 'dcgm',
  // Whether a target answers is asked of targets of any exporter.
  up: 'none',
};

/** `sum by (cluster, node) (x)`: the labels that tell clusters apart are always kept. */
export function group(ask: Ask, operation: Aggregation, labels: readonly string[], vector: string): string {
  return aggregate(operation, [...ask.slice.by, ...labels], vector);
}

/** `on (cluster, node)` */
export function on(ask: Ask, labels: readonly string[]): string {
  return `on (${[...ask.slice.by, ...labels].join(', ')})`;
}

/**
 * Labels by which an exporter names Kubernetes objects, each with the name it gets where the scrape does not honour the
 * exporter's labels and the target has one of the same name.
 */
export function native(...labels: readonly string[]): readonly string[] {
  return labels.flatMap((label) => [label, `exported_${label}`]);
}

/** Texts made once: rows are many. */
const exportedNames = new Map<string, string>();

/** The exporter's own value of a label, under whichever name it arrived; empty when there is none. */
export function own(labels: Labels, label: string): string {
  let exported = exportedNames.get(label);
  if (exported === undefined) {
    exported = `exported_${label}`;
    exportedNames.set(label, exported);
  }
  return labels[exported] ?? labels[label] ?? '';
}

/** The key made of the exporter's own labels; null when one is missing. */
export function ownKey(labels: Labels, ...names: readonly string[]): EntityKey | null {
  const parts = names.map((name) => own(labels, name));
  return parts.includes('') ? null : entityKey(...parts);
}

/**
 * What a reader makes of labels, made once: equal labels of all answers are one object.
 * @see LabelDictionary
 */
export function keptByLabels<T extends object | string | null>(read: (labels: Labels) => T): (labels: Labels) => T {
  const kept = new WeakMap<Labels, T>();
  return (labels) => {
    const known = kept.get(labels);
    if (known !== undefined) return known;
    const value = read(labels);
    kept.set(labels, value);
    return value;
  };
}

/** Names the entity of a row; null when a label is missing. */
export type KeyOf = (labels: Labels) => EntityKey | null;

export const nodeKey: KeyOf = (labels) => ownKey(labels, 'node');
export const podKey: KeyOf = keptByLabels((labels) => ownKey(labels, 'namespace', 'pod'));
export const containerKey: KeyOf = keptByLabels((labels) => ownKey(labels, 'namespace', 'pod', 'container'));

/** Rows by key. Where several rows have one key (twins of an exporter), the greater number counts, never the sum. */
export function foldBy(keyOf: RowKey): Fold {
  const fold: Fold = (rows, nodeOf) => {
    const folded = new Map<EntityKey, Cells>();
    for (const { labels, cells } of rows) {
      const key = keyOf(labels, nodeOf);
      if (key === null) continue;
      const known = folded.get(key);
      folded.set(key, known === undefined ? cells : greater(known, cells));
    }
    return folded;
  };
  return Object.assign(fold, { keyOf });
}

/** `10.0.0.11` of `10.0.0.11:9100`, `fd00::1` of `[fd00::1]:9100`: the host that a scrape was of. */
export function hostOf(instance: string): string {
  const match = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/.exec(instance);
  return match?.[1] ?? match?.[2] ?? instance;
}

function greater(left: Cells, right: Cells): Cells {
  return left.map((value, index) => greaterOf(value, right[index] ?? null));
}

/** NaN only where there is nothing else. */
export function greaterOf(value: number | null, other: number | null): number | null {
  if (value === null || Number.isNaN(value)) return other ?? value;
  return other !== null && other > value ? other : value;
}
