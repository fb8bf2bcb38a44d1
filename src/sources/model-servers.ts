import type { Matchers } from './prometheus/promql.js';

/** Series that a figure is read from. */
export interface Term {
  /** Under any of these names; never under two of them at once. */
  readonly metric: readonly string[];
  readonly matchers?: Matchers;
  /** Multiplied by this one, which has the same labels. */
  readonly times?: string;
}

/** Where a server tells a figure. */
export interface Reading {
  /** Terms of one row add up; rows are ways to tell the same, and the first that a pod knows counts. */
  readonly from: readonly (readonly Term[])[];
  /** How many of the server's units are one of ours; 1 by default. */
  readonly divisor?: number;
  /** `max` where every replica tells of all of them; they add up by default. */
  readonly replicas?: 'max';
}

export type InferenceFigure =
  | 'timeToFirstToken'
  | 'interTokenLatency'
  | 'queueTime'
  | 'endToEndLatency'
  | 'tokenThroughput'
  | 'requestsRunning'
  | 'requestsWaiting'
  | 'cacheUtilization';

/** A kind of model server: how it names models, and which of its metrics tell which figure. */
export interface ModelServer {
  readonly name: string;
  /** The label that names the model; null where figures are of all models together. */
  readonly model: string | null;
  /** The label that names what is served where no figure does. */
  readonly pool?: string;
  readonly matchers?: Matchers;
  /** Series have a label `replica` of the server's own: it tells no twins apart. */
  readonly hasReplicas?: true;
  /** Every server of the kind has one of these from its start, or from its first request. */
  readonly presence: readonly string[];
  /** A figure that the server does not tell is not here. */
  readonly figures: Partial<Readonly<Record<InferenceFigure, Reading>>>;
}

/** Engines, data-parallel ones, are told apart by `engine` and add up. KServe's LLMInferenceService prefixes all names. */
const vllm: ModelServer = {
  name: 'vllm',
  model: 'model_name',
  presence: vllmNames('num_requests_running'),
  figures: {
    timeToFirstToken: one(...vllmNames('time_to_first_token_seconds_bucket')),
    // The second is the older name of the first.
    interTokenLatency: {
      from: [
        [{ metric: vllmNames('inter_token_latency_seconds_bucket') }],
        [{ metric: vllmNames('time_per_output_token_seconds_bucket') }],
      ],
    },
    queueTime: one(...vllmNames('request_queue_time_seconds_bucket')),
    endToEndLatency: one(...vllmNames('e2e_request_latency_seconds_bucket')),
    tokenThroughput: one(...vllmNames('generation_tokens_total')),
    requestsRunning: one(...vllmNames('num_requests_running')),
    requestsWaiting: one(...vllmNames('num_requests_waiting')),
    cacheUtilization: one(...vllmNames('kv_cache_usage_perc'), ...vllmNames('gpu_cache_usage_perc')),
  },
};

/**
 * Versions of a model add up. Durations are counters of microseconds by default, which give means and no quantiles: the
 * histograms are there where they are switched on. Requests inside of TensorRT-LLM wait there, not in Triton's queue.
 */
const triton: ModelServer = {
  name: 'triton',
  model: 'model',
  presence: ['nv_inference_request_success', 'nv_inference_count'],
  figures: {
    timeToFirstToken: { ...one('nv_inference_first_response_histogram_ms_bucket'), divisor: 1_000 },
    queueTime: { ...one('nv_inference_queue_duration_histogram_us_bucket'), divisor: 1_000_000 },
    endToEndLatency: { ...one('nv_inference_request_duration_histogram_us_bucket'), divisor: 1_000_000 },
    requestsRunning: {
      from: [[{ metric: ['nv_trt_llm_request_metrics'], matchers: { request_type: 'scheduled' } }]],
    },
    requestsWaiting: {
      from: [
        [
          { metric: ['nv_inference_pending_request_count'] },
          { metric: ['nv_trt_llm_request_metrics'], matchers: { request_type: 'waiting' } },
        ],
      ],
    },
    cacheUtilization: {
      from: [[{ metric: ['nv_trt_llm_kv_cache_block_metrics'], matchers: { kv_cache_block_type: 'fraction' } }]],
    },
  },
};

/** The Python runtime. It times its steps apart; the model's own is nearly all there is. */
const kserve: ModelServer = {
  name: 'kserve',
  model: 'model_name',
  presence: ['request_predict_seconds_count'],
  figures: { endToEndLatency: one('request_predict_seconds_bucket') },
};

/** Routes below `/-/` are health checks of its own. */
const rayServe: ModelServer = {
  name: 'ray-serve',
  model: 'application',
  matchers: { route: { notMatches: '/-/.*' } },
  hasReplicas: true,
  presence: [
    'ray_serve_num_http_requests_total',
    'ray_serve_num_grpc_requests_total',
    'ray_serve_deployment_request_counter_total',
  ],
  figures: {
    endToEndLatency: {
      from: [
        [
          { metric: ['ray_serve_http_request_latency_ms_bucket'] },
          { metric: ['ray_serve_grpc_request_latency_ms_bucket'] },
        ],
      ],
      divisor: 1_000,
    },
    requestsRunning: one('ray_serve_replica_processing_queries'),
    requestsWaiting: one('ray_serve_deployment_queued_queries'),
  },
};

/**
 * The endpoint picker of the Gateway API's inference extension. It serves one pool, of which every replica of the picker
 * tells the same; requests it tells by model, each replica its own, under an older prefix before 1.0. Time per output
 * token is a mean over a request.
 */
const gateway: ModelServer = {
  name: 'inference-gateway',
  model: null,
  pool: 'name',
  presence: [
    'inference_pool_ready_pods',
    'inference_pool_average_queue_size',
    'inference_objective_request_total',
    'inference_model_request_total',
  ],
  figures: {
    timeToFirstToken: gatewayRequests('request_ttft_seconds_bucket'),
    interTokenLatency: gatewayRequests('request_tpot_seconds_bucket'),
    queueTime: one('inference_extension_flow_control_request_queue_duration_seconds_bucket'),
    endToEndLatency: gatewayRequests('request_duration_seconds_bucket'),
    tokenThroughput: gatewayRequests('output_tokens_sum'),
    requestsRunning: gatewayRequests('running_requests'),
    requestsWaiting: {
      from: [
        [{ metric: ['inference_pool_per_pod_queue_size'] }],
        [{ metric: ['inference_pool_average_queue_size'], times: 'inference_pool_ready_pods' }],
      ],
      replicas: 'max',
    },
    cacheUtilization: one('inference_pool_average_kv_cache_utilization'),
  },
};

export const modelServers: readonly ModelServer[] = [vllm, triton, kserve, rayServe, gateway];

function one(...metric: readonly string[]): Reading {
  return { from: [[{ metric }]] };
}

function vllmNames(name: string): readonly string[] {
  return [`vllm:${name}`, `kserve_vllm:${name}`];
}

function gatewayRequests(name: string): Reading {
  return { from: [[{ metric: [`inference_objective_${name}`] }], [{ metric: [`inference_model_${name}`] }]] };
}
