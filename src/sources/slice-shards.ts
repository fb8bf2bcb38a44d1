import { LRUCache } from 'lru-cache';
import type { ReadContext } from '../domain/ports.js';
import type { Planner } from './prometheus/planner.js';
import { type Shape, shapeSeries, tupleKey } from './sli-terms.js';

/** Columns of a shape, by their keys: what is asked for the shape's labels. */
export type Columns = ReadonlyMap<string, readonly string[]>;

/** Series that one PromQL may read: more take Prometheus longer than about 100 ms. */
const MAX_SERIES = 1_000;
/** Pods come and go, and their number stays about the same. */
const KNOWN_MS = 3_600_000;
const MAX_SHAPES = 5_000;

/** Cuts what one PromQL would read into several of bounded cost. */
export interface SliceShards {
  /** How many series a column has is asked once an hour. @throws SourceError */
  of(
    dataSource: string,
    shape: Shape,
    columns: Columns,
    atMs: number,
    context: ReadContext,
  ): Promise<readonly Columns[]>;
}

export function createSliceShards(planner: Pick<Planner, 'instant'>): SliceShards {
  const known = new LRUCache<string, ReadonlyMap<string, number>>({ max: MAX_SHAPES, ttl: KNOWN_MS });

  async function seriesOf(dataSource: string, shape: Shape, columns: Columns, atMs: number, context: ReadContext) {
    const key = JSON.stringify([dataSource, shape.key]);
    const kept = known.get(key);
    if (kept !== undefined && [...columns.keys()].every((column) => kept.has(column))) return kept;
    const promql = shapeSeries(shape, [...columns.values()]);
    const { series } = await planner.instant(dataSource, promql, atMs, columns.size, context);
    const counted = new Map([...columns.keys()].map((column) => [column, 0]));
    for (const { labels, value } of series) {
      const column = tupleKey(shape, labels);
      // A bound in two spellings is two rows of one column.
      if (counted.has(column)) counted.set(column, (counted.get(column) as number) + value);
    }
    // Others may ask for other columns of the shape in turn. All are asked again an hour after the first.
    const merged = new Map([...(known.get(key) ?? []), ...counted]);
    known.set(key, merged, { noUpdateTTL: true });
    return merged;
  }

  return {
    async of(dataSource, shape, columns, atMs, context) {
      if (columns.size < 2) return [columns];
      return cut(columns, await seriesOf(dataSource, shape, columns, atMs, context));
    },
  };
}

/** In the order of their keys, so that the labels of one shard have few values and its selector matches little beside. */
export function cut(columns: Columns, series: ReadonlyMap<string, number>): readonly Columns[] {
  const shards: Map<string, readonly string[]>[] = [];
  let room = 0;
  for (const [key, values] of [...columns].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const size = Math.max(1, series.get(key) ?? 0);
    const last = shards.at(-1);
    if (last === undefined || size > room) {
      shards.push(new Map([[key, values]]));
      room = MAX_SERIES - size;
    } else {
      last.set(key, values);
      room -= size;
    }
  }
  return shards;
}
