import { z } from 'zod';
import { parseDuration } from '../domain/duration.js';

/** In a schema's `meta`: the text is a path, relative to the folder of the file. */
export const PATH_FORMAT = 'path';

/** The text is a duration: `15s`. */
export const DURATION_FORMAT = 'duration';

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
          prometheus: z
            .strictObject({
              url: httpUrl().describe(
                'Base URL of its Prometheus (or Thanos, Mimir, VictoriaMetrics), path prefix included.',
              ),
              timeout: duration('100ms', '10m').prefault('10s').describe('From a question to its whole answer.'),
              maxConcurrent: wholeNumber(1, 1_000).prefault(10).describe('Requests in flight at once.'),
              headersFile: path()
                .nullable()
                .prefault(null)
                .describe('File of `Name: value` lines sent with every request; read again when it changes.'),
              tenant: tenant()
                .nullable()
                .prefault(null)
                .describe('Sent as `X-Scope-OrgID`: the tenant of Mimir or Cortex.'),
              bearerTokenFile: path()
                .nullable()
                .prefault(null)
                .describe('File with a bearer token; read again when it changes.'),
              basicAuthFile: path()
                .nullable()
                .prefault(null)
                .describe('File with `name:password`; read again when it changes.'),
              tls: z
                .strictObject({
                  caFile: path()
                    .nullable()
                    .prefault(null)
                    .describe('PEM certificates trusted instead of the usual ones; read again when it changes.'),
                  certFile: path()
                    .nullable()
                    .prefault(null)
                    .describe('PEM certificate to show to it; read again when it changes.'),
                  keyFile: path()
                    .nullable()
                    .prefault(null)
                    .describe('PEM key of that certificate; read again when it changes.'),
                  serverName: text()
                    .nullable()
                    .prefault(null)
                    .describe('Name that its certificate must be for, instead of the host of the URL.'),
                  insecureSkipVerify: z
                    .boolean()
                    .prefault(false)
                    .describe('Takes any certificate: who is in between can read and change everything.'),
                })
                .prefault({}),
            })
            .superRefine(refuseContradictions),
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
        maxBodyBytes: wholeNumber(1_024, 100 * 2 ** 20)
          .prefault(131_072)
          .describe('Body of a request.'),
        maxSubscriptionsPerSocket: wholeNumber(1, 10_000).prefault(50).describe('Subscriptions of one WebSocket.'),
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

function path() {
  return z.string().min(1).meta({ format: PATH_FORMAT });
}

function text() {
  return z.string().min(1);
}

function wholeNumber(least: number, most: number) {
  return z.number().int().min(least).max(most);
}

/** In milliseconds. */
function duration(least: string, most: string) {
  return z
    .string()
    .transform((text, context) => {
      const problem = (message: string) => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      try {
        const milliseconds = parseDuration(text);
        const inside = milliseconds >= parseDuration(least) && milliseconds <= parseDuration(most);
        return inside ? milliseconds : problem(`expected a duration from ${least} to ${most}, got ${text}`);
      } catch (error) {
        return problem((error as Error).message);
      }
    })
    .meta({ format: DURATION_FORMAT });
}

function httpUrl() {
  return z.string().transform((text, context) => {
    const problem = httpUrlProblem(text);
    if (problem === null) return text.replace(/\/+$/, '');
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });
}

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

/** What is said never repeats the text: there may be a password in it. */
function httpUrlProblem(text: string): string | null {
  const example = 'write it like http://prometheus:9090';
  if (!URL.canParse(text)) return `expected a URL; ${example}`;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const host = /^[\w.-]+:\d/.test(text) ? `http://${text}` : null;
    return host === null
      ? `expected a URL of http or https, got ${url.protocol}`
      : `expected a URL; did you mean "${host}"?`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'credentials do not belong in a URL, which is shown and logged; put name:password into a file and name it as basicAuthFile';
  }
  if (url.search !== '' || url.hash !== '') return `expected a URL without "?" and "#"; ${example}`;
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

/** @see https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/ */
function tenant() {
  return z.string().superRefine((name, context) => {
    if (/^[A-Za-z0-9!\-_.*'()|]{1,150}$/.test(name)) return;
    const message = "expected a tenant of at most 150 letters, digits and !-_.*'()|";
    context.addIssue({ code: 'custom', message });
  });
}

interface Reached {
  readonly url: string;
  readonly bearerTokenFile: string | null;
  readonly basicAuthFile: string | null;
  readonly tls: Readonly<Record<'caFile' | 'certFile' | 'keyFile' | 'serverName', string | null>> & {
    readonly insecureSkipVerify: boolean;
  };
}

function refuseContradictions({ url, bearerTokenFile, basicAuthFile, tls }: Reached, context: z.RefinementCtx): void {
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (bearerTokenFile !== null && basicAuthFile !== null) {
    problem(['basicAuthFile'], 'a request carries one authorization: set bearerTokenFile or basicAuthFile, not both');
  }
  if ((tls.certFile === null) !== (tls.keyFile === null)) {
    problem(['tls'], 'certFile and keyFile belong together: set both or none');
  }
  const asked = Object.values(tls).some((value) => value !== null && value !== false);
  if (asked && !url.startsWith('https:')) problem(['tls'], 'only a url of https is secured by TLS');
}

function refuseBadLabels(labels: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  for (const label of Object.keys(labels)) {
    if (!LABEL_NAME.test(label)) context.addIssue({ code: 'custom', path: [label], message: LABEL_EXPECTED });
  }
}
