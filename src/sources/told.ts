import type { EntityKey } from '../domain/entity.js';
import type { MeasurementSource, Perspective } from '../domain/metric.js';
import { type CellTable, FoldedCells, PlacedCells, type Places, type Placing, placesOf } from './cell-tables.js';
import type { Family, NodeOf, Row } from './family.js';
import { type Naming, rowsByCluster } from './inventory-vectors.js';
import type { Vector } from './prometheus/answer.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';
import type { Shown } from './shots.js';

/** What an answer tells of one cluster. */
export interface Told {
  readonly rows: number;
  readonly cells: CellTable;
  readonly source?: MeasurementSource;
  readonly perspectives?: ReadonlyMap<EntityKey, Perspective>;
}

/** Reads an answer cluster by cluster. */
export function toldBy(
  family: Family,
  slice: ClusterSlice,
  shown: Shown,
  namings: ReadonlyMap<string, Naming>,
): (cluster: string) => Told {
  const nodeOf = new Map<string, NodeOf>();
  for (const [cluster, naming] of namings) nodeOf.set(cluster, naming.nodeOf);
  const { keyOf } = family.fold;
  const isByKey = keyOf !== undefined && family.sourceOf === undefined && family.perspectives === undefined;
  if (isByKey && shown.vector !== null) return toldByVector(shown.vector, { slice, keyOf, nodeOf });
  const byCluster = rowsByCluster(slice, shown.rows);
  return (cluster) => {
    const rows: readonly Row[] = byCluster.get(cluster) ?? [];
    const source = family.sourceOf?.(rows);
    return {
      rows: rows.length,
      cells: new FoldedCells(family.fold(rows, nodeOf.get(cluster) ?? (() => null))),
      ...(source !== undefined && { source }),
      ...(family.perspectives !== undefined && { perspectives: family.perspectives(rows) }),
    };
  };
}

/** No object is made per row. */
function toldByVector({ labels, values }: Vector, placing: Placing): (cluster: string) => Told {
  const byCluster = placesOf(labels, placing);
  return (cluster) => {
    const places = byCluster.get(cluster) as Places;
    return { rows: places.rows, cells: new PlacedCells(places, values) };
  };
}
