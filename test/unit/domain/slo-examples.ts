import { burnRateRules, defaultWindowPairs } from '../../../src/domain/alert-windows.js';
import { type BudgetInput, errorBudget } from '../../../src/domain/budget.js';
import { parseDuration } from '../../../src/domain/duration.js';
import { type ObjectiveReadings, unknownCoverage, windowsOf } from '../../../src/domain/evaluation.js';
import {
  countsAlways,
  type EventCounts,
  type ObjectiveDefinition,
  type SliDefinition,
  type SloDefinition,
  type WindowReading,
} from '../../../src/domain/slo.js';

/** 2026-01-15T12:00:00Z */
export const T0 = Date.UTC(2026, 0, 15, 12);

const text = (query: string) => ({ text: query, path: '', line: 1, column: 1 });

export function anObjective(changes: Partial<ObjectiveDefinition> = {}): ObjectiveDefinition {
  return {
    name: 'objective-1',
    displayName: null,
    target: '0.999',
    lower: null,
    upper: null,
    sli: null,
    weight: null,
    timeSliceTarget: null,
    timeSliceWindowMs: null,
    ...changes,
  };
}

export function anSli(changes: Partial<SliDefinition> = {}): SliDefinition {
  return {
    name: null,
    category: 'AVAILABILITY',
    unit: null,
    measure: { kind: 'RATIO', good: text('good'), total: text('total'), counter: true },
    conditions: [],
    counting: countsAlways,
    ...changes,
  };
}

/** 99.9 % good over 30 d with the default burn-rate windows, unless said otherwise. */
export function anSlo(changes: Partial<SloDefinition> = {}): SloDefinition {
  const windowMs = changes.windowMs ?? parseDuration('30d');
  const objectives = changes.objectives ?? [anObjective()];
  const target = objectives[0]?.target ?? '0.999';
  return {
    name: 'checkout-availability',
    displayName: null,
    description: null,
    service: 'checkout',
    labels: {},
    cluster: 'core',
    microservice: { namespace: 'shop', name: 'checkout' },
    application: null,
    systemKind: 'USER_FACING',
    sli: anSli(),
    objectives,
    window: { kind: 'ROLLING', durationMs: windowMs },
    windowMs,
    budgetingMethod: 'OCCURRENCES',
    minEvents: 0,
    minFailures: 0,
    confidence: null,
    noData: 'IGNORE',
    burnRateRules: burnRateRules({ windowMs, target, pairs: defaultWindowPairs }).rules,
    source: { file: null, line: null, format: 'OPENSLO_V1', revision: 'r1', text: '', warnings: [] },
    ...changes,
  };
}

export function events(bad: number, total: number): EventCounts {
  return { good: total - bad, bad, total };
}

/** Readings of every window of the SLO: the same events in each, unless a window is named (`1h`). */
export function readingsOf(
  slo: SloDefinition,
  everywhere: EventCounts | null,
  named: Readonly<Record<string, EventCounts | null>> = {},
  changes: Partial<ObjectiveReadings> & { partial?: boolean } = {},
): ObjectiveReadings {
  const { partial = false, ...rest } = changes;
  const atMs = changes.atMs ?? T0;
  const byWindow = new Map(Object.entries(named).map(([window, counts]) => [parseDuration(window), counts]));
  const windows = new Map<number, WindowReading>();
  for (const windowMs of windowsOf(slo)) {
    const counts = byWindow.has(windowMs) ? (byWindow.get(windowMs) ?? null) : everywhere;
    windows.set(windowMs, { windowMs, atMs, events: counts, partial });
  }
  return {
    atMs,
    windows,
    current: null,
    coverage: unknownCoverage,
    failedWindows: new Set(),
    currentFailed: false,
    ...rest,
  };
}

/** The budget of 99.9 % over 30 d of 1,000 good events, unless said otherwise. */
export function aBudget(changes: Partial<BudgetInput> = {}) {
  return errorBudget({
    target: '0.999',
    events: events(0, 1000),
    minEvents: 0,
    windowMs: parseDuration('30d'),
    atMs: T0,
    presentBurnRate: null,
    isEstimated: false,
    ...changes,
  });
}
