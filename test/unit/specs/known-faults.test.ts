import { describe, expect, it } from 'vitest';
import { measureObjective } from '../../../src/domain/evaluation.js';
import type { ObjectiveDefinition, SloDefinition } from '../../../src/domain/slo.js';
import { sliOf } from '../../../src/domain/slo.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { anObjective, anSlo, events, readingsOf } from '../domain/slo-examples.js';
import { good, read, shown, swap } from './support.js';

const compiler = createSliCompiler({
  dataSourceOf: (cluster) => ({ name: cluster, clusters: [{ name: cluster, match: {} }] }),
});

const goodQuery = 'sum(http_requests_total{code!~"5.."})';
const annotated = (annotation: string) => swap(good, 'slograph.dev/microservice: crosswalk/detector', annotation);

/** The PromQL of a definition's first objective, as people see it. */
function promqlOf(text: string) {
  const slo = only(text);
  const objective = slo.objectives[0] as ObjectiveDefinition;
  return compiler.compile(sliOf(slo, objective), objective, slo.cluster).promql;
}

function only(text: string): SloDefinition {
  const { slos, problems } = read(text);
  expect(problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  return slos[0] as SloDefinition;
}

/** Each was found in a tool that people use; the name says what is right. */
describe('a definition is not taken for what it is not', () => {
  it('E7: factors follow from the window, and those below 1 are left out', () => {
    const rules = only(swap(good, '30d', '28d')).burnRateRules;
    expect(rules.map(({ factor }) => factor)).toEqual([13.44, 5.6]);
    expect(shown(read(swap(good, '30d', '28d'))).join('\n')).toMatch(/10%\/3d\/6h are left out: .*0\.9333 is below 1/);
  });

  it.each(['1', '1.0', '99.9'])('E8: a target of %s is refused', (target) => {
    const definitions = read(swap(good, '0.999', target));
    expect(definitions.slos).toEqual([]);
    expect(shown(definitions)[0]).toMatch(/target: expected a share from 0 to below 1/);
  });

  it('E9: a burn rate that cannot be reached is left out: 14.4 of a target of 90 %', () => {
    const definitions = read(swap(good, '0.999', '0.9'));
    expect(definitions.slos[0]?.burnRateRules.map(({ factor }) => factor)).toEqual([6, 1]);
    expect(shown(definitions).join('\n')).toMatch(/14\.4 can never be passed: at a target of 0\.9 .*burns at 10/);
  });

  it('E10 and E11: a burn rate is compared as it is, and its factor has to be passed', () => {
    const slo = anSlo({ objectives: [anObjective({ target: '0.99' })] });
    const [objective] = slo.objectives as [ObjectiveDefinition];
    const firing = (bad: number, total: number) =>
      measureObjective(slo, objective, readingsOf(slo, events(bad, total)), { figures: null, open: null }).alerts[0]
        ?.firing;
    // 14.4 * (1 - 0.99) is 0.14400000000000013 where floats are compared.
    expect(firing(144, 1_000)).toBe(false);
    expect(firing(144_000_001, 1_000_000_000)).toBe(true);
  });

  it.each([
    ['a bare counter', 'http_requests_total{code!~"5.."}'],
    ['a sum of a counter', goodQuery],
    ['a rate that has a window', 'sum(rate(http_requests_total{code!~"5.."}[5m]))'],
    ['an increase with the window of Sloth', 'sum(increase(http_requests_total{code!~"5.."}[{{.window}}]))'],
    ['a rate with the window of slom', 'sum(rate(http_requests_total{code!~"5.."}[$window]))'],
    ['a rate with a window in braces', 'sum(rate(http_requests_total{code!~"5.."}[\u0024{window}]))'],
    ['a rate with the window of Grafana', 'sum(rate(http_requests_total{code!~"5.."}[$__rate_interval]))'],
    ['a rate with another window of Grafana', 'sum(rate(http_requests_total{code!~"5.."}[$__interval]))'],
  ])('E14: the increase stands inside the sum for %s', (_, query) => {
    expect(promqlOf(swap(good, `query: ${goodQuery}`, `query: '${query}'`)).good).toBe(
      'sum(increase(http_requests_total{code!~"5.."}[5m]))',
    );
  });

  it('E14: an increase of a sum, which takes a restarted pod for events, is refused', () => {
    const definitions = read(swap(good, goodQuery, 'increase(sum(http_requests_total)[5m:])'));
    expect(definitions.slos).toEqual([]);
    expect(shown(definitions)[0]).toMatch(/expected a counter, a sum of counters or their rate/);
  });

  it.each(['1', '1.0'])('E19: a bound of %s is found however Prometheus writes it', (bound) => {
    const { good: counted } = promqlOf(swap(good, goodQuery, `sum(rate(latency_bucket{le="${bound}"}[5m]))`));
    expect(counted).toContain('le=~"1|1\\\\.0"');
  });

  it('leaves label values as they are: alternatives of a regular expression with = match what they say', () => {
    expect(promqlOf(swap(good, goodQuery, `sum(http_requests_total{code="2xx|3xx"})`)).good).toContain(
      'code="2xx|3xx"',
    );
  });

  it('adds up samples where counter is false, and warns where they look like a counter', () => {
    const definitions = read(swap(good, 'counter: true', 'counter: false'));
    expect(shown(definitions).join('\n')).toMatch(/http_requests_total looks like a counter.*say counter: true/);
    expect(promqlOf(swap(swap(good, 'counter: true', 'counter: false'), goodQuery, 'sum(failed_jobs)')).good).toBe(
      'sum(sum_over_time(failed_jobs[5m]))',
    );
  });

  it('tells a pair of windows that a slice is longer than', () => {
    const slices = swap(
      swap(annotated('slograph.dev/burn-rate-windows: 2%/1h/5m,5%/6h/30m'), 'Occurrences', 'RatioTimeslices'),
      'target: 0.999',
      'target: 0.999\n      timeSliceWindow: 10m',
    );
    expect(shown(read(slices)).join('\n')).toMatch(/2%\/1h\/5m are left out: 5m is shorter than a slice of 10m/);
  });
});
