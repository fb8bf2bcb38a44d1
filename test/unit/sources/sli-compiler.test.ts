import { describe, expect, it } from 'vitest';
import type { ObjectiveDefinition, QueryText, SliDefinition, SliMeasure } from '../../../src/domain/slo.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { type SliHandle, type Term, termKey, termPromql } from '../../../src/sources/sli-terms.js';
import { anObjective, anSli } from '../domain/slo-examples.js';

const compiler = createSliCompiler({
  dataSourceOf: (cluster) => ({
    name: 'shared',
    clusters: [
      { name: 'core', match: { cluster: 'cloud-core' } },
      { name: cluster, match: {} },
    ],
  }),
});

const query = (text: string): QueryText => ({ text, path: 'spec.query', line: 7, column: 20 });
const sli = (measure: SliMeasure): SliDefinition => anSli({ measure });
const ratio = (good: string, total: string, counter = true) =>
  sli({ kind: 'RATIO', good: query(good), total: query(total), counter });
const raw = (text: string, rawType: 'success' | 'failure' = 'success') =>
  sli({ kind: 'RAW', rawType, raw: query(text) });
const threshold = (text: string) => sli({ kind: 'THRESHOLD', metric: query(text) });
const template = (name: string, parameters: Record<string, string>) =>
  sli({ kind: 'TEMPLATE', call: { template: name, parameters, path: 'spec.indicator', line: 3, column: 9 } });
const objective = (bounds: Partial<ObjectiveDefinition> = {}): ObjectiveDefinition =>
  anObjective({ target: '0.99', ...bounds });
const atMost = (value: number, inclusive = true) => objective({ upper: { value, inclusive } });
const compile = (definition: SliDefinition, on = 'plain', bounds = objective()) =>
  compiler.compile(definition, bounds, on);
const hourly = (definition: SliDefinition, bounds = objective()) => {
  const { good, bad, total } = compile(definition, 'plain', bounds).handle as SliHandle;
  const texts = (terms: SliHandle['good']) => terms?.map((term) => termPromql(term, 3_600_000));
  return { good: texts(good), bad: texts(bad), total: texts(total) };
};

describe('check', () => {
  it('tells where a query does not parse, counted from where the query begins', () => {
    expect(compiler.check(ratio('sum(rat(x[5m]))', 'sum(x)'), [objective()])).toEqual([
      {
        path: 'spec.query',
        line: 7,
        column: 24,
        severity: 'ERROR',
        message: expect.stringMatching(/does not parse.*did you mean rate/),
      },
    ]);
  });

  it('tells the place inside a query of several lines in words', () => {
    const [problem] = compiler.check(ratio('sum(x)', 'sum(\n  rate(x)\n)'), [objective()]);
    expect(problem).toMatchObject({ line: 7, column: 20, message: expect.stringContaining('(line 2, column 8') });
  });

  it('reports every query of an SLI', () => {
    expect(compiler.check(ratio('sum(', 'sum(x'), [objective()])).toHaveLength(2);
  });

  it('refuses to count what is no counter', () => {
    const problems = compiler.check(ratio('avg(x_total)', 'increase(sum(x_total)[1h:])'), [objective()]);
    expect(problems.map(({ severity }) => severity)).toEqual(['ERROR', 'ERROR']);
    expect(problems[0]?.message).toMatch(/expected a counter.*counter: false/);
  });

  it('warns when a counter would be added up as deltas', () => {
    const [problem, ...rest] = compiler.check(ratio('sum(rate(ok_total[5m]))', 'sum(all_total)', false), [objective()]);
    expect(problem).toMatchObject({
      severity: 'WARNING',
      message: expect.stringContaining('all_total looks like a counter'),
    });
    expect(rest).toEqual([]);
  });

  it.each([
    ['istio_request_duration_milliseconds_bucket', '300', /no bound that Istio has unless .* 250, 500, .* 3600000$/],
    ['istio_request_duration_milliseconds_bucket', '0.25', /did you mean le="250"\?/],
    ['request_milliseconds_bucket', '0.2', /less than a millisecond; did you mean le="200"\?/],
    ['request_duration_seconds_bucket', '2500', /is 2500 seconds; did you mean le="2\.5"\?/],
  ])('doubts a bound of %s that no bucket is likely to have: %s', (metric, bound, doubt) => {
    const problems = compiler.check(ratio(`sum(rate(${metric}{le="${bound}"}[5m]))`, 'sum(rate(requests_total[5m]))'), [
      objective(),
    ]);
    expect(problems).toMatchObject([
      { severity: 'WARNING', path: 'spec.query', message: expect.stringMatching(doubt) },
    ]);
  });

  it.each([
    ['istio_request_duration_milliseconds_bucket', '250.0'],
    ['istio_request_duration_milliseconds_bucket', '+Inf'],
    ['request_duration_seconds_bucket', '0.25'],
    ['job_duration_milliseconds_bucket', '5000'],
  ])('trusts a bound of %s that a bucket has: %s', (metric, bound) => {
    expect(
      compiler.check(ratio(`sum(rate(${metric}{le="${bound}"}[5m]))`, 'sum(rate(requests_total[5m]))'), [objective()]),
    ).toEqual([]);
  });

  it('wants a bound for a value, and none for a template that counts', () => {
    expect(compiler.check(threshold('x'), [objective()])[0]?.message).toMatch(/has no bound/);
    expect(compiler.check(threshold('x'), [atMost(1)])).toEqual([]);
    const availability = template('microservice-availability', { namespace: 'a', microservice: 'b' });
    expect(compiler.check(availability, [atMost(1)])[0]?.message).toMatch(/must not have op and value/);
    expect(compiler.check(availability, [objective()])).toEqual([]);
  });

  it('refuses bounds that exclude each other', () => {
    const bounds = objective({ lower: { value: 2, inclusive: true }, upper: { value: 1, inclusive: true } });
    expect(compiler.check(threshold('x'), [bounds])[0]?.message).toMatch(/at least 2 and at most 1/);
  });
});

describe('compile', () => {
  it('gives SLIs on the same metric and labels one shape, whatever their values and way of writing', () => {
    const keys = [
      ratio('sum(rate(x{s="a",code!~"5.."}[5m]))', 'sum(rate(x{s="a"}[5m]))'),
      ratio('sum(x{code!~"5..",s="b"})', 'x{s="b"}'),
      ratio('sum by (s) (increase(x{s="c",code!~"5.."}[$window]))', '(sum(x{s="c"}))'),
    ].map((definition) => compile(definition).shapeKey);
    expect(new Set(keys).size).toBe(1);
    expect(compile(ratio('x{s="a",code="200"}', 'x{s="a"}')).shapeKey).not.toBe(keys[0]);
  });

  it('puts the cluster into every selector, and shows what is asked over five minutes', () => {
    const { promql, dataSource } = compile(ratio('sum(rate(x{code!~"5.."}[1h]))', 'sum(x) - sum(y)'), 'core');
    expect(dataSource).toBe('shared');
    expect(promql).toEqual({
      good: 'sum by (cluster) (increase(x{cluster="cloud-core",code!~"5.."}[5m]))',
      total: 'sum(sum(increase(x{cluster="cloud-core"}[5m])) - sum(increase(y{cluster="cloud-core"}[5m])))',
    });
  });

  it('matches both spellings of a bucket bound', () => {
    const latency = ratio('sum(rate(x_bucket{le="250"}[5m]))', 'sum(rate(x_bucket{le="+Inf"}[5m]))');
    expect(compile(latency).promql.good).toBe('sum by (le) (increase(x_bucket{le=~"250|250\\\\.0"}[5m]))');
    const own = ratio('sum(rate(x_bucket{le="250"}[5m])) - sum(rate(x_bucket{le="1"}[5m]))', 'sum(x_count)');
    expect(compile(own).promql.good).toContain('x_bucket{le=~"250|250\\\\.0"}');
  });

  it('adds up the samples of deltas and gauges', () => {
    expect(hourly(ratio('avg(good)', 'sum(all) * 2', false))).toMatchObject({
      good: ['sum(sum_over_time(((avg(good)) >= -Inf)[59m59s999ms:1m]))'],
      total: ['sum(sum_over_time(((sum(all) * 2) >= -Inf)[59m59s999ms:1m]))'],
    });
    expect(compile(ratio('good', 'all', false)).promql.total).toBe('sum(sum_over_time(all[5m]))');
  });

  it('reads a raw quotient of counts as its counts', () => {
    const text = 'sum(rate(bad_total[{{.window}}])) / sum(rate(all_total[{{.window}}]))';
    const [part, total] = [['sum(increase(bad_total[1h]))'], ['sum(increase(all_total[1h]))']];
    expect(hourly(raw(text, 'failure'))).toEqual({ good: undefined, bad: part, total });
    expect(hourly(raw(`1 - ${text}`, 'success'))).toEqual({ good: undefined, bad: part, total });
    expect(hourly(raw(text, 'success'))).toEqual({ good: part, bad: undefined, total });
  });

  it('samples any other raw ratio', () => {
    expect(hourly(raw('ratio', 'failure'))).toEqual({
      good: undefined,
      bad: ['sum(sum_over_time(((ratio) >= -Inf)[59m59s999ms:1m]))'],
      total: ['sum(count_over_time(((ratio) >= -Inf)[59m59s999ms:1m]))'],
    });
  });

  it.each([
    { bounds: atMost(5), filter: '(x) <= 5' },
    { bounds: atMost(5, false), filter: '(x) < 5' },
    { bounds: objective({ lower: { value: 0.25, inclusive: true } }), filter: '(x) >= 0.25' },
    {
      bounds: objective({ lower: { value: -1, inclusive: false }, upper: { value: 5, inclusive: true } }),
      filter: '((x) > -1) <= 5',
    },
  ])('counts samples where $filter', ({ bounds, filter }) => {
    expect(hourly(threshold('x'), bounds)).toEqual({
      good: [`sum(count_over_time((${filter})[59m59s999ms:1m]))`],
      bad: undefined,
      total: ['sum(count_over_time(((x) >= -Inf)[59m59s999ms:1m]))'],
    });
  });

  it('samples long windows every five minutes, and numbers as vectors', () => {
    const { total } = compile(threshold('scalar(x)'), 'plain', atMost(1)).handle as SliHandle;
    const [term] = total;
    expect(termPromql(term as Term, 30 * 86_400_000)).toBe(
      'sum(count_over_time((vector(scalar(x)) >= -Inf)[29d23h59m59s999ms:5m]))',
    );
  });

  it('gives values that differ in labels or bounds of the total one shape for it', () => {
    const keys = ['a', 'b'].map((value) => {
      const { total, current } = compile(threshold(`max by (z) (rate(x{s="${value}"}[5m]))`), 'core', atMost(5))
        .handle as SliHandle;
      return [...total, ...(current === null ? [] : [current.term])].map(termKey);
    });
    expect(keys[0]).toEqual(keys[1]);
    expect(hourly(threshold('max by (z) (rate(x{s="a"}[5m] offset 1m))'), atMost(5)).good).toEqual([
      'sum by (s) (count_over_time(((max by (s, z) (rate(x{s="a"}[5m] offset 1m))) <= 5)[59m59s999ms:1m]))',
    ]);
  });

  describe('a condition', () => {
    const when = (text: string) =>
      anSli({ measure: ratio('x{code="200"}', 'x').measure, counting: { hours: [], when: query(text) } });
    const held = (text: string) => {
      const { condition } = compile(when(text)).handle as SliHandle;
      return condition === null ? null : termPromql(condition, 300_000);
    };

    it.each([
      ['up{job="detector"}', 'count_over_time((count by (job) ((up{job="detector"}) > 0))[4m59s999ms:1m])'],
      ['up{job="detector"} == 0', 'count_over_time((count by (job) ((up{job="detector"}) == 0))[4m59s999ms:1m])'],
      ['(sum(rate(x[5m])) >= 2.5)', 'count_over_time((count((sum(rate(x[5m]))) >= 2.5))[4m59s999ms:1m])'],
      // Values that are compared are not above 0 when they are so, nor is a comparison by bool an element that is not.
      ['a > b', 'count_over_time((count((a > b)))[4m59s999ms:1m])'],
      ['a == bool 0', 'count_over_time((count((a == bool 0) > 0))[4m59s999ms:1m])'],
      ['a < 1 and on () b', 'count_over_time((count((a < 1 and on () b)))[4m59s999ms:1m])'],
      ['a < 1 or b', 'count_over_time((count((a < 1 or b) > 0))[4m59s999ms:1m])'],
      ['hour() >= bool 8', 'count_over_time((count((hour() >= bool 8) > 0))[4m59s999ms:1m])'],
      ['1', 'count_over_time((count(vector(1) > 0))[4m59s999ms:1m])'],
    ])('%s holds in the minutes of %s', (text, promql) => {
      expect(held(text)).toBe(promql);
    });

    it.each(['up @ end() == 1', 'a or sum(rate(b[5m] @ start())) > 2', 'max_over_time(up[1h:1m] @ end())'])(
      'is refused where it means another instant in a longer read: %s',
      (text) => {
        expect(compiler.check(when(text), [objective()])).toEqual([
          expect.objectContaining({ severity: 'ERROR', message: expect.stringContaining('@ start() or @ end()') }),
        ]);
        const fixed = text.replace(/@ \w+\(\)/, '@ 1700000000');
        expect(compiler.check(when(fixed), [objective()])).toEqual([]);
      },
    );

    it('shares its PromQL with conditions that differ in labels alone', () => {
      const groups = ['up{job="a"} == 1', '(up{job="b"}) == 1', 'up{job="a"}', 'up{job="a"} == 0'].map((text) => {
        const { condition } = compile(when(text)).streams;
        return condition?.group;
      });
      expect(groups[0]).toBe(groups[1]);
      expect(new Set(groups).size).toBe(3);
    });

    it('is asked of its cluster alone, in every selector, and is shown', () => {
      const { promql, handle } = compile(when('up{job="a"} == 1 unless on () maintenance'), 'core');
      const asked = 'up{cluster="cloud-core",job="a"} == 1 unless on () maintenance{cluster="cloud-core"}';
      expect(promql.condition).toBe(asked);
      expect(termPromql((handle as SliHandle).condition as Term, 300_000)).toContain(asked);
      expect(compile(ratio('x{code="200"}', 'x')).streams.condition).toBeNull();
    });
  });

  it('names the exporter when all metrics are of one', () => {
    expect(compile(ratio('istio_requests_total{a="b"}', 'istio_requests_total')).source).toBe('ISTIO');
    expect(compile(ratio('istio_requests_total', 'other')).source).toBe('CUSTOM');
    expect(compile(template('gpu-utilization', {}), 'plain', atMost(1)).source).toBe('DCGM');
  });

  it('lets sums that are added stand alone, so that one without series counts nothing', () => {
    const { bad } = compile(
      sli({ kind: 'RATIO', bad: query('(sum(a) + sum(b)) or vector(0)'), total: query('sum(c)'), counter: true }),
    ).handle as SliHandle;
    expect(bad?.map((term) => term.kind === 'COLUMN' && term.shape.metric)).toEqual(['a', 'b']);
  });
});
