import type { ApplicationDefinition } from '../domain/application.js';

/** The whole configuration as plain data, every default filled in. Times are milliseconds, paths absolute. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  /** Origins that browsers may call from, beside the gateway's own: `https://ops.example`. Exact, never a pattern. */
  readonly allowedOrigins: readonly string[];
  /** File of bearer tokens; null lets callers on loopback in as `local`. */
  readonly tokensFile: string | null;
  /** Listens beyond loopback without tokens. */
  readonly insecure: boolean;
  readonly clusters: readonly ClusterConfig[];
  readonly applications: readonly ApplicationDefinition[];
  /** Files and folders of OpenSLO documents. */
  readonly definitions: readonly string[];
  readonly store: StoreConfig;
  readonly alertmanagers: readonly AlertmanagerConfig[];
  readonly evaluation: {
    /** How often every SLO is evaluated. */
    readonly intervalMs: number;
    /** How far behind the clock figures are read, so that scrapes under way have arrived. */
    readonly lagMs: number;
  };
  /** Instants of operations are multiples of this, so that equal questions share an answer. */
  readonly gridMs: number;
  readonly limits: LimitsConfig;
  /** What runs operations: code compiled for each document, or the reference implementation of GraphQL. */
  readonly executor: 'graphql-jit' | 'graphql-js';
  /** How long work in flight may take to finish after SIGTERM. */
  readonly shutdownGraceMs: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
}

export interface StoreConfig {
  /** File of the embedded store. */
  readonly path: string;
  /** URL of a PostgreSQL database that is used in place of the file; holds no password. */
  readonly postgres: string | null;
  readonly passwordFile: string | null;
  /** How long events, and violations after their end, are kept. */
  readonly retentionMs: number;
  readonly maxEvents: number;
}

export interface ClusterConfig {
  readonly name: string;
  readonly prometheus: PrometheusConfig;
  /** Labels that mark this cluster's series in a shared backend; empty where the backend holds one cluster only. */
  readonly match: Readonly<Record<string, string>>;
  readonly labels: LabelsConfig;
  readonly selectors: SelectorsConfig;
}

/** Names of labels that differ between installations. */
export interface LabelsConfig {
  /** Of node_exporter's series, naming their node; null finds it out: a label, the address, the host name. */
  readonly node: string | null;
  /** Of `kube_pod_labels`, naming the application of a pod. */
  readonly partOf: string;
}

/** Labels that the series of an exporter must carry to be read; none where every series of its metrics is. */
export type SelectorsConfig = Readonly<
  Record<
    'nodeExporter' | 'cadvisor' | 'kubeStateMetrics' | 'istio' | 'dcgm' | 'modelServers',
    Readonly<Record<string, string>>
  >
>;

export interface PrometheusConfig {
  /** Base URL, path prefix included: `https://mimir.example/prometheus`. */
  readonly url: string;
  readonly timeoutMs: number;
  /** PromQL in flight at once; names of metrics are asked for besides it, four at a time. */
  readonly maxConcurrent: number;
  /** File of `Name: value` lines sent with every request; read again when it changes, as all files below. */
  readonly headersFile: string | null;
  /** Sent as `X-Scope-OrgID`. */
  readonly tenant: string | null;
  /** File with a bearer token. */
  readonly bearerTokenFile: string | null;
  /** File with `name:password`. */
  readonly basicAuthFile: string | null;
  /** Only for URLs of https. */
  readonly tls: TlsConfig;
}

export interface TlsConfig {
  /** PEM certificates that are trusted instead of the usual ones. */
  readonly caFile: string | null;
  /** PEM certificate and key to show; both or none. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Name that the certificate must be for, instead of the host of the URL. */
  readonly serverName: string | null;
  /** Takes any certificate; said in the log at every start. */
  readonly insecureSkipVerify: boolean;
}

export interface AlertmanagerConfig {
  readonly url: string;
  readonly timeoutMs: number;
}

/** Bounds on what a client may send; the same on HTTP, WebSocket and server-sent events. */
export interface LimitsConfig {
  readonly maxDepth: number;
  readonly maxTokens: number;
  readonly maxAliases: number;
  /** Values that an answer may hold: fields, times the items of the pages and lists around them. */
  readonly maxCost: number;
  readonly maxBodyBytes: number;
  readonly maxSubscriptionsPerSocket: number;
  /** WebSockets and streams of server-sent events that are open. */
  readonly maxConnections: number;
  readonly maxConnectionsPerCaller: number;
}
