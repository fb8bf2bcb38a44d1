import { describe, expect, it } from 'vitest';
import { enforceFree, parseFree } from '../../../src/sources/syntax/free-query.js';
import type { LabelTest } from '../../../src/sources/syntax/selector.js';

const only: readonly LabelTest[] = [{ label: 'namespace', sign: '=', value: 'a' }];

describe('free PromQL', () => {
  it.each([
    ['up', 'up{namespace="a"}'],
    ['up{}', 'up{namespace="a"}'],
    ['up{namespace="b"}', 'up{namespace="a",namespace="b"}'],
    ['up{namespace!="a"}', 'up{namespace="a",namespace!="a"}'],
    ['{__name__=~".+"}', '{namespace="a",__name__=~".+"}'],
    ['{"up","name space"="b"}', '{namespace="a","up","name space"="b"}'],
    ['a or b', 'a{namespace="a"} or b{namespace="a"}'],
    ['a unless on () b', 'a{namespace="a"} unless on () b{namespace="a"}'],
    ['up[5m]', 'up{namespace="a"}[5m]'],
    ['up[300]', 'up{namespace="a"}[300]'],
    ['up @ 100 offset -5m', 'up{namespace="a"} @ 100 offset -5m'],
    ['up @ end()', 'up{namespace="a"} @ end()'],
    ['a + b offset 5m', 'a{namespace="a"} + (b{namespace="a"} offset 5m)'],
    ['max_over_time(rate(a[1m])[5m:10s])', 'max_over_time(rate(a{namespace="a"}[1m])[5m:10s])'],
    [
      'sum by (x) (topk(3, a) / on (y) group_left (z) b)',
      'sum by (x) (topk(3, a{namespace="a"}) / on (y) group_left (z) b{namespace="a"})',
    ],
    ['a # {namespace="b"}', 'a{namespace="a"}                  '],
    ['a{x="# no comment"}', 'a{namespace="a",x="# no comment"}'],
    ['label_replace(up, "namespace", "b", "", "")', 'label_replace(up{namespace="a"}, "namespace", "b", "", "")'],
    ['sum(a) by (namespace) > bool scalar(b)', 'sum(a{namespace="a"}) by (namespace) > bool scalar(b{namespace="a"})'],
    ['"a string"', '"a string"'],
    ['1 + Inf', '1 + Inf'],
  ])('%s is sent as %s', (source, sent) => {
    const parsed = parseFree(source);
    if ('error' in parsed) throw new Error(parsed.error.message);
    expect(enforceFree(parsed.query, only).text).toBe(sent);
  });

  it.each([
    ['info(up)', 1, 1, 'info() is not among the functions'],
    ['sum(\n  info(up, {a="b"}))', 2, 3, 'info() is not among the functions'],
    ['sort_by_label(up, "a")', 1, 1, 'sort_by_label() is not among the functions'],
    ['up smoothed', 1, 1, '"up smoothed" is not allowed here'],
    ['rate(up[5m] anchored)', 1, 6, 'is not allowed here'],
    ['up[step()]', 1, 4, 'expected a duration'],
    ['up[5m+1m]', 1, 4, 'expected a duration'],
    ['up[$__rate_interval]', 1, 4, 'expected a duration'],
    ['up{a="b" or c="d"}', 1, 10, ''],
    ['up{a="b"} or', 1, 13, ''],
    ['a fill(0) + b', 1, 3, ''],
    ['up{namespace="a"}} or up', 1, 18, ''],
    ['up)', 1, 3, 'closes nothing'],
    ['', 1, 1, 'empty'],
    ['{}', 1, 1, 'must name a metric'],
    ['{a=~".*"}', 1, 1, 'must name a metric'],
    ['up{__name__="down"}', 1, 4, 'has its name already'],
    ['nosuch(up)', 1, 1, 'is not a function'],
    ['rate(up)', 1, 6, 'takes a range'],
    ['up[33d]', 1, 1, 'looks back 32d at most'],
    ['max_over_time(rate(a[20d])[20d:1h])', 1, 20, 'looks back 32d at most'],
    ['max_over_time(a[1d:1s])', 1, 15, '11000 steps at most'],
    ['max_over_time(a[10d:])', 1, 15, '11000 steps at most'],
    ['max_over_time(max_over_time(a[1h:10s])[1h:10s])', 1, 29, '11000 steps at most'],
  ])('%s is refused before anything is sent', (source, line, column, message) => {
    const parsed = parseFree(source);
    if (!('error' in parsed)) throw new Error(`allowed: ${parsed.query.text}`);
    expect(parsed.error.message).toContain(message);
    expect({ line: parsed.error.line, column: parsed.error.column }).toEqual({ line, column });
  });

  it('tells of a long text only where it breaks, without trying to mend it', () => {
    const text = `sum(a)\n + ${'}'.repeat(4_000)}`;
    expect(parseFree(text)).toEqual({
      error: { line: 2, column: 4, message: 'this does not parse from here on, or is nested too deeply' },
    });
  });

  it('bounds length, depth and the number of selectors', () => {
    expect(parseFree(`label_join(a, "x", ",", "${'y'.repeat(9_000)}")`)).toHaveProperty(
      'error.message',
      expect.stringContaining('at most 8192 characters'),
    );
    expect(parseFree(`${'('.repeat(400)}up${')'.repeat(400)}`)).toHaveProperty(
      'error.message',
      expect.stringContaining('100 levels'),
    );
    const wide = (length: number): string =>
      length === 1 ? 'a' : `(${wide(Math.ceil(length / 2))} or ${wide(Math.floor(length / 2))})`;
    expect(parseFree(wide(50))).toHaveProperty('query');
    expect(parseFree(wide(51))).toHaveProperty('error.message', 'a query has at most 50 selectors');
  });
});
