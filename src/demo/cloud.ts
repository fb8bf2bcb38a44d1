import { cadvisor } from './cadvisor.js';
import { edgeModels } from './edge-models.js';
import { dcgmExporter } from './gpu.js';
import { inferenceGateway } from './inference-gateway.js';
import { istioProxies } from './istio.js';
import { kubeStateMetrics } from './kube-state-metrics.js';
import { nodeExporter } from './node-exporter.js';
import { eventPipeline, objectStores } from './storage.js';
import type { Target } from './target.js';
import { clusters, core, nodes } from './topology.js';
import { vllmServers } from './vllm.js';
import type { World } from './world.js';

/** Everything that is scraped, of all clusters. */
export function targetsOf(world: World): readonly Target[] {
  return clusters.flatMap((cluster) => {
    const own = nodes.filter((node) => node.cluster === cluster);
    return [
      kubeStateMetrics(cluster, world),
      ...own.map((node) => nodeExporter(node, world)),
      ...own.map((node) => cadvisor(node, world)),
      ...istioProxies(cluster, world),
      ...own.filter((node) => node.gpus !== null).map((node) => dcgmExporter(node, world)),
      ...(cluster === core
        ? [...vllmServers(world), inferenceGateway(world), ...objectStores(world), eventPipeline(world)]
        : edgeModels(cluster, world)),
    ];
  });
}
