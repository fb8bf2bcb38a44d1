import { describe, expect, it } from 'vitest';
import { everything, type Scope, scopeOf } from '../../../src/domain/access.js';
import type { MeasuredKind } from '../../../src/domain/entity.js';
import { SourceError } from '../../../src/domain/errors.js';
import type { Measurement } from '../../../src/domain/ports.js';
import { FoldedCells } from '../../../src/sources/cell-tables.js';
import { type ClusterColumn, figureColumn, seriesColumn } from '../../../src/sources/columns.js';

const measurement: Measurement = { source: 'ISTIO', promql: ['x'], windowMs: null, dataSource: 'p', partial: false };
const unmeasured = () => ({ ...measurement, promql: [] });

function answered(cells: Readonly<Record<string, readonly (number | null)[]>>): ClusterColumn {
  return {
    ok: true,
    cells: new FoldedCells(new Map(Object.entries(cells))),
    measurement,
    absent: 'NOT_COLLECTED',
    notANumber: 'NO_EVENTS',
  };
}

function column(answer: ClusterColumn, kind: MeasuredKind = 'Pod', scope: Scope = everything) {
  return figureColumn(new Map([['edge', answer]]), 1_000, { kind, scope, unmeasured });
}

describe('a figure', () => {
  const { of, keys } = column(
    answered({ 'a/x': [1], 'b/nan': [Number.NaN], 'b/inf': [Number.POSITIVE_INFINITY], 'b/gap': [null] }),
  );

  it.each([
    ['a/x', 1, null],
    ['b/nan', null, 'NO_EVENTS'],
    ['b/inf', null, 'NOT_A_NUMBER'],
    ['b/gap', null, 'NOT_COLLECTED'],
    ['b/none', null, 'NOT_COLLECTED'],
  ])('of %s is %s, missing %s', (key, value, missing) => {
    expect(of({ cluster: 'edge', key })).toEqual({ value, missing, atMs: 1_000, measurement });
  });

  it('is listed when it has a value', () => {
    expect(keys('edge')).toEqual(['a/x']);
    expect(keys('elsewhere')).toEqual([]);
  });

  it('of a cluster that was not asked for was not measured', () => {
    expect(of({ cluster: 'other', key: 'a/x' })).toMatchObject({
      value: null,
      missing: 'NO_SAMPLE',
      measurement: { promql: [] },
    });
  });

  it.each([
    ['UNAVAILABLE', 'SOURCE_UNAVAILABLE'],
    ['TIMEOUT', 'SOURCE_TIMEOUT'],
    ['REJECTED', 'SOURCE_UNAVAILABLE'],
  ] as const)('of a source that failed as %s is missing as %s', (reason, missing) => {
    const error = new SourceError(reason, 'p', 'no');
    const figure = column({ ok: false, error, measurement }).of({ cluster: 'edge', key: 'a/x' });
    expect(figure).toEqual({ value: null, missing, atMs: 1_000, measurement, error });
  });
});

describe('what a caller sees', () => {
  const ai = scopeOf(['edge'], ['ai']);

  it.each([
    ['Pod', 'ai/x', true],
    ['Pod', 'shop/x', false],
    ['Node', 'n1', true],
    ['Cluster', '', true],
    ['GPU', 'uuid', true],
    ['ServiceEdge', 'shop/web/ai/llm/http', true],
    ['ServiceEdge', 'ai/llm/shop/web/http', true],
    ['ServiceEdge', 'shop/web/db/pg/http', false],
  ] as const)('%s %s: %s', (kind, key, visible) => {
    const seen = column(answered({ [key]: [1] }), kind, ai);
    expect(seen.keys('edge')).toEqual(visible ? [key] : []);
    expect(seen.of({ cluster: 'edge', key }).value).toBe(visible ? 1 : null);
  });
});

describe('a series', () => {
  it('has a value or null for every instant', () => {
    const instants = { stepMs: 1_000, timesMs: Float64Array.of(0, 1_000, 2_000) };
    const context = { kind: 'Pod' as const, scope: everything, unmeasured };
    const series = seriesColumn(new Map([['edge', answered({ 'a/x': [1, null, Number.NaN] })]]), instants, context);
    expect(series.of({ cluster: 'edge', key: 'a/x' })).toEqual({ ...instants, values: [1, null, null], measurement });
    expect(series.of({ cluster: 'edge', key: 'a/y' }).values).toEqual([null, null, null]);
  });
});
