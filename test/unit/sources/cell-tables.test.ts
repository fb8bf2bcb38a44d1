import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FoldedCells, PlacedCells, type Places, placesOf } from '../../../src/sources/cell-tables.js';
import { foldBy, type NodeOf, type RowKey } from '../../../src/sources/family.js';
import { rowsByCluster } from '../../../src/sources/inventory-vectors.js';
import type { Labels } from '../../../src/sources/prometheus/answer.js';
import { type ClusterSlice, clusterSlices } from '../../../src/sources/prometheus/cluster-slices.js';

const [slice] = clusterSlices(
  { name: 'p', clusters: ['edge', 'fleet'].map((name) => ({ name, match: { cluster: name } })) },
  ['edge', 'fleet'],
) as [ClusterSlice];
const keyOf: RowKey = ({ pod = '' }, nodeOf) => (pod === '' ? null : `${nodeOf({ pod }) ?? ''}/${pod}`);
const nodeOf = new Map<string, NodeOf>([['edge', ({ pod }) => `n${pod}`]]);

const row = fc.record({
  labels: fc.record({ cluster: fc.constantFrom('edge', 'fleet', 'other'), pod: fc.constantFrom('', 'a', 'b', 'c') }),
  value: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
});

describe('the cells of a vector', () => {
  it('are those of its rows folded one by one, twins and rows of other clusters among them', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const places = placesOf(
          rows.map(({ labels }) => labels),
          { slice, keyOf, nodeOf },
        );
        const values = Float64Array.from(rows, ({ value }) => value);
        const byCluster = rowsByCluster(
          slice,
          rows.map(({ labels, value }) => ({ labels: labels as Labels, cells: [value] })),
        );
        for (const cluster of slice.clusters) {
          const own = byCluster.get(cluster) ?? [];
          const folded = new FoldedCells(foldBy(keyOf)(own, nodeOf.get(cluster) ?? (() => null)));
          const cells = new PlacedCells(places.get(cluster) as Places, values);
          expect([...cells]).toEqual([...folded]);
          expect(places.get(cluster)?.rows).toBe(own.length);
          for (const key of ['na/a', '/a', '/b', 'none']) {
            expect([cells.has(key), cells.get(key), cells.first(key)]).toEqual([
              folded.has(key),
              folded.get(key),
              folded.first(key),
            ]);
          }
        }
      }),
    );
  });

  it('have the places of the answer before where labels, clusters, keys and the names of nodes are the same', () => {
    const labels: readonly Labels[] = [{ cluster: 'edge', pod: 'a' }];
    const places = placesOf(labels, { slice, keyOf, nodeOf });
    expect(placesOf(labels, { slice, keyOf, nodeOf: new Map(nodeOf) })).toBe(places);
    const renamed = placesOf(labels, { slice, keyOf, nodeOf: new Map([['edge', () => 'm']]) });
    expect([...(renamed.get('edge')?.rowOf.keys() ?? [])]).toEqual(['m/a']);
    const [twin] = clusterSlices({ name: 'p', clusters: [{ name: 'twin', match: { cluster: 'edge' } }] }, ['twin']);
    const ofTwin = placesOf(labels, { slice: twin as ClusterSlice, keyOf, nodeOf: new Map() });
    expect([...(ofTwin.get('twin')?.rowOf.keys() ?? [])]).toEqual(['/a']);
    const ofPods: RowKey = ({ pod = '' }) => pod;
    expect([...(placesOf(labels, { slice, keyOf: ofPods, nodeOf }).get('edge')?.rowOf.keys() ?? [])]).toEqual(['a']);
  });
});
