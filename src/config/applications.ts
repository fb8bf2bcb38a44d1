import type { Problem } from '../domain/errors.js';
import { problemAt } from './issues.js';
import type { Origins } from './origins.js';
import { suggestion } from './suggestion.js';

/**
 * Applications of one name, and clusters of theirs that are not configured. Looks at what is written, valid or not, so
 * that these problems are told together with all others.
 */
export function applicationProblems(raw: unknown, origins: Origins): readonly Problem[] {
  const { applications, clusters } = (raw ?? {}) as { applications?: unknown; clusters?: unknown };
  const known = listOf(clusters).map(nameOf).filter(isText);
  const names = new Map<string, number>();
  return listOf(applications).flatMap((application, index) => {
    const name = nameOf(application);
    const first = isText(name) ? names.get(name) : undefined;
    if (isText(name) && first === undefined) names.set(name, index);
    const places = listOf((application as { clusters?: unknown } | null)?.clusters);
    return [
      ...(first === undefined ? [] : [takenName(index, String(name), first, origins)]),
      ...places.flatMap((cluster, place) =>
        isText(cluster) && !known.includes(cluster) ? [unknownCluster(index, place, cluster, known, origins)] : [],
      ),
    ];
  });
}

function takenName(index: number, name: string, first: number, origins: Origins): Problem {
  const path = ['applications', index, 'name'];
  const message = `the name "${name}" is taken by applications[${first}]; give each application a name of its own`;
  return problemAt(origins.placeOf(path), path, message);
}

function unknownCluster(
  index: number,
  place: number,
  cluster: string,
  known: readonly string[],
  origins: Origins,
): Problem {
  const path = ['applications', index, 'clusters', place];
  const message = `there is no cluster ${JSON.stringify(cluster)}${suggestion(cluster, known)}`;
  return problemAt(origins.placeOf(path), path, message);
}

function nameOf(entry: unknown): unknown {
  return (entry as { name?: unknown } | null)?.name;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
