import { type CompositeSketch, compositeDocument, type Sketch, serviceDocument, sloDocument } from './slo-document.js';

const application = 'crosswalk';

function detectorLatency(city: string): Sketch {
  const name = { seoul: 'Seoul', busan: 'Busan' }[city] ?? city;
  const seen = 'reporter="destination",destination_service_namespace="crosswalk",destination_service_name="detector"';
  return {
    name: `detector-latency-${city}`,
    title: `Detector answers within 250 ms (${name})`,
    why: 'A pedestrian is warned in time only when a frame is judged within a quarter of a second.',
    counted: 'Answers that the detector itself sent, 5xx left out: what failed was not answered.',
    service: 'crosswalk',
    cluster: `edge-${city}`,
    target: '0.999',
    annotations: { microservice: 'crosswalk/detector', application, 'system-kind': 'user-facing', category: 'latency' },
    sli: {
      good: `sum(istio_request_duration_milliseconds_bucket{${seen},response_code!~"5..",le="250"})`,
      total: `sum(istio_request_duration_milliseconds_count{${seen},response_code!~"5.."})`,
    },
  };
}

const userFacing: readonly Sketch[] = [
  detectorLatency('seoul'),
  detectorLatency('busan'),
  {
    name: 'camera-ingest-availability',
    title: 'Camera frames are taken',
    why: 'What the ingress gateway saw: a frame that is refused is never judged.',
    counted: 'Every frame that reaches the ingress gateway, at every hour.',
    service: 'crosswalk',
    cluster: 'edge-seoul',
    target: '0.999',
    annotations: {
      microservice: 'crosswalk/camera-ingest',
      application,
      'system-kind': 'user-facing',
      category: 'availability',
    },
    sli: {
      template: {
        template: 'microservice-availability',
        namespace: 'crosswalk',
        microservice: 'camera-ingest',
        perspective: 'client',
      },
    },
  },
  {
    name: 'notifier-availability',
    title: 'Warnings are sent',
    why: 'gRPC: a status of UNAVAILABLE is a failure though the HTTP code is 200.',
    counted: 'Every call that reaches the notifier, at every hour.',
    service: 'crosswalk',
    cluster: 'edge-busan',
    target: '0.999',
    annotations: {
      microservice: 'crosswalk/notifier',
      application,
      'system-kind': 'user-facing',
      category: 'availability',
    },
    sli: { template: { template: 'microservice-availability', namespace: 'crosswalk', microservice: 'notifier' } },
  },
  {
    name: 'aggregator-availability',
    title: 'Events of all sites are gathered',
    why: 'An outage took more than the budget of a month: the budget is gone until it leaves the window.',
    counted: 'Every call that reaches the aggregator, from all sites together.',
    service: 'crosswalk',
    cluster: 'cloud-core',
    target: '0.999',
    annotations: {
      microservice: 'crosswalk/aggregator',
      application,
      'system-kind': 'user-facing',
      category: 'availability',
    },
    sli: { template: { template: 'microservice-availability', namespace: 'crosswalk', microservice: 'aggregator' } },
  },
  {
    name: 'risk-throughput',
    title: 'Risks are worked out',
    why: 'Fewer than ten a second mean that sensors are silent.',
    counted: 'The rate of the last five minutes, at every hour: sensors do not sleep.',
    service: 'crosswalk',
    cluster: 'edge-seoul',
    target: '0.99',
    annotations: {
      microservice: 'crosswalk/risk',
      application,
      'system-kind': 'user-facing',
      category: 'throughput',
      unit: 'requests_per_second',
    },
    sli: {
      value:
        'sum(rate(istio_requests_total{reporter="destination",destination_service_namespace="crosswalk",destination_service_name="risk"}[5m]))',
      op: 'gte',
      bound: 10,
    },
  },
  {
    name: 'siren-availability',
    title: 'The siren sounds',
    why: 'It is used in drills only. Less than twenty uses in a window say nothing, and then nothing is said.',
    counted: 'Every use, drills included.',
    service: 'crosswalk',
    cluster: 'edge-seoul',
    target: '0.99',
    annotations: {
      microservice: 'crosswalk/siren',
      application,
      'system-kind': 'user-facing',
      category: 'availability',
      'min-events': '20',
    },
    sli: { template: { template: 'microservice-availability', namespace: 'crosswalk', microservice: 'siren' } },
  },
];

const objectStore = {
  availability: {
    name: 'object-store-availability',
    title: 'The object store answers',
    why: 'Requests to MinIO that did not end with 5xx.',
    counted: 'Requests of every kind to the S3 interface.',
    service: 'storage',
    cluster: 'cloud-core',
    target: '0.999',
    annotations: { application: 'storage', 'system-kind': 'storage', category: 'availability' },
    sli: { bad: 'sum(minio_s3_requests_5xx_errors_total)', total: 'sum(minio_s3_requests_total)' },
  },
  latency: {
    name: 'object-store-latency',
    title: 'Objects begin within 100 ms',
    why: 'Time to the first byte of a GET.',
    counted: 'GET of whole objects only: writes and listings take as long as they are large.',
    service: 'storage',
    cluster: 'cloud-core',
    target: '0.99',
    annotations: { application: 'storage', 'system-kind': 'storage', category: 'latency' },
    sli: {
      good: 'sum(minio_s3_requests_ttfb_seconds_distribution{api="getobject",le="0.100"})',
      total: 'sum(minio_s3_requests_ttfb_seconds_distribution{api="getobject",le="+Inf"})',
    },
  },
} satisfies Readonly<Record<string, Sketch>>;

const storage: readonly Sketch[] = [
  objectStore.availability,
  objectStore.latency,
  {
    name: 'object-store-durability',
    title: 'Drives to spare',
    why: 'Durability cannot be counted; drives beyond the write quorum stand for it.',
    counted: 'The worst erasure set speaks for all of them.',
    service: 'storage',
    cluster: 'cloud-core',
    target: '0.999',
    annotations: { application: 'storage', 'system-kind': 'storage', category: 'durability', unit: 'count' },
    sli: {
      value: 'min(minio_cluster_health_erasure_set_online_drives) - max(minio_cluster_health_erasure_set_write_quorum)',
      op: 'gte',
      bound: 4,
    },
  },
];

const composites: readonly CompositeSketch[] = [
  {
    name: 'object-store-reads',
    title: 'Objects are there, and soon',
    why: 'One budget for both: to be answered at all weighs as much as three objects that begin in time.',
    counted: 'Requests of every kind for the answer, GET only for the time to the first byte.',
    service: 'storage',
    cluster: 'cloud-core',
    annotations: { application: 'storage', 'system-kind': 'storage' },
    members: [
      { weight: 3, of: objectStore.availability },
      { weight: 1, of: objectStore.latency },
    ],
  },
];

const bigData: readonly Sketch[] = [
  {
    name: 'event-throughput',
    title: 'Events flow',
    why: 'Messages per second into the topic of all crosswalk events.',
    counted: 'Five minutes at a time, in which all partitions of crosswalk-events flow together nearly all of it.',
    service: 'streaming',
    cluster: 'cloud-core',
    target: '0.99',
    annotations: { application: 'streaming', 'system-kind': 'big-data', category: 'throughput', unit: 'per_second' },
    sli: {
      value: 'sum(rate(kafka_topic_partition_current_offset{topic="crosswalk-events"}[5m]))',
      op: 'gte',
      bound: 15,
    },
    slices: { length: '5m', target: '0.8' },
  },
  {
    name: 'event-lag',
    title: 'Events are read soon',
    why: 'Messages that the aggregator has yet to read.',
    counted: 'All partitions of crosswalk-events together, for the group of the aggregator.',
    service: 'streaming',
    cluster: 'cloud-core',
    target: '0.99',
    // A broker that is away tells nothing of how far its readers are.
    annotations: {
      application: 'streaming',
      'system-kind': 'big-data',
      category: 'end-to-end-latency',
      unit: 'count',
      'no-data': 'freeze',
    },
    sli: {
      value: 'sum(kafka_consumergroup_lag{consumergroup="aggregator",topic="crosswalk-events"})',
      op: 'lte',
      bound: 1_000,
    },
  },
];

const ai: readonly Sketch[] = [
  {
    name: 'assistant-first-token',
    title: 'The assistant begins to answer within 500 ms',
    why: 'The mesh sees only whole answers; the model server knows when the first token left.',
    counted: 'Every request that a model server took, on both engines.',
    service: 'assistant',
    cluster: 'cloud-core',
    target: '0.99',
    annotations: { microservice: 'crosswalk/llm', application, 'system-kind': 'ai', category: 'time-to-first-token' },
    sli: { template: { template: 'time-to-first-token', namespace: 'crosswalk', threshold: '500ms' } },
  },
  {
    name: 'gpu-utilization',
    title: 'GPUs of the assistant are used, and not used up',
    why: 'Below a fifth they are wasted, above 95 % there is no room for a second site.',
    counted: 'The mean of the GPUs that pods of the assistant hold.',
    service: 'assistant',
    cluster: 'cloud-core',
    target: '0.95',
    annotations: { 'system-kind': 'ai', category: 'custom', unit: 'ratio', upper: '0.95' },
    sli: { value: 'avg(DCGM_FI_DEV_GPU_UTIL{exported_pod=~"llm-.+"}) / 100', op: 'gte', bound: 0.2 },
  },
  {
    name: 'inference-queue',
    title: 'Nobody waits long for the model',
    why: 'Requests that wait for a place in the batch, both engines together.',
    counted: 'Every request that waits, at every hour.',
    service: 'assistant',
    cluster: 'cloud-core',
    target: '0.99',
    annotations: { microservice: 'crosswalk/llm', application, 'system-kind': 'ai', category: 'custom', unit: 'count' },
    sli: { value: 'sum(vllm:num_requests_waiting{namespace="crosswalk"})', op: 'lte', bound: 8 },
  },
];

const services: Readonly<Record<string, string>> = {
  crosswalk: 'Warns pedestrians and drivers at crossings.',
  storage: 'Keeps frames and models.',
  streaming: 'Carries events from the sites to the core.',
  assistant: 'Answers the questions of the operators.',
};

/** The definitions of the demo: OpenSLO v1 text by file name. */
export const definitionFiles: Readonly<Record<string, string>> = {
  'services.yaml': documents(Object.entries(services).map(([name, text]) => serviceDocument(name, text))),
  'user-facing.yaml': documents(userFacing.map(sloDocument)),
  'storage.yaml': documents([...storage.map(sloDocument), ...composites.map(compositeDocument)]),
  'big-data.yaml': documents(bigData.map(sloDocument)),
  'ai.yaml': documents(ai.map(sloDocument)),
};

function documents(parts: readonly string[]): string {
  return `# Written at every start of the demo: change a copy, not this file.\n${parts.join('---\n')}`;
}
