import { describe, expect, it } from 'vitest';
import { entityKey, type MeasuredKind } from '../../../src/domain/entity.js';
import { type FamilyName, metricFamilies } from '../../../src/domain/metric.js';
import { catalogue } from '../../../src/sources/catalogue.js';
import type { Family } from '../../../src/sources/family.js';
import { narrowTo } from '../../../src/sources/narrowing.js';
import { clusterSlices } from '../../../src/sources/prometheus/cluster-slices.js';
import { parsePromql } from '../../../src/sources/syntax/parse.js';

const [ALONE] = clusterSlices({ name: 'p', clusters: [{ name: 'a', match: {} }] }, ['a']);
const [SHARED] = clusterSlices(
  {
    name: 'p',
    clusters: [
      { name: 'a', match: { cluster: 'a"' } },
      { name: 'b', match: { cluster: 'b' } },
    ],
  },
  ['a', 'b'],
);

const PARTS: Readonly<Record<MeasuredKind, number>> = {
  Cluster: 0,
  Node: 1,
  Filesystem: 2,
  Pod: 2,
  Container: 3,
  GPU: 1,
  Microservice: 2,
  ServiceEdge: 5,
  ResponseCode: 4,
  Inference: 4,
};

function keys(kind: MeasuredKind, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) =>
    entityKey(...Array.from({ length: PARTS[kind] }, (_, part) => (part === 0 ? 'team' : `n${at}.${part}`))),
  );
}

function selectorsOf(text: string): readonly string[] {
  const parsed = parsePromql(text);
  if ('error' in parsed) throw new Error(parsed.error.message);
  return parsed.query.selectors.map(({ from, to }) => parsed.query.text.slice(from, to));
}

const families = (Object.entries(catalogue) as [FamilyName, (typeof catalogue)[FamilyName]][]).filter(
  (entry): entry is [FamilyName, Family] => 'promql' in entry[1],
);

describe.each(families)('%s', (name, family) => {
  const kind = metricFamilies[name].entity;
  const texts = (slice: typeof ALONE) =>
    [0, 1, 3, 100, 1_000].map((count) => {
      if (slice === undefined) throw new Error('no slice');
      return family.promql({
        slice,
        windowMs: 300_000,
        quantile: 0.95,
        narrowing: narrowTo(kind, keys(kind, count), []),
      });
    });

  it('is PromQL, however many entities are asked for', () => {
    for (const text of [...texts(ALONE), ...texts(SHARED)]) expect(parsePromql(text)).not.toHaveProperty('error');
  });

  it('names no entity when a thousand are asked for', () => {
    expect(texts(ALONE).at(-1)).not.toContain('n7');
    expect(texts(ALONE).at(-1)?.length).toBeLessThan(4_000);
  });

  it('tells the clusters of a shared source apart, in every selector', () => {
    for (const text of texts(SHARED)) {
      for (const selector of selectorsOf(text)) expect(selector).toContain('cluster=~"a\\"|b"');
      for (const labels of text.match(/by \(([^)]*)\)/g) ?? []) expect(labels).toContain('by (cluster');
    }
  });

  it('names metrics that show whether it is collected', () => {
    const [text = ''] = texts(ALONE);
    expect(family.metrics.some((metric) => text.includes(metric))).toBe(true);
  });
});

it('divides figures of one unit, or of units that make a ratio', () => {
  for (const [name, entry] of Object.entries(catalogue)) {
    if ('promql' in entry) continue;
    expect(metricFamilies[name as FamilyName].unit).toBe('RATIO');
    expect(metricFamilies[entry.numerator].unit).toBe(metricFamilies[entry.denominator].unit);
    expect(metricFamilies[entry.numerator].entity).toBe(metricFamilies[entry.denominator].entity);
  }
});
