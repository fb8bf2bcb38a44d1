import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type OperationType = 'query' | 'mutation' | 'subscription' | 'unknown';
/** `partial`: data with errors. `refused`: not executed, whether by a limit, by its syntax or by who asked. */
export type Outcome = 'ok' | 'partial' | 'error' | 'refused';

/** What the gateway measures of itself. Labels come from fixed sets, or from the configuration; never from clients. */
export interface Metrics {
  readonly registry: Registry;
  operation(type: OperationType, outcome: Outcome, seconds: number): void;
  readonly subscribers: Gauge;
  readonly sockets: Gauge;
  readonly configReloaded: Gauge;
  readonly upstreamRequests: Counter<'datasource' | 'result'>;
  readonly upstreamSeconds: Histogram<'datasource'>;
  readonly cacheEvents: Counter<'cache' | 'result'>;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
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
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
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
  return {
    registry,
    operation(type, outcome, durationSeconds) {
      requests.labels(type, outcome).inc();
      if (type !== 'subscription' && outcome !== 'refused') seconds.labels(type).observe(durationSeconds);
    },
    subscribers: new Gauge({ name: 'slograph_stream_subscribers', help: 'Subscriptions running.', registers }),
    sockets: new Gauge({ name: 'slograph_websocket_connections', help: 'WebSockets open.', registers }),
    configReloaded,
    upstreamRequests: new Counter({
      name: 'slograph_upstream_requests_total',
      help: 'PromQL sent, by data source.',
      labelNames: ['datasource', 'result'] as const,
      registers,
    }),
    upstreamSeconds: new Histogram({
      name: 'slograph_upstream_request_duration_seconds',
      help: 'How long a data source took to answer one PromQL.',
      labelNames: ['datasource'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    cacheEvents: new Counter({
      name: 'slograph_cache_events_total',
      help: 'Questions by whether an answer was at hand.',
      labelNames: ['cache', 'result'] as const,
      registers,
    }),
  };
}
