import type { Latency } from './calls.js';
import { sharesWithin } from './istio.js';
import { Target, type Tier } from './target.js';
import { core, type Pod, podsOf } from './topology.js';
import { amount, type Flow, phaseOf, remembering, wave } from './waves.js';
import type { World } from './world.js';

const firstToken =
  '0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.25 0.5 0.75 1.0 2.5 5.0 7.5 10.0 20.0 40.0 80.0 160.0 640.0 2560.0';
const perToken = '0.01 0.025 0.05 0.075 0.1 0.15 0.2 0.3 0.4 0.5 0.75 1.0 2.5 5.0 7.5 10.0 20.0 40.0 80.0';
const wholeRequest =
  '0.3 0.5 0.8 1.0 1.5 2.0 2.5 5.0 10.0 15.0 20.0 30.0 40.0 50.0 60.0 120.0 240.0 480.0 960.0 1920.0 7680.0';

/** The model that all of them serve. */
export const MODEL = 'meta-llama/Llama-3.1-8B-Instruct';
export const TOKENS_PER_ANSWER = 210;
const TOKENS_PER_PROMPT = 640;

/** Seconds of each kind, as curves in milliseconds; the bounds above are seconds. */
export const curves = {
  time_to_first_token_seconds: {
    bounds: firstToken,
    curve: { medianMs: 140, boundMs: 500, missShare: 0.004 },
    perRequest: 1,
  },
  inter_token_latency_seconds: {
    bounds: perToken,
    curve: { medianMs: 18, boundMs: 50, missShare: 0.02 },
    perRequest: TOKENS_PER_ANSWER,
  },
  e2e_request_latency_seconds: {
    bounds: wholeRequest,
    curve: { medianMs: 1_300, boundMs: 10_000, missShare: 0.003 },
    perRequest: 1,
  },
  request_queue_time_seconds: {
    bounds: wholeRequest,
    curve: { medianMs: 20, boundMs: 300, missShare: 0.01 },
    perRequest: 1,
  },
} satisfies Record<string, { bounds: string; curve: Latency; perRequest: number }>;

/** The model servers of the core: vLLM's own page, one target a pod. */
export function vllmServers(world: World): readonly Target[] {
  return podsOf(core, 'llm').map((pod) => modelServer(pod, world));
}

/** What an engine has to do: requests finished so far, those it works on, those that wait, and the cache they fill. */
export function loadOf(pod: Pod, world: World) {
  const phase = phaseOf(pod.name);
  const flow: Flow = { perSecond: 0.4, swing: 0.35, phase };
  return {
    requests: remembering((atMs: number) => amount(flow, world.startedMs, atMs)),
    running: (atMs: number) => Math.round(3 + wave(atMs, phase)),
    waiting: (atMs: number) => Math.max(0, Math.round(1.2 * wave(atMs, phase + 1))),
    cacheShare: (atMs: number) => Math.round(420 + 110 * wave(atMs, phase)) / 1_000,
  };
}

function modelServer(pod: Pod, world: World): Target {
  const target = new Target({
    cluster: pod.cluster,
    job: 'vllm',
    instance: `${pod.ip}:8000`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name, container: 'vllm' },
  });
  const labels = { model_name: MODEL, engine: '0' };
  const { requests, running, waiting, cacheShare } = loadOf(pod, world);
  const grown = (perRequest: number) => (atMs: number) => Math.floor(perRequest * requests(atMs));
  target.gauge('vllm:num_requests_running', labels, running);
  target.gauge('vllm:num_requests_waiting', labels, waiting, 'SLO');
  target.gauge('vllm:kv_cache_usage_perc', labels, cacheShare);
  target.counter('vllm:prompt_tokens_total', labels, grown(TOKENS_PER_PROMPT));
  target.counter('vllm:generation_tokens_total', labels, grown(TOKENS_PER_ANSWER));
  target.counter('vllm:num_preemptions_total', labels, grown(0.0005));
  target.counter('vllm:prefix_cache_queries_total', labels, grown(TOKENS_PER_PROMPT));
  target.counter('vllm:prefix_cache_hits_total', labels, grown(TOKENS_PER_PROMPT * 0.31));
  const reasons = { stop: 0.951, length: 0.044, abort: 0.0045, error: 0.0005 };
  for (const [finished_reason, share] of Object.entries(reasons)) {
    target.counter('vllm:request_success_total', { ...labels, finished_reason }, grown(share));
  }
  for (const [status, share] of Object.entries({ '2xx': 0.9993, '4xx': 0.0005, '5xx': 0.0002 })) {
    target.counter('http_requests_total', { handler: '/v1/chat/completions', method: 'POST', status }, grown(share));
  }
  for (const [name, { bounds, curve, perRequest }] of Object.entries(curves)) {
    const isRead = (bound: string) => name === 'time_to_first_token_seconds' && (bound === '0.5' || bound === '+Inf');
    const within = sharesWithin(curve, 1_000);
    target.histogram(`vllm:${name}`, labels, {
      bounds: bounds.split(' '),
      upTo: (bound, atMs) => Math.floor(perRequest * requests(atMs) * within(bound)),
      sumAt: (atMs) => Math.round(perRequest * requests(atMs) * curve.medianMs * 1.15) / 1_000,
      tierOf: (bound): Tier => (isRead(bound) ? 'SLO' : 'RECENT'),
    });
  }
  return target;
}
