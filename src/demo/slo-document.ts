/** What is measured. */
type SliSketch =
  | { readonly good: string; readonly total: string }
  | { readonly bad: string; readonly total: string }
  | { readonly value: string; readonly op: 'lte' | 'gte'; readonly bound: number }
  | { readonly template: Readonly<Record<string, string>> };

interface Description {
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** What is counted and when, in words. */
  readonly counted: string;
  readonly service: string;
  readonly cluster: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An SLO of the demo, from which its OpenSLO document is written. */
export interface Sketch extends Description {
  readonly target: string;
  readonly sli: SliSketch;
  /** Slices of time are counted, of such a length, each good with that share of good events; absent: events are. */
  readonly slices?: { readonly length: string; readonly target: string };
}

/** A composite of the demo, made of what other SLOs promise. */
export interface CompositeSketch extends Description {
  readonly members: readonly { readonly weight: number; readonly of: Sketch }[];
}

/** The OpenSLO document of a Service. */
export function serviceDocument(name: string, description: string): string {
  return `apiVersion: openslo/v1
kind: Service
metadata:
  name: ${name}
spec:
  description: ${quoted(description)}
`;
}

/** The OpenSLO document of an SLO with a rolling window of 30 days. */
export function sloDocument(slo: Sketch): string {
  const { slices } = slo;
  const method = slices === undefined ? 'Occurrences' : 'Timeslices';
  const slice =
    slices === undefined ? '' : `      timeSliceTarget: ${slices.target}\n      timeSliceWindow: ${slices.length}\n`;
  return `${head(slo)}${indicator(slo, 2)}${window(method)}  objectives:
    - target: ${slo.target}
${slice}${bound(slo)}`;
}

/** The OpenSLO document of a composite, likewise. */
export function compositeDocument(composite: CompositeSketch): string {
  const members = composite.members.map(
    ({ weight, of }) => `    - displayName: ${quoted(of.title)}
      target: ${of.target}
      compositeWeight: ${weight}
${bound(of)}${indicator(of, 6)}`,
  );
  return `${head(composite)}${window('Occurrences')}  objectives:
${members.join('')}`;
}

function window(budgetingMethod: 'Occurrences' | 'Timeslices'): string {
  return `  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: ${budgetingMethod}
`;
}

function head({ name, title, why, counted, service, ...slo }: Description): string {
  const annotations = Object.entries({ ...slo.annotations, conditions: counted }).map(
    ([annotation, value]) => `    slograph.dev/${annotation}: ${quoted(value)}\n`,
  );
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  displayName: ${quoted(title)}
  annotations:
${annotations.join('')}spec:
  description: ${quoted(why)}
  service: ${service}
`;
}

function bound({ sli }: Sketch): string {
  return 'bound' in sli ? `      op: ${sli.op}\n      value: ${sli.bound}\n` : '';
}

function indicator({ name, sli, cluster }: Sketch, indent: number): string {
  const lines = ['indicator:', '  metadata:', `    name: ${name}`, '  spec:', ...measure(sli, cluster)];
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}

function measure(sli: SliSketch, cluster: string): readonly string[] {
  if ('value' in sli) return ['    thresholdMetric:', ...source(cluster, sli.value, 6)];
  if ('template' in sli) {
    return [
      '    ratioMetric:',
      '      rawType: success',
      '      raw:',
      '        metricSource:',
      `          metricSourceRef: ${cluster}`,
      '          type: slograph',
      '          spec:',
      ...Object.entries(sli.template).map(([name, value]) => `            ${name}: ${value}`),
    ];
  }
  const part =
    'good' in sli ? ['      good:', ...source(cluster, sli.good, 8)] : ['      bad:', ...source(cluster, sli.bad, 8)];
  return ['    ratioMetric:', '      counter: true', ...part, '      total:', ...source(cluster, sli.total, 8)];
}

function source(cluster: string, query: string, indent: number): readonly string[] {
  const lines = [
    'metricSource:',
    `  metricSourceRef: ${cluster}`,
    '  type: Prometheus',
    '  spec:',
    `    query: ${quoted(query)}`,
  ];
  return lines.map((line) => `${' '.repeat(indent)}${line}`);
}

/** A YAML scalar in single quotes, in which only the quote itself is special. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
