import { describe, expect, it } from 'vitest';
import { clusterSlices, type DataSourceCluster } from '../../../../src/sources/prometheus/cluster-slices.js';
import { dataSourcesOf } from '../../../../src/sources/prometheus/data-sources.js';
import { selector } from '../../../../src/sources/prometheus/promql.js';

function slicesOf(clusters: Readonly<Record<string, DataSourceCluster['match']>>, wanted = Object.keys(clusters)) {
  const named = Object.entries(clusters).map(([name, match]) => ({ name, match }));
  return clusterSlices({ name: 'source', clusters: named }, wanted);
}

describe('clusters of one data source', () => {
  it('share one query where the same labels tell them apart', () => {
    const [slice, ...others] = slicesOf({ a: { cluster: 'east' }, b: { cluster: 'we.st' } });
    expect(others).toEqual([]);
    expect(slice).toMatchObject({ dataSource: 'source', clusters: ['a', 'b'], by: ['cluster'] });
    expect(selector('up', slice?.matchers)).toBe('up{cluster=~"east|we\\\\.st"}');
    expect(slice?.clusterOf({ cluster: 'we.st', job: 'x' })).toBe('b');
    expect(slice?.clusterOf({ cluster: 'north' })).toBeNull();
    expect(slice?.clusterOf({})).toBeNull();
  });

  it('are asked for only when they are wanted', () => {
    const [slice] = slicesOf({ a: { cluster: 'a' }, b: { cluster: 'b' } }, ['b', 'elsewhere']);
    expect(slice?.clusters).toEqual(['b']);
    expect(selector('up', slice?.matchers)).toBe('up{cluster="b"}');
    expect(slicesOf({ a: {} }, [])).toEqual([]);
  });

  it('take every row where nothing marks them', () => {
    const [slice] = slicesOf({ only: {} });
    expect(slice).toMatchObject({ matchers: {}, by: [] });
    expect(slice?.clusterOf({ cluster: 'whatever' })).toBe('only');
  });

  it('are marked by the absence of a label, too', () => {
    const [slice] = slicesOf({ a: { cluster: 'a' }, rest: { cluster: '' } });
    expect(selector('up', slice?.matchers)).toBe('up{cluster=~"|a"}');
    expect(slice?.clusterOf({ job: 'x' })).toBe('rest');
  });

  it('need a query for each set of label names', () => {
    const slices = slicesOf({ a: { cluster: 'a' }, b: { site: 'b' }, c: {}, d: { cluster: 'd' } });
    expect(slices.map(({ clusters, by }) => ({ clusters, by }))).toEqual([
      { clusters: ['a', 'd'], by: ['cluster'] },
      { clusters: ['b'], by: ['site'] },
      { clusters: ['c'], by: [] },
    ]);
  });

  it('with several labels leave out the rows of combinations that nobody has', () => {
    const [slice] = slicesOf({
      a: { region: 'kr', cluster: 'edge' },
      b: { cluster: 'core', region: 'jp' },
    });
    expect(selector('up', slice?.matchers)).toBe('up{cluster=~"core|edge",region=~"jp|kr"}');
    expect(slice?.by).toEqual(['cluster', 'region']);
    expect(slice?.clusterOf({ region: 'kr', cluster: 'edge' })).toBe('a');
    expect(slice?.clusterOf({ region: 'kr', cluster: 'core' })).toBeNull();
  });

  it('with equal marks each get their rows', () => {
    const slices = slicesOf({ a: { cluster: 'x' }, b: { cluster: 'x' } });
    expect(slices.map(({ clusters }) => clusters)).toEqual([['a'], ['b']]);
    expect(slices.map((slice) => slice.clusterOf({ cluster: 'x' }))).toEqual(['a', 'b']);
  });
});

describe('data sources', () => {
  const cluster = (name: string, url: string, headersFile: string | null = null, timeoutMs = 1_000) => ({
    name,
    prometheus: { url, timeoutMs, maxConcurrent: 10, headersFile },
    match: { cluster: name },
  });

  it('are the distinct pairs of URL and headers, named by their clusters', () => {
    const sources = dataSourcesOf([
      cluster('a', 'http://p'),
      cluster('b', 'http://q', null, 2_000),
      cluster('c', 'http://p/', null, 5_000),
      cluster('d', 'http://p', '/headers'),
      ...['e', 'f', 'g', 'h'].map((name) => cluster(name, 'http://r')),
    ]);
    expect(sources.map(({ name, url, timeoutMs }) => ({ name, url, timeoutMs }))).toEqual([
      { name: 'a+c', url: 'http://p', timeoutMs: 5_000 },
      { name: 'b', url: 'http://q', timeoutMs: 2_000 },
      { name: 'd', url: 'http://p', timeoutMs: 1_000 },
      { name: 'e+f+2 more', url: 'http://r', timeoutMs: 1_000 },
    ]);
  });
});
