import type { MeasurementSource, Unit } from '../domain/metric.js';
import type { SliCategory } from '../domain/slo.js';
import { aggregate, type Matchers, rate, selector } from './prometheus/promql.js';
import { Given, type TemplateParameter, type TemplateQueries } from './sli-template-given.js';

/** An SLI by name, for what exporters of the field are known to say. */
export interface SliTemplate {
  readonly name: string;
  readonly description: string;
  readonly kind: TemplateQueries['kind'];
  readonly category: SliCategory;
  /** Unit of a value template's figure; RATIO for the others. */
  readonly unit: Unit;
  readonly source: MeasurementSource;
  readonly parameters: Readonly<Record<string, TemplateParameter>>;
}

export interface TemplateEntry extends SliTemplate {
  /** @throws WrongParameter for a parameter's value */
  expand(given: Given): TemplateQueries;
}

const ISTIO_BOUNDS_MS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];
const TTFT_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
];
const TOKEN_BOUNDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST_BOUNDS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680];
const MINIO_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const RATE_WINDOW_MS = 300_000;

const required = (description: string): TemplateParameter => ({ required: true, description });
const optional = (description: string): TemplateParameter => ({ required: false, description });

const MICROSERVICE = {
  namespace: required('Namespace of the microservice.'),
  microservice: required('Name of the microservice: that of its Service.'),
  perspective: optional('`server` (preset: what reached it) or `client` (what callers in the mesh saw).'),
};
const MODEL = {
  namespace: required('Namespace of the model server.'),
  model: optional('Name of the model; all of the namespace together when absent.'),
};
const STORE = {
  namespace: optional('Namespace of the object store.'),
  server: optional('One server of the object store, `host:port`; all together when absent.'),
  api: optional('One call of the S3 API, `getobject`; all together when absent.'),
};
const latency = (example: string) => required(`Upper bound of a good answer, a bucket bound like \`${example}\`.`);

/** The client gave up: not an event of the service. */
const CLIENT_GONE = { response_flags: { notMatches: '(.*,)?DC(,.*)?' } } as const;
/** UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS */
const GRPC_FAULTS = '2|4|8|12|13|14|15';
/** Server errors, and requests that never got an answer. */
const HTTP_FAULTS = '5..|0';

/** Every template there is. */
export const templateEntries: readonly TemplateEntry[] = [
  {
    name: 'microservice-availability',
    description:
      'Share of requests that did not fail by a fault of the service: 5xx, no answer at all, or a gRPC status of UNKNOWN, ' +
      'DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE or DATA_LOSS. Requests whose client ' +
      'gave up (flag DC) do not count. Seen by the server unless `perspective: client`: no view is whole (clients outside ' +
      'the mesh report nothing, servers miss what never reached them), and a mixture would change its meaning over time.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'ISTIO',
    parameters: MICROSERVICE,
    expand(given) {
      const valid = { ...microservice(given), ...CLIENT_GONE };
      const total = selector('istio_requests_total', valid);
      const http = selector('istio_requests_total', { ...valid, response_code: { matches: HTTP_FAULTS } });
      const grpc = selector('istio_requests_total', {
        ...valid,
        response_code: { notMatches: HTTP_FAULTS },
        grpc_response_status: { matches: GRPC_FAULTS },
      });
      return { kind: 'RATIO', bad: `sum(${http}) + sum(${grpc})`, total: `sum(${total})` };
    },
  },
  {
    name: 'microservice-latency',
    description:
      'Share of answers that took at most `threshold`, counted in the histogram, never interpolated. Failed requests and ' +
      'those whose client gave up do not count: they are the concern of microservice-availability.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'ISTIO',
    parameters: { ...MICROSERVICE, threshold: latency('250ms') },
    expand(given) {
      const bound = given.bound('threshold', ISTIO_BOUNDS_MS, 1, 'ms');
      const answered = { ...microservice(given), ...CLIENT_GONE, response_code: { notMatches: HTTP_FAULTS } };
      return buckets('istio_request_duration_milliseconds_bucket', answered, String(bound));
    },
  },
  {
    name: 'microservice-throughput',
    description: 'Requests per second, averaged over 5 minutes.',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'REQUESTS_PER_SECOND',
    source: 'ISTIO',
    parameters: MICROSERVICE,
    expand: (given) => summedRate('istio_requests_total', microservice(given)),
  },
  {
    name: 'time-to-first-token',
    description: 'Share of requests to a vLLM model whose first token came within `threshold`.',
    kind: 'RATIO',
    category: 'TIME_TO_FIRST_TOKEN',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...MODEL, threshold: latency('500ms') },
    expand: (given) =>
      buckets(
        'vllm:time_to_first_token_seconds_bucket',
        model(given),
        String(given.bound('threshold', TTFT_BOUNDS, 1_000, null)),
      ),
  },
  {
    name: 'inter-token-latency',
    description: 'Share of tokens of a vLLM model that followed the one before within `threshold`.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...MODEL, threshold: latency('50ms') },
    expand: (given) =>
      buckets(
        'vllm:inter_token_latency_seconds_bucket',
        model(given),
        String(given.bound('threshold', TOKEN_BOUNDS, 1_000, null)),
      ),
  },
  {
    name: 'inference-latency',
    description: 'Share of requests to a vLLM model that were answered to the last token within `threshold`.',
    kind: 'RATIO',
    category: 'END_TO_END_LATENCY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...MODEL, threshold: latency('10s') },
    expand: (given) =>
      buckets(
        'vllm:e2e_request_latency_seconds_bucket',
        model(given),
        String(given.bound('threshold', REQUEST_BOUNDS, 1_000, null)),
      ),
  },
  {
    name: 'inference-availability',
    description:
      'Share of requests that a vLLM engine finished without an error; those the client aborted do not count.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand(given) {
      const valid = { ...model(given), finished_reason: { not: 'abort' } };
      return {
        kind: 'RATIO',
        bad: `sum(${selector('vllm:request_success_total', { ...model(given), finished_reason: 'error' })})`,
        total: `sum(${selector('vllm:request_success_total', valid)})`,
      };
    },
  },
  {
    name: 'token-throughput',
    description: 'Tokens per second that a vLLM model generates, averaged over 5 minutes.',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'TOKENS_PER_SECOND',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand: (given) => summedRate('vllm:generation_tokens_total', model(given)),
  },
  {
    name: 'kv-cache-utilization',
    description: 'Share of the key-value cache in use, 0..1, of the fullest vLLM engine.',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand: (given) => ({ kind: 'VALUE', value: `max(${selector('vllm:kv_cache_usage_perc', model(given))})` }),
  },
  {
    name: 'gpu-utilization',
    description:
      'Share of time in which a GPU was busy, 0..1, averaged over the GPUs (DCGM; not reported for parts of a GPU).',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'RATIO',
    source: 'DCGM',
    parameters: {
      node: optional('Name of the node, as the exporter reports it in `Hostname`; all when absent.'),
      gpu: optional('UUID of one GPU; all together when absent.'),
    },
    expand(given) {
      const gpus = selector('DCGM_FI_DEV_GPU_UTIL', {
        ...given.test('Hostname', 'node'),
        ...given.test('UUID', 'gpu'),
      });
      // A shared GPU is reported once per pod, and old exporters write 9.2e18 for "blank".
      return { kind: 'VALUE', value: `avg(max by (UUID) (${gpus} < 1e18)) / 100` };
    },
  },
  {
    name: 'minio-availability',
    description: 'Share of S3 requests that MinIO did not answer with 5xx.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: STORE,
    expand: (given) => ({
      kind: 'RATIO',
      bad: `sum(${selector('minio_s3_requests_5xx_errors_total', store(given))})`,
      total: `sum(${selector('minio_s3_requests_total', store(given))})`,
    }),
  },
  {
    name: 'minio-latency',
    description: 'Share of S3 requests whose first byte MinIO sent within `threshold`.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: { ...STORE, threshold: latency('100ms') },
    expand: (given) =>
      buckets(
        'minio_s3_requests_ttfb_seconds_distribution',
        store(given),
        given.bound('threshold', MINIO_BOUNDS, 1_000, null).toFixed(3),
      ),
  },
  {
    name: 'minio-durability',
    description: 'Drives online beyond the write quorum, in the erasure set that has fewest.',
    kind: 'VALUE',
    category: 'DURABILITY',
    unit: 'COUNT',
    source: 'STORAGE',
    parameters: { namespace: STORE.namespace },
    expand(given) {
      const set = (name: string) =>
        selector(`minio_cluster_health_erasure_set_${name}`, given.test('namespace', 'namespace'));
      const online = `min by (pool, set) (${set('online_drives')})`;
      return { kind: 'VALUE', value: `min(${online} - max by (pool, set) (${set('write_quorum')}))` };
    },
  },
  {
    name: 'kafka-consumer-lag',
    description: 'Messages that a consumer group has not read yet (kafka_exporter).',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'COUNT',
    source: 'STREAMING',
    parameters: {
      group: required('Consumer group.'),
      topic: optional('One topic; all of the group together when absent.'),
    },
    expand: (given) => ({
      kind: 'VALUE',
      value: `sum(${selector('kafka_consumergroup_lag', { consumergroup: given.text('group'), ...given.test('topic', 'topic') })})`,
    }),
  },
  {
    name: 'kafka-lag-seconds',
    description: 'How far behind a consumer group is at most, in seconds (kafka-lag-exporter).',
    kind: 'VALUE',
    category: 'END_TO_END_LATENCY',
    unit: 'SECONDS',
    source: 'STREAMING',
    parameters: {
      group: required('Consumer group.'),
      kafka: optional('Name of the Kafka cluster, label `cluster_name`; all together when absent.'),
    },
    expand: (given) => ({
      kind: 'VALUE',
      value: `max(${selector('kafka_consumergroup_group_max_lag_seconds', {
        group: given.text('group'),
        ...given.test('cluster_name', 'kafka'),
      })})`,
    }),
  },
  {
    name: 'kafka-topic-throughput',
    description: 'Messages per second written to a topic, averaged over 5 minutes (kafka_exporter).',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'PER_SECOND',
    source: 'STREAMING',
    parameters: { topic: required('Topic.') },
    expand: (given) => summedRate('kafka_topic_partition_current_offset', { topic: given.text('topic') }),
  },
  {
    name: 'kafka-durability',
    description: 'In-sync replicas of a topic as a share of its replicas, 0..1 (kafka_exporter).',
    kind: 'VALUE',
    category: 'DURABILITY',
    unit: 'RATIO',
    source: 'STREAMING',
    parameters: { topic: optional('One topic; all together when absent.') },
    expand(given) {
      const replicas = (name: string) =>
        `sum(${selector(`kafka_topic_partition_${name}`, given.test('topic', 'topic'))})`;
      return { kind: 'VALUE', value: `${replicas('in_sync_replica')} / ${replicas('replicas')}` };
    },
  },
];

function microservice(given: Given): Matchers {
  const client = given.choice('perspective', ['client', 'server'], 'server') === 'client';
  return {
    reporter: client ? 'source' : { in: ['destination', 'waypoint'] },
    destination_service_namespace: given.text('namespace'),
    destination_service_name: given.text('microservice'),
  };
}

function model(given: Given): Matchers {
  return { namespace: given.text('namespace'), ...given.test('model_name', 'model') };
}

function store(given: Given): Matchers {
  return { ...given.test('namespace', 'namespace'), ...given.test('server', 'server'), ...given.test('api', 'api') };
}

/** Both counts are buckets of one histogram, so that one PromQL reads them. */
function buckets(metric: string, matchers: Matchers, bound: string): TemplateQueries {
  return {
    kind: 'RATIO',
    good: `sum(${selector(metric, { ...matchers, le: bound })})`,
    total: `sum(${selector(metric, { ...matchers, le: '+Inf' })})`,
  };
}

function summedRate(metric: string, matchers: Matchers): TemplateQueries {
  return { kind: 'VALUE', value: aggregate('sum', [], rate(selector(metric, matchers), RATE_WINDOW_MS)) };
}
