import type { Problem } from '../domain/errors.js';
import { problemAt } from './issues.js';
import type { Origins } from './origins.js';

/**
 * Clusters that cannot be told apart: by name, or because they read the same series of the same Prometheus. Looks at what
 * is written, valid or not, so that these problems are told together with all others.
 */
export function twinProblems(raw: unknown, origins: Origins): readonly Problem[] {
  const clusters = (raw as { clusters?: unknown } | null)?.clusters;
  if (!Array.isArray(clusters)) return [];
  const problems: Problem[] = [];
  const names = new Map<string, number>();
  const series = new Map<string, number>();
  for (const [index, cluster] of clusters.entries()) {
    const name = (cluster as { name?: unknown } | null)?.name;
    if (typeof name === 'string') {
      const first = names.get(name);
      if (first === undefined) names.set(name, index);
      else {
        const path = ['clusters', index, 'name'];
        const message = `the name "${name}" is taken by clusters[${first}]; give each cluster a name of its own`;
        problems.push(problemAt(origins.placeOf(path), path, message));
      }
    }
    const key = seriesKey(cluster);
    if (key === null) continue;
    const first = series.get(key);
    if (first === undefined) series.set(key, index);
    else {
      const path = ['clusters', index];
      const message = `reads the same series as clusters[${first}]; tell them apart with match: { cluster: NAME }`;
      problems.push(problemAt(origins.placeOf(path), path, message));
    }
  }
  return problems;
}

function seriesKey(cluster: unknown): string | null {
  const { prometheus, match } = (cluster ?? {}) as { prometheus?: unknown; match?: unknown };
  const { url, timeout: _, maxConcurrent: __, ...access } = (prometheus ?? {}) as Record<string, unknown>;
  if (typeof url !== 'string') return null;
  const labels = Object.entries((match ?? {}) as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([url.replace(/\/+$/, ''), said(access), labels]);
}

/** In one order, without what is null: not said. */
function said(settings: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(settings)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
