/** An SLO of the demo, from which its OpenSLO document is written. */
export interface Sketch {
  readonly name: string;
  readonly title: string;
  readonly why: string;
  readonly service: string;
  readonly cluster: string;
  readonly target: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly sli:
    | { readonly good: string; readonly total: string }
    | { readonly bad: string; readonly total: string }
    | { readonly value: string; readonly op: 'lte' | 'gte'; readonly bound: number }
    | { readonly template: Readonly<Record<string, string>> };
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
  const annotations = Object.entries(slo.annotations).map(
    ([name, value]) => `    slograph.dev/${name}: ${quoted(value)}\n`,
  );
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${slo.name}
  displayName: ${quoted(slo.title)}
  annotations:
${annotations.join('')}spec:
  description: ${quoted(slo.why)}
  service: ${slo.service}
  indicator:
    metadata:
      name: ${slo.name}
    spec:
${indicator(slo)}  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: ${slo.target}
${'bound' in slo.sli ? `      op: ${slo.sli.op}\n      value: ${slo.sli.bound}\n` : ''}`;
}

function indicator({ sli, cluster }: Sketch): string {
  if ('value' in sli) return `      thresholdMetric:\n${source(cluster, sli.value, 8)}`;
  if ('template' in sli) {
    const parameters = Object.entries(sli.template).map(([name, value]) => `              ${name}: ${value}\n`);
    return `      ratioMetric:
        rawType: success
        raw:
          metricSource:
            metricSourceRef: ${cluster}
            type: slograph
            spec:
${parameters.join('')}`;
  }
  const part =
    'good' in sli ? `        good:\n${source(cluster, sli.good, 10)}` : `        bad:\n${source(cluster, sli.bad, 10)}`;
  return `      ratioMetric:\n        counter: true\n${part}        total:\n${source(cluster, sli.total, 10)}`;
}

function source(cluster: string, query: string, indent: number): string {
  const lines = [
    'metricSource:',
    `  metricSourceRef: ${cluster}`,
    '  type: Prometheus',
    '  spec:',
    `    query: ${quoted(query)}`,
  ];
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}

/** A YAML scalar in single quotes, in which only the quote itself is special. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
