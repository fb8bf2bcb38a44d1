import type { Latency } from './calls.js';
import { isDuring } from './incidents.js';
import { mean, requestsTo, sharesWithin, throttled } from './istio.js';
import { type Labels, Target } from './target.js';
import { type Pod, podsOf } from './topology.js';
import { nameOf, phaseOf, wave } from './waves.js';
import type { World } from './world.js';

const pythonSeconds = '0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1.0 2.5 5.0 7.5 10.0'.split(' ');
const rayMilliseconds = (
  '1.0 2.0 5.0 10.0 20.0 50.0 100.0 200.0 300.0 400.0 500.0 1000.0 2000.0 5000.0 10000.0 60000.0 120000.0 ' +
  '300000.0 600000.0'
).split(' ');

const detection: Latency = { medianMs: 38, boundMs: 250, missShare: 0.0001 };
/** Steps of a classification, as the KServe runtime times them. */
const classification: Readonly<Record<string, Latency>> = {
  preprocess: { medianMs: 2, boundMs: 25, missShare: 0.001 },
  predict: { medianMs: 24, boundMs: 250, missShare: 0.001 },
  postprocess: { medianMs: 0.6, boundMs: 10, missShare: 0.001 },
};
const judgement: Latency = { medianMs: 4, boundMs: 50, missShare: 0.0005 };

/** The model servers of an edge site: Triton detects, KServe hears, Ray Serve judges; one target a pod. */
export function edgeModels(cluster: string, world: World): readonly Target[] {
  return [
    ...podsOf(cluster, 'detector').map((pod) => triton(pod, world)),
    ...podsOf(cluster, 'sound-classifier').map((pod) => kserve(pod, world)),
    ...podsOf(cluster, 'risk').map((pod) => rayServe(pod, world)),
  ];
}

/** Triton's page with the histogram of first responses switched on. Its counters have no `_total`. */
function triton(pod: Pod, world: World): Target {
  const target = targetOf(pod, 'triton', 8002);
  const labels = { model: 'pedestrian-yolo', version: '1' };
  const requests = requestsTo(pod, world);
  const starved = world.noiseOn(pod.node);
  const all = (share: number) => (atMs: number) => {
    const { usual, during } = requests(atMs);
    return Math.floor(share * (usual + during));
  };
  const count = (name: string, valueAt: (atMs: number) => number, more: Labels = {}) =>
    target.counter(`nv_inference_${name}`, { ...labels, ...more }, valueAt, 'SPARSE');
  const microseconds = (share: number) => (atMs: number) => {
    const { usual, during } = requests(atMs);
    return Math.floor(1_000 * share * (usual * mean(detection) + during * mean(throttled)));
  };
  count('request_success', all(1));
  for (const reason of ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER']) count('request_failure', () => 0, { reason });
  count('count', all(1));
  count('exec_count', all(0.4));
  const parts = { request: 1, queue: 0.06, compute_input: 0.05, compute_infer: 0.82, compute_output: 0.04 };
  for (const [part, share] of Object.entries(parts)) count(`${part}_duration_us`, microseconds(share));
  const pending = (atMs: number) =>
    isDuring(starved, atMs) ? 14 : Math.max(0, Math.round(wave(atMs, phaseOf(pod.name))));
  target.gauge('nv_inference_pending_request_count', labels, pending, 'SPARSE');
  const within = sharesWithin(detection);
  const withinSlow = sharesWithin(throttled);
  target.histogram('nv_inference_first_response_histogram_ms', labels, {
    bounds: ['100', '500', '2000', '5000'],
    upTo: (bound, atMs) => {
      const { usual, during } = requests(atMs);
      return Math.floor(usual * within(bound) + during * withinSlow(bound));
    },
    sumAt: (atMs) => Math.floor(microseconds(1)(atMs) / 1_000),
    tierOf: () => 'SPARSE',
  });
  return target;
}

/** KServe's Python runtime. Its client library shows when each series was made, as a gauge. */
function kserve(pod: Pod, world: World): Target {
  const target = targetOf(pod, 'kserve', 8080);
  const labels = { model_name: 'street-sounds' };
  const requests = requestsTo(pod, world);
  const total = (atMs: number) => requests(atMs).usual + requests(atMs).during;
  for (const [step, curve] of Object.entries(classification)) {
    const within = sharesWithin(curve, 1_000);
    target.histogram(`request_${step}_seconds`, labels, {
      bounds: pythonSeconds,
      upTo: (bound, atMs) => Math.floor(total(atMs) * within(bound)),
      sumAt: (atMs) => Math.floor(total(atMs) * mean(curve)) / 1_000,
      tierOf: () => 'SPARSE',
    });
    target.gauge(`request_${step}_seconds_created`, labels, world.startedMs / 1_000, 'SPARSE');
  }
  return target;
}

/** Ray's page of one node: its proxy and one replica. */
function rayServe(pod: Pod, world: World): Target {
  const target = targetOf(pod, 'ray', 8080);
  const common = {
    application: 'risk',
    Component: 'core_worker',
    Version: '2.49.0',
    SessionName: 'session_2026-01-01_00-00-00_000001_1',
    NodeAddress: pod.ip,
  };
  const requests = requestsTo(pod, world);
  const total = (atMs: number) => requests(atMs).usual + requests(atMs).during;
  const route = { ...common, route: '/risk', method: 'POST', status_code: '200' };
  const deployment = { ...common, deployment: 'RiskModel' };
  const replica = { ...deployment, replica: nameOf(`${pod.name}/replica`, 8) };
  target.counter('ray_serve_num_http_requests_total', route, (atMs) => Math.floor(total(atMs)), 'SPARSE');
  const checks = { ...common, application: '', route: '/-/healthz', method: 'GET', status_code: '200' };
  const checked = (atMs: number) => Math.floor((atMs - world.startedMs) / 10_000);
  target.counter('ray_serve_num_http_requests_total', checks, checked, 'SPARSE');
  for (const [labels, curve, count] of [
    [route, judgement, total],
    [checks, { medianMs: 0.8, boundMs: 5, missShare: 0.001 }, checked],
  ] as const) {
    const within = sharesWithin(curve);
    target.histogram('ray_serve_http_request_latency_ms', labels, {
      bounds: rayMilliseconds,
      upTo: (bound, atMs) => Math.floor(count(atMs) * within(bound)),
      sumAt: (atMs) => Math.floor(count(atMs) * mean(curve)),
      tierOf: () => 'SPARSE',
    });
  }
  const served = { ...replica, route: '/risk' };
  target.counter('ray_serve_deployment_request_counter_total', served, (atMs) => Math.floor(total(atMs)), 'SPARSE');
  const phase = phaseOf(`${pod.name}/ray`);
  const level = (usual: number) => (atMs: number) => Math.max(0, Math.round(usual + wave(atMs, phase)));
  target.gauge('ray_serve_replica_processing_queries', replica, level(2), 'SPARSE');
  target.gauge('ray_serve_deployment_queued_queries', deployment, level(0), 'SPARSE');
  target.gauge('ray_serve_deployment_replica_healthy', replica, 1, 'SPARSE');
  return target;
}

function targetOf(pod: Pod, job: string, port: number): Target {
  return new Target({
    cluster: pod.cluster,
    job,
    instance: `${pod.ip}:${port}`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name, container: pod.workload.container.name },
  });
}
