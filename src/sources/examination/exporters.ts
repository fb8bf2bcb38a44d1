import type { Finding } from '../../domain/finding.js';
import { type FamilyName, type MeasurementSource, metricFamilies } from '../../domain/metric.js';
import type { Facet } from '../../domain/model.js';
import { catalogue } from '../catalogue.js';
import { facetMetrics } from '../inventory-facets.js';
import { sliTemplates } from '../sli-templates.js';

interface Exporter {
  readonly name: string;
  readonly source: MeasurementSource;
  /** A metric that only this exporter has. */
  readonly sign: RegExp;
  /** Its metrics, for what is missing. */
  readonly owns: RegExp;
  readonly advice: string;
}

const exporters: readonly Exporter[] = [
  {
    name: 'node_exporter',
    source: 'NODE_EXPORTER',
    sign: /^node_(uname_info|cpu_seconds_total|load1|memory_MemTotal_bytes)$/,
    owns: /^node_/,
    advice: 'run node_exporter on every node and scrape it',
  },
  {
    name: 'cAdvisor',
    source: 'CADVISOR',
    sign: /^container_(cpu_usage_seconds_total|memory_working_set_bytes|network_receive_bytes_total)$/,
    owns: /^container_/,
    advice: 'scrape /metrics/cadvisor of every kubelet',
  },
  {
    name: 'kube-state-metrics',
    source: 'KUBE_STATE_METRICS',
    sign: /^kube_(node_info|pod_info|pod_status_phase)$/,
    owns: /^kube_/,
    advice: 'run kube-state-metrics and scrape it with honor_labels: true',
  },
  {
    name: 'Istio',
    source: 'ISTIO',
    sign: /^istio_(requests_total|tcp_connections_opened_total)$/,
    owns: /^istio_/,
    advice: 'scrape port 15020 (/stats/prometheus) of every proxy; in ambient mode also ztunnel and the waypoints',
  },
  {
    name: 'DCGM exporter',
    source: 'DCGM',
    sign: /^DCGM_FI_/,
    owns: /^DCGM_/,
    advice: 'matters where there are GPUs: run dcgm-exporter on their nodes and scrape it',
  },
  {
    name: 'model server (vLLM, SGLang, TGI, TensorRT-LLM, Triton, KServe, Ray Serve, inference gateway)',
    source: 'INFERENCE_SERVER',
    sign: /^((kserve_)?vllm:|sglang:|tgi_|trtllm_|nv_inference_|request_predict_seconds|(ray_)?serve_|inference_(model|objective|pool|extension)_)/,
    owns: /^((kserve_)?vllm:|sglang:|tgi_|trtllm_|nv_|request_|ray_|serve_|inference_)/,
    advice: 'matters where models are served: scrape /metrics of the model servers',
  },
  {
    name: 'object store or Ceph (MinIO, Ceph)',
    source: 'STORAGE',
    sign: /^(minio_|ceph_)/,
    owns: /^(minio_|ceph_)/,
    advice: 'matters where data are stored: scrape MinIO or Ceph',
  },
  {
    name: 'event pipeline (Kafka, Flink, Spark)',
    source: 'STREAMING',
    sign: /^(kafka_|flink_|metrics_executor_)/,
    owns: /^(kafka_|flink_|metrics_executor_)/,
    advice: 'matters where events are processed: run kafka_exporter or enable the metrics of Flink or Spark',
  },
];

/** Which exporters the metrics of a cluster come from, and what is unknown without the others. */
export function exporterFindings(cluster: string, names: ReadonlySet<string>): readonly Finding[] {
  const missing = allNeeds().filter(({ metrics }) => !metrics.some((metric) => names.has(metric)));
  return exporters.map(({ name, source, sign, owns, advice }) => {
    const found = [...names].filter((metric) => sign.test(metric));
    const lost = missing.filter(({ metrics }) => owns.test(metrics[0] ?? ''));
    const fields = [...new Set(lost.flatMap((need) => need.fields))].sort();
    const finding = { topic: 'exporter', cluster, fields } as const;
    if (found.length === 0) {
      const cost = [fieldsText(fields), templatesText(source)].filter((text) => text !== '').join('; ');
      return { ...finding, level: 'WARNING', message: `no ${name}: ${cost}`, advice };
    }
    if (lost.length === 0) return { ...finding, level: 'OK', message: `${name} found`, advice: null };
    const absent = [...new Set(lost.map(({ metrics }) => metrics[0] as string))].sort();
    return {
      ...finding,
      level: 'WARNING',
      message: `${name} found, without ${absent.join(', ')}: ${fieldsText(fields)}`,
      advice: 'see whether the exporter is told to leave them out, or a relabelling drops them',
    };
  });
}

/** Fields that are known only where one of the metrics is collected. */
interface Need {
  readonly fields: readonly string[];
  readonly metrics: readonly string[];
}

const FACET_FIELDS: Partial<Readonly<Record<Facet, readonly string[]>>> = {
  nodes: ['Cluster.nodes'],
  nodeStates: ['Node.ready', 'Node.conditions'],
  nodeSchedulable: ['Node.schedulable'],
  nodeRoles: ['Node.roles'],
  nodeLabels: ['Node.zone', 'Node.region'],
  filesystems: ['Node.filesystems'],
  namespaces: ['Cluster.namespaces'],
  pods: ['Cluster.pods'],
  podStates: ['Pod.phase', 'Pod.ready'],
  workloads: ['Pod.workload'],
  containers: ['Cluster.containers'],
  containerStates: ['Container.state', 'Container.ready', 'Container.restarts'],
  gpus: ['Node.gpus', 'Container.gpus'],
  microservices: ['Cluster.microservices'],
  inferenceServers: ['Microservice.inference'],
};

/** What is listed from another exporter where the first is missing, but then without these. */
const DETAILS: readonly Need[] = [
  {
    metrics: ['kube_node_info'],
    fields: ['Node.internalIP', 'Node.kernelVersion', 'Node.kubeletVersion', 'Node.osImage'],
  },
];

function allNeeds(): readonly Need[] {
  const families = (Object.keys(metricFamilies) as FamilyName[]).flatMap((family) =>
    metricsOf(family).map((metrics): Need => ({ metrics, fields: [fieldOf(family)] })),
  );
  const facets = (Object.keys(FACET_FIELDS) as Facet[]).map(
    (facet): Need => ({ metrics: facetMetrics[facet], fields: FACET_FIELDS[facet] ?? [] }),
  );
  return [...families, ...facets, ...DETAILS];
}

/** Lists of which each must have a metric that is there: a quotient needs both its sides. */
function metricsOf(family: FamilyName): readonly (readonly string[])[] {
  const entry = catalogue[family];
  if ('metrics' in entry) return [entry.metrics];
  return [...metricsOf(entry.numerator), ...metricsOf(entry.denominator)];
}

function fieldOf(family: FamilyName): string {
  const { entity } = metricFamilies[family];
  if (entity === 'ResponseCode') return 'Microservice.responseCodes';
  return `${entity}.${family.slice(family.indexOf('.') + 1)}`;
}

/** `Node cpuUsage, load1; Pod phase are not known` */
function fieldsText(fields: readonly string[]): string {
  if (fields.length === 0) return '';
  const byType = new Map<string, string[]>();
  for (const field of fields) {
    const [type, name] = field.split('.') as [string, string];
    byType.set(type, [...(byType.get(type) ?? []), name]);
  }
  return `not known are ${[...byType].map(([type, names]) => `${type} ${names.join(', ')}`).join('; ')}`;
}

function templatesText(source: MeasurementSource): string {
  const names = sliTemplates.filter((template) => template.source === source).map(({ name }) => name);
  return names.length === 0 ? '' : `SLI templates without data are ${names.join(', ')}`;
}
