import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { everything } from '../../../src/domain/access.js';
import type { CompiledSli, Outcome } from '../../../src/domain/ports.js';
import type {
  EventCounts,
  ObjectiveDefinition,
  QueryText,
  SliMeasure,
  WindowReading,
} from '../../../src/domain/slo.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { freePort } from '../../support/process.js';
import { counter, gauge, labelsOf, startPrometheus, T0 } from '../../support/prometheus.js';
import { startRecordingProxy } from '../../support/recording-proxy.js';
import { engineSubjects } from '../../support/victoria-metrics.js';
import { anObjective, anSli } from '../../unit/domain/slo-examples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const context = { scope: everything };

interface TestCluster {
  readonly name: string;
  readonly url: string;
  readonly match?: Readonly<Record<string, string>>;
}

function gateway(...clusters: readonly TestCluster[]) {
  const planner = createPlanner({
    clusters: clusters.map(({ name, url, match = {} }) => ({
      name,
      match,
      prometheus: { url, timeoutMs: 20_000, maxConcurrent: 8, headersFile: null },
    })),
  });
  onTestFinished(() => planner.close());
  const compiler = createSliCompiler(planner);
  return {
    source: createEventSource(planner),
    compile: (
      measure: SliMeasure,
      objective: Partial<ObjectiveDefinition> = {},
      cluster = 'edge',
      when: QueryText | null = null,
    ) => {
      const sli = anSli({ measure, counting: { hours: [], when } });
      const whole = anObjective({ target: '0.99', ...objective });
      expect(compiler.check(sli, [whole]).filter(({ severity }) => severity === 'ERROR')).toEqual([]);
      return compiler.compile(sli, whole, cluster);
    },
  };
}

const query = (text: string) => ({ text, path: 'query', line: 1, column: 1 });
const good = (text: string, total: string, counted = true): SliMeasure => ({
  kind: 'RATIO',
  good: query(text),
  total: query(total),
  counter: counted,
});
const bad = (text: string, total: string): SliMeasure => ({
  kind: 'RATIO',
  bad: query(text),
  total: query(total),
  counter: true,
});
const template = (name: string, parameters: Record<string, string>): SliMeasure => ({
  kind: 'TEMPLATE',
  call: { template: name, parameters, path: 'template', line: 1, column: 1 },
});
const between = (lower: number | null, upper: number | null, inclusive = true) => ({
  lower: lower === null ? null : { value: lower, inclusive },
  upper: upper === null ? null : { value: upper, inclusive },
});

function answered<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined || !outcome.ok) throw new Error(`no value: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

async function eventsOf(
  source: ReturnType<typeof gateway>['source'],
  sli: CompiledSli,
  windowMs = 30 * MINUTE,
): Promise<EventCounts | null> {
  const [outcome] = await source.readWindow([sli], windowMs, T0, context);
  return answered(outcome).events;
}

/** Samples every 15 s over the last hour, by a function of the minutes since its beginning. */
function values(series: string, value: (minutes: number) => number | null): WrittenSeries {
  const samples: [number, number][] = [];
  for (let at = T0 - HOUR; at <= T0; at += 15_000) {
    const sample = value((at - (T0 - HOUR)) / MINUTE);
    if (sample !== null) samples.push([at, sample]);
  }
  return { labels: labelsOf(series), samples };
}

describe('counters', () => {
  it('G67: adds no events when one of two pods restarts, in every way of writing the sum', async () => {
    const { url } = await startPrometheus({
      series: [
        values('http_requests_total{pod="a",code="200"}', () => 1_000),
        values('http_requests_total{pod="b",code="200"}', (minutes) => (minutes < 45 ? 1_000 : 4 * (minutes - 45))),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    for (const text of [
      'http_requests_total',
      'sum(http_requests_total)',
      'sum by (pod) (http_requests_total)',
      'sum(rate(http_requests_total[5m]))',
      'sum(rate(http_requests_total[{{.window}}]))',
      'sum(increase(http_requests_total[$__rate_interval])) or vector(0)',
      'sum(http_requests_total{pod="a"}) + sum(http_requests_total{pod="b"})',
    ]) {
      const events = await eventsOf(source, compile(good(text, text)));
      expect(events?.total, text).toBeCloseTo(60, 6);
      expect(events?.bad, text).toBe(0);
    }
  });

  it('counts good and bad of total from either side', async () => {
    const { url } = await startPrometheus({
      series: [
        counter('http_requests_total{code="200"}', { perSecond: 9 }),
        counter('http_requests_total{code="500"}', { perSecond: 1 }),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const all = 'sum(rate(http_requests_total[5m]))';
    const slis = [
      compile(good('sum(rate(http_requests_total{code!~"5.."}[5m]))', all)),
      compile(bad('sum(rate(http_requests_total{code=~"5.."}[5m]))', all)),
      compile({
        kind: 'RAW',
        rawType: 'failure',
        raw: query(`sum(rate(http_requests_total{code="500"}[5m])) / ${all}`),
      }),
    ];
    for (const outcome of await source.readWindow(slis, 30 * MINUTE, T0, context)) {
      const { events, partial } = answered(outcome);
      expect(events?.good).toBeCloseTo(9 * 1_800, 3);
      expect(events?.bad).toBeCloseTo(1_800, 3);
      expect(events?.total).toBeCloseTo(18_000, 3);
      expect(partial).toBe(false);
    }
  });

  it('E5: reads good, bad and total events of one and the same instant', async () => {
    const proxy = await startRecordingProxy((await startPrometheus()).url);
    const { source, compile } = gateway({ name: 'edge', url: proxy.url });
    const slis = [good('ok_total', 'all_total'), bad('failed_total', 'all_total')].map((each) => compile(each));
    await source.readWindow(slis, 30 * MINUTE, T0, context);
    expect(proxy.promql.length).toBeGreaterThanOrEqual(3);
    expect(new Set(proxy.times.map(Number))).toEqual(new Set([T0 / 1_000]));
  });

  it('E3: takes an absent good or bad for none, an absent total for unknown, and a total at rest for no events', async () => {
    const { url } = await startPrometheus({
      series: [counter('busy_total{a="1"}', { perSecond: 1 }), gauge('idle_total{a="1"}', 7)],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const absent = 'sum(absent_total)';
    const slis = [
      bad(absent, 'busy_total'),
      good(absent, 'busy_total'),
      good(absent, absent),
      good('idle_total', 'idle_total'),
    ];
    const outcomes = await source.readWindow(
      slis.map((each) => compile(each)),
      30 * MINUTE,
      T0,
      context,
    );
    const [noBad, noGood, nothing, idle] = outcomes.map((outcome) => answered(outcome).events);
    expect(noBad).toEqual({ good: 1_800, bad: 0, total: 1_800 });
    expect(noGood).toEqual({ good: 0, bad: 1_800, total: 1_800 });
    expect(nothing).toBeNull();
    expect(idle).toEqual({ good: 0, bad: 0, total: 0 });
    // Events of which no good one was ever seen are rather a mistake in the query.
    expect(outcomes.map((outcome) => answered(outcome).estimated === true)).toEqual([false, true, false, false]);
  });

  it('E14: never counts more good events than there were, nor less than none', async () => {
    const { url } = await startPrometheus({
      series: [counter('more_total', { perSecond: 2 }), counter('less_total', { perSecond: 1 })],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    expect(await eventsOf(source, compile(good('more_total', 'less_total')))).toEqual({
      good: 1_800,
      bad: 0,
      total: 1_800,
    });
    const negative = 'sum(less_total) - sum(more_total)';
    expect(await eventsOf(source, compile(bad(negative, 'less_total')))).toMatchObject({ bad: 0, total: 1_800 });
  });

  it('E12: adds counts over groups, not their ratios', async () => {
    const { url } = await startPrometheus({
      series: [
        counter('all_total{g="busy"}', { perSecond: 100 }),
        counter('bad_total{g="busy"}', { perSecond: 0.1 }),
        counter('all_total{g="quiet"}', { perSecond: 0.01 }),
        counter('bad_total{g="quiet"}', { perSecond: 0.01 }),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const events = await eventsOf(source, compile(bad('sum by (g) (bad_total)', 'sum by (g) (all_total)')));
    expect((events?.bad ?? 0) / (events?.total ?? 1)).toBeCloseTo(0.11 / 100.01, 9);
  });

  it('reads a bucket in the spelling of either version of Prometheus', async () => {
    const { url } = await startPrometheus({
      series: [
        counter('x_bucket{pod="old",le="250"}', { perSecond: 1 }),
        counter('x_bucket{pod="new",le="250.0"}', { perSecond: 1 }),
        counter('x_bucket{pod="old",le="+Inf"}', { perSecond: 2 }),
        counter('x_bucket{pod="new",le="+Inf"}', { perSecond: 2 }),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const events = await eventsOf(source, compile(good('x_bucket{le="250"}', 'x_bucket{le="+Inf"}')));
    expect(events).toEqual({ good: 3_600, bad: 3_600, total: 7_200 });
  });
});

describe('deltas, gauges and values', () => {
  it('adds up deltas sample by sample', async () => {
    const { url } = await startPrometheus({ series: [gauge('ok', 2), gauge('seen', 3)] });
    const { source, compile } = gateway({ name: 'edge', url });
    const events = await eventsOf(source, compile(good('ok', 'seen', false)));
    // Prometheus 2 takes the sample at the very beginning of the window too.
    expect(events?.total).toBe(121 * 3);
    expect(events?.good).toBe(121 * 2);
  });

  it('takes each minute of a raw ratio for one event, good by its value', async () => {
    const { url } = await startPrometheus({
      series: [values('ratio', (minutes) => (minutes <= 40 ? 1 : minutes <= 50 ? 0.5 : Number.NaN))],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const sli = compile({ kind: 'RAW', rawType: 'success', raw: query('ratio') });
    const events = await eventsOf(source, sli);
    expect(events?.total).toBe(20);
    expect(events?.good).toBe(15);
  });

  it('holds samples against both bounds, and tells the value of the moment', async () => {
    const { url } = await startPrometheus({ series: [values('queue', (minutes) => Math.floor(minutes) - 30)] });
    const { source, compile } = gateway({ name: 'edge', url });
    const metric: SliMeasure = { kind: 'THRESHOLD', metric: query('queue') };
    // The samples of the window are 1, 2, ... 30.
    const cases = [
      [between(null, 10), 10],
      [between(null, 10, false), 9],
      [between(10, null), 21],
      [between(10, null, false), 20],
      [between(5, 10), 6],
      [between(5, 10, false), 4],
    ] as const;
    const slis = cases.map(([bounds]) => compile(metric, bounds));
    const readings = await source.readWindow(slis, 30 * MINUTE, T0, context);
    expect(readings.map((outcome) => answered(outcome).events?.good)).toEqual(cases.map(([, count]) => count));
    expect(readings.map((outcome) => answered(outcome).events?.total)).toEqual(cases.map(() => 30));
    expect((await source.readCurrent(slis, T0, context)).map(answered)).toEqual(cases.map(() => 30));
  });

  it.each(engineSubjects)('counts the minutes in which a condition holds, on %s', async (_, startServer) => {
    const { url } = await startServer({
      series: [
        gauge('x', 1),
        values('up{job="a",pod="1"}', (minutes) => (minutes < 32.6 ? 1 : 0)),
        values('up{job="a",pod="2"}', (minutes) => (minutes < 42.6 ? 1 : 0)),
        values('up{job="b"}', (minutes) => (minutes <= 60 ? 0 : null)),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const texts = ['up{job="a"}', 'up{job="a"} == 0', 'min(up{job="a"})', 'up{job="b"} == 0', 'up{job="c"}'];
    const slis = texts.map((text) => compile(good('x', 'x', false), {}, 'edge', query(text)));
    const span = { fromMs: T0 - 30 * MINUTE, toMs: T0, sliceMs: 5 * MINUTE };
    const read = await source.readSlices(slis, span, {}, context);
    const minutes = slis.map(({ streams }) => [...answered(read.get(streams.condition?.key ?? '')).counts]);
    expect(minutes).toEqual([
      [5, 5, 2, 0, 0, 0],
      // The first pod is down at 33.
      [3, 5, 5, 5, 5, 5],
      [2, 0, 0, 0, 0, 0],
      [5, 5, 5, 5, 5, 5],
      [0, 0, 0, 0, 0, 0],
    ]);
  });

  it('E6: tells the worst of several values, and null without any', async () => {
    const { url } = await startPrometheus({ series: [gauge('t{a="1"}', 3), gauge('t{a="2"}', 8)] });
    const { source, compile } = gateway({ name: 'edge', url });
    const metric: SliMeasure = { kind: 'THRESHOLD', metric: query('t') };
    const slis = [
      compile(metric, between(null, 5)),
      compile(metric, between(5, null)),
      compile({ kind: 'THRESHOLD', metric: query('absent') }, between(5, null)),
      compile(good('t', 't', false)),
    ];
    expect((await source.readCurrent(slis, T0, context)).map(answered)).toEqual([8, 3, null, null]);
    expect(await eventsOf(source, slis[2] as CompiledSli)).toBeNull();
  });
});

describe('templates', () => {
  it('counts availability as the mesh reports it: faults once, clients that gave up never', async () => {
    const labels = 'destination_service_namespace="crosswalk",destination_service_name="detector"';
    const requests = (rest: string, perSecond: number) =>
      counter(`istio_requests_total{${labels},${rest}}`, { perSecond });
    const { url } = await startPrometheus({
      series: [
        requests('reporter="destination",response_code="200",response_flags="-"', 80),
        requests('reporter="destination",response_code="503",response_flags="UF"', 1),
        requests('reporter="destination",response_code="0",response_flags="-"', 2),
        requests('reporter="destination",response_code="0",response_flags="DC"', 50),
        requests('reporter="destination",response_code="200",response_flags="-",grpc_response_status="0"', 8),
        requests('reporter="destination",response_code="200",response_flags="-",grpc_response_status="14"', 4),
        requests('reporter="destination",response_code="200",response_flags="-",grpc_response_status="5"', 3),
        requests('reporter="waypoint",response_code="503",response_flags="UF,URX",grpc_response_status="14"', 2),
        requests('reporter="source",response_code="504",response_flags="UT"', 100),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const parameters = { namespace: 'crosswalk', microservice: 'detector' };
    const [server, client] = await source.readWindow(
      [
        compile(template('microservice-availability', parameters)),
        compile(template('microservice-availability', { ...parameters, perspective: 'client' })),
      ],
      30 * MINUTE,
      T0,
      context,
    );
    expect(answered(server).events).toEqual({ good: 91 * 1_800, bad: 9 * 1_800, total: 100 * 1_800 });
    expect(answered(client).events).toEqual({ good: 0, bad: 100 * 1_800, total: 100 * 1_800 });
  });

  it('reads latency of many services by one PromQL, and throughput as a value', async () => {
    const bucket = (service: string, le: string, perSecond: number) =>
      counter(
        `istio_request_duration_milliseconds_bucket{reporter="destination",destination_service_namespace="n",destination_service_name="${service}",response_code="200",le="${le}"}`,
        { perSecond },
      );
    const requests =
      'istio_requests_total{reporter="destination",destination_service_namespace="n",destination_service_name="a"}';
    const { url } = await startPrometheus({
      series: [
        bucket('a', '250', 9),
        bucket('a', '+Inf', 10),
        bucket('b', '500', 3),
        bucket('b', '+Inf', 4),
        counter(requests, { perSecond: 10 }),
      ],
    });
    const proxy = await startRecordingProxy(url);
    const { source, compile } = gateway({ name: 'edge', url: proxy.url });
    const latency = (microservice: string, threshold: string) =>
      compile(template('microservice-latency', { namespace: 'n', microservice, threshold }));
    const outcomes = await source.readWindow([latency('a', '250ms'), latency('b', '500ms')], 30 * MINUTE, T0, context);
    expect(outcomes.map((outcome) => answered(outcome).events)).toEqual([
      { good: 16_200, bad: 1_800, total: 18_000 },
      { good: 5_400, bad: 1_800, total: 7_200 },
    ]);
    expect(proxy.promql).toHaveLength(1);
    const throughput = compile(
      template('microservice-throughput', { namespace: 'n', microservice: 'a' }),
      between(5, null),
    );
    expect(answered((await source.readCurrent([throughput], T0, context))[0])).toBeCloseTo(10, 6);
  });
});

describe('batching', () => {
  it('E18: asks one PromQL per shape for all services and clusters of a source, and none more for twice the SLOs', async () => {
    const clusters = ['seoul', 'busan'];
    const services = ['a', 'b', 'c'];
    const series = clusters.flatMap((cluster, i) =>
      services.flatMap((service, j) => [
        counter(`r_total{cluster="${cluster}",service="${service}",code="200"}`, { perSecond: 10 * (i + 1) + j }),
        counter(`r_total{cluster="${cluster}",service="${service}",code="500"}`, { perSecond: 1 }),
      ]),
    );
    const { url } = await startPrometheus({ series });
    const proxy = await startRecordingProxy(url);
    const { source, compile } = gateway(
      ...clusters.map((name) => ({ name, url: proxy.url, match: { cluster: name } })),
    );
    const slis = clusters.flatMap((cluster) =>
      services.map((service) =>
        compile(bad(`r_total{service="${service}",code=~"5.."}`, `r_total{service="${service}"}`), {}, cluster),
      ),
    );
    expect(new Set(slis.map(({ shapeKey }) => shapeKey)).size).toBe(1);
    const outcomes = await source.readWindow(slis, 30 * MINUTE, T0, context);
    const expected = clusters.flatMap((_, i) => services.map((_, j) => (10 * (i + 1) + j + 1) * 1_800));
    expect(outcomes.map((outcome) => answered(outcome).events?.total)).toEqual(expected);
    expect(outcomes.map((outcome) => answered(outcome).events?.bad)).toEqual(expected.map(() => 1_800));
    expect(proxy.promql).toHaveLength(2);
    await source.readWindow([...slis, ...slis], 20 * MINUTE, T0, context);
    expect(proxy.promql).toHaveLength(4);
    await source.readCoverage(slis, 30 * MINUTE, T0, context);
    expect(proxy.promql).toHaveLength(5);
  });

  it('asks values of many services together too', async () => {
    const { url } = await startPrometheus({
      series: [
        gauge('queue{service="a",pod="1"}', 3),
        gauge('queue{service="a",pod="2"}', 4),
        gauge('queue{service="b",pod="3"}', 9),
      ],
    });
    const proxy = await startRecordingProxy(url);
    const { source, compile } = gateway({ name: 'edge', url: proxy.url });
    const value = (text: string): SliMeasure => ({ kind: 'THRESHOLD', metric: query(text) });
    for (const [write, current, good] of [
      [(service: string) => `sum(queue{service="${service}"})`, [7, 9, null], [30, 0, null]],
      [(service: string) => `queue{service="${service}"}`, [4, 9, null], [60, 0, null]],
      [
        (service: string) => `min by (pod) (max_over_time(queue{service="${service}"}[1m]))`,
        [4, 9, null],
        [60, 0, null],
      ],
    ] as const) {
      const slis = ['a', 'b', 'c'].map((service) => compile(value(write(service)), between(null, 8)));
      const asked = proxy.promql.length;
      expect((await source.readCurrent(slis, T0, context)).map(answered)).toEqual(current);
      const readings = (await source.readWindow(slis, 30 * MINUTE, T0, context)).map(answered);
      expect(readings.map(({ events }) => events?.good ?? null)).toEqual(good);
      // The present value, the samples within the bound, and all samples.
      expect(proxy.promql.length - asked).toBe(3);
    }
  });

  it('answers each of a batch as if it had been asked alone, whatever the labels hold', async () => {
    const labelValue = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom(
        '',
        'a',
        'a|b',
        'a.b',
        'a"b',
        "a'b",
        'a\\b',
        '{x="y"}',
        '.*',
        '$1',
        '#',
        '\n',
        '250',
        '250.0',
        'é',
        '__proto__',
      ),
    );
    const pairs = await fc.sample(
      fc.uniqueArray(fc.tuple(labelValue, labelValue), {
        minLength: 12,
        maxLength: 24,
        selector: (pair) => JSON.stringify(pair),
      }),
      { numRuns: 4, seed: 7 },
    );
    const wanted = [...new Map(pairs.flat().map((pair) => [JSON.stringify(pair), pair])).values()];
    const series = wanted.map(([one, two], index) => ({
      ...counter('m_total', { perSecond: index + 1 }),
      labels: { __name__: 'm_total', one, two, pod: `p${index}` },
    }));
    const { url } = await startPrometheus({ series });
    const { source, compile } = gateway({ name: 'edge', url });
    const slis = wanted.map(([one, two]) => {
      const selector = `m_total{one=${JSON.stringify(one)},two=${JSON.stringify(two)}}`;
      return compile(good(selector, selector));
    });
    const counts = (outcomes: readonly Outcome<WindowReading>[]) =>
      outcomes.map((outcome) => answered(outcome).events?.total);
    const together = counts(await source.readWindow(slis, 30 * MINUTE, T0, context));
    expect(together).toEqual(wanted.map((_, index) => (index + 1) * 1_800));
    const alone = await Promise.all(
      slis.map(async (sli) => counts(await source.readWindow([sli], 30 * MINUTE, T0, context))),
    );
    expect(alone.flat()).toEqual(together);
  });
});

describe('coverage', () => {
  it('E16: tells the share of slots with samples, and the first and last of them', async () => {
    const { url } = await startPrometheus({
      series: [
        values('whole_total', (minutes) => minutes),
        values('half_total', (minutes) => (minutes > 30 ? minutes : null)),
        values('gap_total', (minutes) => (minutes < 20 || minutes >= 40 ? minutes : null)),
      ],
    });
    const { source, compile } = gateway({ name: 'edge', url });
    const slis = ['whole_total', 'half_total', 'gap_total', 'absent_total', 'sum(whole_total) - sum(half_total)'].map(
      (text) => compile(good(text, text)),
    );
    const read = (await source.readCoverage(slis, HOUR, T0, context)).map(answered);
    expect(read.map(({ ratio }) => ratio)).toEqual([1, 30 / 60, 45 / 60, 0, expect.closeTo(0.5, 1)]);
    expect(read[1]).toMatchObject({ oldestMs: T0 - 30 * MINUTE, newestMs: T0, partial: false });
    expect(read[3]).toMatchObject({ oldestMs: null, newestMs: null });
  });

  it('E15: tells whether a source has anything of an instant, of whatever series', async () => {
    const reaches = async (series: readonly WrittenSeries[], atMs: number) => {
      const { url } = await startPrometheus({ series });
      return gateway({ name: 'edge', url }).source.reaches('edge', atMs, context);
    };
    const young = counter('x', { perSecond: 1 });
    const old = gauge('other', 1, { fromMs: T0 - 74 * HOUR, toMs: T0 - 70 * HOUR, everyMs: 60_000 });
    expect(await reaches([young], T0 - 30 * MINUTE)).toBe(true);
    expect(await reaches([young], T0 - 72 * HOUR)).toBe(false);
    expect(await reaches([old, young], T0 - 72 * HOUR)).toBe(true);
  });

  it('sees a value where its expression has one', async () => {
    const { url } = await startPrometheus({ series: [values('v', (minutes) => (minutes > 45 ? 1 : null))] });
    const { source, compile } = gateway({ name: 'edge', url });
    const sli = compile({ kind: 'THRESHOLD', metric: query('v') }, between(null, 5));
    expect(answered((await source.readCoverage([sli], HOUR, T0, context))[0]).ratio).toBe(0.25);
  });
});

describe('sources that fail', () => {
  it('fail the SLIs they measure and no others', async () => {
    const { url } = await startPrometheus({ series: [counter('r_total', { perSecond: 1 })] });
    const dead = `http://127.0.0.1:${await freePort()}`;
    const { source, compile } = gateway({ name: 'edge', url }, { name: 'dead', url: dead });
    const value: SliMeasure = { kind: 'THRESHOLD', metric: query('r_total') };
    const slis = [compile(good('r_total', 'r_total')), compile(good('r_total', 'r_total'), {}, 'dead')];
    const values = [compile(value, between(0, null)), compile(value, between(0, null), 'dead')];
    for (const outcomes of [
      await source.readWindow(slis, 30 * MINUTE, T0, context),
      await source.readCoverage(slis, 30 * MINUTE, T0, context),
      await source.readCurrent(values, T0, context),
    ]) {
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, false]);
      expect(outcomes[1]).toMatchObject({ error: { code: 'SOURCE_UNAVAILABLE' } });
    }
  });

  it('refuse one PromQL without harm to the others', async () => {
    const { url } = await startPrometheus({ series: [counter('r_total', { perSecond: 1 })] });
    const { source, compile } = gateway({ name: 'edge', url });
    const slis = [compile(good('r_total{a=~"(?i)("}', 'r_total')), compile(good('r_total', 'r_total'))];
    const outcomes = await source.readWindow(slis, 30 * MINUTE, T0, context);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
    expect(outcomes[0]).toMatchObject({ error: { code: 'SOURCE_REJECTED' } });
  });

  it('E20: make a reading partial when they warn', async () => {
    const prometheus = await startPrometheus({ series: [counter('r_total', { perSecond: 1 })] });
    await prometheus.scrape(
      `  []\nremote_read: [{ url: "http://127.0.0.1:${await freePort()}/read", read_recent: true }]`,
    );
    const { source, compile } = gateway({ name: 'edge', url: prometheus.url });
    const sli = compile(good('r_total', 'r_total'));
    const [reading] = await source.readWindow([sli], 30 * MINUTE, T0, context);
    expect(answered(reading)).toMatchObject({ partial: true, events: { total: 1_800 } });
    expect(answered((await source.readCoverage([sli], 30 * MINUTE, T0, context))[0]).partial).toBe(true);
  });
});
