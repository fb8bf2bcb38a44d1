import type { BudgetingMethod } from '../../../src/domain/slo.js';
import { AT, cacheUse, DAY, eventSlices, requests, SLICE, sampleSlices, type TrueSlice } from './budget-history.js';

/** Some way to say what is good, as OpenSLO says it, with its truth. */
export interface Kind {
  readonly title: string;
  /** Of `spec.indicator.spec`, in flow style. */
  readonly indicator: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of an objective. */
  readonly bound?: string;
  readonly target: number;
  /** No slice is exactly at it. */
  readonly sliceTarget: number;
  readonly slices: (fromMs: number, toMs: number) => readonly TrueSlice[];
}

/** Where a window lies that an instant is in; a calendar window ends after it. */
export interface Window {
  readonly title: string;
  /** The item of `spec.timeWindow`, in flow style. */
  readonly spec: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const labels = 'reporter="destination",destination_service_name="aggregator"';
const good = `istio_requests_total{${labels},response_code!~"5.."}`;
const bad = `istio_requests_total{${labels},response_code=~"5.."}`;
const total = `istio_requests_total{${labels}}`;
const cache = 'vllm:kv_cache_usage_perc{namespace="crosswalk"}';

const source = (query: string) => `{ metricSource: { type: Prometheus, spec: { query: '${query}' } } }`;
const counted = (fromMs: number, toMs: number) => eventSlices(requests.aggregator, fromMs, toMs);
const sampled = (badOf: (value: number) => number) => (fromMs: number, toMs: number) =>
  sampleSlices(cacheUse, fromMs, toMs, badOf);
const ofCounters = { target: 0.99, sliceTarget: 0.9903, slices: counted };
const bounded = { target: 0.6, sliceTarget: 0.93, indicator: `{ thresholdMetric: ${source(cache)} }` };

/** What the loader knows of SLIs: each is a way of its own through the compiler. */
export const kinds: readonly Kind[] = [
  {
    title: 'good of all events',
    indicator: `{ ratioMetric: { counter: true, good: ${source(good)}, total: ${source(total)} } }`,
    ...ofCounters,
  },
  {
    title: 'bad of all events',
    indicator: `{ ratioMetric: { counter: true, bad: ${source(bad)}, total: ${source(total)} } }`,
    ...ofCounters,
  },
  {
    title: 'a raw quotient of successes',
    indicator: `{ ratioMetric: { rawType: success, raw: ${source(`sum(rate(${good}[5m])) / sum(rate(${total}[5m]))`)} } }`,
    ...ofCounters,
  },
  {
    title: 'a raw quotient of failures',
    indicator: `{ ratioMetric: { rawType: failure, raw: ${source(`sum(rate(${bad}[5m])) / sum(rate(${total}[5m]))`)} } }`,
    ...ofCounters,
  },
  {
    title: 'a raw value of success',
    indicator: `{ ratioMetric: { rawType: success, raw: ${source(cache)} } }`,
    target: 0.3,
    sliceTarget: 0.45007,
    slices: sampled((value) => 1 - value),
  },
  {
    title: 'a raw value of failure',
    indicator: `{ ratioMetric: { rawType: failure, raw: ${source(cache)} } }`,
    target: 0.3,
    sliceTarget: 0.55007,
    slices: sampled((value) => value),
  },
  {
    title: 'a value above a bound',
    bound: 'op: gte, value: 0.35',
    ...bounded,
    slices: sampled((value) => (value >= 0.35 ? 0 : 1)),
  },
  {
    title: 'a value below a bound',
    bound: 'op: lt, value: 0.5',
    ...bounded,
    slices: sampled((value) => (value < 0.5 ? 0 : 1)),
  },
  {
    title: 'a value between two bounds',
    bound: 'op: lte, value: 0.5',
    annotations: { lower: '0.35' },
    ...bounded,
    slices: sampled((value) => (value >= 0.35 && value <= 0.5 ? 0 : 1)),
  },
];

/** All kinds of windows at an instant of which the history reaches back far enough. */
export const windows: readonly Window[] = [
  { title: 'a rolling week', spec: '{ duration: 1w, isRolling: true }', fromMs: AT - 7 * DAY, toMs: AT },
  calendar('a day in Berlin', '1d', 'Europe/Berlin', '2026-01-01 00:00:00', '2026-03-31T22:00Z', '2026-04-01T22:00Z'),
  // The clock is turned within it, so that it lasts an hour less.
  calendar('a week in Berlin', '1w', 'Europe/Berlin', '2026-03-26 12:00:00', '2026-03-26T11:00Z', '2026-04-02T10:00Z'),
  calendar('a month in Seoul', '1M', 'Asia/Seoul', '2026-01-01 00:00:00', '2026-03-31T15:00Z', '2026-04-30T15:00Z'),
  calendar('a month in Berlin', '1M', 'Europe/Berlin', '2026-01-10 00:00:00', '2026-03-09T23:00Z', '2026-04-09T22:00Z'),
  calendar('a quarter in Seoul', '1Q', 'Asia/Seoul', '2025-12-05 09:00:00', '2026-03-05T00:00Z', '2026-06-05T00:00Z'),
  calendar('a year in Berlin', '1Y', 'Europe/Berlin', '2024-03-15 00:00:00', '2026-03-14T23:00Z', '2027-03-14T23:00Z'),
];

/** March ends in Seoul on its 31st at 15:00 UTC. */
export const monthInSeoul: readonly { readonly atMs: number; readonly window: Window }[] = [
  ['2026-03-31T14:50Z', '2026-02-28T15:00Z', '2026-03-31T15:00Z'],
  ['2026-03-31T15:10Z', '2026-03-31T15:00Z', '2026-04-30T15:00Z'],
].map(([at = '', from = '', to = '']) => {
  const window = calendar('a month in Seoul', '1M', 'Asia/Seoul', '2026-01-01 00:00:00', from, to);
  return { atMs: Date.parse(at), window };
});

export const methods: Readonly<Record<BudgetingMethod, string>> = {
  OCCURRENCES: 'Occurrences',
  TIMESLICES: 'Timeslices',
  RATIO_TIMESLICES: 'RatioTimeslices',
};

function calendar(title: string, duration: string, timeZone: string, startTime: string, from: string, to: string) {
  const spec = `{ duration: ${duration}, isRolling: false, calendar: { startTime: '${startTime}', timeZone: ${timeZone} } }`;
  return { title, spec, fromMs: Date.parse(from), toMs: Date.parse(to) };
}

/** The OpenSLO document of an SLO. */
export function documentOf(name: string, kind: Kind, method: BudgetingMethod, window: Window): string {
  const { indicator, annotations = {}, bound, target, sliceTarget } = kind;
  const slices = method === 'OCCURRENCES' ? [] : [`timeSliceWindow: ${SLICE / 60_000}m`];
  const objective = [
    `target: ${target}`,
    ...(bound === undefined ? [] : [bound]),
    ...slices,
    ...(method === 'TIMESLICES' ? [`timeSliceTarget: ${sliceTarget}`] : []),
  ];
  const own = Object.entries(annotations).map(([key, value]) => `slograph.dev/${key}: '${value}'`);
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name}, annotations: { ${own.join(', ')} } }
spec:
  service: aggregator
  indicator: { metadata: { name: ${name} }, spec: ${indicator} }
  timeWindow: [${window.spec}]
  budgetingMethod: ${methods[method]}
  objectives: [{ ${objective.join(', ')} }]
`;
}

/** What the budgeting method counts. */
export function countedBy(method: BudgetingMethod, { sliceTarget }: Kind, slices: readonly TrueSlice[]) {
  const sumOf = (worth: (slice: TrueSlice) => number) => slices.reduce((sum, slice) => sum + worth(slice), 0);
  switch (method) {
    case 'OCCURRENCES':
      return { bad: sumOf(({ bad }) => bad), total: sumOf(({ total }) => total) };
    case 'TIMESLICES':
      return { bad: sumOf(({ bad, total }) => (bad / total > 1 - sliceTarget ? 1 : 0)), total: slices.length };
    case 'RATIO_TIMESLICES':
      return { bad: sumOf(({ bad, total }) => bad / total), total: slices.length };
  }
}

/** What a window will have had at its end: slices that are to come, or events at the rate of those that were. */
export function expectedTotal(method: BudgetingMethod, total: number, { fromMs, toMs }: Window, atMs: number): number {
  if (method === 'OCCURRENCES') return (total * (toMs - fromMs)) / (atMs - fromMs);
  return total + Math.floor((toMs - atMs) / SLICE);
}
