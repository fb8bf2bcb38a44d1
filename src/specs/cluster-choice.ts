import { OSKO_DATA_SOURCE } from './annotations.js';
import type { Envelope } from './envelope.js';
import { dataSourceOf, type Indicator } from './indicator.js';
import type { Library } from './library.js';
import type { SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';

/** The one cluster that SLIs are measured in: by their metric sources, else the annotation, else the only one. */
export function readCluster(
  indicators: readonly Indicator[],
  { metadata, document }: Envelope,
  library: Library,
): string | null {
  const { clusters } = library.options;
  const annotation = metadata.annotations.get('cluster');
  if (annotation !== undefined && !clusters.includes(annotation.text)) {
    return annotation.node.report(
      `there is no cluster "${annotation.text}"; ${suggestion(annotation.text, clusters, 'configured are')}`,
    );
  }
  if (indicators.length === 0) return null;
  const named = new Map<string, SpecNode>();
  for (const indicator of indicators) {
    for (const [name, node] of indicator.clusters) if (name !== null && !named.has(name)) named.set(name, node);
  }
  const [first, second] = [...named];
  if (first !== undefined && second !== undefined) {
    return second[1].report(
      `this is measured in cluster "${second[0]}" and another part in "${first[0]}"; all parts of an SLO are measured in one cluster`,
    );
  }
  if (first !== undefined && annotation !== undefined && annotation.text !== first[0]) {
    return annotation.node.report(
      `the annotation says cluster "${annotation.text}" and metricSourceRef "${first[0]}"; remove one of them`,
    );
  }
  const osko = metadata.annotations.get(OSKO_DATA_SOURCE);
  const ofOsko = first !== undefined || osko === undefined ? null : dataSourceOf(osko.text, osko.node, library);
  const found = first?.[0] ?? annotation?.text ?? ofOsko?.cluster ?? (clusters.length === 1 ? clusters[0] : undefined);
  if (found !== undefined) return found;
  return document.root.report(
    clusters.length === 0
      ? 'no cluster is configured that could measure this'
      : `which cluster measures this is not said; name one (${clusters.join(', ')}) in metricSourceRef or in the annotation slograph.dev/cluster`,
  );
}
