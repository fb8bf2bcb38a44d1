import { type Call, calls, type Latency } from './calls.js';
import { type Connection, connections } from './connections.js';
import { amountDuring, type Incident } from './incidents.js';
import { type Labels, Target, type Tier } from './target.js';
import { type Pod, pods, podsOf, type Workload } from './topology.js';
import { amount, type Flow, phaseOf, remembering } from './waves.js';
import type { World } from './world.js';

/** Envoy's bounds for every histogram of Istio, in milliseconds or bytes. */
const bounds = (
  '0.5 1 5 10 25 50 100 250 500 1000 2500 5000 10000 30000 60000 300000 600000 1.8e+06 3.6e+06' as const
).split(' ');

/** Buckets of the detector that are kept for the whole history: what its SLO reads, and enough for its quantiles. */
const keptBounds = new Set(['25', '50', '100', '250', '+Inf']);

/** Answers of the detector under a noisy neighbour: 98 of 100 miss 250 ms. */
export const throttled: Latency = { medianMs: 900, boundMs: 250, missShare: 0.98 };

/** Share of requests that fail in an outage. */
const OUTAGE_ERRORS = 0.7;

/** Requests so far, outside and within the incidents that touch the call. */
export interface Volume {
  readonly usual: number;
  readonly during: number;
}

/** The proxies of one cluster, one target each: sidecars and the ingress gateway, scraped on the merged port. */
export function istioProxies(cluster: string, world: World): readonly Target[] {
  return pods.filter((pod) => pod.cluster === cluster && pod.workload.mesh !== null).map((pod) => proxy(pod, world));
}

function proxy(pod: Pod, world: World): Target {
  const target = new Target({
    cluster: pod.cluster,
    job: 'istio-system/envoy-stats-monitor',
    instance: `${pod.ip}:15020`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name, container: 'istio-proxy' },
  });
  target.gauge('istio_build', { component: 'proxy', tag: '1.29.2' }, 1);
  for (const call of calls) {
    if (call.cluster !== pod.cluster) continue;
    if (call.to === pod.workload.name) reported(target, call, 'destination', pod, world);
    if (call.from === pod.workload.name) reported(target, call, 'source', pod, world);
  }
  for (const connection of connections) {
    if (connection.cluster === pod.cluster && connection.from === pod.workload.name)
      connected(target, connection, pod, world);
  }
  if (pod.workload.name === 'siren') drills(target, pod, world);
  return target;
}

function reported(target: Target, call: Call, reporter: 'source' | 'destination', pod: Pod, world: World): void {
  const share = 1 / podsOf(call.cluster, pod.workload.name).length;
  const outcomes = outcomesOf(call, world, share);
  for (const outcome of outcomes) {
    const labels = { ...labelsOf(call, reporter), ...outcome.labels };
    target.counter('istio_requests_total', labels, (atMs) => whole(outcome.at(atMs)), 'SLO');
    durations(target, call, reporter, labels, outcome);
    // Sizes are switched off for the client side, as the Telemetry API allows; those of failures hold nothing of interest.
    if (reporter === 'destination' && outcome === outcomes[0]) {
      sizes(target, 'istio_request_bytes', labels, call.requestBytes, outcome.at);
      sizes(target, 'istio_response_bytes', labels, call.responseBytes, outcome.at);
    }
  }
}

/** Requests that reach a pod: what its proxy counts and what it counts itself agree. */
export function requestsTo(pod: Pod, world: World): (atMs: number) => Volume {
  const share = 1 / podsOf(pod.cluster, pod.workload.name).length;
  const outcomes = calls
    .filter(({ cluster, to }) => cluster === pod.cluster && to === pod.workload.name)
    .flatMap((call) => outcomesOf(call, world, share));
  return remembering((atMs) => {
    const volumes = outcomes.map((outcome) => outcome.at(atMs));
    return {
      usual: volumes.reduce((sum, { usual }) => sum + usual, 0),
      during: volumes.reduce((sum, { during }) => sum + during, 0),
    };
  });
}

interface Outcome {
  readonly labels: Labels;
  at(atMs: number): Volume;
}

/** How the requests of a call end. Errors appear only where a call has any: Envoy makes a series with its first event. */
function outcomesOf(call: Call, world: World, podShare: number): readonly Outcome[] {
  const flow: Flow = {
    perSecond: call.perSecond * podShare,
    swing: call.swing,
    phase: phaseOf(`${call.cluster}/${call.from}/${call.to}`),
  };
  const incidents = incidentsOf(call, world);
  const volume = (share: number, shareDuring: number) =>
    remembering((atMs) => {
      const during = amountDuring(flow, incidents, atMs);
      return { usual: share * (amount(flow, world.startedMs, atMs) - during), during: shareDuring * during };
    });
  const errorsDuring = call.to === 'aggregator' ? OUTAGE_ERRORS : call.errorShare;
  const ok = call.protocol === 'grpc' ? '0' : '';
  const success = { response_code: '200', grpc_response_status: ok };
  const failure =
    call.protocol === 'grpc'
      ? { response_code: '200', grpc_response_status: '14' }
      : { response_code: '503', grpc_response_status: '' };
  return [
    { labels: success, at: volume(1 - call.errorShare, 1 - errorsDuring) },
    ...(call.errorShare > 0 ? [{ labels: failure, at: volume(call.errorShare, errorsDuring) }] : []),
  ];
}

function incidentsOf(call: Call, world: World): readonly Incident[] {
  if (call.to === 'detector') return world.timeline.of('NOISY_NEIGHBOUR', call.cluster);
  if (call.to === 'aggregator') return world.timeline.of('OUTAGE', call.cluster);
  return [];
}

function durations(target: Target, call: Call, reporter: string, labels: Labels, outcome: Outcome): void {
  const slow = call.to === 'detector' ? throttled : call.latency;
  const within = sharesWithin(call.latency);
  const withinSlow = sharesWithin(slow);
  const meanMs = mean(call.latency);
  const slowMs = mean(slow);
  const isRead = call.to === 'detector' && reporter === 'destination';
  target.histogram('istio_request_duration_milliseconds', labels, {
    bounds,
    upTo: (bound, atMs) => {
      const { usual, during } = outcome.at(atMs);
      return Math.floor(usual * within(bound) + during * withinSlow(bound));
    },
    sumAt: (atMs) => {
      const { usual, during } = outcome.at(atMs);
      return Math.floor(usual * meanMs + during * slowMs);
    },
    tierOf: (bound): Tier => (isRead && keptBounds.has(bound) ? 'SLO' : 'RECENT'),
  });
}

function sizes(target: Target, name: string, labels: Labels, typical: number, at: (atMs: number) => Volume): void {
  const size: Latency = { medianMs: typical, boundMs: typical * 4, missShare: 0.02 };
  const within = sharesWithin(size);
  const meanSize = Math.round(mean(size));
  target.histogram(name, labels, {
    bounds,
    upTo: (bound, atMs) => {
      const { usual, during } = at(atMs);
      return Math.floor((usual + during) * within(bound));
    },
    sumAt: (atMs) => whole(at(atMs)) * meanSize,
    tierOf: () => 'SPARSE',
  });
}

function connected(target: Target, connection: Connection, pod: Pod, world: World): void {
  const share = 1 / podsOf(connection.cluster, pod.workload.name).length;
  const labels = { ...labelsOf({ ...connection, protocol: 'tcp' }, 'source'), destination_principal: 'unknown' };
  const growing = (perSecond: number) => (atMs: number) =>
    Math.floor((perSecond * share * (atMs - world.startedMs)) / 1_000);
  const opened = growing(connection.openedPerHour / 3_600);
  target.counter('istio_tcp_connections_opened_total', labels, opened);
  target.counter('istio_tcp_connections_closed_total', labels, (atMs) => Math.max(0, opened(atMs) - 1));
  target.counter('istio_tcp_received_bytes_total', labels, growing(connection.requestBytesPerSecond));
  target.counter('istio_tcp_sent_bytes_total', labels, growing(connection.responseBytesPerSecond));
}

/** The siren is used in drills only: five requests, one a minute. It had seven before the history begins. */
function drills(target: Target, pod: Pod, world: World): void {
  const call = { cluster: pod.cluster, from: 'notifier', to: 'siren', protocol: 'http' } as const;
  const incidents = world.timeline.of('DRILL', pod.cluster);
  const labels = { ...labelsOf(call, 'destination'), response_code: '200', grpc_response_status: '' };
  const count = (atMs: number) =>
    incidents.reduce((sum, { startMs, endMs }) => {
      const minutes = Math.floor((Math.min(endMs, atMs) - startMs) / 60_000);
      return sum + (atMs < startMs ? 0 : Math.min(5, minutes + 1));
    }, 7);
  target.counter('istio_requests_total', labels, count, 'SLO');
}

function labelsOf(
  call: Pick<Call, 'cluster' | 'from' | 'to'> & { readonly protocol: Call['protocol'] | 'tcp' },
  reporter: 'source' | 'destination',
): Labels {
  const from = workloadOf(call.cluster, call.from);
  const to = workloadOf(call.cluster, call.to);
  return {
    reporter,
    ...peer('source', from),
    ...peer('destination', to),
    destination_service: `${to.name}.${to.namespace}.svc.cluster.local`,
    destination_service_name: to.name,
    destination_service_namespace: to.namespace,
    request_protocol: call.protocol,
    response_flags: '-',
    connection_security_policy: reporter === 'source' ? 'unknown' : 'mutual_tls',
  };
}

function peer(side: 'source' | 'destination', workload: Workload): Labels {
  return {
    [`${side}_workload`]: workload.name,
    [`${side}_workload_namespace`]: workload.namespace,
    [`${side}_canonical_service`]: workload.name,
    [`${side}_canonical_revision`]: workload.mesh === 'gateway' ? 'latest' : `v${workload.version.split('.')[0]}`,
    [`${side}_principal`]: `spiffe://cluster.local/ns/${workload.namespace}/sa/${workload.name}`,
    [`${side}_app`]: workload.name,
    [`${side}_version`]: workload.mesh === 'gateway' ? 'unknown' : `v${workload.version.split('.')[0]}`,
    [`${side}_cluster`]: workload.cluster,
  };
}

function workloadOf(cluster: string, name: string): Workload {
  const pod = podsOf(cluster, name)[0];
  if (pod === undefined) throw new Error(`nothing called ${name} runs in ${cluster}`);
  return pod.workload;
}

/** Share of a log-logistic distribution at or below a bound; 1 at infinity. */
export function shareWithin(latency: Latency, bound: number): number {
  if (bound === Number.POSITIVE_INFINITY) return 1;
  return 1 / (1 + (bound / latency.medianMs) ** -steepness(latency));
}

/** The share by the bound's text, each worked out once. */
export function sharesWithin(latency: Latency, unit = 1): (bound: string) => number {
  const shares = new Map<string, number>();
  return (bound) => {
    let share = shares.get(bound);
    if (share === undefined) {
      share = shareWithin(latency, bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound) * unit);
      shares.set(bound, share);
    }
    return share;
  };
}

function steepness({ medianMs, boundMs, missShare }: Latency): number {
  return Math.log((1 - missShare) / missShare) / Math.log(boundMs / medianMs);
}

/** Mean of such a distribution, in milliseconds. */
export function mean(latency: Latency): number {
  const angle = Math.PI / steepness(latency);
  return latency.medianMs * (angle / Math.sin(angle));
}

function whole({ usual, during }: Volume): number {
  return Math.floor(usual + during);
}
