import { type EntityKey, entityKey } from '../domain/entity.js';
import { type Ask, type Cells, type Family, group, type NodeOf, type Row, select } from './family.js';
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

/**
 * One view per service or edge: the waypoint's, which sees every request that passes it, else the server's own, else
 * that of the callers' proxies, which alone see what never reached a server.
 */
const REPORTERS = ['waypoint', 'destination', 'source'];

/** gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAULTS: ReadonlySet<string> = new Set(['2', '4', '8', '12', '13', '14', '15']);

type KeyOf = (labels: Labels) => EntityKey | null;

/** Requests per second: all, those that count for ratios, and those of them that failed. */
interface Tally {
  readonly total: (number | null)[];
  readonly valid: number[];
  readonly bad: number[];
}

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
    fold: foldCodes,
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

function tallied(promql: Family['promql'], keyOf: KeyOf, read: (tally: Tally, at: number) => number | null): Family {
  return {
    metrics: [REQUESTS],
    promql,
    notANumber: 'NO_EVENTS',
    fold: (rows) =>
      new Map(
        [...tallies(rows, keyOf)].map(([key, views]) => {
          const length = rows[0]?.cells.length ?? 0;
          const cells = Array.from({ length }, (_, at) => {
            const tally = chosenView(views, ({ total }) => total[at] ?? null);
            return tally === null ? null : read(tally, at);
          });
          return [key, cells];
        }),
      ),
  };
}

/** Answers that have one row per view already. */
function viewed(metric: string, promql: Family['promql'], keyOf: KeyOf): Family {
  return {
    metrics: [metric],
    promql,
    notANumber: 'NO_EVENTS',
    fold(rows) {
      const byKey = new Map<EntityKey, Map<string, Cells>>();
      for (const { labels, cells } of rows) {
        const key = keyOf(labels);
        if (key === null) continue;
        const views = byKey.get(key) ?? new Map<string, Cells>();
        byKey.set(key, views.set(labels.reporter ?? '', cells));
      }
      return new Map(
        [...byKey].map(([key, views]) => [
          key,
          (rows[0]?.cells ?? []).map((_, at) => chosenView(views, (cells) => cells[at] ?? null)?.[at] ?? null),
        ]),
      );
    },
  };
}

/** The first view in which something happened, else the first that was seen at all. */
function chosenView<T>(views: ReadonlyMap<string, T>, amountOf: (view: T) => number | null): T | null {
  let seen: T | null = null;
  for (const reporter of REPORTERS) {
    const view = views.get(reporter);
    if (view === undefined) continue;
    const value = amountOf(view);
    if (value !== null && value > 0) return view;
    if (value !== null) seen ??= view;
  }
  return seen;
}

function tallies(rows: readonly Row[], keyOf: KeyOf): Map<EntityKey, Map<string, Tally>> {
  const byKey = new Map<EntityKey, Map<string, Tally>>();
  for (const { labels, cells } of rows) {
    const key = keyOf(labels);
    if (key === null) continue;
    const views = byKey.get(key) ?? new Map<string, Tally>();
    byKey.set(key, views);
    const reporter = labels.reporter ?? '';
    const tally = views.get(reporter) ?? emptyTally(cells.length);
    views.set(reporter, tally);
    addTo(tally, labels, cells);
  }
  return byKey;
}

function emptyTally(length: number): Tally {
  return {
    total: new Array<number | null>(length).fill(null),
    valid: new Array<number>(length).fill(0),
    bad: new Array<number>(length).fill(0),
  };
}

function addTo(tally: Tally, labels: Labels, cells: Cells): void {
  const valid = !isAbandoned(labels);
  const bad = valid && isFault(labels);
  cells.forEach((cell, at) => {
    if (cell === null) return;
    tally.total[at] = (tally.total[at] ?? 0) + cell;
    if (valid) tally.valid[at] = (tally.valid[at] ?? 0) + cell;
    if (bad) tally.bad[at] = (tally.bad[at] ?? 0) + cell;
  });
}

/** The caller hung up (flag DC): neither good nor bad. */
function isAbandoned(labels: Labels): boolean {
  return (labels.response_flags ?? '').split(',').includes('DC');
}

/** No answer at all (code 0), a 5xx, or a gRPC status that is the server's fault, which comes with code 200. */
function isFault(labels: Labels): boolean {
  const code = labels.response_code ?? '';
  return code === '0' || /^5\d\d$/.test(code) || GRPC_FAULTS.has(labels.grpc_response_status ?? '');
}

/** NaN where nothing happened that counts. */
function errorRatio(tally: Tally, at: number): number | null {
  if (tally.total[at] === null) return null;
  return (tally.bad[at] ?? 0) / (tally.valid[at] ?? 0);
}

/** Rates by service, protocol and code, in the view that its service is seen in. */
function foldCodes(rows: readonly Row[], _nodeOf: NodeOf): ReadonlyMap<EntityKey, Cells> {
  const services = tallies(rows, microserviceKey);
  const folded = new Map<EntityKey, (number | null)[]>();
  for (const { labels, cells } of rows) {
    const service = microserviceKey(labels);
    const views = service === null ? undefined : services.get(service);
    if (service === null || views === undefined) continue;
    const key = entityKey(service, labels.request_protocol ?? 'unknown', codeOf(labels));
    const sum = folded.get(key) ?? new Array<number | null>(cells.length).fill(null);
    folded.set(key, sum);
    const view = views.get(labels.reporter ?? '');
    cells.forEach((cell, at) => {
      if (cell === null || chosenView(views, ({ total }) => total[at] ?? null) !== view) return;
      sum[at] = (sum[at] ?? 0) + cell;
    });
  }
  return folded;
}

/** gRPC puts its status beside a code that is nearly always 200; without one the call failed before it. */
function codeOf(labels: Labels): string {
  const status = labels.grpc_response_status ?? '';
  return labels.request_protocol === 'grpc' && status !== '' ? status : (labels.response_code ?? 'unknown');
}
