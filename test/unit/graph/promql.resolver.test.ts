import { expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import { ask, T0 } from './graph-world.js';

const QUERY = `query ($cluster: String!, $query: PromQL!, $at: DateTime) {
  promql(cluster: $cluster, query: $query, at: $at) {
    type text warnings at series { labels { name value } value times values }
  }
}`;
const up = { cluster: 'edge', query: 'up' };

it('is for callers with the right only, whatever they ask', async () => {
  for (const variables of [up, { cluster: 'nowhere', query: 'up' }, { cluster: 'edge', query: 'up(' }]) {
    const { codes, calls } = await ask({ clusters: ['edge'], rights: ['read', 'acknowledge'] }, QUERY, variables);
    expect(codes).toEqual(['FORBIDDEN']);
    expect(calls.promql).toEqual([]);
  }
});

it('says the same of a cluster that is not there and of one that the caller may not see', async () => {
  const world = { clusters: ['edge', 'core'], rights: ['read', 'promql'] as const, scope: scopeOf(['edge'], null) };
  for (const cluster of ['core', 'nowhere']) {
    const { codes, calls } = await ask(world, QUERY, { cluster, query: 'up' });
    expect(codes).toEqual(['NOT_FOUND']);
    expect(calls.promql).toEqual([]);
  }
});

it('asks at the instant of the operation, or at the grid instant of `at`', async () => {
  const world = { clusters: ['edge'], rights: ['read', 'promql'] as const };
  const now = await ask(world, QUERY, up);
  expect(now.calls.promql).toEqual([{ cluster: 'edge', promql: 'up', atMs: T0 }]);
  const past = await ask(world, QUERY, { ...up, at: '2026-01-01T00:00:03Z' });
  expect(past.data?.promql).toMatchObject({ at: '2026-01-01T00:00:00.000Z' });
});

it('shows what is not a number, and infinities, as null', async () => {
  const nan = { labels: { job: 'b', __name__: 'x' }, value: Number.NaN, timesMs: null, values: null };
  const infinite = { labels: {}, value: Number.POSITIVE_INFINITY, timesMs: null, values: null };
  const samples = {
    labels: {},
    value: null,
    timesMs: Float64Array.of(1_500, 2_500),
    values: Float64Array.of(1, Number.NEGATIVE_INFINITY),
  };
  const answer = { type: 'matrix', series: [nan, infinite, samples], text: null, warnings: ['short'] } as const;
  const { data } = await ask({ clusters: ['edge'], rights: ['read', 'promql'], promql: answer }, QUERY, up);
  expect(data?.promql).toEqual({
    type: 'matrix',
    text: null,
    warnings: ['short'],
    at: '2026-01-04T12:00:00.000Z',
    series: [
      {
        labels: [
          { name: '__name__', value: 'x' },
          { name: 'job', value: 'b' },
        ],
        value: null,
        times: null,
        values: null,
      },
      { labels: [], value: null, times: null, values: null },
      { labels: [], value: null, times: [1.5, 2.5], values: [1, null] },
    ],
  });
});
