import type { Finding } from '../../domain/finding.js';
import type { ReadContext } from '../../domain/ports.js';
import { type Ask, hostOf, selectAll } from '../family.js';
import { readNaming, readVector } from '../inventory-vectors.js';
import { kernelNameOf } from '../node-exporter.js';
import type { InstantSeries, Labels } from '../prometheus/answer.js';
import type { ClusterSlice } from '../prometheus/cluster-slices.js';
import type { Planner } from '../prometheus/planner.js';
import { selector } from '../prometheus/promql.js';

interface LabelQuestion {
  readonly planner: Pick<Planner, 'instant'>;
  /** Of one cluster. */
  readonly slice: ClusterSlice;
  readonly cluster: string;
  readonly atMs: number;
  readonly context: ReadContext;
}

type Said = Pick<Finding, 'level' | 'message' | 'advice' | 'fields'>;

/** Labels by which installations mark the clusters that share a Prometheus. */
const CLUSTER_LABELS = ['cluster', 'cluster_id', 'cluster_name', 'k8s_cluster'];

/** One metric of each exporter that has few series. */
const LIGHT_METRICS = {
  node_load1: 'node_exporter',
  kube_node_info: 'kube-state-metrics',
  container_memory_working_set_bytes: 'cAdvisor',
  istio_build: 'Istio',
  DCGM_FI_DEV_GPU_UTIL: 'DCGM exporter',
};

/** Which of the labels and jobs that differ between installations were found. Five cheap PromQL at most. */
export async function labelFindings(question: LabelQuestion, names: ReadonlySet<string>): Promise<readonly Finding[]> {
  const said = await Promise.all([
    clusterMarks(question),
    jobs(question, names),
    ...(names.has('node_load1') || names.has('node_uname_info') ? [nodeNames(question)] : []),
    ...(names.has('kube_pod_info') ? [partOf(question, names), honoured(question)] : []),
  ]);
  return said.flat().map((finding) => ({ topic: 'labels', cluster: question.cluster, ...finding }));
}

/** Where nothing tells clusters apart, that there is one only is an assumption. */
async function clusterMarks(question: LabelQuestion): Promise<readonly Said[]> {
  if (question.slice.by.length > 0) return [];
  const found = await rows(question, `group by (${CLUSTER_LABELS.join(', ')}) (up)`);
  return CLUSTER_LABELS.flatMap((label) => {
    const values = distinct(found.map(({ labels }) => labels[label] ?? ''));
    if (values.length < 2) return [];
    const message = `its series are of ${values.length} clusters by the label ${label} (${listed(values)}), and all are read as one`;
    return [warning(message, `configure one cluster for each, with match: { ${label}: NAME }`)];
  });
}

async function jobs(question: LabelQuestion, names: ReadonlySet<string>): Promise<readonly Said[]> {
  const present = Object.entries(LIGHT_METRICS).filter(([metric]) => names.has(metric));
  if (present.length === 0) return [];
  const vectors = present.map(([metric]) => selectAll(askOf(question), metric));
  const found = await rows(question, `group by (__name__, job) (${vectors.join(' or ')})`);
  const texts = present.flatMap(([metric, exporter]) => {
    const own = distinct(found.flatMap(({ labels }) => (labels.__name__ === metric ? [labels.job ?? ''] : [])));
    return own.length === 0 ? [] : [`${exporter} ${listed(own.map((job) => JSON.stringify(job)))}`];
  });
  return texts.length === 0 ? [] : [ok(`jobs: ${texts.join(', ')}`)];
}

/** How the series of machines find their nodes. */
async function nodeNames(question: LabelQuestion): Promise<readonly Said[]> {
  const naming = (await readNaming(question)).get(question.cluster);
  if (naming === undefined || naming.unames.length === 0) return [];
  const { known } = naming.names;
  const ways = distinct(naming.names.unames.map((labels) => wayOf(labels, known, question.slice.labels.node)));
  const nodes = distinct(naming.names.unames.map((labels) => naming.nodeOf(labels) ?? ''));
  const strangers = known.size === 0 ? [] : nodes.filter((name) => !known.has(name));
  const found = ok(
    `node_exporter names ${nodes.length === 1 ? 'its node' : `its ${nodes.length} nodes`} by ${listed(ways)}`,
  );
  if (strangers.length === 0) return [found];
  const message = `${listed(strangers)} of node_exporter ${strangers.length === 1 ? 'is no node' : 'are no nodes'} that Kubernetes knows`;
  return [found, warning(message, 'let the scrape give a label `node`, or name the label that there is: labels.node')];
}

/** In the order in which names are looked for. */
function wayOf(labels: Labels, known: ReadonlyMap<string, unknown>, configured: string | null): string {
  const given = [configured, 'node', 'kubernetes_node'].find((label) => label !== null && labels[label] !== undefined);
  if (given !== undefined && given !== null) return `the label ${given}`;
  const [instance, kernel] = [labels.instance ?? '', kernelNameOf(labels)];
  if (kernel !== null && labels.exported_nodename !== undefined) return 'the label nodename';
  if (known.has(instance) || known.has(hostOf(instance))) return 'instance';
  return kernel !== null && known.has(kernel) ? 'the address or host name of the machine' : 'the host that is scraped';
}

async function partOf(question: LabelQuestion, names: ReadonlySet<string>): Promise<readonly Said[]> {
  const label = question.slice.labels.partOf;
  const pods = selectAll(askOf(question), 'kube_pod_labels', { [label]: { not: '' } });
  const [count] = names.has('kube_pod_labels') ? await rows(question, `count(${pods})`) : [];
  if (count !== undefined)
    return [ok(`${count.value === 1 ? '1 pod names its' : `${count.value} pods name their`} application by ${label}`)];
  const advice =
    'let kube-state-metrics tell of it (--metric-labels-allowlist=pods=[app.kubernetes.io/part-of]), name another label ' +
    'as labels.partOf, or write applications into the configuration';
  const fields = ['Microservice.application'];
  return [{ ...warning(`no pod names its application by ${label}`, advice), fields }];
}

/** Labels that the scrape renamed are read under both names. */
async function honoured(question: LabelQuestion): Promise<readonly Said[]> {
  const found = await readVector(
    question,
    (ask) => `group(${selectAll(ask, 'kube_pod_info', { exported_pod: { not: '' } })})`,
  );
  const isRenamed = [...found.values()].some((series) => series.length > 0);
  return [
    ok(
      `labels of kube-state-metrics are ${isRenamed ? 'renamed by the scrape (exported_pod), and read so' : 'honoured'}`,
    ),
  ];
}

async function rows(
  { planner, slice, atMs, context }: LabelQuestion,
  promql: string,
): Promise<readonly InstantSeries[]> {
  const { series } = await planner.instant(slice.dataSource, promql, atMs, 1, context);
  return series;
}

/** What the configured selectors of an exporter leave nothing of. */
export function idleSelector(exporter: string, wanted: Readonly<Record<string, string>>): Said {
  const message = `selectors.${exporter} leaves nothing: no series of it carries ${selector('', wanted)}`;
  return warning(message, 'see which labels its series carry; without the setting all of them are read');
}

function askOf({ slice }: LabelQuestion): Ask {
  return { slice, windowMs: 0, quantile: 0, narrowing: {} };
}

function ok(message: string): Said {
  return { level: 'OK', message, advice: null, fields: [] };
}

function warning(message: string, advice: string): Said {
  return { level: 'WARNING', message, advice, fields: [] };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '').sort();
}

/** `a, b, c and 7 more` */
function listed(texts: readonly string[]): string {
  return texts.length <= 3 ? texts.join(', ') : `${texts.slice(0, 3).join(', ')} and ${texts.length - 3} more`;
}
