import { accessKey, type SourceAccess } from './access.js';
import type { ClusterLabels, ClusterSelectors, DataSource } from './cluster-slices.js';

/** What is configured for a cluster. */
export interface SourceCluster {
  readonly name: string;
  readonly prometheus: SourceAccess & {
    readonly url: string;
    readonly timeoutMs: number;
    readonly maxConcurrent: number;
  };
  readonly match: Readonly<Record<string, string>>;
  readonly labels?: ClusterLabels;
  readonly selectors?: ClusterSelectors;
}

/** A data source with how it is reached. */
export interface ConfiguredSource extends DataSource {
  readonly url: string;
  readonly access: SourceAccess;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
}

/**
 * Clusters with the same URL, reached in the same way, share a data source; where their limits differ, the widest holds.
 * In the order of the first cluster of each.
 */
export function dataSourcesOf(clusters: readonly SourceCluster[]): readonly ConfiguredSource[] {
  const groups = new Map<string, SourceCluster[]>();
  for (const cluster of clusters) {
    const key = JSON.stringify([cluster.prometheus.url.replace(/\/+$/, ''), accessKey(cluster.prometheus)]);
    groups.set(key, [...(groups.get(key) ?? []), cluster]);
  }
  return [...groups.values()].map(sourceOf);
}

function sourceOf(clusters: readonly SourceCluster[]): ConfiguredSource {
  const [first] = clusters as [SourceCluster];
  return {
    name: nameOf(clusters.map(({ name }) => name)),
    clusters: clusters.map(({ name, match, labels, selectors }) => ({
      name,
      match,
      ...(labels && { labels }),
      ...(selectors && { selectors }),
    })),
    url: first.prometheus.url.replace(/\/+$/, ''),
    access: first.prometheus,
    timeoutMs: Math.max(...clusters.map(({ prometheus }) => prometheus.timeoutMs)),
    maxConcurrent: Math.max(...clusters.map(({ prometheus }) => prometheus.maxConcurrent)),
  };
}

/** `edge-seoul`, `edge-busan+cloud-core`, `a+b+48 more`: clients see it, so it tells no address. */
function nameOf(clusters: readonly string[]): string {
  if (clusters.length <= 3) return clusters.join('+');
  return `${clusters.slice(0, 2).join('+')}+${clusters.length - 2} more`;
}
