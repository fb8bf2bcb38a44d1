import { type EntityKey, entityKey } from '../domain/entity.js';
import type { Inventory } from '../domain/model.js';
import type { Column, Figure } from '../domain/ports.js';
import type { Asking } from './asking.js';
import type { Instant } from './instant.js';
import { microservicesByWorkload } from './joins.js';
import { MicroserviceType } from './microservice.type.js';
import { ServiceEdgeType, type ServiceGraphType } from './service-edge.type.js';

/** Who called whom in a window, as keys; what they lead to is looked up when an edge is shown. */
interface EdgeIndex {
  readonly all: readonly EntityKey[];
  /** By `namespace/name` of the target. */
  readonly byTarget: ReadonlyMap<string, readonly EntityKey[]>;
  /** By `namespace/workload` of the source. */
  readonly bySource: ReadonlyMap<string, readonly EntityKey[]>;
}

export interface ServiceEdges {
  readonly callersOf: (microservice: EntityKey) => readonly ServiceEdgeType[];
  readonly calleesOf: (microservice: EntityKey) => readonly ServiceEdgeType[];
  readonly all: () => readonly ServiceEdgeType[];
  /** Edges with an end in one of the namespaces (null: all), and the microservices of those. */
  readonly graph: (namespaces: readonly string[] | null) => ServiceGraphType;
}

/** The calls of a cluster within a window; null when they cannot be known. */
export async function serviceEdges(
  ask: Asking,
  cluster: string,
  instant: Instant,
  windowMs: number | null,
): Promise<ServiceEdges | null> {
  const [requests, connections, microservices] = await Promise.all([
    ask.columnOutcome('serviceEdge.requestRate', cluster, instant, { windowMs }),
    ask.columnOutcome('serviceEdge.connectionRate', cluster, instant, { windowMs }),
    ask.facet('microservices', cluster, instant),
  ]);
  const calls = callsOf(requests, connections);
  if (calls === null || microservices === null) return null;
  const index = indexOf(calls, cluster);
  const edge = (key: EntityKey) => edgeOf(key, cluster, instant, windowMs, microservices);
  return {
    callersOf: (microservice) => (index.byTarget.get(microservice) ?? []).map(edge),
    calleesOf: (microservice) =>
      (microservices.get(microservice)?.workloads ?? [])
        .flatMap(({ namespace, name }) => index.bySource.get(entityKey(namespace, name)) ?? [])
        .map(edge),
    all: () => index.all.map(edge),
    graph: (namespaces) => graphOf(index.all.map(edge), namespaces, microservices, cluster, instant),
  };
}

function edgeOf(
  key: EntityKey,
  cluster: string,
  instant: Instant,
  windowMs: number | null,
  microservices: Inventory['microservices'],
): ServiceEdgeType {
  const [sourceNamespace = '', workload = '', targetNamespace = '', targetName = '', ...protocol] = key.split('/');
  const from = microservicesByWorkload(microservices).get(entityKey(sourceNamespace, workload))?.[0];
  const to = microservices.get(entityKey(targetNamespace, targetName));
  return new ServiceEdgeType({
    ref: { cluster, key },
    instant,
    windowMs,
    source: from === undefined ? null : new MicroserviceType(cluster, from.namespace, from.name, instant),
    sourceName: from?.name ?? workload,
    target: to === undefined ? null : new MicroserviceType(cluster, to.namespace, to.name, instant),
    targetName,
    protocol: protocol.join('/'),
  });
}

function graphOf(
  edges: readonly ServiceEdgeType[],
  namespaces: readonly string[] | null,
  microservices: Inventory['microservices'],
  cluster: string,
  instant: Instant,
): ServiceGraphType {
  const within = (namespace: string) => namespaces === null || namespaces.includes(namespace);
  // Of an edge whose both ends the caller may not see, nothing is shown.
  const shown = edges.filter((edge) => [edge.source, edge.target].some((end) => end !== null && within(end.namespace)));
  const nodes = new Map<string, MicroserviceType>();
  for (const { namespace, name } of microservices.values()) {
    if (within(namespace))
      nodes.set(entityKey(namespace, name), new MicroserviceType(cluster, namespace, name, instant));
  }
  const outside = new Set<string>();
  for (const { source, sourceName, target, targetName } of shown) {
    if (source === null) outside.add(sourceName);
    else if (!nodes.has(source.ref.key)) nodes.set(source.ref.key, source);
    if (target === null) outside.add(targetName);
    else if (!nodes.has(target.ref.key)) nodes.set(target.ref.key, target);
  }
  const sorted = [...nodes.values()].sort((a, b) => (a.ref.key < b.ref.key ? -1 : 1));
  return { nodes: sorted, outside: [...outside].sort(), edges: shown };
}

/** Edges of requests, and those of connections; either is null where nothing of the kind is collected. */
interface Calls {
  readonly requests: Column<Figure> | null;
  readonly connections: Column<Figure> | null;
}

type ColumnOutcome = Awaited<ReturnType<Asking['columnOutcome']>>;

/** Null when a source failed, or collects neither. */
function callsOf(requests: ColumnOutcome, connections: ColumnOutcome): Calls | null {
  if (requests === 'FAILED' || connections === 'FAILED') return null;
  if (requests === 'NOT_COLLECTED' && connections === 'NOT_COLLECTED') return null;
  const known = (column: Exclude<ColumnOutcome, 'FAILED'>) => (column === 'NOT_COLLECTED' ? null : column);
  return { requests: known(requests), connections: known(connections) };
}

const indexes = new WeakMap<Column<Figure>, Map<string, EdgeIndex>>();

/** Made once per answer, however many microservices ask for their callers. */
function indexOf(calls: Calls, cluster: string): EdgeIndex {
  const column = (calls.requests ?? calls.connections) as Column<Figure>;
  const ofColumn = indexes.get(column) ?? new Map<string, EdgeIndex>();
  indexes.set(column, ofColumn);
  const known = ofColumn.get(cluster);
  if (known !== undefined) return known;
  const all = edgeKeys(calls, cluster);
  const index = {
    all,
    bySource: groupedBy(all, ([namespace = '', workload = '']) => entityKey(namespace, workload)),
    byTarget: groupedBy(all, ([, , namespace = '', name = '']) => entityKey(namespace, name)),
  };
  ofColumn.set(cluster, index);
  return index;
}

/** Requests are told of as connections too where a mesh has both layers (ambient): they are one edge. */
function edgeKeys({ requests, connections }: Calls, cluster: string): readonly EntityKey[] {
  const seen = requests?.keys(cluster) ?? [];
  // A proxy goes on counting from where it was: an edge without requests in the window called nobody in it.
  const called = seen.filter((key) => (requests?.of({ cluster, key }).value ?? 0) > 0);
  const pairs = new Set(seen.map(pairOf));
  const bare = (connections?.keys(cluster) ?? []).filter((key) => !pairs.has(pairOf(key)));
  return [...called, ...bare].sort();
}

/** Both ends of an edge, without its protocol. */
function pairOf(key: EntityKey): string {
  return key.split('/', 4).join('/');
}

function groupedBy(
  keys: readonly EntityKey[],
  groupOf: (parts: readonly string[]) => string,
): ReadonlyMap<string, readonly EntityKey[]> {
  const groups = new Map<string, EntityKey[]>();
  for (const key of keys) {
    const name = groupOf(key.split('/'));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [key]);
    else group.push(key);
  }
  return groups;
}
