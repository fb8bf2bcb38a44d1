import type { Problem } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import { type Annotations, readAnnotations } from './annotations.js';
import type { SpecDocument } from './documents.js';
import type { SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';

export const kinds = [
  'SLO',
  'SLI',
  'Service',
  'DataSource',
  'AlertPolicy',
  'AlertCondition',
  'AlertNotificationTarget',
] as const;
export type Kind = (typeof kinds)[number];

export interface Metadata {
  readonly name: string | null;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly annotations: Annotations;
}

/** The outer shape of a definition. */
export interface Envelope {
  readonly kind: Kind;
  readonly metadata: Metadata;
  /** Null where it is missing, which has been reported. */
  readonly spec: SpecNode | null;
  readonly document: SpecDocument;
}

const V1 = 'openslo/v1';

/** Version 1 as resources of Kubernetes (OSKO), which carry more fields and spell a kind in another way. */
const V1_KUBERNETES = 'openslo.com/v1';

/** What other versions are, and how to bring a file of theirs here. */
const OTHER_VERSIONS: Readonly<Record<string, string>> = {
  'openslo/v1alpha':
    'the older v1alpha of OpenSLO; write apiVersion: openslo/v1, put the queries of objectives[].ratioMetrics under spec.indicator.spec.ratioMetric (good, total, each with a metricSource) and timeWindows into timeWindow: [{ duration: 30d, isRolling: true }]',
  'openslo/v2alpha':
    'the draft v2alpha of OpenSLO; write apiVersion: openslo/v1, and indicator and indicatorRef for sli and sliRef, metricSource with metricSourceRef for dataSourceRef and dataSourceSpec',
  'openslo.com/v2alpha':
    'the draft v2alpha of OpenSLO; write apiVersion: openslo/v1, and indicator and indicatorRef for sli and sliRef, metricSource with metricSourceRef for dataSourceRef and dataSourceSpec',
  [V1_KUBERNETES]:
    "OpenSLO's dialect for Kubernetes resources; write apiVersion: openslo/v1, remove metadata.namespace and status, and name the data source in metricSourceRef",
  'sloth.slok.dev/v1':
    'a resource of Sloth; write each of its slos as an OpenSLO SLO (apiVersion: openslo/v1): error_query becomes ratioMetric.bad, total_query ratioMetric.total, objective targetPercent',
  'pyrra.dev/v1alpha1':
    'a resource of Pyrra; write it as an OpenSLO SLO (apiVersion: openslo/v1): indicator.ratio.errors becomes ratioMetric.bad, indicator.ratio.total ratioMetric.total, target targetPercent',
  'slograph.dev/v1':
    'no definition that this version reads: SLAs and corrections are not evaluated yet; remove the document from the definitions',
};

/** Reads version, kind and metadata of a document; null when it is nothing we read, which has been reported. */
export function readEnvelope(document: SpecDocument): Envelope | null {
  const { root } = document;
  const what = `an OpenSLO definition (apiVersion: ${V1}, kind, metadata, spec)`;
  const anything = root.anyFields(what);
  if (anything === null) return null;
  const version = anything.get('apiVersion');
  if (version === null) {
    const sloth = anything.get('version')?.scalar;
    if (typeof sloth === 'string' && sloth.startsWith('prometheus/')) {
      return anything
        .key('version')
        .report(`this is a file of Sloth; ${OTHER_VERSIONS['sloth.slok.dev/v1']?.split('; ')[1]}`);
    }
    anything.require('apiVersion', `${what}; is this file a definition?`);
    return null;
  }
  const isKubernetes = version.scalar === V1_KUBERNETES && !root.isStrict;
  if (version.scalar !== V1 && !isKubernetes) return reportVersion(version);
  if (isKubernetes) version.report(`"${V1_KUBERNETES}" is read as ${V1}; write apiVersion: ${V1}`, 'WARNING');
  const kindNode = anything.require('kind', `one of ${kinds.join(', ')}`);
  if (kindNode === null) return null;
  const kind = kinds.find((one) => one === kindNode.scalar) ?? misspelled(kindNode);
  if (kind === undefined) return reportKind(kindNode);
  const unknown = () => (isKubernetes ? 'WARNING' : 'ERROR');
  root.fields(['apiVersion', 'kind', 'metadata', 'spec'], what, unknown);
  const metadata = readMetadata(anything.require('metadata', 'a mapping with a name'), kind, unknown);
  const spec = kind === 'Service' ? anything.get('spec') : anything.require('spec', `the mapping of a ${kind}`);
  return { kind, metadata, spec, document };
}

export function readMetadata(
  node: SpecNode | null,
  kind: Kind,
  unknown: () => Problem['severity'] = () => 'ERROR',
): Metadata {
  const empty: Metadata = { name: null, displayName: null, labels: {}, annotations: new Map() };
  const fields =
    node?.fields(['name', 'displayName', 'labels', 'annotations'], 'a mapping with a name', unknown) ?? null;
  if (fields === null) return empty;
  const displayName = fields.get('displayName')?.string('a text') ?? null;
  if (displayName !== null && displayName.length > 63) {
    fields.get('displayName')?.deviation(`expected up to 63 characters, got ${displayName.length}; shorten it`);
  }
  return {
    name: readName(fields.require('name', 'a name like checkout-availability')),
    displayName,
    labels: readLabels(fields.get('labels')),
    annotations: readAnnotations(fields.get('annotations'), kind),
  };
}

/** A name by the rule of RFC 1123, as all names of OpenSLO are. */
export function readName(node: SpecNode | null): string | null {
  if (node === null) return null;
  const name = node.scalar;
  if (typeof name === 'string' && isDnsLabel(name)) return name;
  const better = typeof name === 'string' ? asName(name) : '';
  return node.expected(
    'a name of lower-case letters, digits and dashes, up to 63 characters, with a letter or digit at both ends',
    better === '' || better === name ? '' : `"${better}" would do`,
  );
}

/** By RFC 1123. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** The nearest name to a text: `Fast requests (P99)` becomes `fast-requests-p99`. */
export function asName(text: string): string {
  const dashed = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return dashed.slice(0, 63).replace(/^-+|-+$/g, '');
}

/** A description of up to 1,050 characters, null when there is none. */
export function readDescription(node: SpecNode | null): string | null {
  const text = node?.string('a text') ?? null;
  if (text !== null && text.length > 1050)
    node?.report(`expected up to 1050 characters, got ${text.length}; shorten it`);
  return text;
}

function readLabels(node: SpecNode | null): Readonly<Record<string, readonly string[]>> {
  const labels: [string, readonly string[]][] = [];
  for (const [name, { key, value }] of node?.anyFields('a mapping of labels')?.all() ?? []) {
    if (!/^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/.test(name)) {
      key.report(
        `"${name.slice(0, 80)}" is no name of a label; use letters, digits, dashes, dots and underscores, up to 63`,
      );
    }
    const items = value.scalar === undefined ? value.items('a text or a list of texts') : [value];
    labels.push([name, (items ?? []).map((item) => item.text()).filter((text) => text !== null)]);
  }
  return Object.fromEntries(labels);
}

function reportVersion(node: SpecNode): null {
  const version = String(node.scalar ?? '');
  const known = OTHER_VERSIONS[version];
  if (known !== undefined) return node.report(`"${version}" is ${known}`);
  const isOurs = version.toLowerCase().startsWith('openslo');
  return node.expected(
    V1,
    isOurs ? `write apiVersion: ${V1}` : 'only OpenSLO definitions are read: move other files out of this folder',
  );
}

/** OSKO's spelling. */
function misspelled(node: SpecNode): Kind | undefined {
  if (node.isStrict || node.scalar !== 'Datasource') return undefined;
  node.report('the kind "Datasource" is read as DataSource; write kind: DataSource', 'WARNING');
  return 'DataSource';
}

function reportKind(node: SpecNode): null {
  const kind = String(node.scalar ?? '');
  const advice =
    nearest(kind, kinds) === null
      ? 'remove the document, or write it as one of these'
      : suggestion(kind, kinds, 'kinds');
  return node.expected(`one of the kinds ${kinds.join(', ')}`, advice);
}
