import type { EntityKey } from '../domain/entity.js';
import { type Ask, type Cells, type Family, group, on, type Row, selectAll } from './family.js';
import { CALLER, edgeKey, proxyRates, SERVICE, taggedProxyRates } from './istio-queries.js';
import { foldViews, perspectivesOfViews, SERVERS_FIRST } from './istio-views.js';

const REQUESTS = 'istio_requests_total';
const OPENED = 'istio_tcp_connections_opened_total';
/** Named after the direction of the answer, whoever reports: received with the request, sent with the response. */
const RECEIVED = 'istio_tcp_received_bytes_total';
const SENT = 'istio_tcp_sent_bytes_total';

/** An edge of bare connections: no proxy looked at requests. */
const PROTOCOL = 'tcp';

/** Metrics that tell of connections between services. */
export const connectionMetrics = [OPENED];

/** What is known of edges beside their requests. Requests of an edge without requests, and the reverse, are not collected. */
export const connectionFamilies = {
  'serviceEdge.requestThroughput': throughput('istio_request_bytes_sum', RECEIVED),
  'serviceEdge.responseThroughput': throughput('istio_response_bytes_sum', SENT),
  'serviceEdge.connectionRate': {
    metrics: connectionMetrics,
    isForeignTo: (key) => !isBare(key) && key !== '',
    promql: (ask) => connections(ask, [OPENED, RECEIVED, SENT]),
    fold: foldConnections,
    notANumber: 'NOT_A_NUMBER',
  },
} satisfies Record<string, Family>;

/** Whether an edge has connections only, of which there are no requests, codes and latencies. */
export function isBare(edge: EntityKey): boolean {
  return edge.endsWith(`/${PROTOCOL}`);
}

/**
 * Connections by edge: `rate(waypoint) or rate(others) unless on (service) waypoint`. Where a waypoint sees the requests
 * of a service, the tunnels that lead to the waypoint and on from it are reported as connections too: the same traffic.
 */
function connections(ask: Ask, metrics: readonly string[]): string {
  const labels = [...CALLER, ...SERVICE];
  const behindWaypoint = group(ask, 'group', SERVICE, selectAll(ask, REQUESTS, { reporter: 'waypoint' }));
  const ofWaypoints = taggedProxyRates(ask, metrics, labels, { reporter: 'waypoint' });
  const ofOthers = taggedProxyRates(ask, metrics, labels, { reporter: { not: 'waypoint' } });
  return `(${ofWaypoints} or (${ofOthers} unless ${on(ask, SERVICE)} ${behindWaypoint}))`;
}

/** Connections opened, of every edge on which anything happened: those of a pool stay open for days. */
function foldConnections(rows: readonly Row[]): ReadonlyMap<EntityKey, Cells> {
  const ofMetric = (metric: string) => {
    const own = rows.filter(({ labels }) => labels.figure === metric);
    return foldViews(own.map(asConnections), edgeKey, SERVERS_FIRST);
  };
  const [opened, received, sent] = [ofMetric(OPENED), ofMetric(RECEIVED), ofMetric(SENT)];
  const isUsed = (cells: Cells | undefined) => cells?.some((cell) => cell !== null && cell > 0) ?? false;
  return new Map([...opened].filter(([key, cells]) => [cells, received.get(key), sent.get(key)].some(isUsed)));
}

function asConnections({ labels, cells }: Row): Row {
  return { labels: { ...labels, request_protocol: PROTOCOL }, cells };
}

function throughput(ofRequests: string, ofConnections: string): Family {
  return {
    metrics: [ofRequests, ofConnections],
    promql: (ask) =>
      `${proxyRates(ask, ofRequests, [...CALLER, ...SERVICE, 'request_protocol'])} or label_replace(${connections(ask, [ofConnections])}, "request_protocol", "${PROTOCOL}", "", "")`,
    fold: (rows) => foldViews(rows, edgeKey, SERVERS_FIRST),
    perspectives: (rows) => perspectivesOfViews(rows, edgeKey, SERVERS_FIRST),
    notANumber: 'NOT_A_NUMBER',
  };
}
