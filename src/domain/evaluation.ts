import { errorBudget, unknownBudget } from './budget.js';
import { burnRateOfEvents, errorRatio, saysSomething } from './burn-rate.js';
import { calendarWindowAt, type Span } from './calendar.js';
import { Exact } from './decimal.js';
import type { LedgerColumns } from './ledger-columns.js';
import { isWellFounded } from './low-traffic.js';
import type { SliceSpan } from './ports.js';
import type {
  BurnRateAlertStatus,
  BurnRateRule,
  Coverage,
  ErrorBudget,
  EventCounts,
  ObjectiveDefinition,
  ObjectiveStatus,
  SloDefinition,
  WindowReading,
} from './slo.js';
import type { Violation } from './violation.js';

const HOUR_MS = 3_600_000;
const LEAST_FRESHNESS_MS = 300_000;

/** What was read for one objective. */
export interface ObjectiveReadings {
  readonly atMs: number;
  /** The last known reading of each window, by its length. */
  readonly windows: ReadonlyMap<number, WindowReading>;
  /** Present value of an objective with bounds, in the unit of its SLI; null without a sample. */
  readonly current: number | null;
  readonly coverage: Coverage;
  /** Windows whose reading is older than it should be, since reading them failed. */
  readonly failedWindows: ReadonlySet<number>;
  readonly currentFailed: boolean;
  /** Share of the history of the SLO's window that was read, 0..1, while it is being read; null or absent: all was. */
  readonly historyRead?: number | null;
  /** What is known slice by slice, without asking anybody; absent where nothing is kept. */
  readonly slices?: (span: SliceSpan) => LedgerColumns;
  /** Whether it is known what happened recently, where a policy decides that; absent: the shortest window tells. */
  readonly fresh?: boolean;
  /** Of a composite: which member is not known, and why; what is known of the others is the least there is. Absent: none. */
  readonly unknownMember?: string;
}

/** An objective with all its figures, before it is judged. */
export type ObjectiveFigures = Omit<ObjectiveStatus, 'state' | 'stateReason'>;

/** Coverage of which nothing is known. */
export const unknownCoverage: Coverage = {
  ratio: null,
  oldestMs: null,
  newestMs: null,
  retentionShorterThanWindow: false,
  partial: false,
};

/**
 * Whether nothing was seen of the beginning of a window: of 1/720 of it, at least 5 minutes.
 * @param oldestMs the oldest sample in it; null: nothing was seen in it
 */
export function lacksBeginning(oldestMs: number | null, fromMs: number, windowMs: number): boolean {
  return oldestMs === null || oldestMs > fromMs + Math.max(300_000, windowMs / 720);
}

/** The window over which an SLO burns at present, in milliseconds: an hour or a slice, or all of a shorter window. */
export function presentWindowOf(slo: SloDefinition): number {
  let longestSliceMs = 0;
  for (const { timeSliceWindowMs } of slo.objectives) longestSliceMs = Math.max(longestSliceMs, timeSliceWindowMs ?? 0);
  return Math.min(Math.max(HOUR_MS, longestSliceMs), slo.windowMs);
}

/** Where the window of an SLO lies at an instant; a calendar window goes on beyond it. */
export function windowAt({ window }: SloDefinition, atMs: number): Span {
  return window.kind === 'ROLLING' ? { fromMs: atMs - window.durationMs, toMs: atMs } : calendarWindowAt(window, atMs);
}

/** How far back a sample counts as recent, in milliseconds: the shortest window that is read, at least 5 minutes. */
export function freshnessWindowOf(slo: SloDefinition): number {
  const shortest = Math.min(slo.windowMs, presentWindowOf(slo), ...slo.burnRateRules.map((rule) => rule.shortWindowMs));
  return Math.max(LEAST_FRESHNESS_MS, shortest);
}

/** Every window that an evaluation of the SLO needs, in milliseconds, ascending. */
export function windowsOf(slo: SloDefinition): readonly number[] {
  const known = windowsKnown.get(slo);
  if (known !== undefined) return known;
  const made = sortedWindows(slo);
  windowsKnown.set(slo, made);
  return made;
}

/** Definitions never change, and are asked for their windows again and again. */
const windowsKnown = new WeakMap<SloDefinition, readonly number[]>();

function sortedWindows(slo: SloDefinition): readonly number[] {
  const pairs = slo.burnRateRules.flatMap((rule) => [rule.longWindowMs, rule.shortWindowMs]);
  const windows = new Set([slo.windowMs, presentWindowOf(slo), freshnessWindowOf(slo), ...pairs]);
  return [...windows].sort((a, b) => a - b);
}

/** Whether a value of the SLI is held against bounds. */
export function hasBounds(objective: ObjectiveDefinition): boolean {
  return objective.lower !== null || objective.upper !== null;
}

/** Whether a window's reading may open or resolve anything: read just now, and whole. */
export function isTrusted(readings: ObjectiveReadings, windowMs: number): boolean {
  const reading = readings.windows.get(windowMs);
  return reading !== undefined && !reading.partial && !readings.failedWindows.has(windowMs);
}

/** Whether it is known that something was measured recently. */
export function isFresh(slo: SloDefinition, readings: ObjectiveReadings): boolean {
  if (readings.fresh !== undefined) return readings.fresh;
  const windowMs = freshnessWindowOf(slo);
  return !readings.failedWindows.has(windowMs) && (readings.windows.get(windowMs)?.events ?? null) !== null;
}

/** What was known before: since when a pair fires is told by the last figures, or by the violation it opened. */
export interface KnownBefore {
  readonly figures: ObjectiveFigures | null;
  readonly open: Violation | null;
}

/** All figures of an objective. */
export function measureObjective(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  readings: ObjectiveReadings,
  before: KnownBefore,
): ObjectiveFigures {
  const burnRates = new Map<number, number | null>();
  const minEvents = leastEvents(slo);
  for (const windowMs of windowsOf(slo)) {
    // What lies within a slice is counted in events, which say whether there is data, not how slices burn.
    const isCounted = windowMs >= (objective.timeSliceWindowMs ?? 0);
    const events = isCounted ? (readings.windows.get(windowMs)?.events ?? null) : null;
    burnRates.set(windowMs, events === null ? null : burnRateOfEvents(events, objective.target, minEvents));
  }
  let partial = false;
  for (const reading of readings.windows.values()) partial ||= reading.partial;
  const events = readings.windows.get(slo.windowMs)?.events ?? null;
  return {
    objective,
    ratio: goodRatio(events, minEvents),
    events,
    current: readings.current,
    budget: budgetFrom(slo, objective, events, readings, burnRates),
    burnRates,
    alerts: alertsOf(slo, objective, {
      atMs: readings.atMs,
      burnRates,
      before,
      isFounded(rule) {
        const longEvents = readings.windows.get(rule.longWindowMs)?.events ?? null;
        return longEvents !== null && isWellFounded(longEvents, objective.target, rule.factor, slo);
      },
    }),
    coverage: partial ? { ...readings.coverage, partial } : readings.coverage,
  };
}

/** What decides how rules stand. */
interface Now {
  readonly burnRates: ReadonlyMap<number, number | null>;
  /** Whether there are enough events for a rule to fire. */
  readonly isFounded: (rule: BurnRateRule) => boolean;
  readonly before: KnownBefore;
  readonly atMs: number;
}

/** How the rules of an SLO stand; a member of a composite has none of its own. */
export function alertsOf(
  { burnRateRules }: SloDefinition,
  objective: ObjectiveDefinition,
  now: Now,
): readonly BurnRateAlertStatus[] {
  if (objective.weight !== null) return [];
  return burnRateRules.map((rule) => alertStatus(rule, now));
}

/** The figures of an objective of which nothing was read. */
export function unknownFigures(slo: SloDefinition, objective: ObjectiveDefinition): ObjectiveFigures {
  const nothing: ObjectiveReadings = {
    atMs: 0,
    windows: new Map(),
    current: null,
    coverage: unknownCoverage,
    failedWindows: new Set(),
    currentFailed: false,
  };
  return {
    ...measureObjective(slo, objective, nothing, { figures: null, open: null }),
    budget: unknownBudget(objective.target),
  };
}

function goodRatio(events: EventCounts | null, minEvents: number): number | null {
  if (events === null) return null;
  const { bad, total } = events;
  // Whole numbers are subtracted exactly, and their quotient is rounded once.
  if (Number.isSafeInteger(bad) && Number.isSafeInteger(total) && saysSomething(events, minEvents)) {
    return (total - Math.max(0, Math.min(bad, total))) / total;
  }
  const errors = errorRatio(events, minEvents);
  return errors === null ? null : new Exact(1).minus(errors).toNumber();
}

function budgetFrom(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  events: EventCounts | null,
  readings: ObjectiveReadings,
  burnRates: ReadonlyMap<number, number | null>,
): ErrorBudget {
  const { atMs } = readings;
  const { fromMs, toMs } = windowAt(slo, atMs);
  const reading = readings.windows.get(slo.windowMs);
  return errorBudget({
    target: objective.target,
    events,
    minEvents: leastEvents(slo),
    windowMs: toMs - fromMs,
    atMs,
    endsAtMs: slo.window.kind === 'CALENDAR' ? toMs : null,
    expectedTotal: events === null ? null : expectedTotal(objective, events.total, { fromMs, toMs }, atMs),
    inWholeSlices: slo.budgetingMethod === 'TIMESLICES',
    presentBurnRate: burnRates.get(presentWindowOf(slo)) ?? null,
    isEstimated: toMs > atMs || reading?.partial === true || reading?.estimated === true,
  });
}

/** A slice has to have its least events by itself: there `minEvents` counted already. */
function leastEvents({ budgetingMethod, minEvents }: SloDefinition): number {
  return budgetingMethod === 'OCCURRENCES' ? minEvents : 0;
}

/** What a window will have had at its end: the slices that are to come, or events at the rate of those seen. */
function expectedTotal(
  { timeSliceWindowMs }: ObjectiveDefinition,
  total: number,
  { fromMs, toMs }: Span,
  atMs: number,
) {
  if (toMs <= atMs) return total;
  if (timeSliceWindowMs !== null) return total + Math.floor((toMs - atMs) / timeSliceWindowMs);
  return new Exact(total)
    .mul(toMs - fromMs)
    .div(atMs - fromMs)
    .toNumber();
}

/** What was known of a rule before. */
type Before = Pick<BurnRateAlertStatus, 'sinceMs' | 'aboveSinceMs'>;

function alertStatus(rule: BurnRateRule, { burnRates, isFounded, before, atMs }: Now): BurnRateAlertStatus {
  const longBurnRate = burnRates.get(rule.longWindowMs) ?? null;
  const shortBurnRate = burnRates.get(rule.shortWindowMs) ?? null;
  const isBurning = isAbove(longBurnRate, rule.factor) && isAbove(shortBurnRate, rule.factor);
  if (!(isBurning && isFounded(rule))) {
    return { ...rule, longBurnRate, shortBurnRate, firing: false, sinceMs: null, aboveSinceMs: null };
  }
  const last = lastOf(rule, before);
  const aboveSinceMs = last?.aboveSinceMs ?? atMs;
  const firing = atMs - aboveSinceMs >= rule.alertAfterMs;
  return {
    ...rule,
    longBurnRate,
    shortBurnRate,
    firing,
    sinceMs: firing ? (last?.sinceMs ?? atMs) : null,
    aboveSinceMs,
  };
}

/** Of a rule that had opened a violation it is known that it was above for long enough before that. */
function lastOf(rule: BurnRateRule, before: KnownBefore): Before | null {
  const isSame = (pair: { longWindowMs: number | null; shortWindowMs: number | null }) =>
    pair.longWindowMs === rule.longWindowMs && pair.shortWindowMs === rule.shortWindowMs;
  if (before.figures !== null) return before.figures.alerts.find(isSame) ?? null;
  if (before.open === null || !isSame(before.open)) return null;
  const sinceMs = before.open.startedAtMs;
  return { sinceMs, aboveSinceMs: sinceMs - rule.alertAfterMs };
}

function isAbove(burnRate: number | null, factor: number): boolean {
  return burnRate !== null && burnRate > factor;
}
