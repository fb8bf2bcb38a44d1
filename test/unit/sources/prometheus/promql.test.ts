import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/domain/errors.js';
import {
  aggregate,
  allOf,
  by,
  escapeRegex,
  type Matchers,
  over,
  quote,
  rate,
  selector,
} from '../../../../src/sources/prometheus/promql.js';

describe('a selector', () => {
  it.each<{ matchers: Matchers; text: string; because: string }>([
    { matchers: {}, text: 'up', because: 'nothing is asked of the labels' },
    { matchers: { job: 'a"b\\c\n' }, text: 'up{job="a\\"b\\\\c\\n"}', because: 'values are quoted as Go reads them' },
    { matchers: { job: '' }, text: 'up{job=""}', because: 'an absent label is empty' },
    { matchers: { job: { not: '' } }, text: 'up{job!=""}', because: 'the label must be there' },
    { matchers: { job: { in: ['b', 'a', 'b'] } }, text: 'up{job=~"a|b"}', because: 'equal sets make equal texts' },
    { matchers: { job: { in: ['a.b'] } }, text: 'up{job="a.b"}', because: 'a list of one is an equality' },
    { matchers: { job: { in: ['a.b', '^c$'] } }, text: 'up{job=~"\\\\^c\\\\$|a\\\\.b"}', because: 'lists are literal' },
    { matchers: { job: { notIn: ['a', 'b'] } }, text: 'up{job!~"a|b"}', because: 'none of them' },
    { matchers: { job: { matches: 'a.*' } }, text: 'up{job=~"a.*"}', because: 'an expression stays one' },
    { matchers: { job: { notMatches: 'a.*' } }, text: 'up{job!~"a.*"}', because: 'or its opposite' },
    {
      matchers: { job: [{ not: '' }, { in: ['a', 'b'] }], pod: 'x' },
      text: 'up{job!="",job=~"a|b",pod="x"}',
      because: 'several tests of one label all hold',
    },
  ])('is $text: $because', ({ matchers, text }) => {
    expect(selector('up', matchers)).toBe(text);
  });

  it('can do without a metric, but not without anything', () => {
    expect(selector('', { job: 'a' })).toBe('{job="a"}');
    expect(() => selector('', {})).toThrow(RangeError);
  });

  it.each(['a-b', 'a b', '1a', 'a{', 'up}', 'x\n'])('refuses the metric name %j', (name) => {
    expect(() => selector(name)).toThrow(RangeError);
  });

  it.each(['a-b', '', 'a:b', '1a', 'a=', 'x"', 'é'])('refuses the label name %j', (name) => {
    expect(() => selector('up', { [name]: 'x' })).toThrow(RangeError);
    expect(() => by([name])).toThrow(RangeError);
  });

  it('refuses an empty list, which would select series without the label', () => {
    expect(() => selector('up', { job: { in: [] } })).toThrow(/list for label job is empty/);
    expect(() => selector('up', { job: { notIn: [] } })).toThrow(RangeError);
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800'])(
    'refuses half a surrogate pair in %j, as the asker’s mistake',
    (text) => {
      expect(() => quote(text)).toThrow(InputError);
      expect(() => selector('up', { job: { in: [text, 'b'] } })).toThrow(InputError);
    },
  );

  it('keeps a label called __proto__', () => {
    const matchers = allOf(JSON.parse('{"__proto__":"a"}'), { job: 'b' });
    expect(selector('up', matchers)).toBe('up{__proto__="a",job="b"}');
  });

  it('holds the tests of both sets, also for the same label', () => {
    expect(selector('up', allOf({ cluster: 'a' }, { cluster: { not: 'b' }, job: 'c' }))).toBe(
      'up{cluster="a",cluster!="b",job="c"}',
    );
  });
});

describe('whatever text a value holds', () => {
  // Whole code points, with the characters of PromQL and RE2 more often than chance would give.
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...'"\'`\\{}()[]|,.*+?^$=~!# \n\r\t\0\u2028{', '\u007f', '"} or up{', '\\"', '💥'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 30,
  });
  const matcher = fc.oneof(
    hostile,
    hostile.map((not) => ({ not })),
    fc.array(hostile, { minLength: 1, maxLength: 5 }).map((values) => ({ in: values })),
    fc.array(hostile, { minLength: 1, maxLength: 5 }).map((values) => ({ notIn: values })),
    hostile.map((matches) => ({ matches })),
    hostile.map((notMatches) => ({ notMatches })),
  );

  it('stays inside one selector with as many matchers as were given', () => {
    fc.assert(
      fc.property(matcher, matcher, (first, second) => {
        const nodes = nodesOf(selector('up', { a: first, b: second }));
        expect(nodes.filter((name) => name === '⚠')).toEqual([]);
        expect(nodes.filter((name) => name === 'VectorSelector')).toHaveLength(1);
        expect(nodes.filter((name) => name === 'UnquotedLabelMatcher')).toHaveLength(2);
        expect(nodes.filter((name) => name === 'BinaryExpr')).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is matched by its own escaped expression, and nothing else is', () => {
    fc.assert(
      fc.property(hostile, hostile, (text, other) => {
        const expression = new RegExp(`^(?:${escapeRegex(text)})$`, 'su');
        expect(expression.test(text)).toBe(true);
        expect(expression.test(other)).toBe(other === text);
      }),
    );
  });
});

describe('windows and aggregations', () => {
  it('write durations as Prometheus reads them', () => {
    expect(rate('up', 300_000)).toBe('rate(up[5m])');
    expect(over('up', 90_000, 3_600_000)).toBe('up[1m30s] offset 1h');
    expect(over('up', 1_500)).toBe('up[1s500ms]');
  });

  it.each([0, -1, Number.NaN, 0.5, Number.POSITIVE_INFINITY])('refuse a window of %d ms', (windowMs) => {
    expect(() => over('up', windowMs)).toThrow(RangeError);
  });

  it('group by each label once, and by nothing without labels', () => {
    expect(aggregate('sum', ['cluster', 'node', 'cluster'], 'up')).toBe('sum by (cluster, node) (up)');
    expect(aggregate('max', [], 'up')).toBe('max(up)');
  });
});

function nodesOf(promql: string): string[] {
  const names: string[] = [];
  parser.parse(promql).iterate({ enter: ({ type }) => void names.push(type.name) });
  return names;
}
