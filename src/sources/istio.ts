import { type EntityKey, entityKey } from '../domain/entity.js';
import { type Ask, type Family, group, select } from './family.js';
import { connectionFamilies, connectionMetrics, isBare } from './istio-connections.js';
import { CALLER, edgeKey, proxyRates, SERVICE } from './istio-queries.js';
import {
  CLIENTS_FIRST,
  errorRatio,
  foldCodes,
  foldTallies,
  foldViews,
  type KeyOf,
  type Order,
  perspectivesOfTallies,
  perspectivesOfViews,
  SERVERS,
  SERVERS_FIRST,
  type Tally,
} from './istio-views.js';
import type { Labels } from './prometheus/answer.js';
import type { Matchers } from './prometheus/promql.js';

const REQUESTS = 'istio_requests_total';
const DURATION = 'istio_request_duration_milliseconds_bucket';

const OUTCOME = ['request_protocol', 'response_code', 'grpc_response_status', 'response_flags'];

/** For figures that need no other view: the callers' series, which are as many again, are not read. */
const SERVER_VIEW: Matchers = { reporter: { in: SERVERS } };

const serviceOutcomes = (ask: Ask) => outcomes(ask, SERVICE);
const edgeOutcomes = (ask: Ask) => outcomes(ask, [...CALLER, ...SERVICE]);

/**
 * Rate, ratios and codes of one kind come from one PromQL, so that they cost one question. Availability is the callers'
 * view where there is one, rate and latency the servers': a request is counted by both, and reporters are never summed.
 */
export const istioFamilies = {
  'microservice.requestRate': tallied(serviceOutcomes, microserviceKey, SERVERS, requestRate),
  'microservice.errorRatio': tallied(serviceOutcomes, microserviceKey, CLIENTS_FIRST, errorRatio),
  'microservice.successRatio': tallied(serviceOutcomes, microserviceKey, CLIENTS_FIRST, (tally, at) => {
    const ratio = errorRatio(tally, at);
    return ratio === null ? null : 1 - ratio;
  }),
  'microservice.latency': viewed(DURATION, (ask) => latency(ask, SERVICE, SERVER_VIEW), microserviceKey, SERVERS),
  'microservice.requestThroughput': throughput('istio_request_bytes_sum'),
  'microservice.responseThroughput': throughput('istio_response_bytes_sum'),

  'serviceEdge.requestRate': ofRequests(tallied(edgeOutcomes, edgeKey, SERVERS_FIRST, requestRate)),
  'serviceEdge.errorRatio': ofRequests(tallied(edgeOutcomes, edgeKey, CLIENTS_FIRST, errorRatio)),
  'serviceEdge.latency': ofRequests(
    viewed(DURATION, (ask) => latency(ask, [...CALLER, ...SERVICE, 'request_protocol']), edgeKey, SERVERS_FIRST),
  ),
  ...connectionFamilies,

  'responseCode.rate': {
    metrics: [REQUESTS],
    promql: serviceOutcomes,
    fold: (rows) => foldCodes(rows, microserviceKey, SERVERS),
    notANumber: 'NOT_A_NUMBER',
  },
} satisfies Record<string, Family>;

/**
 * Services that the mesh has seen, with the workloads that answered for them, whoever reported it. A Kubernetes Service
 * without traffic is not among them: no metric of the mesh or of kube-state-metrics says that it belongs to the mesh.
 */
export function servicesVector(ask: Ask): string {
  const labels = [...SERVICE, 'destination_workload_namespace', 'destination_workload'];
  return meshMetrics.map((metric) => group(ask, 'group', labels, select(ask, 'ISTIO', metric))).join(' or ');
}

/** Any of these shows that a mesh is measured. */
export const meshMetrics = [REQUESTS, ...connectionMetrics];

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

function outcomes(ask: Ask, labels: readonly string[]): string {
  return proxyRates(ask, REQUESTS, [...labels, ...OUTCOME]);
}

/** In seconds, of buckets in milliseconds. */
function latency(ask: Ask, labels: readonly string[], matchers: Matchers = {}): string {
  return `histogram_quantile(${ask.quantile}, ${proxyRates(ask, DURATION, [...labels, 'le'], matchers)}) / 1000`;
}

function throughput(metric: string): Family {
  return viewed(metric, (ask) => proxyRates(ask, metric, SERVICE, SERVER_VIEW), microserviceKey, SERVERS);
}

/** What no edge of bare connections has. */
function ofRequests(family: Family): Family {
  return { ...family, isForeignTo: isBare };
}

function requestRate(tally: Tally, at: number): number | null {
  return tally.total[at] ?? null;
}

function tallied(
  promql: Family['promql'],
  keyOf: KeyOf,
  order: Order,
  read: (tally: Tally, at: number) => number | null,
): Family {
  return {
    metrics: [REQUESTS],
    promql,
    fold: (rows) => foldTallies(rows, keyOf, order, read),
    perspectives: (rows) => perspectivesOfTallies(rows, keyOf, order),
    notANumber: 'NO_EVENTS',
  };
}

function viewed(metric: string, promql: Family['promql'], keyOf: KeyOf, order: Order): Family {
  return {
    metrics: [metric],
    promql,
    fold: (rows) => foldViews(rows, keyOf, order),
    perspectives: (rows) => perspectivesOfViews(rows, keyOf, order),
    notANumber: 'NO_EVENTS',
  };
}
