import type { MeasuredKind } from './entity.js';

/** Units of figures; ratios are 0..1, latencies seconds. */
export type Unit =
  | 'RATIO'
  | 'SECONDS'
  | 'CORES'
  | 'BYTES'
  | 'BYTES_PER_SECOND'
  | 'REQUESTS_PER_SECOND'
  | 'COUNT'
  | 'PER_SECOND'
  | 'TOKENS_PER_SECOND'
  | 'CELSIUS'
  | 'WATTS'
  | 'HERTZ';

/** Which exporter a figure comes from. */
export type MeasurementSource =
  | 'NODE_EXPORTER'
  | 'CADVISOR'
  | 'KUBE_STATE_METRICS'
  | 'ISTIO'
  | 'DCGM'
  | 'INFERENCE_SERVER'
  | 'STORAGE'
  | 'STREAMING'
  | 'CUSTOM'
  | 'LEDGER';

/** Whose proxy told of requests: the caller's, which sees what never arrived too, or the server's. Never both summed. */
export type Perspective = 'CLIENT' | 'SERVER';

/** Why a figure has no value. Unknown is never 0. */
export type MissingReason =
  | 'NO_SAMPLE'
  | 'NO_EVENTS'
  | 'NOT_COLLECTED'
  | 'SOURCE_UNAVAILABLE'
  | 'SOURCE_TIMEOUT'
  | 'NOT_A_NUMBER';

/** One figure of the catalogue: what it is and in which unit. How it is asked is known to `sources/` only. */
export interface MetricFamily {
  readonly entity: MeasuredKind;
  readonly unit: Unit;
  /** The exporter a reader is told of; a quotient names that of its numerator. */
  readonly source: MeasurementSource;
  /** Default window of a rate in milliseconds; absent for figures that are read at an instant. */
  readonly windowMs?: number;
}

const RATE = { windowMs: 300_000 } as const;

/** The catalogue. Adding a figure is adding a row here, its PromQL in `sources/`, and a field in `graph/`. */
export const metricFamilies = {
  'cluster.cpuUtilization': { entity: 'Cluster', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'cluster.memoryUtilization': { entity: 'Cluster', unit: 'RATIO', source: 'NODE_EXPORTER' },
  'cluster.podCapacityUtilization': { entity: 'Cluster', unit: 'RATIO', source: 'KUBE_STATE_METRICS' },

  'node.cpuCapacity': { entity: 'Node', unit: 'CORES', source: 'KUBE_STATE_METRICS' },
  'node.cpuAllocatable': { entity: 'Node', unit: 'CORES', source: 'KUBE_STATE_METRICS' },
  'node.cpuRequested': { entity: 'Node', unit: 'CORES', source: 'KUBE_STATE_METRICS' },
  'node.cpuUsage': { entity: 'Node', unit: 'CORES', source: 'NODE_EXPORTER', ...RATE },
  'node.cpuUtilization': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'node.load1': { entity: 'Node', unit: 'COUNT', source: 'NODE_EXPORTER' },
  'node.cpuPressure': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'node.memoryPressure': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'node.ioPressure': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'node.memoryCapacity': { entity: 'Node', unit: 'BYTES', source: 'KUBE_STATE_METRICS' },
  'node.memoryAllocatable': { entity: 'Node', unit: 'BYTES', source: 'KUBE_STATE_METRICS' },
  'node.memoryRequested': { entity: 'Node', unit: 'BYTES', source: 'KUBE_STATE_METRICS' },
  'node.memoryUsage': { entity: 'Node', unit: 'BYTES', source: 'NODE_EXPORTER' },
  'node.memoryUtilization': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER' },
  'node.diskReadRate': { entity: 'Node', unit: 'BYTES_PER_SECOND', source: 'NODE_EXPORTER', ...RATE },
  'node.diskWriteRate': { entity: 'Node', unit: 'BYTES_PER_SECOND', source: 'NODE_EXPORTER', ...RATE },
  'node.diskIOUtilization': { entity: 'Node', unit: 'RATIO', source: 'NODE_EXPORTER', ...RATE },
  'node.networkReceiveRate': { entity: 'Node', unit: 'BYTES_PER_SECOND', source: 'NODE_EXPORTER', ...RATE },
  'node.networkTransmitRate': { entity: 'Node', unit: 'BYTES_PER_SECOND', source: 'NODE_EXPORTER', ...RATE },
  'node.networkErrorRate': { entity: 'Node', unit: 'PER_SECOND', source: 'NODE_EXPORTER', ...RATE },

  'filesystem.size': { entity: 'Filesystem', unit: 'BYTES', source: 'NODE_EXPORTER' },
  'filesystem.available': { entity: 'Filesystem', unit: 'BYTES', source: 'NODE_EXPORTER' },
  'filesystem.utilization': { entity: 'Filesystem', unit: 'RATIO', source: 'NODE_EXPORTER' },

  'pod.networkReceiveRate': { entity: 'Pod', unit: 'BYTES_PER_SECOND', source: 'CADVISOR', ...RATE },
  'pod.networkTransmitRate': { entity: 'Pod', unit: 'BYTES_PER_SECOND', source: 'CADVISOR', ...RATE },

  'container.cpuUsage': { entity: 'Container', unit: 'CORES', source: 'CADVISOR', ...RATE },
  'container.cpuRequest': { entity: 'Container', unit: 'CORES', source: 'KUBE_STATE_METRICS' },
  'container.cpuLimit': { entity: 'Container', unit: 'CORES', source: 'KUBE_STATE_METRICS' },
  'container.cpuThrottling': { entity: 'Container', unit: 'RATIO', source: 'CADVISOR', ...RATE },
  'container.cpuUtilization': { entity: 'Container', unit: 'RATIO', source: 'CADVISOR', ...RATE },
  'container.memoryWorkingSet': { entity: 'Container', unit: 'BYTES', source: 'CADVISOR' },
  'container.memoryRequest': { entity: 'Container', unit: 'BYTES', source: 'KUBE_STATE_METRICS' },
  'container.memoryLimit': { entity: 'Container', unit: 'BYTES', source: 'KUBE_STATE_METRICS' },
  'container.memoryUtilization': { entity: 'Container', unit: 'RATIO', source: 'CADVISOR' },
  'container.oomKills': { entity: 'Container', unit: 'COUNT', source: 'CADVISOR', windowMs: 3_600_000 },

  'gpu.utilization': { entity: 'GPU', unit: 'RATIO', source: 'DCGM' },
  'gpu.memoryUsed': { entity: 'GPU', unit: 'BYTES', source: 'DCGM' },
  'gpu.memoryUtilization': { entity: 'GPU', unit: 'RATIO', source: 'DCGM' },
  'gpu.temperature': { entity: 'GPU', unit: 'CELSIUS', source: 'DCGM' },
  'gpu.power': { entity: 'GPU', unit: 'WATTS', source: 'DCGM' },
  'gpu.lastXid': { entity: 'GPU', unit: 'COUNT', source: 'DCGM' },

  'microservice.requestRate': { entity: 'Microservice', unit: 'REQUESTS_PER_SECOND', source: 'ISTIO', ...RATE },
  'microservice.errorRatio': { entity: 'Microservice', unit: 'RATIO', source: 'ISTIO', ...RATE },
  'microservice.successRatio': { entity: 'Microservice', unit: 'RATIO', source: 'ISTIO', ...RATE },
  'microservice.latency': { entity: 'Microservice', unit: 'SECONDS', source: 'ISTIO', ...RATE },
  'microservice.requestThroughput': { entity: 'Microservice', unit: 'BYTES_PER_SECOND', source: 'ISTIO', ...RATE },
  'microservice.responseThroughput': { entity: 'Microservice', unit: 'BYTES_PER_SECOND', source: 'ISTIO', ...RATE },

  'serviceEdge.requestRate': { entity: 'ServiceEdge', unit: 'REQUESTS_PER_SECOND', source: 'ISTIO', ...RATE },
  'serviceEdge.errorRatio': { entity: 'ServiceEdge', unit: 'RATIO', source: 'ISTIO', ...RATE },
  'serviceEdge.latency': { entity: 'ServiceEdge', unit: 'SECONDS', source: 'ISTIO', ...RATE },
  'serviceEdge.requestThroughput': { entity: 'ServiceEdge', unit: 'BYTES_PER_SECOND', source: 'ISTIO', ...RATE },
  'serviceEdge.responseThroughput': { entity: 'ServiceEdge', unit: 'BYTES_PER_SECOND', source: 'ISTIO', ...RATE },
  'serviceEdge.connectionRate': { entity: 'ServiceEdge', unit: 'PER_SECOND', source: 'ISTIO', ...RATE },

  'responseCode.rate': { entity: 'ResponseCode', unit: 'REQUESTS_PER_SECOND', source: 'ISTIO', ...RATE },

  'inference.timeToFirstToken': { entity: 'Inference', unit: 'SECONDS', source: 'INFERENCE_SERVER', ...RATE },
  'inference.interTokenLatency': { entity: 'Inference', unit: 'SECONDS', source: 'INFERENCE_SERVER', ...RATE },
  'inference.queueTime': { entity: 'Inference', unit: 'SECONDS', source: 'INFERENCE_SERVER', ...RATE },
  'inference.endToEndLatency': { entity: 'Inference', unit: 'SECONDS', source: 'INFERENCE_SERVER', ...RATE },
  'inference.tokenThroughput': { entity: 'Inference', unit: 'TOKENS_PER_SECOND', source: 'INFERENCE_SERVER', ...RATE },
  'inference.requestsRunning': { entity: 'Inference', unit: 'COUNT', source: 'INFERENCE_SERVER' },
  'inference.requestsWaiting': { entity: 'Inference', unit: 'COUNT', source: 'INFERENCE_SERVER' },
  'inference.cacheUtilization': { entity: 'Inference', unit: 'RATIO', source: 'INFERENCE_SERVER' },
} as const satisfies Record<string, MetricFamily>;

export type FamilyName = keyof typeof metricFamilies;
