import { type EntityKey, entityKey } from '../domain/entity.js';
import { type Ask, type Family, group, select } from './family.js';
import { errorRatio, foldCodes, foldTallies, foldViews, type KeyOf } from './istio-views.js';
import type { Labels } from './prometheus/answer.js';
import { type Matchers, rate } from './prometheus/promql.js';

const REQUESTS = 'istio_requests_total';
const DURATION = 'istio_request_duration_milliseconds_bucket';
const CONNECTIONS = 'istio_tcp_connections_opened_total';

const SERVICE = ['destination_service_namespace', 'destination_service_name'];
const CALLER = ['source_workload_namespace', 'source_workload'];
const OUTCOME = ['request_protocol', 'response_code', 'grpc_response_status', 'response_flags'];

/** What reached the server. A request is counted by its caller's proxy too: reporters are never summed. */
const SERVER_VIEW: Matchers = { reporter: { in: ['destination', 'waypoint'] } };

const serviceOutcomes = (ask: Ask) => outcomes(ask, SERVICE, SERVER_VIEW);
const edgeOutcomes = (ask: Ask) => outcomes(ask, [...CALLER, ...SERVICE], {});

/** Rate, ratios and codes of one kind come from one PromQL, so that they agree and cost one question. */
export const istioFamilies = {
  'microservice.requestRate': tallied(serviceOutcomes, microserviceKey, (tally, at) => tally.total[at] ?? null),
  'microservice.errorRatio': tallied(serviceOutcomes, microserviceKey, errorRatio),
  'microservice.successRatio': tallied(serviceOutcomes, microserviceKey, (tally, at) => {
    const ratio = errorRatio(tally, at);
    return ratio === null ? null : 1 - ratio;
  }),
  'microservice.latency': viewed(DURATION, (ask) => latency(ask, SERVICE, SERVER_VIEW), microserviceKey),
  'microservice.requestThroughput': throughput('istio_request_bytes_sum'),
  'microservice.responseThroughput': throughput('istio_response_bytes_sum'),

  'serviceEdge.requestRate': tallied(edgeOutcomes, edgeKey, (tally, at) => tally.total[at] ?? null),
  'serviceEdge.errorRatio': tallied(edgeOutcomes, edgeKey, errorRatio),
  'serviceEdge.latency': viewed(
    DURATION,
    (ask) => latency(ask, [...CALLER, ...SERVICE, 'request_protocol'], {}),
    edgeKey,
  ),

  'responseCode.rate': {
    metrics: [REQUESTS],
    promql: serviceOutcomes,
    fold: (rows) => foldCodes(rows, microserviceKey),
    notANumber: 'NOT_A_NUMBER',
  },
} satisfies Record<string, Family>;

/**
 * Services that the mesh has seen, with the workloads that answered for them, whoever reported it. A Kubernetes Service
 * without traffic is not among them: no metric of the mesh or of kube-state-metrics says that it belongs to the mesh.
 */
export function servicesVector(ask: Ask): string {
  const labels = [...SERVICE, 'destination_workload_namespace', 'destination_workload'];
  return [REQUESTS, CONNECTIONS]
    .map((metric) => group(ask, 'group', labels, select(ask, 'ISTIO', metric)))
    .join(' or ');
}

/** Any of these shows that a mesh is measured. */
export const meshMetrics = [REQUESTS, CONNECTIONS];

/** The workload a row of `servicesVector` tells of; null where the proxy did not know it. */
export function destinationWorkload(labels: Labels): { readonly namespace: string; readonly name: string } | null {
  const [namespace, name] = [labels.destination_workload_namespace, labels.destination_workload];
  return isKnown(namespace) && isKnown(name) ? { namespace, name } : null;
}

/** The key of a service of the mesh; null for hosts outside it and for what a proxy could not name (`PassthroughCluster`). */
export function microserviceKey(labels: Labels): EntityKey | null {
  const [namespace, name] = [labels.destination_service_namespace, labels.destination_service_name];
  return isKnown(namespace) && isKnown(name) && DNS_LABEL.test(namespace) && DNS_LABEL.test(name)
    ? entityKey(namespace, name)
    : null;
}

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

function isKnown(name: string | undefined): name is string {
  return name !== undefined && name !== '' && name !== 'unknown';
}

/** Either side may lie outside the mesh; it keeps the name that the proxy gave it. */
function edgeKey(labels: Labels): EntityKey {
  const parts = [...CALLER, ...SERVICE].map((label) => labels[label] ?? 'unknown');
  return entityKey(...parts, labels.request_protocol ?? 'unknown');
}

function outcomes(ask: Ask, labels: readonly string[], matchers: Matchers): string {
  const rates = select(ask, 'ISTIO', REQUESTS, matchers, (vector) => rate(vector, ask.windowMs));
  return perProxy(ask, [...labels, 'reporter', ...OUTCOME], rates);
}

/** In seconds, of buckets in milliseconds. */
function latency(ask: Ask, labels: readonly string[], matchers: Matchers): string {
  const rates = select(ask, 'ISTIO', DURATION, matchers, (vector) => rate(vector, ask.windowMs));
  return `histogram_quantile(${ask.quantile}, ${perProxy(ask, [...labels, 'reporter', 'le'], rates)}) / 1000`;
}

function throughput(metric: string): Family {
  return viewed(
    metric,
    (ask) => {
      const rates = select(ask, 'ISTIO', metric, SERVER_VIEW, (vector) => rate(vector, ask.windowMs));
      return perProxy(ask, [...SERVICE, 'reporter'], rates);
    },
    microserviceKey,
  );
}

/**
 * A sum over proxies that counts a proxy once, though it may be scraped twice (on its own port and on the agent's, or by
 * two jobs, or by both of an HA pair): first summed per target, then the greatest target of each proxy, then the sum. A
 * proxy is its pod; without a label that names the pod every target is one of its own.
 */
function perProxy(ask: Ask, labels: readonly string[], vector: string): string {
  const target = ['namespace', 'pod', 'instance', 'job', 'prometheus_replica', 'replica'];
  const byInstance = `label_replace(${group(ask, 'sum', [...labels, ...target], vector)}, "proxy", "$1", "instance", "(.*)")`;
  const byPod = `label_replace(${byInstance}, "proxy", "$1", "pod", "(.+)")`;
  return group(ask, 'sum', labels, group(ask, 'max', [...labels, 'namespace', 'proxy'], byPod));
}

function tallied(promql: Family['promql'], keyOf: KeyOf, read: Parameters<typeof foldTallies>[2]): Family {
  return { metrics: [REQUESTS], promql, fold: (rows) => foldTallies(rows, keyOf, read), notANumber: 'NO_EVENTS' };
}

function viewed(metric: string, promql: Family['promql'], keyOf: KeyOf): Family {
  return { metrics: [metric], promql, fold: (rows) => foldViews(rows, keyOf), notANumber: 'NO_EVENTS' };
}
