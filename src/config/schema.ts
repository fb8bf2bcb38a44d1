import { z } from 'zod';
import { prometheusSchema } from './prometheus-schema.js';
import { duration, httpUrl, path, text, wholeNumber } from './setting-kinds.js';

/** The configuration as it is written: durations are texts, paths may be relative. Every setting says what it means. */
export const fileSchema = z
  .strictObject({
    listen: z
      .strictObject({
        host: z.string().min(1).prefault('127.0.0.1').describe('Address to listen on.'),
        port: wholeNumber(0, 65_535).prefault(4000).describe('Port to listen on; 0 takes a free one.'),
      })
      .prefault({}),
    allowedOrigins: z
      .array(origin())
      .prefault([])
      .describe(
        'Origins that browsers may call from, beside the gateway’s own: `https://ops.example`. Exact, no patterns.',
      ),
    tokensFile: path()
      .nullable()
      .prefault(null)
      .describe('File of bearer tokens. Without it callers on loopback are `local`.'),
    insecure: z.boolean().prefault(false).describe('Listens beyond loopback without tokens.'),
    clusters: z
      .array(
        z.strictObject({
          name: clusterName().describe('Name of the cluster in the graph.'),
          prometheus: prometheusSchema,
          match: z
            .record(z.string(), z.string())
            .superRefine(refuseBadLabels)
            .prefault({})
            .describe('Labels that mark this cluster’s series in a Prometheus that holds several clusters.'),
          labels: z
            .strictObject({
              node: labelName()
                .nullable()
                .prefault(null)
                .describe('Label of node_exporter’s series that names their node; found out without it.'),
              partOf: labelName()
                .prefault('label_app_kubernetes_io_part_of')
                .describe('Label of `kube_pod_labels` that names the application of a pod.'),
            })
            .prefault({}),
          selectors: z
            .strictObject({
              nodeExporter: exporterLabels('node_exporter'),
              cadvisor: exporterLabels('cAdvisor'),
              kubeStateMetrics: exporterLabels('kube-state-metrics'),
              istio: exporterLabels('Istio’s proxies'),
              dcgm: exporterLabels('DCGM exporter'),
              modelServers: exporterLabels('model servers'),
            })
            .prefault({}),
        }),
      )
      .min(1)
      .describe('At least one.'),
    applications: z
      .array(
        z.strictObject({
          name: text().describe('Name of the application in the graph; also what the label of its pods says.'),
          description: z.string().nullable().prefault(null).describe('What it is for.'),
          microservices: z
            .array(
              z.strictObject({
                namespace: text().describe('Namespace of microservices that belong to it.'),
                name: text().nullable().prefault(null).describe('One microservice; without it all of the namespace.'),
              }),
            )
            .prefault([]),
          clusters: z
            .array(z.string())
            .min(1)
            .nullable()
            .prefault(null)
            .describe('Where these microservices are looked for; without it everywhere.'),
        }),
      )
      .prefault([]),
    definitions: z.array(path()).prefault([]).describe('Files and folders of OpenSLO documents.'),
    store: z
      .strictObject({
        path: path().prefault('./data/slograph.db').describe('File that keeps violations; made when it is not there.'),
        postgres: postgresUrl()
          .nullable()
          .prefault(null)
          .describe('A PostgreSQL database in place of the file: `postgres://user@host:5432/database`.'),
        passwordFile: path()
          .nullable()
          .prefault(null)
          .describe('File that holds the password for `postgres`; read again for every connection.'),
        retention: duration('1h', '3650d')
          .prefault('90d')
          .describe('How long violations are kept after their end, and events for clients that come back.'),
        maxEvents: wholeNumber(1_000, 100_000_000)
          .prefault(1_000_000)
          .describe('Events that are kept at most; the oldest of ended violations go first.'),
      })
      .prefault({}),
    alertmanagers: z
      .array(
        z.strictObject({
          url: httpUrl().describe('Base URL of an Alertmanager that violations are delivered to.'),
          timeout: duration('100ms', '10m').prefault('10s').describe('Of one delivery.'),
        }),
      )
      .prefault([]),
    evaluation: z
      .strictObject({
        interval: duration('1s', '1h').prefault('15s').describe('How often every SLO is evaluated.'),
        lag: duration('0s', '1h').prefault('2s').describe('How far behind the clock figures are read.'),
      })
      .prefault({}),
    grid: duration('1s', '1h')
      .prefault('5s')
      .describe('Operations are answered at multiples of this, so that equal ones share answers.'),
    limits: z
      .strictObject({
        maxDepth: wholeNumber(1, 1_000).prefault(15).describe('Nested fields of an operation.'),
        maxTokens: wholeNumber(10, 1_000_000).prefault(5_000).describe('Tokens of a document.'),
        maxAliases: wholeNumber(0, 10_000).prefault(50).describe('Aliases of a document.'),
        maxCost: wholeNumber(1_000, 1_000_000_000_000)
          .prefault(1_000_000_000)
          .describe(
            'Values that an answer may hold, told before it is made: fields, times `first` of the pages around them (50 without it), 10 for a list without pages, 500 for a service graph.',
          ),
        maxBodyBytes: wholeNumber(1_024, 100 * 2 ** 20)
          .prefault(131_072)
          .describe('Body of a request.'),
        maxSubscriptionsPerSocket: wholeNumber(1, 10_000).prefault(50).describe('Subscriptions of one WebSocket.'),
        maxConnections: wholeNumber(1, 1_000_000)
          .prefault(20_000)
          .describe('WebSockets and streams of server-sent events that are open, of all callers.'),
        maxConnectionsPerCaller: wholeNumber(1, 1_000_000).prefault(10_000).describe('The same of one caller.'),
      })
      .prefault({}),
    executor: z
      .enum(['graphql-jit', 'graphql-js'])
      .prefault('graphql-jit')
      .describe('`graphql-jit` compiles operations; `graphql-js`, the reference, takes more CPU.'),
    shutdownGrace: duration('0s', '1h')
      .prefault('10s')
      .describe('How long work in flight may take to finish after SIGTERM.'),
    logLevel: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .prefault('info')
      .describe('`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.'),
  })
  .describe('Configuration of a slograph gateway.');

export type FileConfig = z.output<typeof fileSchema>;

function postgresUrl() {
  return z.string().transform((text, context) => {
    const problem = postgresUrlProblem(text);
    if (problem === null) return text;
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });
}

/** What is said never repeats the text: there may be a password in it. */
function postgresUrlProblem(text: string): string | null {
  const expected = 'expected the URL of a database, like postgres://user@host:5432/database';
  if (!URL.canParse(text)) return expected;
  const url = new URL(text);
  if (!['postgres:', 'postgresql:'].includes(url.protocol) || url.pathname.length < 2 || url.host === '')
    return expected;
  if (url.password !== '' || url.searchParams.has('password')) {
    return 'expected a URL without a password: put it into a file and name that in store.passwordFile';
  }
  return null;
}

function origin() {
  return z.string().superRefine((text, context) => {
    const own = URL.canParse(text) ? new URL(text).origin : 'null';
    if (own === text && own !== 'null') return;
    const advice = own === 'null' ? 'write it like https://ops.example' : `did you mean "${own}"?`;
    context.addIssue({ code: 'custom', message: `expected an exact origin, got "${text}"; ${advice}` });
  });
}

function clusterName() {
  return z.string().superRefine((text, context) => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return;
    const message = `expected a name of at most 63 letters, digits, ".", "_" and "-", got ${JSON.stringify(text)}`;
    context.addIssue({ code: 'custom', message });
  });
}

/** Where an exporter is scraped twice, or another uses the names of its metrics. */
function exporterLabels(exporter: string) {
  return z
    .record(z.string(), z.string())
    .superRefine(refuseBadLabels)
    .prefault({})
    .describe(`Labels of the series of ${exporter} that figures are read from: \`{ job: NAME }\`; all without it.`);
}

function labelName() {
  return z.string().superRefine((text, context) => {
    if (!LABEL_NAME.test(text)) context.addIssue({ code: 'custom', message: LABEL_EXPECTED });
  });
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LABEL_EXPECTED = 'expected the name of a label: letters, digits and "_", no digit first';

function refuseBadLabels(labels: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  for (const label of Object.keys(labels)) {
    if (!LABEL_NAME.test(label)) context.addIssue({ code: 'custom', path: [label], message: LABEL_EXPECTED });
  }
}
