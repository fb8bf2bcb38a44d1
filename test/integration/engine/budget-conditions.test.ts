import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetingMethod, SloStatus } from '../../../src/domain/slo.js';
import type { TestPrometheus } from '../../support/prometheus.js';
import { options, readWith } from '../../unit/specs/support.js';
import {
  AT,
  DAY,
  evaluated,
  eventSlices,
  HOUR,
  MINUTE,
  requests,
  SLICE,
  shownAt,
  startHistory,
  type TrueSlice,
} from './budget-history.js';
import { countedBy, documentOf, type Kind, kinds, methods, windows } from './budget-kinds.js';

const BLOCK = 5 * MINUTE;
const [kind] = kinds as readonly [Kind];
const [week] = windows as readonly [(typeof windows)[number]];

const isUp = (atMs: number) => shownAt('up{job="aggregator"}', atMs) === 1;
const isMaintained = (atMs: number) => shownAt('maintenance{service="aggregator"}', atMs) !== null;
/** Berlin is an hour ahead of UTC in winter, two in summer. */
const inOffice = (atMs: number) => {
  const minute = ((atMs + (atMs < Date.UTC(2026, 2, 29, 1) ? HOUR : 2 * HOUR)) % DAY) / MINUTE;
  return minute >= 480 && minute < 1_080;
};
const always = () => true;

/** What counts: by the minute that ends then, and by where a slice begins. */
const conditions: Readonly<
  Record<
    string,
    { readonly text: string; readonly holds?: (atMs: number) => boolean; readonly inHours?: typeof inOffice }
  >
> = {
  none: { text: 'whatever happens' },
  up: { text: 'when=up{job="aggregator"}', holds: isUp },
  'not-maintained': {
    text: 'when=up{job="aggregator"} == 1 unless on () maintenance',
    holds: (atMs) => isUp(atMs) && !isMaintained(atMs),
  },
  'at-rest': {
    text: 'when=up{job="aggregator"} == 0',
    holds: (atMs) => shownAt('up{job="aggregator"}', atMs) === 0,
  },
  'in-office': {
    text: 'hours=Mon-Sun 08:00-18:00 Europe/Berlin; when=up{job="aggregator"} == 1',
    holds: isUp,
    inHours: inOffice,
  },
};

/** The slices that count, made of their blocks that do. */
function slicesIn(name: string, fromMs: number, toMs: number): readonly TrueSlice[] {
  const { holds = always, inHours = always } = conditions[name] ?? {};
  const bySlice = new Map<number, TrueSlice>();
  for (const block of eventSlices(requests.aggregator, fromMs, toMs, BLOCK)) {
    const minutes = Array.from({ length: 5 }, (_, minute) => block.fromMs + (minute + 1) * MINUTE);
    const sliceMs = block.fromMs - (block.fromMs % SLICE);
    if (!minutes.every(holds) || !inHours(sliceMs)) continue;
    const { bad, total } = bySlice.get(sliceMs) ?? { bad: 0, total: 0 };
    bySlice.set(sliceMs, { fromMs: sliceMs, bad: bad + block.bad, total: total + block.total });
  }
  return [...bySlice.values()];
}

const cases = Object.keys(conditions).flatMap((name) =>
  (Object.keys(methods) as BudgetingMethod[]).map((method) => ({ name, method, says: conditions[name]?.text })),
);
const nameOf = (name: string, method: string) => `${name}-${method.toLowerCase().replace('_', '-')}`;
const documentWith = (name: string, method: BudgetingMethod, text: string) =>
  documentOf(name, { ...kind, annotations: { conditions: text } }, method, week);

describe('conditions, on a Prometheus that holds history of the demo', () => {
  let prometheus: TestPrometheus;
  let statuses: ReadonlyMap<string, SloStatus>;
  const statusOf = (name: string) => statuses.get(name)?.objectives[0];

  beforeAll(async () => {
    prometheus = await startHistory();
    const texts = [
      ...cases.map(({ name, method }) => documentWith(nameOf(name, method), method, conditions[name]?.text ?? '')),
      documentWith('never', 'OCCURRENCES', 'when=up{job="nowhere"}'),
    ];
    const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: aggregator }\n';
    const { slos, problems } = readWith({ ...options, clusters: ['core'] }, [...texts, service].join('---\n'));
    expect(problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
    statuses = await evaluated(prometheus.url, slos, AT);
  }, 120_000);
  afterAll(() => prometheus?.dispose());

  it.each(cases)('decide what is counted in $method: $says', ({ name, method }) => {
    const slices = slicesIn(name, week.fromMs, AT);
    const { bad, total } = countedBy(method, kind, slices);
    const { events, ratio, coverage } = statusOf(nameOf(name, method)) ?? {};
    if (method !== 'OCCURRENCES') expect(events?.total).toBe(total);
    if (method === 'TIMESLICES') expect(events?.bad).toBe(bad);
    expect(Math.abs((events?.total ?? 0) - total)).toBeLessThanOrEqual(0.0005 * total);
    expect(Math.abs((events?.bad ?? 0) - bad)).toBeLessThanOrEqual(Math.max(0.5, 0.0005 * bad));
    expect(Math.abs((1 - (ratio ?? 0)) * total - bad)).toBeLessThanOrEqual(Math.max(0.5, 0.002 * bad));
    // While nobody scraped nobody knew whether it was up, so that nothing is missing.
    if (name !== 'none') expect(coverage?.ratio).toBeGreaterThan(0.998);
  });

  it('visibly change what is counted', () => {
    const badOf = (name: string) => statusOf(nameOf(name, 'OCCURRENCES'))?.events?.bad ?? 0;
    const totalOf = (name: string) => statusOf(nameOf(name, 'OCCURRENCES'))?.events?.total ?? 0;
    expect(badOf('up')).toBeLessThan(0.5 * badOf('none'));
    expect(badOf('at-rest')).toBeGreaterThan(0.5 * badOf('none'));
    expect(totalOf('not-maintained')).toBeLessThan(0.97 * totalOf('up'));
    expect(totalOf('in-office')).toBeLessThan(0.6 * totalOf('up'));
  });

  it('that never hold leave nothing to count, and nothing missing', () => {
    expect(statuses.get('never')).toMatchObject({
      state: 'NO_EVENTS',
      objectives: [{ events: { total: 0 }, ratio: null, coverage: { ratio: 1 } }],
    });
  });
});
