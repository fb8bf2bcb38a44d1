import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetingMethod, SloStatus } from '../../../src/domain/slo.js';
import type { TestPrometheus } from '../../support/prometheus.js';
import { readWith, options as usual } from '../../unit/specs/support.js';
import { AT, evaluated, startHistory } from './budget-history.js';
import {
  countedBy,
  documentOf,
  expectedTotal,
  type Kind,
  kinds,
  methods,
  monthInSeoul,
  type Window,
  windows,
} from './budget-kinds.js';

interface Case {
  readonly name: string;
  readonly title: string;
  readonly kind: Kind;
  readonly method: BudgetingMethod;
  readonly window: Window;
  readonly atMs: number;
}

function casesOf(atMs: number, those: readonly Window[]): readonly Case[] {
  return kinds
    .flatMap((kind) =>
      (Object.keys(methods) as BudgetingMethod[]).flatMap((method) =>
        those.map((window) => ({ kind, method, window, atMs })),
      ),
    )
    .map((one, index) => ({
      ...one,
      name: `slo-${index}`,
      title: `${one.kind.title} in ${methods[one.method]} over ${one.window.title}`,
    }));
}

const cases = casesOf(AT, windows);
const instants = monthInSeoul.map(({ atMs, window }) => casesOf(atMs, [window]));

describe('every kind of SLI, by every method, over every window, on a Prometheus that holds history of the demo', () => {
  let prometheus: TestPrometheus;
  let atTheEnd: ReadonlyMap<string, SloStatus>;
  let atInstants: readonly ReadonlyMap<string, SloStatus>[];

  beforeAll(async () => {
    prometheus = await startHistory();
    atTheEnd = await statusesOf(prometheus.url, cases);
    atInstants = [];
    for (const those of instants) atInstants = [...atInstants, await statusesOf(prometheus.url, those)];
  }, 300_000);
  afterAll(() => prometheus?.dispose());

  it.each(cases)('counts $title', (one) => compare(one, atTheEnd));

  describe.each(['before', 'after'])('a little %s the month ends in Seoul', (side) => {
    const index = side === 'before' ? 0 : 1;
    it.each(instants[index] ?? [])('counts $title', (one) => compare(one, atInstants[index] as typeof atTheEnd));
  });

  it('holds a month against all of its time just before its end, and against hardly any just after its beginning', () => {
    for (const { name, method } of instants[0] ?? []) {
      const [ended, begun] = atInstants.map((statuses) => statuses.get(name)?.objectives[0]?.events?.total ?? 0);
      expect(ended, `${name} ${method}`).toBeGreaterThan(1_000 * (begun ?? 0));
    }
  });
});

async function statusesOf(url: string, those: readonly Case[]) {
  const texts = those.map(({ name, kind, method, window }) => documentOf(name, kind, method, window));
  const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: aggregator }\n';
  const { slos, problems } = readWith({ ...usual, clusters: ['core'] }, [...texts, service].join('---\n'));
  expect(problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  expect(slos).toHaveLength(those.length);
  return evaluated(url, slos, those[0]?.atMs ?? AT);
}

function compare({ name, kind, method, window, atMs }: Case, statuses: ReadonlyMap<string, SloStatus>): void {
  const slices = kind.slices(window.fromMs, atMs);
  const { bad, total } = countedBy(method, kind, slices);
  const [status] = statuses.get(name)?.objectives ?? [];
  const { events, ratio, budget } = status ?? {};
  expect(events).not.toBeNull();
  // Nothing was lost or invented: slices are whole numbers, and what was counted in them is as good as exact.
  if (method !== 'OCCURRENCES') expect(events?.total).toBe(total);
  if (method === 'TIMESLICES') expect(events?.bad).toBe(bad);
  expect(Math.abs((events?.total ?? 0) - total)).toBeLessThanOrEqual(0.0005 * total);
  expect(Math.abs((events?.bad ?? 0) - bad)).toBeLessThanOrEqual(Math.max(bad > 120 ? 0 : 0.5, 0.0005 * bad));
  expect(Math.abs((1 - (ratio ?? 0)) * total - bad)).toBeLessThanOrEqual(Math.max(0.5, 0.002 * bad));
  const expected = expectedTotal(method, total, window, atMs);
  const consumed = bad / (expected * (1 - kind.target));
  expect(budget?.consumedRatio).toBeCloseTo(consumed, 3);
  if (window.toMs > atMs) expect(budget?.isEstimated).toBe(true);
  if (method === 'OCCURRENCES') {
    const left = (1 - consumed) * (1 - kind.target) * (window.toMs - window.fromMs);
    expect((budget?.remainingTimeMs ?? 0) / left).toBeCloseTo(1, 3);
  }
  // Both sides could be wrong alike if nothing were bad, or everything.
  if (slices.length > 200) expect(bad > 0 && bad < total).toBe(true);
}
