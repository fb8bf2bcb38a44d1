import type { EntityKey } from '../domain/entity.js';
import type { Facet, Inventory, MicroserviceFacts } from '../domain/model.js';
import { containerMetrics, containersSeen, kubeletsSeen, placed, podsSeen } from './cadvisor.js';
import { gpuMetrics, gpusVector, uuidOf } from './dcgm.js';
import { type Ask, nodeKey, own } from './family.js';
import { inferenceServersOf, presenceMetrics, serversVector } from './inference-servers.js';
import { applicationsOf } from './inventory-applications.js';
import { gpuHostOf, gpuPlacing, gpusOf, nodesWithGpu } from './inventory-gpus.js';
import { bareNodes, filesystemsOf, nodeLabelsOf, nodeStateOf, nodesOf, rolesOf } from './inventory-nodes.js';
import { containerStatesOf, containersOf, ownersOf, podStatesOf, podsOf, workloadsOf } from './inventory-pods.js';
import { mapValues, rowByKey, rowsByKey } from './inventory-rows.js';
import { type ClusterRows, type InventoryQuestion, readNaming, readVector } from './inventory-vectors.js';
import { destinationWorkload, meshMetrics, microserviceKey, servicesVector } from './istio.js';
import { kubeMetrics, kubeVectors } from './kube-state-metrics.js';
import { exporterMetrics, filesystemMetrics, filesystemVector } from './node-exporter.js';
import type { InstantSeries } from './prometheus/answer.js';

/** Reads a facet for a slice of clusters; the answer gives it cluster by cluster. */
export type FacetReader<F extends Facet> = (question: InventoryQuestion) => Promise<(cluster: string) => Inventory[F]>;

/** How each part of the inventory is read. */
export const facets: { readonly [F in Facet]: FacetReader<F> } = {
  async nodes(question) {
    const naming = await readNaming(question);
    const nodes = mapValues(naming, nodesOf);
    const kubelets = await whereEmpty(nodes, question, kubeletsSeen);
    return (cluster) => {
      const known = nodes.get(cluster);
      return known === undefined || known.size === 0 ? bareNodes(rowsOf(kubelets, cluster).map(placed)) : known;
    };
  },
  nodeStates: read([kubeVectors.conditions], (rows = []) => mapValues(rowsByKey(rows, nodeKey), nodeStateOf)),
  nodeSchedulable: read([kubeVectors.unschedulable], (rows = []) =>
    mapValues(rowByKey(rows, nodeKey), ({ value }) => value === 0),
  ),
  nodeRoles: read([kubeVectors.roles], (rows = []) => mapValues(rowsByKey(rows, nodeKey), rolesOf)),
  nodeLabels: read([kubeVectors.nodeLabels], (rows = []) =>
    mapValues(rowByKey(rows, nodeKey), ({ labels }) => nodeLabelsOf(labels)),
  ),
  async filesystems(question) {
    const [naming, found] = await Promise.all([readNaming(question), readVector(question, filesystemVector)]);
    return (cluster) => {
      const names = naming.get(cluster);
      return names === undefined ? new Map() : filesystemsOf(rowsOf(found, cluster), names);
    };
  },

  async namespaces(question) {
    const [named, pods] = await Promise.all([readVector(question, kubeVectors.namespaces), facets.pods(question)]);
    return (cluster) => {
      const names = rowsOf(named, cluster).map(({ labels }) => own(labels, 'namespace'));
      const used = [...pods(cluster).values()].map(({ namespace }) => namespace);
      return new Set([...names, ...used].filter((name) => name !== '').sort());
    };
  },

  async pods(question) {
    const infos = await readVector(question, kubeVectors.pods);
    const seen = await whereEmpty(infos, question, podsSeen);
    return (cluster) => podsOf(firstFilled(rowsOf(infos, cluster), rowsOf(seen, cluster).map(placed)));
  },
  podStates: read([kubeVectors.phases, kubeVectors.ready], (phases = [], ready = []) => podStatesOf(phases, ready)),
  workloads: read(
    [kubeVectors.owners, kubeVectors.replicaSetOwners, kubeVectors.jobOwners],
    (owners = [], replicaSets = [], jobs = []) =>
      workloadsOf(owners, { ReplicaSet: ownersOf(replicaSets, 'replicaset'), Job: ownersOf(jobs, 'job_name') }),
  ),

  async containers(question) {
    const infos = await readVector(question, kubeVectors.containers);
    const seen = await whereEmpty(infos, question, containersSeen);
    return (cluster) => containersOf(firstFilled(rowsOf(infos, cluster), rowsOf(seen, cluster)));
  },
  containerStates: read(
    [
      kubeVectors.containerStates,
      kubeVectors.containerReady,
      kubeVectors.restarts,
      kubeVectors.reasons,
      kubeVectors.lastReasons,
    ],
    (states = [], ready = [], restarts = [], reasons = [], lastReasons = []) =>
      containerStatesOf({ states, ready, restarts, reasons, lastReasons }),
  ),

  async gpus(question) {
    const [rows, naming] = await Promise.all([readVector(question, gpusVector), readNaming(question)]);
    const nodes = mapValues(naming, nodesOf);
    const isPlaced = (cluster: string, { labels }: InstantSeries) =>
      uuidOf(labels) === null || nodes.get(cluster)?.has(gpuHostOf(labels) ?? '') === true;
    // An exporter that was not told its node's name gives that of its pod.
    const isAnyLost = [...rows].some(([cluster, found]) => !found.every((row) => isPlaced(cluster, row)));
    const pods = isAnyLost ? await facets.pods(question) : () => new Map();
    return (cluster) => {
      const [known, names] = [nodes.get(cluster), naming.get(cluster)];
      if (known === undefined || names === undefined) return new Map();
      return gpusOf(rowsOf(rows, cluster), gpuPlacing({ known, naming: names, pods: pods(cluster) }));
    };
  },
  async nodeHasGpu(question) {
    const [counts, gpus] = await Promise.all([readVector(question, kubeVectors.gpuCounts), facets.gpus(question)]);
    return (cluster) => nodesWithGpu(rowsOf(counts, cluster), gpus(cluster).values());
  },

  microservices: read([servicesVector], (rows = []) => microservicesOf(rows)),
  inferenceServers: read([serversVector], (rows = []) => inferenceServersOf(rows)),
  async applications(question) {
    const [labels, workloads, microservices] = await Promise.all([
      readVector(question, kubeVectors.partOf),
      facets.workloads(question),
      facets.microservices(question),
    ]);
    return (cluster) =>
      applicationsOf(rowsOf(labels, cluster), question.slice.labels.partOf, workloads(cluster), microservices(cluster));
  },
};

/** Metrics that tell of a facet: where a source has none of them, that nothing was found does not mean that nothing is there. */
export const facetMetrics: Readonly<Record<Facet, readonly string[]>> = {
  ...kubeMetrics,
  nodes: [...kubeMetrics.nodes, ...exporterMetrics, ...containerMetrics],
  filesystems: filesystemMetrics,
  namespaces: [...kubeMetrics.namespaces, ...kubeMetrics.pods, ...containerMetrics],
  pods: [...kubeMetrics.pods, ...containerMetrics],
  containers: [...kubeMetrics.containers, ...containerMetrics],
  gpus: gpuMetrics,
  nodeHasGpu: [...kubeMetrics.nodeHasGpu, ...gpuMetrics],
  microservices: meshMetrics,
  inferenceServers: presenceMetrics,
};

/** A facet made of flat vectors, asked for at the same time. */
function read<F extends Facet>(
  vectors: readonly ((ask: Ask) => string)[],
  join: (...rows: readonly (readonly InstantSeries[])[]) => Inventory[F],
): FacetReader<F> {
  return async (question) => {
    const answers = await Promise.all(vectors.map((vector) => readVector(question, vector)));
    return (cluster) => join(...answers.map((answer) => rowsOf(answer, cluster)));
  };
}

/** A second source, asked only where the first told nothing of some cluster. */
async function whereEmpty(
  first: ReadonlyMap<string, { readonly size: number } | { readonly length: number }>,
  question: InventoryQuestion,
  vector: (ask: Ask) => string,
): Promise<ClusterRows> {
  const isEmpty = [...first.values()].some((found) => ('size' in found ? found.size : found.length) === 0);
  return isEmpty ? readVector(question, vector) : new Map();
}

function firstFilled(first: readonly InstantSeries[], second: readonly InstantSeries[]): readonly InstantSeries[] {
  return first.length > 0 ? first : second;
}

function rowsOf(answer: ClusterRows, cluster: string): readonly InstantSeries[] {
  return answer.get(cluster) ?? [];
}

function microservicesOf(rows: readonly InstantSeries[]): ReadonlyMap<EntityKey, MicroserviceFacts> {
  return mapValues(rowsByKey(rows, microserviceKey), (seen) => {
    const { destination_service_namespace: namespace = '', destination_service_name: name = '' } =
      seen[0]?.labels ?? {};
    const workloads = new Map(
      seen.flatMap(({ labels }) => {
        const workload = destinationWorkload(labels);
        return workload === null ? [] : [[`${workload.namespace}/${workload.name}`, workload] as const];
      }),
    );
    return { namespace, name, workloads: [...workloads.values()] };
  });
}
