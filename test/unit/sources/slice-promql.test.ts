import { describe, expect, it } from 'vitest';
import { countTerm, sampleTerm, seen, sliceFormOf, slicePromql, type Term } from '../../../src/sources/sli-terms.js';
import { rangeRules } from '../../../src/sources/slice-backend.js';
import type { SliceAsk } from '../../../src/sources/slice-promql.js';
import { cut } from '../../../src/sources/slice-shards.js';
import { parseTrusted } from '../../../src/sources/syntax/parse.js';

const ask = (given: Partial<SliceAsk> = {}): SliceAsk => ({
  sliceMs: 300_000,
  lookBackMs: 3_600_000,
  form: 'DIFFERENCE',
  isClosed: false,
  ...given,
});
const counted = (text: string) => countTerm(parseTrusted(text), 'increase') as Term;
const asked = (term: Term, given?: Partial<SliceAsk>) =>
  slicePromql(term, term.kind === 'OWN' ? [] : [term.values], ask(given));

describe('the PromQL of a slice', () => {
  it('subtracts the sums of the values before it, and nothing for counters that began in it', () => {
    expect(asked(counted('sum(rate(x{a="1"}[5m]))'))).toBe(
      'sum by (a) (last_over_time(x{a="1"}[5m])) - ' +
        '(sum by (a) (last_over_time(x{a="1"}[1h] offset 5m) <= last_over_time(x{a="1"}[5m])) or ' +
        'sum by (a) (last_over_time(x{a="1"}[5m])) * 0)',
    );
  });

  it('keeps the last sample of the slice before out where ranges hold both their ends', () => {
    expect(asked(counted('sum(x)'), { isClosed: true })).toContain('last_over_time(x[4m59s999ms])');
    expect(asked(counted('sum(sum_over_time(x[1m]))'), { isClosed: true })).toBe('sum(sum_over_time(x[4m59s999ms]))');
  });

  it('is a plain increase where that adds up', () => {
    expect(asked(counted('sum(rate(x{a="1"}[5m]))'), { form: 'INCREASE' })).toBe('sum by (a) (increase(x{a="1"}[5m]))');
  });

  it('keeps to what was seen to grow, when asked for what is certain', () => {
    expect(asked(counted('sum(x)'), { form: 'CERTAIN' })).toBe(
      'sum(((last_over_time(x[5m]) - (last_over_time(x[1h] offset 5m) <= last_over_time(x[5m]))) or increase(x[5m])))',
    );
  });

  it('moves with an offset of its own', () => {
    expect(asked(counted('sum(rate(x[5m] offset 10m))'))).toContain('last_over_time(x[1h] offset 15m)');
    expect(asked(counted('sum(rate(x[5m] offset -5m))'))).toContain('last_over_time(x[1h]) <=');
  });

  it('differs series by series inside expressions that are no single sum', () => {
    const term = counted('sum(rate(x[1m])) - sum(rate(y{a=~"b|c"}[1m]))');
    expect(asked(term)).toBe(
      'sum(sum((last_over_time(x[5m]) - ((last_over_time(x[1h] offset 5m) <= last_over_time(x[5m])) or ' +
        'last_over_time(x[5m]) * 0))) - sum((last_over_time(y{a=~"b|c"}[5m]) - ((last_over_time(y{a=~"b|c"}[1h] ' +
        'offset 5m) <= last_over_time(y{a=~"b|c"}[5m])) or last_over_time(y{a=~"b|c"}[5m]) * 0))))',
    );
    expect(sliceFormOf(term)).toMatchObject({ ofCounters: true, isExact: true });
  });

  it('takes what can be neither compared nor subtracted as it is, and says that it is an estimate', () => {
    const term = counted('sum(histogram_count(rate(x[5m])))');
    expect(asked(term)).toBe('sum(histogram_count(increase(x[5m])))');
    expect(sliceFormOf(term).isExact).toBe(false);
  });

  it('samples a value within the slice', () => {
    expect(asked(sampleTerm(parseTrusted('x{a="1"}'), seen, 'one'))).toBe(
      'sum by (a) (count_over_time(((x{a="1"}) >= -Inf)[4m59s999ms:1m]))',
    );
  });
});

describe('what a source makes of ranges', () => {
  it.each([
    ['prometheus', '2.42.0', { addsUp: false, isClosed: true }],
    ['prometheus', '3.5.1', { addsUp: false, isClosed: false }],
    ['thanos', '0.36.0', { addsUp: false, isClosed: true }],
    ['victoria-metrics', null, { addsUp: true, isClosed: false }],
    [null, null, { addsUp: false, isClosed: true }],
  ])('is known of %s %s', (kind, version, rules) => {
    expect(rangeRules(kind, version)).toEqual(rules);
  });
});

describe('shards', () => {
  const columns = new Map(Array.from({ length: 60 }, (_, at) => [`service-${10 + at}`, [`service-${10 + at}`]]));
  const shards = (each: number) => cut(columns, new Map([...columns.keys()].map((column) => [column, each])));

  it('hold every column once, and a thousand series at most', () => {
    expect(shards(100).map(({ size }) => size)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(shards(100).flatMap((shard) => [...shard.keys()])).toEqual([...columns.keys()].sort());
  });

  it('are one where that is enough, and hold one column that is larger alone', () => {
    expect(shards(5)).toHaveLength(1);
    expect(shards(5_000)).toHaveLength(60);
  });
});
