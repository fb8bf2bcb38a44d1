import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countColumn, countedOver, countsOver, quotient } from '../../../src/sources/syntax/counts.js';
import { unquote } from '../../../src/sources/syntax/literal.js';
import { parsePromql, parseTrusted } from '../../../src/sources/syntax/parse.js';
import {
  boundSpellings,
  canonicalBound,
  enforce,
  selectorParts,
  withBoundSpellings,
} from '../../../src/sources/syntax/selector.js';

const errorOf = (text: string) => {
  const read = parsePromql(text);
  if ('query' in read) throw new Error(`parses: ${text}`);
  return read.error;
};

describe('parsePromql', () => {
  it.each([
    'up',
    'sum(rate(http_requests_total{code=~"5.."}[5m]))',
    'sum by (job) (x) / on (job) group_left sum by (job) (y)',
    'sum(rate(x[{{.window}}]))',
    'sum(rate(x[{{ .window }}] offset 1h))',
    `sum(rate(x[$window])) / sum(rate(x[\${__rate_interval}]))`,
    'histogram_quantile(0.9, sum by (le) (rate(x_bucket[$__rate_interval])))',
    '{__name__=~"a|b",job="x"}',
    '{"my.metric", "my.label"="v"}',
    "x{a='it\\'s'} # a comment with ) and {{.window}}",
    'x{a=`raw \\d`}',
    'avg_over_time(sum(x)[30m:1m])',
    'quantile_over_time(0.9, x[5m])',
    'topk(3, x)',
    '1 > bool 0',
    'absent(up{job="a"})',
    'label_replace(x, "a", "$1", "b", "(.*)")',
    'x offset -5m @ 100',
    'vector(time())',
    'sum(x{a="{{.window}} $window"})',
  ])('reads %s', (text) => {
    expect(parsePromql(text)).toHaveProperty('query');
  });

  it.each([
    { text: '', column: 1, says: /is empty/ },
    { text: '# nothing', column: 1, says: /is empty/ },
    { text: 'sum(rate(x[5m])', column: 4, says: /this \( is never closed/ },
    { text: 'sum(x))', column: 7, says: /this \) closes nothing/ },
    { text: 'sum(x]', column: 6, says: /expected \) before this \]/ },
    { text: 'foo bar', column: 5, says: /operator or the end.*"bar"/ },
    { text: 'sum(rat(x[5m]))', column: 5, says: /rat is not a function.*did you mean rate/ },
    { text: 'x{a="b" c="d"}', column: 9, says: /label="value" pairs/ },
    { text: 'x{a=b}', column: 5, says: /label="value" pairs.*"b}"/ },
    { text: 'x{a="b}', column: 5, says: /no closing "/ },
    { text: "x{a='b}", column: 5, says: /no closing '/ },
    { text: 'x{a="b\\"}', column: 5, says: /no closing "/ },
    { text: 'x{code=~"5\\d\\d"}', column: 11, says: /\\d is no escape; write \\\\d/ },
    { text: 'x +', column: 4, says: /after the operator.*end of the query/ },
    { text: 'rate(x[abc])', column: 8, says: /duration/ },
    { text: 'rate(x)', column: 6, says: /rate\(\) takes a range like x\[5m\], got an instant vector/ },
    { text: 'abs(x[5m])', column: 5, says: /abs\(\) takes an instant vector, got a range/ },
    { text: 'rate(sum(x)[5m])', column: 6, says: /only after a selector.*\[5m:1m\]/ },
    { text: 'x[5m]', column: 1, says: /must give an instant vector or a number/ },
    { text: '"text"', column: 1, says: /this gives a string/ },
    { text: 'sum(1)', column: 5, says: /sum\(\) takes an instant vector, got a number/ },
    { text: 'x and 1', column: 7, says: /and does not take a number/ },
    { text: '1 > 0', column: 3, says: /write > bool/ },
    { text: '{}', column: 1, says: /must name a metric/ },
    { text: '{a=~"b|",c=""}', column: 1, says: /must name a metric/ },
    { text: 'x{__name__="y"}', column: 3, says: /has its name already/ },
    { text: '{a=~".*"}', column: 1, says: /must name a metric/ },
    { text: 'x offset {{.window}}', column: 10, says: /only as the range/ },
    { text: 'x $window', column: 3, says: /./ },
    { text: 'rate(x[5m], 2)', column: 1, says: /takes 1 argument, got 2/ },
    { text: 'clamp(x, 1)', column: 1, says: /takes 3 arguments, got 2/ },
    { text: 'label_join(x, "a")', column: 1, says: /takes at least 3 arguments, got 2/ },
    { text: 'vector(x)', column: 8, says: /vector\(\) takes a number, got an instant vector/ },
    { text: 'sum(x) offset 5m', column: 8, says: /offset may stand only after a selector/ },
    { text: 'x and bool y', column: 3, says: /and does not take bool/ },
    { text: 'x{a=~"(b"}', column: 6, says: /not a regular expression.*"?[Uu]nterminated group/ },
  ])('refuses $text at column $column', ({ text, column, says }) => {
    const error = errorOf(text);
    expect(error.message).toMatch(says);
    expect([error.line, error.column]).toEqual([1, column]);
  });

  it('counts lines of a query that has several', () => {
    expect(errorOf('sum(rate(x[5m]))\n  / sum(rat(x[5m]))')).toMatchObject({ line: 2, column: 9 });
  });

  it.each([
    ['x + y offset 5m', 'x + (y offset 5m)'],
    ['-x offset 5m', '-(x offset 5m)'],
    ['a and b * c @ 5', 'a and b * (c @ 5)'],
    ['a + sum(b)[5m:1m] offset 1h @ 5 > 1', null],
    [
      'max_over_time(a[5m:1m] offset 1h) + b offset 1m + c offset 2m',
      'max_over_time(a[5m:1m] offset 1h) + (b offset 1m) + (c offset 2m)',
    ],
    ['x offset 5m + y', 'x offset 5m + y'],
  ])('binds what follows an operand to it alone: %s', (text, bound) => {
    const read = parsePromql(text);
    expect('query' in read ? read.query.text : null).toBe(bound);
  });

  it('tells the place in the original where parentheses were put before it', () => {
    expect(errorOf('x + y offset 5m + rate(z)')).toMatchObject({ column: 24 });
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ax1"\'`\\{}[]()=~!,:#$\n rate'.split('')), maxLength: 30 }),
        (text) => {
          parsePromql(text);
        },
      ),
    );
  });
});

describe('string literals', () => {
  it.each([
    ['"a\\"b"', 'a"b'],
    ["'a\\'b\"'", 'a\'b"'],
    ['`a\\"b`', 'a\\"b'],
    ['"\\x41\\u00e9\\U0001F600\\101\\n"', 'Aé😀A\n'],
  ])('%s', (literal, value) => {
    expect(unquote(literal)).toEqual({ value });
  });
});

describe('enforce', () => {
  it.each([
    ['x', 'x{cluster="core"}'],
    ['x{}', 'x{cluster="core"}'],
    ['x{a="b",}', 'x{cluster="core",a="b",}'],
    ['{__name__="x"}', '{cluster="core",__name__="x"}'],
    ['rate(x[5m])', 'rate(x{cluster="core"}[5m])'],
    ['x{cluster="edge"}', 'x{cluster="core",cluster="edge"}'],
    [
      'sum(a{b=~"}"}) / sum by (c) (d offset 5m)',
      'sum(a{cluster="core",b=~"}"}) / sum by (c) (d{cluster="core"} offset 5m)',
    ],
  ])('%s becomes %s', (text, expected) => {
    expect(enforce(parseTrusted(text), { cluster: 'core' }).text).toBe(expected);
  });

  it('leaves every selector with exactly the label it was given, however hostile the value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('x', 'sum(x{a="b"}) or on () y{c!~"d"} - {e="f"}'),
        (value, text) => {
          const query = parseTrusted(text);
          const enforced = enforce(query, { cluster: value });
          expect(enforced.selectors).toHaveLength(query.selectors.length);
          for (const selector of enforced.selectors) {
            const tests = selectorParts(selector, enforced.text)?.tests ?? [{ label: 'cluster', sign: '=', value }];
            expect(tests).toContainEqual({ label: 'cluster', sign: '=', value });
          }
        },
      ),
    );
  });
});

describe('bucket bounds', () => {
  it.each([
    ['250', ['250', '250.0']],
    ['0.5', ['0.5']],
    ['1e+06', ['1000000', '1000000.0', '1e+06']],
    ['3600000', ['3.6e+06', '3600000', '3600000.0']],
    ['0.050', ['0.05', '0.050']],
    ['+Inf', ['+Inf']],
    ['', ['']],
  ])('%s is also written %j', (bound, spellings) => {
    expect(boundSpellings(bound)).toEqual(spellings);
    expect(new Set(spellings.map(canonicalBound)).size).toBe(1);
  });

  it('selects both spellings, in le only and where it is an equality', () => {
    const text = 'sum(x{le="250",a="250"}) + sum(y{le!="250"})';
    expect(withBoundSpellings(parseTrusted(text)).text).toBe('sum(x{le=~"250|250\\\\.0",a="250"}) + sum(y{le!="250"})');
  });
});

describe('counting', () => {
  const over = (text: string) => {
    const query = parseTrusted(text);
    return countsOver(query, query.top, countedOver('1h'), 'increase');
  };

  it.each([
    ['x{a="b"}', 'increase(x{a="b"}[1h])'],
    ['sum(x)', 'sum(increase(x[1h]))'],
    ['sum by (a) (x)', 'sum by (a) (increase(x[1h]))'],
    ['sum(x) by (a)', 'sum by (a) (increase(x[1h]))'],
    ['sum(rate(x[5m]))', 'sum(increase(x[1h]))'],
    ['sum(rate(x[$window] offset 5m))', 'sum(increase(x[1h] offset 5m))'],
    ['sum(increase(x[{{.window}}]))', 'sum(increase(x[1h]))'],
    ['x offset 5m', 'increase(x[1h] offset 5m)'],
    ['sum(x + y offset 5m)', 'sum(increase(x[1h]) + (increase(y[1h] offset 5m)))'],
    ['sum(rate(x[5m])) or vector(0)', 'sum(increase(x[1h])) or vector(0)'],
    ['sum(rate(x[5m])) - sum(rate(y[5m]))', 'sum(increase(x[1h])) - sum(increase(y[1h]))'],
    ['(sum(rate(x[5m])) or 0 * sum(rate(y[5m]))) > 0', '(sum(increase(x[1h])) or 0 * sum(increase(y[1h]))) > 0'],
    ['sum(sum_over_time(x[5m]))', 'sum(sum_over_time(x[1h]))'],
    ['histogram_count(sum(rate(x[5m])))', 'histogram_count(sum(increase(x[1h])))'],
  ])('%s over an hour is %s', (text, expected) => {
    expect(over(text)).toBe(expected);
  });

  it.each([
    'avg(x)',
    'sum(rate(x[5m])) / sum(rate(y[5m]))',
    'sum(rate(x[5m])) * 300',
    'sum(rate(x[5m])) > 5',
    'increase(sum(x)[1h:])',
    'max_over_time(x[5m])',
    'clamp_min(sum(rate(x[5m])), 1)',
    'vector(1)',
    '5',
  ])('%s cannot be counted', (text) => {
    expect(over(text)).toBeNull();
  });

  it('sees one column in nested sums, with its metric by name or by label', () => {
    const query = parseTrusted('sum(sum by (a) (rate({__name__="x",b="c",d=~"e"}[5m] offset 1m)))');
    expect(countColumn(query, query.top, 'increase')).toEqual({
      metric: 'x',
      tests: [
        { label: 'b', sign: '=', value: 'c' },
        { label: 'd', sign: '=~', value: 'e' },
      ],
      countBy: 'increase',
      offset: ' offset 1m',
    });
  });

  it('takes a quotient of counts, or one minus it, apart, and leaves quotients of gauges alone', () => {
    const parts = (text: string) => {
      const query = parseTrusted(text);
      const found = quotient(query);
      const slice = (node: { from: number; to: number }) => query.text.slice(node.from, node.to);
      return found === null ? null : [slice(found.part), slice(found.total), found.complement];
    };
    expect(parts('sum(rate(a[5m])) / sum(rate(b[5m]))')).toEqual(['sum(rate(a[5m]))', 'sum(rate(b[5m]))', false]);
    expect(parts('1 - (sum(rate(a[5m])) / sum(rate(b[5m])))')).toEqual(['sum(rate(a[5m]))', 'sum(rate(b[5m]))', true]);
    expect(parts('sum(a) / sum(b)')).toBeNull();
    expect(parts('sum by (x) (rate(a[5m])) / sum by (x) (rate(b[5m]))')).toBeNull();
    expect(parts('sum(rate(a[5m])) / on () sum(rate(b[5m]))')).toBeNull();
  });
});
