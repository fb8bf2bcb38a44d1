import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { everything, type Scope, scopeOf } from '../../../src/domain/access.js';
import { GatewayError } from '../../../src/domain/errors.js';
import type { PlanEntry, QueryAnswer } from '../../../src/domain/ports.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createPromqlReader } from '../../../src/sources/promql-reader.js';
import { counter, gauge, startPrometheus, T0, type TestPrometheus } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';

let prometheus: TestPrometheus;
beforeAll(async () => {
  const everywhere = (cluster: string, namespace: string, value: number) => [
    gauge(`load{cluster="${cluster}",namespace="${namespace}",pod="p-${namespace}"}`, value),
    counter(`requests_total{cluster="${cluster}",namespace="${namespace}",code="200"}`, { perSecond: value / 100 }),
    gauge(`istio_up{cluster="${cluster}",namespace="${namespace}",destination_service_namespace="stranger"}`, value),
  ];
  prometheus = await startPrometheus({
    shared: true,
    series: [
      ...everywhere('edge', 'mine', 1),
      ...everywhere('edge', 'ours', 2),
      ...everywhere('edge', 'stranger', 1_001),
      ...everywhere('core', 'mine', 2_001),
      gauge('load{cluster="edge"}', 3_001),
      gauge('load{cluster="edge",namespace="mine",exported_namespace="stranger",pod="told"}', 4_001),
      gauge('load{cluster="edge",namespace="minestranger"}', 5_001),
      gauge('odd{cluster="edge",namespace="mine",kind="infinite"}', Number.POSITIVE_INFINITY),
    ],
  });
});
afterAll(() => prometheus.dispose());

const limited = scopeOf(['edge'], ['mine', 'ours']);

describe('free PromQL of a caller with namespaces', () => {
  /** What the strangers' series would show: a label, or one of their values, alone or in a sum. */
  const foreign = (answer: QueryAnswer) =>
    answer.series.filter(({ labels, value, values }) => {
      const texts = Object.entries(labels).filter(
        ([label, text]) => label !== 'destination_service_namespace' && label !== 'made' && /stranger|core/.test(text),
      );
      return texts.length > 0 || [value ?? 0, ...(values ?? [])].some((number) => number > 1_000 && number < 1e8);
    });

  it.each([
    'load',
    '{__name__=~".+"}',
    '{__name__=~"load|requests_total"}',
    'load{namespace="stranger"}',
    'load{namespace=~"stranger|mine"}',
    'load{namespace=~".*"}',
    'load{namespace!="mine"}',
    'load{namespace!~"mine|ours"}',
    'load{namespace=""}',
    'load{namespace="mine",namespace="stranger"}',
    'load{cluster="core"}',
    'load{cluster=~".+",namespace=~".+"}',
    'load or load{namespace="stranger"}',
    'load{namespace="mine"} or load',
    'load unless load{namespace="mine"}',
    'load unless on () load{namespace="none"}',
    'load and on () load',
    'load + on () group_left () sum(load{namespace="stranger"})',
    'load * on (namespace) group_left (pod) load{namespace="stranger"}',
    'load{namespace="mine",exported_namespace=""} + ignoring (namespace, pod) load{namespace="stranger"}',
    'sum(load)',
    'sum by (namespace) (load)',
    'sum without (pod) (max by (namespace, pod) (load))',
    'topk(10, load)',
    'bottomk by (namespace) (10, load)',
    'count_values("namespace", load)',
    'quantile(1, load)',
    'max(max by (namespace) (max by (namespace, pod) (load)))',
    'load offset 5m',
    'load offset -5m',
    `load @ ${T0 / 1_000}`,
    'load @ end() offset 1m',
    'load[1m]',
    'load[1m] offset 1m',
    'load[5m:1m]',
    'max_over_time(load[5m])',
    'max_over_time(max_over_time(load[5m])[10m:1m])',
    'sum_over_time((load or load{namespace="stranger"})[2m:1m])',
    'rate(requests_total[5m])',
    'increase(requests_total{namespace=~"stran.+"}[30m])',
    'sum(absent(load{namespace="stranger"}))',
    'sum(absent_over_time(load{pod="p-stranger"}[5m]))',
    'present_over_time(load[5m])',
    'label_replace(load{namespace="mine"}, "made", "stranger", "namespace", "mine") or load',
    'label_replace(load, "namespace", "mine", "namespace", "stranger")',
    'label_join(load, "made", "/", "namespace", "pod")',
    'scalar(load{namespace="stranger"}) or load',
    'vector(scalar(sum(load)))',
    'load > bool scalar(sum(load{namespace="stranger"}))',
    'clamp_max(load, 10000)',
    'sort_desc(load)',
    'histogram_quantile(0.9, load)',
    '-load',
    '(((load)))',
    'load # {namespace="mine"}',
    '# {namespace="mine"}\nload',
    'load{pod=~".*" # }\n}',
    "load{pod=~'p-.*'}",
    'load{pod=~`p-.*`}',
    'load{pod!="\\"} or load{namespace=\\"stranger"}',
    'load{pod=~"}|.*"}',
    'load{,}',
    'load{pod=~".*",}',
    'LOAD or load',
    'load OR load',
    '{"load"}',
    '{"load","namespace"="stranger"}',
    '{"load","namespace"=~".*"}',
    '{namespace="stranger","load"}',
    'sum by ("namespace") (load)',
    'load{"namespace"="stranger"}',
    'load{namespace="mine"} or {namespace="stranger"}',
    'istio_up{destination_service_namespace="stranger"}',
    'info(load)',
    'info(load, {namespace="stranger"})',
    'load{namespace="mine" or namespace="stranger"}',
    'WITH (x = load) x',
    'load{namespace="mine"}} or load{namespace="stranger"',
    'load"}',
    'load) or (load',
    'load;load',
    'load\u0000',
    'load\u00a0or load',
    'last_over_time(load[5m] @ start())',
    'limitk(5, load)',
    'group by (namespace) (load)',
    'timestamp(load)',
    'predict_linear(load[5m], 0)',
    'changes(load[5m]) + load',
    'double_exponential_smoothing(load[5m], 0.5, 0.5)',
  ])('%s never shows the series of others', async (promql) => {
    const { query, plan } = reader(limited);
    const outcome = await query('edge', promql).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(GatewayError);
      expect(['BAD_INPUT', 'SOURCE_REJECTED']).toContain((outcome as GatewayError).code);
      expect(outcome.message).not.toContain('stranger"');
    } else expect(foreign(outcome as QueryAnswer)).toEqual([]);
    // Whatever was sent asks for nothing without both.
    for (const { promql: sent } of plan) {
      const selectors = sent.replace(/#.*/g, '').match(/\{[^{}]*cluster="edge",namespace=~"mine\|ours"/g) ?? [];
      expect(selectors.length, sent).toBeGreaterThan(0);
    }
  });

  it('shows what is theirs', async () => {
    const { query } = reader(limited);
    const values = async (promql: string) => (await query('edge', promql)).series.map(({ value }) => value);
    expect(await values('sort(load)')).toEqual([1, 2]);
    expect(await values('sum(load)')).toEqual([3]);
    expect(await values('count({__name__=~".+"})')).toEqual([7]);
    expect(await values('sum(rate(requests_total[5m]))')).toEqual([expect.closeTo(0.03, 6)]);
  });

  it('is sent nothing for a caller of no namespace, whose answer says why it is empty', async () => {
    const { query, plan } = reader(scopeOf(null, []));
    expect(await query('edge', 'load')).toMatchObject({
      series: [],
      warnings: [expect.stringContaining('no namespace')],
    });
    expect(await query('edge', 'load[1m]')).toMatchObject({ type: 'matrix', series: [] });
    expect(plan).toEqual([]);
  });

  it('takes a namespace literally', async () => {
    const { query, plan } = reader(scopeOf(null, ['mine.*', '|ours', 'a"b']));
    expect((await query('edge', 'load')).series).toEqual([]);
    expect(plan).toHaveLength(1);
  });
});

describe('free PromQL', () => {
  it('gives every type, and numbers as they are', async () => {
    const { query } = reader(everything);
    expect(await query('edge', 'load{pod="p-mine"}')).toMatchObject({ type: 'vector', series: [{ value: 1 }] });
    expect(await query('edge', '1 + 1')).toMatchObject({ type: 'scalar', series: [{ labels: {}, value: 2 }] });
    expect(await query('edge', '"text"')).toMatchObject({ type: 'string', text: 'text', series: [] });
    const matrix = await query('edge', 'load{pod="p-mine"}[30s]');
    expect(matrix).toMatchObject({ type: 'matrix', series: [{ value: null }] });
    expect([...(matrix.series[0]?.values ?? [])]).toEqual([1, 1, 1]);
    expect(matrix.series[0]?.timesMs?.at(-1)).toBe(T0);
    const odd = await query('edge', 'odd or label_replace(odd * 0, "kind", "nan", "", "")');
    expect(odd.series.map(({ value }) => value)).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });

  it('keeps a caller who sees all namespaces to the cluster that was named', async () => {
    const { query, plan } = reader(everything);
    expect((await query('core', 'load')).series.map(({ value }) => value)).toEqual([2_001]);
    expect(plan.map(({ promql }) => promql)).toEqual(['load{cluster="core"}']);
  });

  it('says where a query does not parse, and sends nothing', async () => {
    const proxy = await startRecordingProxy(prometheus.url);
    const { query } = reader(everything, proxy.url);
    await expect(query('edge', 'sum(load)\n  + sum(load')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/^query:2:\d+: /),
    });
    await expect(query('edge', 'load[1y]')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(proxy.promql).toEqual([]);
  });

  it('says when Prometheus refuses, in its own words', async () => {
    const { query } = reader(everything);
    await expect(query('edge', 'load * on (cluster) load')).rejects.toMatchObject({ code: 'SOURCE_REJECTED' });
  });

  it('shares answers between equal callers only', async () => {
    const planner = open(prometheus.url);
    const mine = reader(scopeOf(['edge'], ['mine']), prometheus.url, planner);
    const same = reader(scopeOf(['edge'], ['mine']), prometheus.url, planner);
    const other = reader(scopeOf(null, ['mine']), prometheus.url, planner);
    for (const { query } of [mine, same, other]) await query('edge', 'load');
    expect([mine, same, other].map(({ plan }) => plan[0]?.cached)).toEqual([false, true, false]);
  });
});

it('refuses an answer of too many series, or of too many samples', async () => {
  const crowd = await startPrometheus({
    series: Array.from({ length: 10_001 }, (_, index) => gauge(`crowd{n="${index}"}`, index, { fromMs: T0 - 15_000 })),
  });
  const { query } = reader(everything, crowd.url);
  await expect(query('core', 'label_replace(crowd, "cluster", "", "", "")')).resolves.toMatchObject({ series: [] });
  const free = createPromqlReader(planned(crowd.url, {}));
  const ask = (promql: string) => free.query('edge', promql, T0, { scope: everything });
  await expect(ask('crowd')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect((await ask('crowd{n!="0"}')).series).toHaveLength(10_000);
  await expect(ask('crowd{n!="0"}[20s:100ms]')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

function planned(url: string, match: Readonly<Record<string, string>>, name = 'edge') {
  const prometheus = { url, timeoutMs: 10_000, maxConcurrent: 4, headersFile: null };
  const planner = createPlanner({ clusters: [{ name, prometheus, match }] });
  onTestFinished(() => planner.close());
  return planner;
}

function open(url: string) {
  const source = { url, timeoutMs: 10_000, maxConcurrent: 4, headersFile: null };
  const clusters = ['edge', 'core'].map((cluster) => ({ name: cluster, prometheus: source, match: { cluster } }));
  const planner = createPlanner({ clusters });
  onTestFinished(() => planner.close());
  return planner;
}

function reader(scope: Scope, url = prometheus.url, planner = open(url)) {
  const plan: PlanEntry[] = [];
  const free = createPromqlReader(planner);
  const context = { scope, onPlan: (entry: PlanEntry) => plan.push(entry) };
  return { plan, query: (cluster: string, promql: string) => free.query(cluster, promql, T0, context) };
}
