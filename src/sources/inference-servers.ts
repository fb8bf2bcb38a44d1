import { type EntityKey, entityKey } from '../domain/entity.js';
import type { InferenceFacts } from '../domain/model.js';
import { type Ask, type Family, foldBy, group, on, podKey, select } from './family.js';
import { mapValues, rowsByKey } from './inventory-rows.js';
import { podWorkloads } from './kube-state-metrics.js';
import { type InferenceFigure, type ModelServer, modelServers, type Reading, type Term } from './model-servers.js';
import type { InstantSeries, Labels } from './prometheus/answer.js';
import { type Aggregation, type Matchers, rate } from './prometheus/promql.js';

/** Labels of the scrape, which names the pod: the exporters do not know theirs. */
const POD = ['namespace', 'pod'];
/** What tells scrapes of one pod apart: two jobs, or both of an HA pair. */
const TARGET = ['instance', 'job', 'prometheus_replica'];
const IDENTITY = ['server', 'namespace', 'workload', 'model'];

/** How the series of a figure become one number. */
interface Shape {
  readonly replicas: Aggregation;
  /** Labels kept beside those of the identity. */
  readonly labels: readonly string[];
  read(ask: Ask, vector: string): string;
  /** Of the summed rows. */
  finish(ask: Ask, vector: string): string;
}

const level: Shape = { replicas: 'sum', labels: [], read: (_, vector) => vector, finish: (_, vector) => vector };
const fullest: Shape = { ...level, replicas: 'max' };
const rated: Shape = { ...level, read: (ask, vector) => rate(vector, ask.windowMs) };
/** Of the buckets of all replicas together: quantiles of replicas cannot be averaged. */
const quantile: Shape = {
  ...rated,
  labels: ['le'],
  finish: (ask, vector) => `histogram_quantile(${ask.quantile}, ${vector})`,
};

/** One PromQL a figure, for the servers of every kind. */
export const inferenceFamilies = {
  'inference.timeToFirstToken': figure('timeToFirstToken', quantile),
  'inference.interTokenLatency': figure('interTokenLatency', quantile),
  'inference.queueTime': figure('queueTime', quantile),
  'inference.endToEndLatency': figure('endToEndLatency', quantile),
  'inference.tokenThroughput': figure('tokenThroughput', rated),
  'inference.requestsRunning': figure('requestsRunning', level),
  'inference.requestsWaiting': figure('requestsWaiting', level),
  'inference.cacheUtilization': figure('cacheUtilization', fullest),
} satisfies Record<string, Family>;

/** Model servers with their pods and models. */
export function serversVector(ask: Ask): string {
  const parts = modelServers.map((server) => {
    const label = server.model ?? server.pool ?? null;
    const seen = selectTerm(ask, server, { metric: server.presence });
    return named(server, label, group(ask, 'group', [...POD, ...listed(label)], seen));
  });
  return ofWorkloads(ask, 'group', parts, ['pod']);
}

/** Any of these shows that a model server is measured. */
export const presenceMetrics = modelServers.flatMap(({ presence }) => presence);

/** The rows of `serversVector`: one entry per workload, server and model. */
export function inferenceServersOf(rows: readonly InstantSeries[]): ReadonlyMap<EntityKey, InferenceFacts> {
  const keyOf = (labels: Labels) => {
    const server = modelServers.find(({ name }) => name === labels.server);
    return serverKey(server?.model === null ? { ...labels, model: '' } : labels);
  };
  return mapValues(rowsByKey(rows, keyOf), (seen) => {
    const names = seen.flatMap(({ labels }) => listed(labels.model)).sort();
    const pods = seen.flatMap(({ labels }) => listed(podKey(labels)));
    return { server: seen[0]?.labels.server ?? '', model: names[0] ?? null, pods: [...new Set(pods)].sort() };
  });
}

function figure(name: InferenceFigure, shape: Shape): Family {
  const metricsOf = ({ figures }: ModelServer) =>
    (figures[name]?.from ?? []).flatMap((terms) => terms.flatMap(({ metric }) => metric));
  return {
    metrics: modelServers.flatMap(metricsOf),
    metricsOf(key) {
      const [, , kind] = key.split('/');
      return modelServers.filter((server) => server.name === kind).flatMap(metricsOf);
    },
    promql: (ask) => promqlOf(ask, name, shape),
    fold: foldBy(serverKey),
    notANumber: shape === quantile ? 'NO_EVENTS' : 'NOT_A_NUMBER',
  };
}

/** Servers that tell the figure in one unit, and whose replicas are put together in one way, share a term. */
function promqlOf(ask: Ask, name: InferenceFigure, shape: Shape): string {
  const terms = new Map<string, { readonly reading: Reading; readonly parts: readonly string[] }>();
  for (const server of modelServers) {
    const reading = server.figures[name];
    if (reading === undefined) continue;
    const alike = `${reading.divisor} ${reading.replicas}`;
    const part = named(server, server.model, perPod(ask, server, reading, shape));
    terms.set(alike, { reading, parts: [...(terms.get(alike)?.parts ?? []), part] });
  }
  return [...terms.values()]
    .map(({ reading: { divisor, replicas = shape.replicas }, parts }) => {
      const whole = shape.finish(ask, ofWorkloads(ask, replicas, parts, shape.labels));
      return divisor === undefined ? whole : `${whole} / ${divisor}`;
    })
    .join(' or ');
}

/** The figure of each pod, that of a pod which is scraped twice once. */
function perPod(ask: Ask, server: ModelServer, { from }: Reading, shape: Shape): string {
  const own = [...POD, ...listed(server.model)];
  const labels = [...own, ...shape.labels];
  const target = server.hasReplicas ? TARGET : [...TARGET, 'replica'];
  return from
    .map((terms) => {
      const vector = terms.map((term) => selectTerm(ask, server, term, shape)).join(' or ');
      return shape === fullest
        ? group(ask, 'max', labels, vector)
        : group(ask, 'max', labels, group(ask, 'sum', [...labels, ...target], vector));
    })
    .join(` or ${on(ask, own)} `);
}

function selectTerm(ask: Ask, server: ModelServer, { metric, matchers = {}, times }: Term, shape = level): string {
  const [first = '', ...others] = metric;
  const name: Matchers = others.length === 0 ? {} : { __name__: { in: metric } };
  const all = { ...name, ...server.matchers, ...matchers };
  const read = (vector: string) => shape.read(ask, vector);
  const found = select(ask, 'INFERENCE_SERVER', others.length === 0 ? first : '', all, read);
  return times === undefined ? found : `(${found}) * (${select(ask, 'INFERENCE_SERVER', times)})`;
}

/** Gives rows of one server the labels that all servers share. */
function named({ name }: ModelServer, label: string | null, vector: string): string {
  const modelled =
    label === null || label === 'model' ? vector : `label_replace(${vector}, "model", "$1", "${label}", "(.*)")`;
  return `label_replace(${modelled}, "server", "${name}", "", "")`;
}

/** Puts the pods of each workload together. */
function ofWorkloads(ask: Ask, operation: Aggregation, parts: readonly string[], labels: readonly string[]): string {
  const joined = `(${parts.join(' or ')}) * ${on(ask, POD)} group_left (workload) ${podWorkloads(ask)}`;
  return group(ask, operation, [...IDENTITY, ...labels], joined);
}

function serverKey({ namespace = '', workload = '', server = '', model = '' }: Labels): EntityKey | null {
  return [namespace, workload, server].includes('') ? null : entityKey(namespace, workload, server, model);
}

function listed(name: string | null | undefined): readonly string[] {
  return name === null || name === undefined || name === '' ? [] : [name];
}
