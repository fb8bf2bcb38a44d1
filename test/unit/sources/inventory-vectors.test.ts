import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { type InventoryQuestion, readNaming, readVector } from '../../../src/sources/inventory-vectors.js';
import { InstantAnswer, type Labels } from '../../../src/sources/prometheus/answer.js';
import { type ClusterSlice, clusterSlices } from '../../../src/sources/prometheus/cluster-slices.js';

const names = ['edge', 'fleet'];
const source = { name: 'p', clusters: names.map((name) => ({ name, match: { cluster: name } })) };
const sliceOf = (...clusters: string[]) => clusterSlices(source, clusters)[0] as ClusterSlice;
const notes = { warnings: [], infos: [], samples: null };
const labels: readonly Labels[] = [
  { cluster: 'edge', node: 'a', instance: 'i', nodename: 'a' },
  { cluster: 'fleet', node: 'b', instance: 'j', nodename: 'b' },
];

function question(values: readonly number[], slice = sliceOf(...names), rows = labels): InventoryQuestion {
  const answer = new InstantAnswer({ labels: rows, values: Float64Array.from(values) }, notes);
  return { planner: { instant: async () => answer }, slice, atMs: 0, context: { scope: everything } };
}

const valuesOf = async (asked: InventoryQuestion, cluster: string) =>
  ((await readVector(asked, () => 'x')).get(cluster) ?? []).map(({ value }) => value);

it('rows have the values of their own answer, though its labels are those of the one before', async () => {
  for (const value of [0, 0, 1, Number.NaN, Number.NaN, 1]) {
    expect(await valuesOf(question([value, 7]), 'edge')).toEqual([value]);
  }
});

it('rows are sorted to the clusters that are asked for, whoever asked before', async () => {
  for (const [first, second] of [names, [...names].reverse()] as [string, string][]) {
    expect(await valuesOf(question([1, 2], sliceOf(first)), second)).toEqual([]);
    expect(await valuesOf(question([1, 2], sliceOf(second)), second)).toEqual([names.indexOf(second) + 1]);
    expect(await valuesOf(question([1, 2]), first)).toEqual([names.indexOf(first) + 1]);
  }
});

it('equal rows of an answer are made once, and nodes keep their names as long as the rows are equal', async () => {
  const asked = question([1, 1]);
  const again = { ...question([1, 1]), planner: asked.planner };
  expect(await readVector(again, () => 'x')).toBe(await readVector(asked, () => 'x'));
  const naming = (await readNaming(asked)).get('edge');
  const copies = labels.map((row) => ({ ...row }));
  const copied = new InstantAnswer({ labels: copies, values: Float64Array.of(1, 1) }, notes);
  const renamed = new InstantAnswer(
    { labels: labels.map((row) => ({ ...row, nodename: 'c' })), values: Float64Array.of(1, 1) },
    notes,
  );
  let answer = copied;
  Object.assign(asked.planner, { instant: async () => answer });
  expect((await readNaming(byAnother(asked))).get('edge')).toBe(naming);
  answer = renamed;
  expect((await readNaming(byAnother(asked))).get('edge')).not.toBe(naming);
});

it('one asker asks once how nodes are named, at each instant and of each slice; what failed is asked again', async () => {
  let failures = 1;
  const promql: string[] = [];
  const asked = question([1, 1]);
  const { instant } = asked.planner;
  const planner: InventoryQuestion['planner'] = {
    instant: async (...question) => {
      promql.push(question[1]);
      if (failures-- > 0) throw new Error('down');
      return instant(...question);
    },
  };
  const mine = { ...asked, planner };
  await expect(readNaming(mine)).rejects.toThrow('down');
  const [first, second] = await Promise.all([readNaming(mine), readNaming(mine)]);
  expect(second).toBe(first);
  expect(promql).toHaveLength(4);
  for (const other of [{ ...mine, atMs: 1 }, { ...mine, slice: sliceOf('edge') }, byAnother(mine)]) {
    expect(await readNaming(other)).not.toBe(first);
  }
  expect(promql).toHaveLength(10);
});

function byAnother(asked: InventoryQuestion): InventoryQuestion {
  return { ...asked, context: { ...asked.context } };
}
