import type { EntityKey } from '../domain/entity.js';
import { type Cells, greaterOf, type NodeOf, type RowKey } from './family.js';
import type { Labels } from './prometheus/answer.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';

/** The figures of the entities of one cluster. */
export interface CellTable extends Iterable<readonly [EntityKey, Cells]> {
  has(key: EntityKey): boolean;
  get(key: EntityKey): Cells | undefined;
  /** The cell of the first instant. */
  first(key: EntityKey): number | null;
}

export class FoldedCells implements CellTable {
  constructor(private readonly folded: ReadonlyMap<EntityKey, Cells>) {}

  has(key: EntityKey): boolean {
    return this.folded.has(key);
  }

  get(key: EntityKey): Cells | undefined {
    return this.folded.get(key);
  }

  first(key: EntityKey): number | null {
    return this.folded.get(key)?.[0] ?? null;
  }

  [Symbol.iterator](): Iterator<readonly [EntityKey, Cells]> {
    return this.folded.entries();
  }
}

/** Which rows of an answer tell of which entity. */
export interface Places {
  /** Rows of the cluster, whether or not they name an entity. */
  readonly rows: number;
  /** The row of each entity, and of those with several the first. */
  readonly rowOf: ReadonlyMap<EntityKey, number>;
  /** The further rows of entities that have several: twins of an exporter. */
  readonly twinsOf: ReadonlyMap<EntityKey, readonly number[]>;
}

/** One value per row, which is not copied. */
export class PlacedCells implements CellTable {
  constructor(
    private readonly places: Places,
    private readonly values: Float64Array,
  ) {}

  has(key: EntityKey): boolean {
    return this.places.rowOf.has(key);
  }

  get(key: EntityKey): Cells | undefined {
    return this.has(key) ? [this.first(key)] : undefined;
  }

  first(key: EntityKey): number | null {
    const row = this.places.rowOf.get(key);
    if (row === undefined) return null;
    let value: number | null = this.values[row] as number;
    if (this.places.twinsOf.size === 0) return value;
    for (const twin of this.places.twinsOf.get(key) ?? []) value = greaterOf(value, this.values[twin] as number);
    return value;
  }

  *[Symbol.iterator](): Iterator<readonly [EntityKey, Cells]> {
    for (const key of this.places.rowOf.keys()) yield [key, [this.first(key)]];
  }
}

/** How rows name entities. */
export interface Placing {
  readonly slice: ClusterSlice;
  readonly keyOf: RowKey;
  /** By cluster; where a cluster has none, no row of it names a node. */
  readonly nodeOf: ReadonlyMap<string, NodeOf>;
}

/** The places of every cluster of a slice; the same as before where the labels are those of an answer before. */
export function placesOf(labels: readonly Labels[], placing: Placing): ReadonlyMap<string, Places> {
  const known = kept.get(labels);
  if (known !== undefined && isSame(known.placing, placing)) return known.places;
  const places = newPlaces(labels, placing);
  kept.set(labels, { placing, places });
  return places;
}

/** By layouts, which most answers share with the one before. */
const kept = new WeakMap<
  readonly Labels[],
  { readonly placing: Placing; readonly places: ReadonlyMap<string, Places> }
>();

function isSame(one: Placing, other: Placing): boolean {
  const { slice, keyOf, nodeOf } = one;
  return (
    keyOf === other.keyOf &&
    slice.key === other.slice.key &&
    slice.clusters.every((cluster) => nodeOf.get(cluster) === other.nodeOf.get(cluster))
  );
}

function newPlaces(labels: readonly Labels[], { slice, keyOf, nodeOf }: Placing): ReadonlyMap<string, Places> {
  const places = new Map(slice.clusters.map((cluster) => [cluster, emptyPlaces()]));
  for (let row = 0; row < labels.length; row += 1) {
    const own = labels[row] as Labels;
    const cluster = slice.clusterOf(own);
    const ofCluster = cluster === null ? undefined : places.get(cluster);
    if (cluster === null || ofCluster === undefined) continue;
    ofCluster.rows += 1;
    const key = keyOf(own, nodeOf.get(cluster) ?? nameless);
    if (key === null) continue;
    const twins = ofCluster.twinsOf.get(key);
    if (!ofCluster.rowOf.has(key)) ofCluster.rowOf.set(key, row);
    else if (twins === undefined) ofCluster.twinsOf.set(key, [row]);
    else twins.push(row);
  }
  return places;
}

function emptyPlaces() {
  return { rows: 0, rowOf: new Map<EntityKey, number>(), twinsOf: new Map<EntityKey, number[]>() };
}

const nameless: NodeOf = () => null;
