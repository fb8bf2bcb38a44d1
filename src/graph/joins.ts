import { type EntityKey, entityKey } from '../domain/entity.js';
import type { ContainerFacts, GpuFacts, Inventory, MicroserviceFacts, PodFacts } from '../domain/model.js';
import type { Asking, Placed } from './asking.js';
import type { Instant } from './instant.js';
import { MicroserviceType } from './microservice.type.js';

/** Computed once per inventory, which lives as long as its operation or the reader's cache. */
function onceFor<K extends object, V>(build: (input: K) => V): (input: K) => V {
  const built = new WeakMap<K, V>();
  return (input) => {
    const known = built.get(input);
    if (known !== undefined) return known;
    const value = build(input);
    built.set(input, value);
    return value;
  };
}

function grouped<T>(items: Iterable<T>, keysOf: (item: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}

export const podsByNode = onceFor((pods: Inventory['pods']) =>
  grouped<PodFacts>(pods.values(), ({ node }) => (node === null ? [] : [node])),
);

export const containersByPod = onceFor((containers: Inventory['containers']) =>
  grouped<ContainerFacts>(containers.values(), ({ namespace, pod }) => [entityKey(namespace, pod)]),
);

/** In the order of their numbers. */
export const gpusByNode = onceFor((gpus: Inventory['gpus']) =>
  grouped<GpuFacts>(inOrder(gpus), ({ node }) => (node === null ? [] : [node])),
);

export const gpusByContainer = onceFor((gpus: Inventory['gpus']) =>
  grouped<GpuFacts>(inOrder(gpus), ({ containers }) =>
    containers.map(({ namespace, pod, name }) => entityKey(namespace, pod, name)),
  ),
);

/** By `namespace/workload`; a workload behind several services belongs to the first by name. */
export const microservicesByWorkload = onceFor((microservices: Inventory['microservices']) =>
  grouped<MicroserviceFacts>(
    [...microservices.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, facts]) => facts),
    ({ workloads }) => workloads.map(({ namespace, name }) => entityKey(namespace, name)),
  ),
);

/** Keys of pods by `namespace/workload`. */
export const podsByWorkload = onceFor((workloads: Inventory['workloads']) => {
  const rows = [...workloads].map(([pod, { name }]) => ({ pod, workload: entityKey(namespaceOf(pod), name) }));
  return grouped(rows, ({ workload }) => [workload]);
});

/** How pods lead to microservices in a cluster; null when that cannot be known. */
export async function microserviceFinder(
  ask: Asking,
  cluster: string,
  instant: Instant,
): Promise<((pod: EntityKey) => MicroserviceType | null) | null> {
  const [workloads, microservices] = await Promise.all([
    ask.facet('workloads', cluster, instant),
    ask.facet('microservices', cluster, instant),
  ]);
  if (workloads === null || microservices === null) return null;
  const byWorkload = microservicesByWorkload(microservices);
  return (pod) => {
    const workload = workloads.get(pod);
    if (workload === undefined) return null;
    const facts = byWorkload.get(entityKey(namespaceOf(pod), workload.name))?.[0];
    return facts === undefined ? null : new MicroserviceType(cluster, facts.namespace, facts.name, instant);
  };
}

/** Keys of the pods that answer for a microservice, sorted; null when that cannot be known. */
export async function podKeysOf(ask: Asking, { ref, instant }: Placed): Promise<readonly EntityKey[] | null> {
  const [workloads, microservices] = await Promise.all([
    ask.facet('workloads', ref.cluster, instant),
    ask.facet('microservices', ref.cluster, instant),
  ]);
  if (workloads === null || microservices === null) return null;
  const byWorkload = podsByWorkload(workloads);
  const own = microservices.get(ref.key)?.workloads ?? [];
  const keys = own.flatMap(({ namespace, name }) => byWorkload.get(entityKey(namespace, name)) ?? []);
  return [...new Set(keys.map(({ pod }) => pod))].sort();
}

function namespaceOf(pod: EntityKey): string {
  return pod.slice(0, pod.indexOf('/'));
}

function inOrder(gpus: Inventory['gpus']): readonly GpuFacts[] {
  return [...gpus.values()].sort((a, b) => a.index - b.index || (a.key < b.key ? -1 : 1));
}
