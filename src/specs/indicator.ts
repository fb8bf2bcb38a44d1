import type { Unit } from '../domain/metric.js';
import type { QueryText, SliCategory, SliMeasure, TemplateCall } from '../domain/slo.js';
import type { Annotations } from './annotations.js';
import { type Envelope, isDnsLabel, readDescription, readMetadata } from './envelope.js';
import type { Library } from './library.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';

/** An indicator as it is defined, inline or in a document of its own. */
export interface Indicator {
  readonly name: string | null;
  readonly measure: SliMeasure;
  /** Stands under `thresholdMetric`: its objectives have bounds. */
  readonly isThreshold: boolean;
  /** Of its template; null where that says nothing, or there is none. */
  readonly category: SliCategory | null;
  readonly unit: Unit | null;
  readonly annotations: Annotations;
  /** Clusters that its metric sources name; null where one names none. */
  readonly clusters: ReadonlyMap<string | null, SpecNode>;
  /** The nodes of its queries and of its template's parameters by their path, for the places of problems with them. */
  readonly parts: ReadonlyMap<string, SpecNode>;
}

const QUERY_FIELDS = ['query', 'promql'] as const;

const TYPES = ['prometheus', 'mimir', 'thanos', 'victoriametrics', 'cortex'] as const;

/** A document of kind SLI. */
export function readSli(envelope: Envelope, library: Library): Indicator | null {
  return readSpec(envelope.spec, envelope.metadata.name, envelope.metadata.annotations, library);
}

/** `indicator: { metadata, spec }` */
export function readInlineIndicator(node: SpecNode, library: Library): Indicator | null {
  const fields = node.fields(['metadata', 'spec'], 'a mapping with metadata and spec');
  if (fields === null) return null;
  const metadata = readMetadata(fields.require('metadata', 'a mapping with a name'), 'SLI');
  const spec = fields.require('spec', 'a mapping with a ratioMetric or a thresholdMetric');
  return readSpec(spec, metadata.name, metadata.annotations, library);
}

function readSpec(
  node: SpecNode | null,
  name: string | null,
  annotations: Annotations,
  library: Library,
): Indicator | null {
  const fields = node?.fields(['description', 'thresholdMetric', 'ratioMetric'], 'a mapping of an SLI') ?? null;
  if (fields === null) return null;
  readDescription(fields.get('description'));
  const metric = fields.exactlyOne(['ratioMetric', 'thresholdMetric'], 'how the SLI is measured');
  if (metric === null) return null;
  const reader = new MetricReader(library);
  const isThreshold = metric.name === 'thresholdMetric';
  const measure = isThreshold ? reader.threshold(metric.value) : reader.ratio(metric.value);
  if (measure === null) return null;
  const info = measure.kind === 'TEMPLATE' ? library.options.templateInfo?.(measure.call.template) : null;
  return {
    name,
    measure,
    isThreshold,
    category: info?.category ?? null,
    unit: info?.unit ?? null,
    annotations,
    clusters: reader.clusters,
    parts: reader.parts,
  };
}

type Metric =
  | { readonly kind: 'QUERY'; readonly query: QueryText }
  | { readonly kind: 'TEMPLATE'; readonly call: TemplateCall };

class MetricReader {
  readonly clusters = new Map<string | null, SpecNode>();
  readonly parts = new Map<string, SpecNode>();

  constructor(private readonly library: Library) {}

  threshold(node: SpecNode): SliMeasure | null {
    const metric = this.metric(node);
    if (metric === null || metric.kind === 'TEMPLATE') return metric;
    return { kind: 'THRESHOLD', metric: metric.query };
  }

  ratio(node: SpecNode): SliMeasure | null {
    const fields = node.fields(['counter', 'good', 'bad', 'total', 'rawType', 'raw'], 'a mapping of a ratio');
    if (fields === null) return null;
    const counter = fields.get('counter')?.boolean() ?? false;
    const form = fields.exactlyOne(['total', 'raw'], 'total events beside good or bad ones, or a raw ratio');
    if (form === null) return null;
    return form.name === 'raw' ? this.raw(fields, form.value) : this.counts(fields, form.value, counter);
  }

  private raw(fields: SpecFields, node: SpecNode): SliMeasure | null {
    for (const name of ['good', 'bad']) {
      if (fields.get(name) !== null) fields.key(name).report(`"${name}" cannot stand beside "raw"; remove one of them`);
    }
    const rawType = fields.require('rawType', 'success or failure')?.oneOf(['success', 'failure'] as const) ?? null;
    const metric = this.metric(node);
    if (metric === null || rawType === null) return null;
    if (metric.kind === 'QUERY') return { kind: 'RAW', rawType, raw: metric.query };
    if (rawType === 'success') return metric;
    return (fields.get('rawType') ?? node).expected('success, which templates measure', 'write rawType: success');
  }

  private counts(fields: SpecFields, totalNode: SpecNode, counter: boolean): SliMeasure | null {
    if (fields.get('rawType') !== null) fields.key('rawType').report('"rawType" belongs to "raw"; remove it');
    const part = fields.exactlyOne(['good', 'bad'], 'the good or the bad events beside the total');
    const events = part === null ? null : this.query(part.value);
    const total = this.query(totalNode);
    if (part === null || events === null || total === null) return null;
    return { kind: 'RATIO', [part.name]: events, total, counter };
  }

  private query(node: SpecNode): QueryText | null {
    const metric = this.metric(node);
    if (metric?.kind !== 'TEMPLATE') return metric?.query ?? null;
    return node.report(
      'a template measures good and total events together; put it under ratioMetric.raw with rawType: success',
    );
  }

  private metric(node: SpecNode): Metric | null {
    const source = node
      .fields(['metricSource'], 'a mapping with a metricSource')
      ?.require('metricSource', 'a mapping with type and spec')
      ?.fields(['metricSourceRef', 'type', 'spec'], 'a mapping with type and spec');
    if (source === null || source === undefined) return null;
    const referred = this.dataSource(source.get('metricSourceRef'), source.owner);
    const typeNode = source.get('type');
    const type = (typeNode === null ? referred : typeNode.string('a type like Prometheus'))?.toLowerCase() ?? null;
    const spec = source.require('spec', 'a mapping with a query');
    if (spec === null || (typeNode !== null && type === null)) return null;
    if (type === 'slograph') return this.template(spec);
    if (type !== null && !TYPES.some((one) => one === type)) {
      return (typeNode ?? source.owner).report(
        `"${typeNode?.scalar ?? type}" is no data source that is read; ${suggestion(type, ['Prometheus', 'Mimir', 'Thanos', 'VictoriaMetrics', 'Cortex', 'slograph'], 'types')}`,
      );
    }
    return this.promql(spec);
  }

  private promql(spec: SpecNode): Metric | null {
    // OpenSLO leaves these fields to the vendors: what others read beside a query does no harm here.
    const isGiven = (fields: SpecFields) => QUERY_FIELDS.some((name) => fields.get(name) !== null);
    const fields = spec.fields(QUERY_FIELDS, 'a mapping with a query', (all) => (isGiven(all) ? 'WARNING' : 'ERROR'));
    const query = fields?.exactlyOne(QUERY_FIELDS, 'PromQL')?.value;
    const text = query?.string('PromQL') ?? null;
    if (query === undefined || text === null) return null;
    this.parts.set(query.path, query);
    const { line, column } = query.place(0);
    return { kind: 'QUERY', query: { text, path: query.path, line, column } };
  }

  private template(spec: SpecNode): Metric | null {
    const fields = spec.anyFields('a mapping with a template and its parameters');
    const template = fields?.require('template', 'the name of a template')?.string('the name of a template') ?? null;
    if (fields === null || template === null) return null;
    const parameters: [string, string][] = [];
    for (const [name, { value }] of fields.all()) {
      this.parts.set(value.path, value);
      if (name === 'template') continue;
      const text = typeof value.scalar === 'string' ? value.scalar : value.written;
      if (text === '') value.expected('a text or a number');
      else parameters.push([name, text]);
    }
    const { line, column } = (fields.get('template') ?? spec).place();
    const call = { template, parameters: Object.fromEntries(parameters), path: spec.path, line, column };
    return { kind: 'TEMPLATE', call };
  }

  /** Notes the cluster that a metric source stands for; answers the type of its DataSource. */
  private dataSource(reference: SpecNode | null, owner: SpecNode): string | null {
    const name = reference?.string('the name of a DataSource or of a cluster') ?? null;
    if (reference === null || name === null) {
      this.clusters.set(null, owner);
      return null;
    }
    if (!isDnsLabel(name)) reference.deviation(`"${name}" is no name by the rules of OpenSLO, which wants a DNS label`);
    const source = dataSourceOf(name, reference, this.library);
    if (source !== null) this.clusters.set(source.cluster, reference);
    return source?.type ?? null;
  }
}

/** The data source or cluster of a name; null, with a problem at `node`, when there is none. */
export function dataSourceOf(
  name: string,
  node: SpecNode,
  library: Library,
): { readonly type: string | null; readonly cluster: string | null } | null {
  const { clusters } = library.options;
  const own = clusters.includes(name) ? name : null;
  const document = library.get('DataSource', name);
  if (document !== null) {
    const source = library.once(document, (envelope) => readDataSource(envelope, library));
    return { type: source.type, cluster: source.cluster ?? own };
  }
  if (own !== null) return { type: null, cluster: own };
  const known = [...library.names('DataSource'), ...clusters];
  return node.report(`there is no DataSource and no cluster "${name}"; ${suggestion(name, known, 'known are')}`);
}

/** A DataSource: its type, and the cluster that its connection details name. */
export function readDataSource(
  { spec }: Envelope,
  library: Library,
): { readonly type: string | null; readonly cluster: string | null } {
  const fields = spec?.fields(['description', 'type', 'connectionDetails'], 'a mapping of a DataSource') ?? null;
  if (fields === null) return { type: null, cluster: null };
  readDescription(fields.get('description'));
  const type = fields.require('type', 'a type like Prometheus')?.string('a type like Prometheus') ?? null;
  const details = fields.get('connectionDetails');
  if (details === null) {
    fields.owner.deviation('"connectionDetails" is missing; expected a mapping like { cluster: NAME }');
  }
  const node = details?.isMapping === true ? (details.anyFields('a mapping')?.get('cluster') ?? null) : null;
  const cluster = node?.string('the name of a cluster') ?? null;
  if (details !== null && node === null) {
    details.report(
      'addresses are taken from the configuration, not from here; name the cluster instead: connectionDetails: { cluster: NAME }',
      'WARNING',
    );
  }
  const { clusters } = library.options;
  if (cluster !== null && !clusters.includes(cluster)) {
    node?.report(`there is no cluster "${cluster}"; ${suggestion(cluster, clusters, 'configured are')}`);
    return { type, cluster: null };
  }
  return { type, cluster };
}
