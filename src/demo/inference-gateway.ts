import type { Latency } from './calls.js';
import { mean, sharesWithin } from './istio.js';
import { Target } from './target.js';
import { core, type Pod, podsOf } from './topology.js';
import { curves, loadOf, MODEL, TOKENS_PER_ANSWER } from './vllm.js';
import type { World } from './world.js';

const wholeRequest = '0.005 0.025 0.05 0.1 0.2 0.4 0.6 0.8 1 1.25 1.5 2 3 4 5 6 8 10 15 20 30 45 60 120 300 600 3600';
const perToken = '0.0005 0.002 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.125 0.15 0.2 0.3 0.4 0.5 1 2 6 30 120 360';
const tokens = '1 8 16 32 64 128 256 512 1024 2048 4096 8192';
const waitingSeconds = '0.0001 0.0005 0.001 0.005 0.01 0.05 0.1 0.5 1 5 10 60';

const queued: Latency = { medianMs: 0.4, boundMs: 50, missShare: 0.005 };

const POOL = { name: 'llm' };

/**
 * The endpoint picker of the Gateway API's inference extension, before the engines of the core. What it tells of them
 * and of their requests is what they tell themselves.
 */
export function inferenceGateway(world: World): Target {
  const pod = podsOf(core, 'llm-epp')[0] as Pod;
  const target = new Target({
    cluster: core,
    job: 'epp',
    instance: `${pod.ip}:9090`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name, container: pod.workload.container.name },
  });
  const engines = podsOf(core, 'llm').map((engine) => ({ name: engine.name, ...loadOf(engine, world) }));
  const sum = (of: (engine: (typeof engines)[number]) => number) =>
    engines.reduce((total, engine) => total + of(engine), 0);
  const average = (of: (engine: (typeof engines)[number]) => number) => sum(of) / engines.length;
  target.gauge('inference_pool_ready_pods', POOL, engines.length, 'SPARSE');
  target.gauge('inference_pool_average_queue_size', POOL, (at) => average(({ waiting }) => waiting(at)), 'SPARSE');
  target.gauge(
    'inference_pool_average_running_requests',
    POOL,
    (at) => average(({ running }) => running(at)),
    'SPARSE',
  );
  target.gauge(
    'inference_pool_average_kv_cache_utilization',
    POOL,
    (at) => average(({ cacheShare }) => cacheShare(at)),
    'SPARSE',
  );
  for (const { name, waiting } of engines) {
    target.gauge('inference_pool_per_pod_queue_size', { ...POOL, model_server_pod: name }, waiting, 'SPARSE');
  }
  requestRows(
    target,
    (at) => sum(({ requests }) => requests(at)),
    (at) => sum(({ running }) => running(at)),
  );
  return target;
}

function requestRows(target: Target, requests: (atMs: number) => number, running: (atMs: number) => number): void {
  const labels = { model_name: 'assistant', target_model_name: MODEL };
  target.gauge('inference_objective_running_requests', { model_name: 'assistant' }, running, 'SPARSE');
  const counted = (at: number) => Math.floor(requests(at));
  target.counter('inference_objective_request_total', { ...labels, priority: '0' }, counted, 'SPARSE');
  const seconds = (bounds: string, curve: Latency) => ({ bounds, curve, unit: 1_000, mean: mean(curve) / 1_000 });
  const answers: Latency = { medianMs: TOKENS_PER_ANSWER, boundMs: 1_000, missShare: 0.01 };
  const histograms = {
    objective_request_duration_seconds: seconds(wholeRequest, curves.e2e_request_latency_seconds.curve),
    objective_request_ttft_seconds: seconds(wholeRequest, curves.time_to_first_token_seconds.curve),
    objective_request_tpot_seconds: seconds(perToken, curves.inter_token_latency_seconds.curve),
    objective_output_tokens: { bounds: tokens, curve: answers, unit: 1, mean: TOKENS_PER_ANSWER },
    extension_flow_control_request_queue_duration_seconds: seconds(waitingSeconds, queued),
  };
  for (const [name, { bounds, curve, unit, mean: meanOf }] of Object.entries(histograms)) {
    const within = sharesWithin(curve, unit);
    target.histogram(`inference_${name}`, name.startsWith('extension') ? { ...POOL, priority: '0' } : labels, {
      bounds: bounds.split(' '),
      upTo: (bound, atMs) => Math.floor(requests(atMs) * within(bound)),
      sumAt: (atMs) => Math.floor(1_000 * requests(atMs) * meanOf) / 1_000,
      tierOf: () => 'SPARSE',
    });
  }
}
