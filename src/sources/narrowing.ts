import type { Scope } from '../domain/access.js';
import type { EntityKey, EntityRef, MeasuredKind } from '../domain/entity.js';
import type { Exporter, Narrowing } from './family.js';
import type { Naming } from './inventory-vectors.js';
import { instancesOf } from './node-exporter.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';
import type { Matchers } from './prometheus/promql.js';

/**
 * Up to how many names a matcher lists. Beyond it reading a namespace, or all there is, costs little more, and its text
 * is the same for every asker, who then share one answer.
 */
const MAX_NAMES = 100;

/** Part of an entity's key that an exporter's label holds, and the label under each of its names. */
interface LabelOfPart {
  readonly part: number;
  readonly labels: readonly string[];
}

/** How the series of a kind of entity are narrowed: by name, by namespace when the names are too many. */
interface Plan {
  readonly exporters: Partial<
    Readonly<Record<Exporter, { readonly name: LabelOfPart; readonly namespace?: LabelOfPart }>>
  >;
}

const POD_NAMESPACE: LabelOfPart = { part: 0, labels: ['namespace', 'exported_namespace'] };
const PODS: Plan = {
  exporters: {
    // Targets of the kubelet are nodes: only a namespace can hide that of the container.
    CADVISOR: { name: { part: 1, labels: ['pod'] }, namespace: POD_NAMESPACE },
    KUBE_STATE_METRICS: { name: { part: 1, labels: ['pod', 'exported_pod'] }, namespace: POD_NAMESPACE },
  },
};
const SERVICES: Plan = {
  exporters: {
    ISTIO: {
      name: { part: 1, labels: ['destination_service_name'] },
      namespace: { part: 0, labels: ['destination_service_namespace'] },
    },
  },
};
const EDGES: Plan = {
  exporters: {
    ISTIO: {
      name: { part: 3, labels: ['destination_service_name'] },
      namespace: { part: 2, labels: ['destination_service_namespace'] },
    },
  },
};
/** A model server's series have the namespace that the scrape gave them; its pods are told by kube-state-metrics. */
const SERVERS: Plan = {
  exporters: {
    INFERENCE_SERVER: { name: { part: 0, labels: ['namespace'] }, namespace: { part: 0, labels: ['namespace'] } },
    KUBE_STATE_METRICS: { name: POD_NAMESPACE, namespace: POD_NAMESPACE },
  },
};
const GPUS: Plan = { exporters: { DCGM: { name: { part: 0, labels: ['UUID', 'uuid'] } } } };
const NODES: Plan = { exporters: { KUBE_STATE_METRICS: { name: { part: 0, labels: ['node', 'exported_node'] } } } };

const PLANS: Readonly<Record<MeasuredKind, Plan>> = {
  Cluster: { exporters: {} },
  Node: NODES,
  Filesystem: { exporters: {} },
  Pod: PODS,
  Container: PODS,
  GPU: GPUS,
  Microservice: SERVICES,
  ResponseCode: SERVICES,
  ServiceEdge: EDGES,
  Inference: SERVERS,
};

/**
 * Matchers that keep a question to the entities wanted; none where too many are. Names are not told apart by cluster or
 * namespace: what comes back beyond the wish is left out later.
 */
export function narrowTo(kind: MeasuredKind, keys: readonly EntityKey[], namings: readonly Naming[]): Narrowing {
  if (keys.length === 0) return {};
  const narrowing: Record<string, readonly Matchers[]> = {};
  for (const [exporter, { name, namespace }] of Object.entries(PLANS[kind].exporters)) {
    const matchers = literal(keys, name) ?? (namespace === undefined ? null : literal(keys, namespace));
    if (matchers !== null) narrowing[exporter] = matchers;
  }
  const instances = kind === 'Node' || kind === 'Filesystem' ? instancesWanted(keys, namings) : null;
  if (instances !== null) narrowing.NODE_EXPORTER = [{ instance: { in: instances } }];
  return narrowing;
}

/** The same for a list of entities; all figures of a list are narrowed in the same way. */
export function narrowToList(
  kind: MeasuredKind,
  slice: ClusterSlice,
  list: readonly EntityRef[],
  namings: readonly Naming[],
): Narrowing {
  const known = kept.get(list);
  const isSame =
    known !== undefined &&
    known.kind === kind &&
    known.slice.key === slice.key &&
    known.namings.length === namings.length &&
    known.namings.every((naming, index) => naming === namings[index]);
  if (isSame) return known.narrowing;
  const narrowing = narrowTo(kind, keysWanted(slice, list), namings);
  kept.set(list, { kind, slice, namings, narrowing });
  return narrowing;
}

/** Of the last question about a list. */
const kept = new WeakMap<
  readonly EntityRef[],
  {
    readonly kind: MeasuredKind;
    readonly slice: ClusterSlice;
    readonly namings: readonly Naming[];
    readonly narrowing: Narrowing;
  }
>();

function keysWanted({ clusters }: ClusterSlice, wanted: readonly EntityRef[]): readonly string[] {
  const keys: string[] = [];
  for (const { cluster, key } of wanted) if (clusters.includes(cluster)) keys.push(key);
  return keys;
}

/** Matchers that keep a question for everything to the namespaces that the asker may see. */
export function narrowToScope(kind: MeasuredKind, { namespaces }: Scope): Narrowing {
  if (namespaces === null || namespaces.length === 0 || kind === 'ServiceEdge') return {};
  const narrowing: Record<string, readonly Matchers[]> = {};
  for (const [exporter, { namespace }] of Object.entries(PLANS[kind].exporters)) {
    if (namespace !== undefined) narrowing[exporter] = alternatives(namespace.labels, namespaces);
  }
  return narrowing;
}

function literal(keys: readonly EntityKey[], { part, labels }: LabelOfPart): readonly Matchers[] | null {
  const names = namesAmong(keys, part);
  return names === null || names.has('') ? null : alternatives(labels, [...names]);
}

/** What stands in a part of the keys; null when that is too much. */
function namesAmong(keys: readonly EntityKey[], part: number): ReadonlySet<string> | null {
  const names = new Set<string>();
  for (const key of keys) {
    names.add(partOf(key, part));
    if (names.size > MAX_NAMES) return null;
  }
  return names;
}

function partOf(key: EntityKey, part: number): string {
  let from = 0;
  for (let before = 0; before < part; before += 1) {
    from = key.indexOf('/', from) + 1;
    if (from === 0) return '';
  }
  const to = key.indexOf('/', from);
  return to < 0 ? key.slice(from) : key.slice(from, to);
}

function alternatives(labels: readonly string[], names: readonly string[]): readonly Matchers[] {
  return labels.map((label) => ({ [label]: { in: names } }));
}

/** node_exporter does not know its node's name: the instances are looked up. */
function instancesWanted(keys: readonly EntityKey[], namings: readonly Naming[]): readonly string[] | null {
  const wanted = namesAmong(keys, 0);
  // A cluster whose exporters are not known by name might be meant by any of the names.
  if (wanted === null || namings.some(({ unames }) => unames.length === 0)) return null;
  const instances = namings.flatMap(({ names, nodeOf }) => instancesOf(wanted, names, nodeOf));
  const found = new Set(instances.map(({ node }) => node));
  return found.size === wanted.size ? instances.map(({ instance }) => instance) : null;
}
