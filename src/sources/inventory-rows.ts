import type { EntityKey } from '../domain/entity.js';
import type { KeyOf } from './family.js';
import type { InstantSeries, Labels } from './prometheus/answer.js';

/** One row per key. Where several have one key (twins, a reused name), the one of the greatest value counts. */
export function rowByKey(rows: readonly InstantSeries[], keyOf: KeyOf): ReadonlyMap<EntityKey, InstantSeries> {
  const byKey = new Map<EntityKey, InstantSeries>();
  for (const row of rows) {
    const key = keyOf(row.labels);
    const known = key === null ? undefined : byKey.get(key);
    if (key !== null && (known === undefined || row.value > known.value)) byKey.set(key, row);
  }
  return byKey;
}

/** All rows of each key. */
export function rowsByKey(
  rows: readonly InstantSeries[],
  keyOf: KeyOf,
): ReadonlyMap<EntityKey, readonly InstantSeries[]> {
  const byKey = new Map<EntityKey, InstantSeries[]>();
  for (const row of rows) {
    const key = keyOf(row.labels);
    if (key === null) continue;
    const list = byKey.get(key);
    if (list === undefined) byKey.set(key, [row]);
    else list.push(row);
  }
  return byKey;
}

export function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V) => W): ReadonlyMap<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

/** The first of some labels that has a text. */
export function firstOf(labels: Labels, ...names: readonly string[]): string | null {
  for (const name of names) {
    const text = labels[name];
    if (text !== undefined && text !== '') return text;
  }
  return null;
}
