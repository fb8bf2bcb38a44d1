import { type Matchers, selector } from './prometheus/promql.js';
import { buckets, latency, optional, required, summedRate, type TemplateEntry } from './sli-template-entry.js';
import type { Given } from './sli-template-given.js';

const TTFT_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
];
const TOKEN_BOUNDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST_BOUNDS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680];

const MODEL = {
  namespace: required('Namespace of the model server.'),
  model: optional('Name of the model; all of the namespace together when absent.'),
};
const GPU = {
  node: optional('Name of the node, as the exporter reports it in `Hostname`; all when absent.'),
  gpu: optional('UUID of one GPU; all together when absent.'),
};

/** What vLLM and GPUs say. */
export const inferenceTemplates: readonly TemplateEntry[] = [
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
    parameters: GPU,
    expand(given) {
      const gpus = selector('DCGM_FI_DEV_GPU_UTIL', gpu(given));
      // A shared GPU is reported once per pod, and old exporters write 9.2e18 for "blank".
      return { kind: 'VALUE', value: `avg(max by (UUID) (${gpus} < 1e18)) / 100` };
    },
  },
  {
    name: 'inference-queue-time',
    description: 'Share of requests to a vLLM model that waited at most `threshold` before the engine took them up.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...MODEL, threshold: latency('1s') },
    expand: (given) =>
      buckets(
        'vllm:request_queue_time_seconds_bucket',
        model(given),
        String(given.bound('threshold', REQUEST_BOUNDS, 1_000, null)),
      ),
  },
  {
    name: 'gpu-saturation',
    description:
      'Share of time in which the compute engine of the busiest GPU, or part of one, was active, 0..1 (DCGM profiling; ' +
      'the only figure of parts of a GPU; data centre GPUs only).',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'RATIO',
    source: 'DCGM',
    parameters: GPU,
    expand: (given) => ({
      kind: 'VALUE',
      value: `max(${selector('DCGM_FI_PROF_GR_ENGINE_ACTIVE', gpu(given))} <= 1)`,
    }),
  },
];

function model(given: Given): Matchers {
  return { namespace: given.text('namespace'), ...given.test('model_name', 'model') };
}

function gpu(given: Given): Matchers {
  return { ...given.test('Hostname', 'node'), ...given.test('UUID', 'gpu') };
}
