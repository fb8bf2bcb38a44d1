import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandTemplate, sliTemplates } from '../../../src/sources/sli-templates.js';
import { parsePromql, parseTrusted } from '../../../src/sources/syntax/parse.js';
import { selectorParts } from '../../../src/sources/syntax/selector.js';

const call = (template: string, parameters: Record<string, string>) =>
  expandTemplate({ template, parameters, path: 'spec.indicator', line: 3, column: 9 });
const problemsOf = (template: string, parameters: Record<string, string>) => {
  const expanded = call(template, parameters);
  return 'problems' in expanded ? expanded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};
const queriesOf = (template: string, parameters: Record<string, string>) => {
  const expanded = call(template, parameters);
  if ('problems' in expanded) throw new Error(expanded.problems.map(({ message }) => message).join('; '));
  return Object.values(expanded.queries).slice(1) as string[];
};
const detector = { namespace: 'crosswalk', microservice: 'detector' };

describe('templates', () => {
  it.each(sliTemplates.map(({ name }) => name))('%s gives PromQL that parses, whatever the values', (name) => {
    const { parameters } = sliTemplates.find((each) => each.name === name) as (typeof sliTemplates)[number];
    // The name of a Spark query becomes part of a metric's name, and a list is taken apart.
    const fixed = { threshold: name.startsWith('inference') ? '1s' : '100ms', query: 'orders', groups: 'detect' };
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() !== ''),
        (value) => {
          const given = Object.fromEntries(
            Object.keys(parameters)
              .filter((key) => key !== 'perspective')
              .map((key) => [key, (fixed as Record<string, string>)[key] ?? value]),
          );
          for (const query of queriesOf(name, given)) {
            expect(parsePromql(query)).toHaveProperty('query');
            expect(selectorsOf(query).every(({ tests }) => tests.some((test) => test.value === value))).toBe(
              Object.values(given).includes(value),
            );
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('takes names of a list literally', () => {
    const [query = ''] = queriesOf('kafka-pipeline-latency', { groups: 'a|b , "c"\n,a|b,' });
    const tests = selectorsOf(query).flatMap((selector) => selector.tests.map(({ value }) => value));
    expect(new Set(tests)).toEqual(new Set(['"c"|a\\|b']));
    expect(query).toMatch(/ == 2$/);
    expect(problemsOf('kafka-pipeline-latency', { groups: ' , ' })).toEqual([
      'spec.indicator.groups: expected names of consumer groups, got none',
    ]);
  });

  it('suggests the template that was meant', () => {
    expect(problemsOf('microservice-availabilty', {})).toEqual([
      'spec.indicator.template: there is no template "microservice-availabilty"; did you mean microservice-availability?',
    ]);
    expect(problemsOf('x', {})[0]).toContain('templates are microservice-availability,');
  });

  it('names unknown, missing and empty parameters, all at once', () => {
    expect(problemsOf('microservice-latency', { namspace: 'a', microservice: ' ', threshold: '250ms' })).toEqual([
      'spec.indicator.namspace: microservice-latency has no parameter "namspace"; did you mean namespace?',
      'spec.indicator.microservice: microservice must not be empty',
      'spec.indicator.namespace: microservice-latency needs namespace: Namespace of the microservice.',
    ]);
  });

  it.each([
    ['250ms', '250'],
    ['250', '250'],
    ['0.5ms', '0.5'],
    ['2.5s', '2500'],
    ['1m', '60000'],
  ])('takes the threshold %s for the bucket %s', (threshold, le) => {
    const [good] = queriesOf('microservice-latency', { ...detector, threshold });
    expect(selectorsOf(good as string)[0]?.tests).toContainEqual({ label: 'le', sign: '=', value: le });
  });

  it.each(['300ms', '200', 'fast', '-1s', '1e2'])('refuses the threshold %s and lists the bounds', (threshold) => {
    expect(problemsOf('microservice-latency', { ...detector, threshold })[0]).toMatch(
      /0\.5ms, 1ms, .*250ms, 500ms, 1s/,
    );
  });

  it('wants a unit where bounds are seconds', () => {
    expect(problemsOf('time-to-first-token', { namespace: 'ai', threshold: '1' })[0]).toMatch(/expected a duration/);
    expect(queriesOf('time-to-first-token', { namespace: 'ai', threshold: '500ms' })[0]).toContain('le="0.5"');
    expect(queriesOf('minio-latency', { threshold: '100ms' })[0]).toContain('le="0.100"');
  });

  it('refuses a perspective that is none', () => {
    expect(problemsOf('microservice-availability', { ...detector, perspective: 'both' })[0]).toMatch(
      /client or server/,
    );
  });

  it('counts a failed gRPC request over a failed HTTP exchange once', () => {
    const [bad] = queriesOf('microservice-availability', detector);
    const [http, grpc] = selectorsOf(bad as string).map(({ tests }) =>
      tests.filter(({ label }) => label === 'response_code'),
    );
    expect(http).toEqual([{ label: 'response_code', sign: '=~', value: '5..|0' }]);
    expect(grpc).toEqual([{ label: 'response_code', sign: '!~', value: '5..|0' }]);
  });

  it('keeps the name of a Spark query inside the name of its metric', () => {
    expect(queriesOf('spark-batch-latency', { query: 'a.*"} or b|c' })).toEqual([
      'max({__name__=~"metrics_.+_driver_spark_streaming_a_____or_b_c_latency_Value"}) / 1000',
    ]);
  });

  it('refuses text that is no text', () => {
    expect(problemsOf('kafka-topic-throughput', { topic: 'a\ud800' })[0]).toMatch(/well-formed/);
  });
});

function selectorsOf(promql: string) {
  const { selectors, text } = parseTrusted(promql);
  return selectors.map((selector) => selectorParts(selector, text) ?? { metric: '', tests: [] });
}
