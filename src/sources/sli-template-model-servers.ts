import { type Matchers, selector } from './prometheus/promql.js';
import { buckets, latency, mean, optional, required, type TemplateEntry } from './sli-template-entry.js';
import type { Given, TemplateQueries } from './sli-template-given.js';

const KSERVE_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const RAY_BOUNDS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1_000, 2_000, 5_000, 10_000, 60_000, 120_000, 300_000, 600_000,
];

const MODEL = {
  namespace: required('Namespace of the model server.'),
  model: optional('Name of the model; all of the namespace together when absent.'),
};
const RAY = {
  namespace: required('Namespace of the Ray cluster.'),
  application: optional('One application of Ray Serve; all of the namespace together when absent.'),
};

/** What model servers other than vLLM say. */
export const modelServerTemplates: readonly TemplateEntry[] = [
  {
    name: 'triton-availability',
    description:
      'Share of requests to a Triton model that did not fail; cancelled ones do not count. An ensemble counts a failure ' +
      'of its parts too: name the model that is called.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand(given) {
      const failed = selector('nv_inference_request_failure', { ...triton(given), reason: { not: 'CANCELED' } });
      const answered = selector('nv_inference_request_success', triton(given));
      return { kind: 'RATIO', bad: `sum(${failed})`, total: `sum(${answered}) + sum(${failed})` };
    },
  },
  {
    name: 'triton-latency',
    description: 'Mean time from request to answer of a Triton model, in seconds, over 5 minutes.',
    kind: 'VALUE',
    category: 'LATENCY',
    unit: 'SECONDS',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand: (given) =>
      microseconds(mean('nv_inference_request_duration_us', 'nv_inference_request_success', triton(given)).value),
  },
  {
    name: 'triton-queue-time',
    description: 'Mean time that a request to a Triton model waits, in seconds, over 5 minutes.',
    kind: 'VALUE',
    category: 'LATENCY',
    unit: 'SECONDS',
    source: 'INFERENCE_SERVER',
    parameters: MODEL,
    expand: (given) =>
      microseconds(mean('nv_inference_queue_duration_us', 'nv_inference_request_success', triton(given)).value),
  },
  {
    name: 'kserve-latency',
    description: "Share of predictions of a model in KServe's Python runtime that took at most `threshold`.",
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...MODEL, threshold: latency('100ms') },
    expand: (given) =>
      buckets(
        'request_predict_seconds_bucket',
        kserve(given),
        String(given.bound('threshold', KSERVE_BOUNDS, 1_000, null)),
      ),
  },
  {
    name: 'ray-serve-availability',
    description: 'Share of HTTP requests to Ray Serve that it did not answer with 5xx; its own routes do not count.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: RAY,
    expand: (given) => ({
      kind: 'RATIO',
      bad: `sum(${selector('ray_serve_num_http_error_requests_total', { ...ray(given), error_code: { matches: '5..' } })})`,
      total: `sum(${selector('ray_serve_num_http_requests_total', ray(given))})`,
    }),
  },
  {
    name: 'ray-serve-latency',
    description:
      'Share of HTTP requests that Ray Serve answered within `threshold`, those it answered with 5xx left out.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'INFERENCE_SERVER',
    parameters: { ...RAY, threshold: latency('500ms') },
    expand: (given) =>
      buckets(
        'ray_serve_http_request_latency_ms_bucket',
        { ...ray(given), status_code: { notMatches: '5..' } },
        String(given.bound('threshold', RAY_BOUNDS_MS, 1, 'ms')),
      ),
  },
];

function triton(given: Given): Matchers {
  return { namespace: given.text('namespace'), ...given.test('model', 'model') };
}

function kserve(given: Given): Matchers {
  return { namespace: given.text('namespace'), ...given.test('model_name', 'model') };
}

function ray(given: Given): Matchers {
  const application = given.test('application', 'application');
  return { namespace: given.text('namespace'), ...application, route: { notMatches: '/-/.*' } };
}

function microseconds(value: string): TemplateQueries {
  return { kind: 'VALUE', value: `${value} / 1e6` };
}
