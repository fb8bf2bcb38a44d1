import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createUpstreamMetrics, type UpstreamRequest } from './upstream-metrics.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Between two looks at the event loop: each wakes the process, asked or not. It is what an idle gateway shows as lag. */
const LOOP_PRECISION_MS = 20;

const TRANSITIONS = ['opened', 'severity_changed', 'resolved'] as const;

export type OperationType = 'query' | 'mutation' | 'subscription' | 'unknown';
/** `partial`: data with errors. `refused`: not executed, whether by a limit, by its syntax or by who asked. */
export type Outcome = 'ok' | 'partial' | 'error' | 'refused';

/** One evaluation of the SLOs of a data source. */
export interface EvaluationFacts {
  readonly dataSource: string;
  /** How old its instant was when its states were shown. */
  readonly lagMs: number;
  /** Objectives for which the source did not answer in full. */
  readonly failed: number;
}

/** What the gateway measures of itself. Labels come from fixed sets, or from the configuration; never from clients. */
export interface Metrics {
  readonly registry: Registry;
  operation(type: OperationType, outcome: Outcome, seconds: number): void;
  request(request: UpstreamRequest): void;
  onEvaluated(evaluation: EvaluationFacts): void;
  onTransition(change: { readonly transition: string }): void;
  onHistory(progress: { readonly dataSource: string; readonly readRatio: number }): void;
  /** How many violations are open is asked for when it is read, so that it is right after a restart as well. */
  countOpen(count: () => Promise<number>): void;
  onPlaces(taken: number): void;
  onRefused(bound: 'all' | 'caller'): void;
  readonly subscribers: Gauge;
  readonly sockets: Gauge;
  readonly configReloaded: Gauge;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  const requests = new Counter({
    name: 'slograph_graphql_requests_total',
    help: 'GraphQL operations answered, and subscriptions ended, over HTTP and WebSocket.',
    labelNames: ['type', 'outcome'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'slograph_graphql_request_duration_seconds',
    help: 'How long queries and mutations took, from the complete request to the answer.',
    labelNames: ['type'] as const,
    buckets: SECONDS,
    registers,
  });
  new Gauge({ name: 'slograph_build_info', help: 'Always 1.', labelNames: ['version', 'node'] as const, registers })
    .labels(version, process.version)
    .set(1);
  const configReloaded = new Gauge({
    name: 'slograph_config_last_reload_successful',
    help: '1 when the configuration files are in force as they stand, 0 when the last good version is.',
    registers,
  });
  configReloaded.set(1);
  const connections = new Gauge({
    name: 'slograph_connections',
    help: 'WebSockets and streams of server-sent events open.',
    registers,
  });
  const refusedConnections = new Counter({
    name: 'slograph_connections_refused_total',
    help: 'Connections that were refused, by the limit that was reached: of all callers together, or of one.',
    labelNames: ['limit'] as const,
    registers,
  });
  const evaluations = new Counter({
    name: 'slograph_evaluations_total',
    help: 'Evaluations of all SLOs of a data source; failed when it did not answer for all of them in full.',
    labelNames: ['datasource', 'result'] as const,
    registers,
  });
  const evaluationDelay = new Gauge({
    name: 'slograph_evaluation_delay_seconds',
    help: 'How old the instant of the last evaluation was when its states were shown.',
    labelNames: ['datasource'] as const,
    registers,
  });
  const historyRead = new Gauge({
    name: 'slograph_history_read_ratio',
    help: 'Share of the history of all SLOs of a data source that was read; 1 when their windows are counted slice by slice.',
    labelNames: ['datasource'] as const,
    registers,
  });
  const transitions = new Counter({
    name: 'slograph_violation_transitions_total',
    help: 'Transitions of violations that were stored.',
    labelNames: ['transition'] as const,
    registers,
  });
  for (const transition of TRANSITIONS) transitions.labels(transition).inc(0);
  return {
    registry,
    operation(type, outcome, durationSeconds) {
      requests.labels(type, outcome).inc();
      if (type !== 'subscription' && outcome !== 'refused') seconds.labels(type).observe(durationSeconds);
    },
    request: createUpstreamMetrics(registers, SECONDS),
    onEvaluated({ dataSource, lagMs, failed }) {
      evaluations.labels(dataSource, failed === 0 ? 'ok' : 'failed').inc();
      evaluationDelay.labels(dataSource).set(lagMs / 1_000);
    },
    onHistory: ({ dataSource, readRatio }) => historyRead.labels(dataSource).set(readRatio),
    onTransition: ({ transition }) => transitions.labels(transition.toLowerCase()).inc(),
    countOpen(count) {
      new Gauge({
        name: 'slograph_violations_open',
        help: 'Violations open; absent while the store does not answer.',
        registers,
        async collect() {
          const open = await count().catch(() => null);
          if (open === null) this.remove();
          else this.set(open);
        },
      });
    },
    onPlaces: (taken) => connections.set(taken),
    onRefused: (bound) => refusedConnections.labels(bound).inc(),
    subscribers: new Gauge({ name: 'slograph_stream_subscribers', help: 'Subscriptions running.', registers }),
    sockets: new Gauge({ name: 'slograph_websocket_connections', help: 'WebSockets open.', registers }),
    configReloaded,
  };
}
