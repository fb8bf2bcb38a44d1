import type { Problem } from './errors.js';
import type { Unit } from './metric.js';

export type SystemKind = 'USER_FACING' | 'STORAGE' | 'BIG_DATA' | 'AI' | 'OTHER';
export type SliCategory =
  | 'AVAILABILITY'
  | 'LATENCY'
  | 'THROUGHPUT'
  | 'DURABILITY'
  | 'END_TO_END_LATENCY'
  | 'TIME_TO_FIRST_TOKEN'
  | 'CUSTOM';
export type Severity = 'PAGE' | 'TICKET' | 'INFO';

/** Query text as a definition gives it: an opaque value here. `place` is where a problem with it is reported. */
export interface QueryText {
  readonly text: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** A template of `sources/` (`microservice-availability`) with its parameters, in place of query text. */
export interface TemplateCall {
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** How an SLI is measured. */
export type SliMeasure =
  /** Good (or bad) of total events. `counter` false means the queries give deltas or gauges, as OpenSLO says. */
  | {
      readonly kind: 'RATIO';
      readonly good?: QueryText;
      readonly bad?: QueryText;
      readonly total: QueryText;
      readonly counter: boolean;
    }
  /** A ratio 0..1 that the source computes itself. */
  | { readonly kind: 'RAW'; readonly rawType: 'success' | 'failure'; readonly raw: QueryText }
  /** A value held against the bounds of the objective; each sample counts as one event. */
  | { readonly kind: 'THRESHOLD'; readonly metric: QueryText }
  /** Expanded by the compiler to one of the others. */
  | { readonly kind: 'TEMPLATE'; readonly call: TemplateCall };

export interface SliDefinition {
  readonly name: string | null;
  readonly category: SliCategory;
  /** Unit of a threshold SLI's value; null when the definition does not say. */
  readonly unit: Unit | null;
  readonly measure: SliMeasure;
  /** Conditions under which it counts, as they were written, one each, for readers. */
  readonly conditions: readonly string[];
  /** Those of them that decide what is counted. */
  readonly counting: CountingConditions;
}

/** When events count; outside of it nothing does: they are neither good nor bad, nor missing. */
export interface CountingConditions {
  /** Any of these spans of the week; empty: always. */
  readonly hours: readonly CountingHours[];
  /** PromQL that must be above 0 at the time; null: always. An empty answer is no: what is not known to hold does not. */
  readonly when: QueryText | null;
}

/** The conditions of an SLI that has none. */
export const countsAlways: CountingConditions = { hours: [], when: null };

/** A span of time on some days of the week, by the clock on the wall. */
export interface CountingHours {
  /** 1 is Monday, 7 Sunday: the days on which the span begins. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0..1439. */
  readonly fromMinute: number;
  /** Minutes after the midnight that begins the day, above `fromMinute`; above 1440 it ends on the next day. */
  readonly toMinute: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** `SLI <= upper`, `SLI >= lower`, or both; `inclusive` false stands for `<` and `>`. */
export interface Bound {
  readonly value: number;
  readonly inclusive: boolean;
}

export interface ObjectiveDefinition {
  /** Unique within its SLO and stable: `objective-1` where the definition gives no name. */
  readonly name: string;
  readonly displayName: string | null;
  /** Promised share of good events, 0 <= target < 1, exactly as written: a decimal string, `0.999`. */
  readonly target: string;
  readonly lower: Bound | null;
  readonly upper: Bound | null;
  /** Its own SLI, when it is a member of a composite; null: that of the SLO. */
  readonly sli: SliDefinition | null;
  /** What it weighs among the others of a composite: a decimal string above 0; null when the SLO is none. */
  readonly weight: string | null;
  /** Least good share of a slice that counts as good, above 0 and up to 1, a decimal string; null unless TIMESLICES. */
  readonly timeSliceTarget: string | null;
  /** Length of a slice; null with OCCURRENCES. */
  readonly timeSliceWindowMs: number | null;
}

export type CalendarUnit = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';

/** The time over which objectives are held. */
export type SloWindow =
  | { readonly kind: 'ROLLING'; readonly durationMs: number }
  /** One follows on the other, each `count` units of the calendar long by the clock of the zone, whatever its days last. */
  | {
      readonly kind: 'CALENDAR';
      readonly unit: CalendarUnit;
      readonly count: number;
      /** Where one of them begins, by the clock on the wall: `2026-01-01 00:00:00`. */
      readonly startTime: string;
      /** IANA name. */
      readonly timeZone: string;
    };

/** OCCURRENCES: good events of all. TIMESLICES: good slices of all. RATIO_TIMESLICES: the mean of the slices' ratios. */
export type BudgetingMethod = 'OCCURRENCES' | 'TIMESLICES' | 'RATIO_TIMESLICES';

/**
 * What time without data is. IGNORE: neither good nor bad. GOOD and BAD: all of it is. FREEZE: figures stay as they were.
 * It is for time in which the source answered and had nothing; a source that fails makes nothing bad.
 */
export type NoDataPolicy = 'IGNORE' | 'GOOD' | 'BAD' | 'FREEZE';

/** A multi-window pair: fires when the burn rate over both windows is above `factor`. */
export interface BurnRateRule {
  readonly severity: Severity;
  readonly longWindowMs: number;
  readonly shortWindowMs: number;
  /** Share of the whole budget that is spent when it fires; above 1 it fires only when all is spent. */
  readonly budgetShare: number;
  /** budgetShare * window / longWindow. */
  readonly factor: number;
  /** How long both must be above without a break before it fires; 0 is at once. */
  readonly alertAfterMs: number;
}

export interface SloDefinition {
  readonly name: string;
  readonly displayName: string | null;
  readonly description: string | null;
  /** Name of the OpenSLO Service. */
  readonly service: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Cluster whose data source measures it. */
  readonly cluster: string;
  readonly microservice: { readonly namespace: string; readonly name: string } | null;
  readonly application: string | null;
  readonly systemKind: SystemKind;
  /** Null for a composite, whose objectives have their own: `sliOf`. */
  readonly sli: SliDefinition | null;
  readonly objectives: readonly ObjectiveDefinition[];
  readonly window: SloWindow;
  /** Nominal length of the window, by which burn rates are reckoned: a month is 30 days, a quarter 90, a year 365. */
  readonly windowMs: number;
  readonly budgetingMethod: BudgetingMethod;
  /** A window with fewer events than this does not count, nor does a slice where slices are counted. 0 counts all. */
  readonly minEvents: number;
  /** No burn rate fires on fewer bad events than this in its long window. 0 lets every number fire. */
  readonly minFailures: number;
  /** A burn rate fires only when, with this confidence, the error ratio is above what its factor allows; null: not asked. */
  readonly confidence: number | null;
  readonly noData: NoDataPolicy;
  readonly burnRateRules: readonly BurnRateRule[];
  readonly source: DefinitionSource;
}

/** The SLI that an objective is held for. */
export function sliOf(slo: Pick<SloDefinition, 'name' | 'sli'>, objective: ObjectiveDefinition): SliDefinition {
  const sli = objective.sli ?? slo.sli;
  if (sli === null) throw new RangeError(`objective ${objective.name} of SLO ${slo.name} has no SLI`);
  return sli;
}

export type DefinitionFormat = 'OPENSLO_V1';

/** Where a definition came from. */
export interface DefinitionSource {
  readonly file: string | null;
  readonly line: number | null;
  readonly format: DefinitionFormat;
  /** Changes when the meaning changes: whitespace, comments and descriptions do not count. */
  readonly revision: string;
  readonly text: string;
  readonly warnings: readonly Problem[];
}

/** All that was read: what runs, and what could not be loaded. */
export interface Definitions {
  readonly slos: readonly SloDefinition[];
  readonly problems: readonly Problem[];
}

/**
 * What the budgeting method counts in one window; good + bad = total. For a threshold SLI an event is a sample; with
 * TIMESLICES and RATIO_TIMESLICES an event is a slice, of the latter parts of it.
 */
export interface EventCounts {
  readonly good: number;
  readonly bad: number;
  readonly total: number;
}

/**
 * What one window of an SLI measured. `events` null: nothing was measured in it (no series); a total of 0: measured,
 * and nothing happened. `partial`: the source answered with warnings, so the counts may be short.
 */
export interface WindowReading {
  readonly windowMs: number;
  readonly atMs: number;
  readonly events: EventCounts | null;
  readonly partial: boolean;
  /** Some of the counts are estimates, or were read as one number while the history was not read yet; absent: none. */
  readonly estimated?: boolean;
}

/** How much of a window was really seen. */
export interface Coverage {
  /** Share of the window's slots with samples, 0..1; null when unknown. */
  readonly ratio: number | null;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** Its source has no samples of the beginning of the window, and nothing was kept of them. */
  readonly retentionShorterThanWindow: boolean;
  readonly partial: boolean;
}

/** Worst first. */
export const sloStates = ['VIOLATED', 'AT_RISK', 'STALE', 'NO_DATA', 'NO_EVENTS', 'OK'] as const;
export type SloState = (typeof sloStates)[number];

export interface ErrorBudget {
  /** Allowed bad share, 0..1. */
  readonly total: number;
  /** Spent share of the budget; above 1 when overspent; null when unknown. */
  readonly consumedRatio: number | null;
  readonly remainingRatio: number | null;
  /** Bad events that may still happen at the total seen so far. */
  readonly remainingEvents: number | null;
  readonly remainingTimeMs: number | null;
  /** When it is gone at the present rate; null if never, or unknown. */
  readonly exhaustsAtMs: number | null;
  /** The counts may be short, or the window is not over, so that its events are an expectation. */
  readonly isEstimated: boolean;
}

export interface BurnRateAlertStatus extends BurnRateRule {
  readonly longBurnRate: number | null;
  readonly shortBurnRate: number | null;
  readonly firing: boolean;
  /** When it began to fire; null while it does not. */
  readonly sinceMs: number | null;
  /** Since when both rates are above the factor, on enough events; null while they are not. */
  readonly aboveSinceMs: number | null;
}

/** One objective, evaluated. */
export interface ObjectiveStatus {
  readonly objective: ObjectiveDefinition;
  readonly state: SloState;
  readonly stateReason: string | null;
  /** Good share of the whole window, 0..1; null without events. */
  readonly ratio: number | null;
  readonly events: EventCounts | null;
  /** Current value of a threshold SLI, in its unit. */
  readonly current: number | null;
  readonly budget: ErrorBudget;
  /** By window in milliseconds: every window that was read, the SLO's own included. Null where nothing counts. */
  readonly burnRates: ReadonlyMap<number, number | null>;
  readonly alerts: readonly BurnRateAlertStatus[];
  readonly coverage: Coverage;
}

/** One SLO, evaluated at one instant. `evaluatedAtMs` is null before its first evaluation. */
export interface SloStatus {
  readonly definition: SloDefinition;
  readonly state: SloState;
  readonly stateReason: string | null;
  readonly evaluatedAtMs: number | null;
  readonly objectives: readonly ObjectiveStatus[];
  /** What the members of a composite are together, whose state is that of the SLO; null where it is none. */
  readonly composite: ObjectiveStatus | null;
}
