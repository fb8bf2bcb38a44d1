import { budgetSpent, unknownBudget } from './budget.js';
import { compositeParts, greatestBurnRate, weightedMean, weightOf } from './composite.js';
import { endOf, slicesOf } from './counted.js';
import { formatDuration } from './duration.js';
import {
  alertsOf,
  freshnessWindowOf,
  isFresh,
  type KnownBefore,
  measureObjective,
  type ObjectiveFigures,
  type ObjectiveReadings,
  presentWindowOf,
  windowAt,
  windowsOf,
} from './evaluation.js';
import { leastBurnRate } from './low-traffic.js';
import { countParts, missingParts, type SliceColumns, SliceMark } from './slices.js';
import type { BurnRateRule, Coverage, EventCounts, ObjectiveDefinition, SloDefinition, WindowReading } from './slo.js';

/** An objective of a composite, as it was read and measured. */
export interface Member {
  readonly objective: ObjectiveDefinition;
  /** In which events are what counts. */
  readonly readings: ObjectiveReadings;
  readonly figures: ObjectiveFigures;
}

/** The slices of a member of a composite that count. */
interface MemberSlices {
  readonly objective: ObjectiveDefinition;
  readonly slices: SliceColumns;
}

type CountSlices = (windowMs: number, endMs: number) => EventCounts | null;

/**
 * What was read of a composite, all of it from what was read of its members. A window that is not known of one of them
 * decides nothing, and what was seen is what was seen of all.
 * @param members all of them, at least one
 * @param countSlices counts the slices of a window that ends at an instant; null where they are not known of all
 */
export function compositeReadings(
  slo: SloDefinition,
  members: readonly Member[],
  countSlices: CountSlices = (windowMs, endMs) => slicesTogether(slo, members, windowMs, endMs),
): ObjectiveReadings {
  const all = members.map(({ readings }) => readings);
  const endMs = Math.min(...members.map(({ objective, readings }) => endOf(slo, objective, readings)));
  const windows = windowsOf(slo).map((windowMs) => togetherIn(slo, members, windowMs, endMs, countSlices));
  const history = all.map(({ historyRead }) => historyRead ?? 1);
  const unknown = unknownMember(slo, members);
  return {
    atMs: Math.min(...all.map(({ atMs }) => atMs)),
    windows: new Map(windows.map((reading) => [reading.windowMs, reading])),
    current: null,
    coverage: coverageOf(all.map(({ coverage }) => coverage)),
    failedWindows: new Set(all.flatMap(({ failedWindows }) => [...failedWindows])),
    currentFailed: false,
    historyRead: all.every(({ historyRead }) => historyRead == null) ? null : Math.min(...history),
    fresh: all.every((readings) => isFresh(slo, readings)),
    ...(unknown === null ? {} : { unknownMember: unknown }),
  };
}

/**
 * The figures of a composite. Of events every figure is the weighted mean of those of its members, of slices it follows
 * from the slices of all together (`compositeParts`). A member in which nothing happened spends nothing. A figure is
 * null while that of a member is not known; a rule that the others break alone fires nevertheless.
 * @see https://github.com/OpenSLO/OpenSLO (composite SLO)
 */
export function measureComposite(
  slo: SloDefinition,
  composite: ObjectiveDefinition,
  members: readonly Member[],
  readings: ObjectiveReadings,
  before: KnownBefore,
): ObjectiveFigures {
  const least =
    slo.budgetingMethod === 'OCCURRENCES'
      ? meanFigures(slo, composite, members, readings, before)
      : measureObjective(slo, composite, readings, before);
  const isUnknown = (windowMs: number) => members.some((member) => eventsOf(member, windowMs) === null);
  const rateOf = (windowMs: number, rate: number | null, known: number) =>
    isUnknown(windowMs) && !(rate !== null && rate > known) ? null : rate;
  const figures: ObjectiveFigures = {
    ...least,
    burnRates: new Map([...least.burnRates].map(([windowMs, rate]) => [windowMs, isUnknown(windowMs) ? null : rate])),
    alerts: least.alerts.map((alert) => ({
      ...alert,
      longBurnRate: rateOf(alert.longWindowMs, alert.longBurnRate, alert.factor),
      shortBurnRate: rateOf(alert.shortWindowMs, alert.shortBurnRate, alert.factor),
    })),
  };
  if (!isUnknown(slo.windowMs)) return figures;
  return { ...figures, ratio: null, events: null, budget: unknownBudget(composite.target) };
}

function meanFigures(
  slo: SloDefinition,
  composite: ObjectiveDefinition,
  members: readonly Member[],
  readings: ObjectiveReadings,
  before: KnownBefore,
): ObjectiveFigures {
  const { atMs } = readings;
  const burnRates = new Map(
    windowsOf(slo).map((windowMs) => [
      windowMs,
      meanOf(members, ({ figures }) => figures.burnRates.get(windowMs) ?? null, 0),
    ]),
  );
  const { fromMs, toMs } = windowAt(slo, atMs);
  return {
    objective: composite,
    ratio: meanOf(members, ({ figures }) => figures.ratio, 1),
    // Events of different kinds add up to nothing that anybody could name.
    events: null,
    current: null,
    budget: budgetSpent({
      target: composite.target,
      consumedRatio: meanOf(members, ({ figures }) => figures.budget.consumedRatio, 0),
      greatestBurnRate: greatestBurnRate(slo.objectives),
      windowMs: toMs - fromMs,
      atMs,
      endsAtMs: slo.window.kind === 'CALENDAR' ? toMs : null,
      presentBurnRate: burnRates.get(presentWindowOf(slo)) ?? null,
      isEstimated: members.some(({ figures }) => figures.budget.isEstimated),
    }),
    burnRates,
    alerts: alertsOf(slo, composite, {
      atMs,
      burnRates,
      before,
      isFounded: (rule) => isFounded(slo, members, rule),
    }),
    coverage: readings.coverage,
  };
}

/** The weighted mean of a figure; null when no member has it. @param idle what stands for a member without */
function meanOf(members: readonly Member[], figureOf: (member: Member) => number | null, idle: number): number | null {
  const figures = members.map((member) => ({ weight: weightOf(member.objective), value: figureOf(member) }));
  if (figures.every(({ value }) => value === null)) return null;
  return weightedMean(figures.map(({ weight, value }) => ({ weight, value: value ?? idle })));
}

/** Whether the bad events of all members are enough, and their burn rates together with the confidence that is asked for. */
function isFounded(slo: SloDefinition, members: readonly Member[], rule: BurnRateRule): boolean {
  const { minFailures, confidence } = slo;
  const bad = members.reduce((sum, member) => sum + (eventsOf(member, rule.longWindowMs)?.bad ?? 0), 0);
  if (bad < minFailures) return false;
  if (confidence === null) return true;
  const rateOf = (member: Member) => {
    const events = eventsOf(member, rule.longWindowMs);
    return events === null ? null : leastBurnRate(events, member.objective.target, confidence);
  };
  return (meanOf(members, rateOf, 0) ?? 0) > rule.factor;
}

function eventsOf({ readings }: Member, windowMs: number): EventCounts | null {
  return readings.windows.get(windowMs)?.events ?? null;
}

/** A window of all members: of events their sum, which no figure is made of, of slices those of all together. */
function togetherIn(
  slo: SloDefinition,
  members: readonly Member[],
  windowMs: number,
  endMs: number,
  countSlices: CountSlices,
): WindowReading {
  const readings = members.flatMap(({ readings }) => readings.windows.get(windowMs) ?? []);
  const reading = {
    windowMs,
    atMs: Math.min(endMs, ...readings.map(({ atMs }) => atMs)),
    partial: readings.some(({ partial }) => partial),
    estimated: readings.some(({ estimated }) => estimated === true),
  };
  if (slo.budgetingMethod !== 'OCCURRENCES') return { ...reading, events: countSlices(windowMs, endMs) };
  const events = readings.flatMap(({ events }) => events ?? []);
  return { ...reading, events: events.length === 0 ? null : events.reduce(sumOf) };
}

function slicesTogether(
  slo: SloDefinition,
  members: readonly Member[],
  windowMs: number,
  endMs: number,
): EventCounts | null {
  const columns: MemberSlices[] = [];
  for (const { objective, readings } of members) {
    if (windowMs < (objective.timeSliceWindowMs ?? 0)) return null;
    const slices = slicesOf({ slo, objective, readings, endMs }, windowMs);
    if (slices === null) return null;
    columns.push({ objective, slices });
  }
  const { marks, missing } = compositeSlices(slo, columns);
  return countParts(marks, missing).events;
}

/**
 * The slices of a composite, which is not one of events: a slice is seen when it is seen of any member.
 * @param members all of them, and of the same span
 */
export function compositeSlices(
  slo: SloDefinition,
  members: readonly MemberSlices[],
): { readonly marks: Uint8Array; readonly missing: Float64Array } {
  const method = slo.budgetingMethod;
  if (method === 'OCCURRENCES') throw new RangeError('events are counted in no slices');
  const parts = members.map(({ objective, slices }) => {
    const rule = { ...slo, timeSliceTarget: objective.timeSliceTarget };
    return { weight: weightOf(objective), value: missingParts(slices, rule) };
  });
  const [first] = members as readonly [MemberSlices];
  const isSeen = (slice: number) => members.some(({ slices }) => slices.marks[slice] === SliceMark.SEEN);
  return {
    marks: first.slices.marks.map((mark, slice) => (isSeen(slice) ? SliceMark.SEEN : mark)),
    missing: compositeParts(method, parts),
  };
}

function sumOf(a: EventCounts, b: EventCounts): EventCounts {
  return { good: a.good + b.good, bad: a.bad + b.bad, total: a.total + b.total };
}

/** What was seen of a composite is what was seen of the member that was seen least. */
function coverageOf(all: readonly Coverage[]): Coverage {
  const least = (values: readonly (number | null)[], pick: (...known: number[]) => number) => {
    const known = values.filter((value) => value !== null);
    return known.length < values.length ? null : pick(...known);
  };
  return {
    ratio: least(
      all.map(({ ratio }) => ratio),
      Math.min,
    ),
    oldestMs: least(
      all.map(({ oldestMs }) => oldestMs),
      Math.max,
    ),
    newestMs: least(
      all.map(({ newestMs }) => newestMs),
      Math.min,
    ),
    retentionShorterThanWindow: all.some(({ retentionShorterThanWindow }) => retentionShorterThanWindow),
    partial: all.some(({ partial }) => partial),
  };
}

/** The first member of which nothing was measured in the window, or recently, in words; null when there is none. */
function unknownMember(slo: SloDefinition, members: readonly Member[]): string | null {
  const within = (windowMs: number) => `nothing was measured in the last ${formatDuration(windowMs)}`;
  const nameOf = ({ objective }: Member) => objective.displayName ?? objective.name;
  const never = members.find((member) => eventsOf(member, slo.windowMs) === null);
  if (never !== undefined) return `${nameOf(never)}: ${within(slo.windowMs)}`;
  const silent = members.find(({ readings }) => !isFresh(slo, readings));
  return silent === undefined ? null : `${nameOf(silent)}: ${within(freshnessWindowOf(slo))}`;
}
