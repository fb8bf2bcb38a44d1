import { withinHours } from './counting-hours.js';
import { freshnessWindowOf, isFresh, type ObjectiveReadings, windowAt, windowsOf } from './evaluation.js';
import type { SliceSpan } from './ports.js';
import { countSlices, isNothing, type SliceColumns, SliceMark } from './slices.js';
import { type Coverage, type ObjectiveDefinition, type SloDefinition, sliOf, type WindowReading } from './slo.js';

const BLOCK_MS = 300_000;
const HOUR_MS = 3_600_000;
/** What began longer ago is kept by the hour, in milliseconds, unless it matters in which slice something happened. */
export const BLOCKS_FOR_MS = 72 * HOUR_MS;

/** What is counted, and until when. */
export interface Counting {
  readonly slo: SloDefinition;
  readonly objective: ObjectiveDefinition;
  readonly readings: ObjectiveReadings;
  /** The end of all windows: the instant, or for a frozen SLO when there was data last. */
  readonly endMs: number;
}

/** The slices of a window, and where they begin. */
export interface Slices extends SliceColumns {
  readonly fromMs: number;
  readonly sliceMs: number;
}

/** Whether there is time that does not count. */
export function isConditional(slo: SloDefinition, objective: ObjectiveDefinition): boolean {
  const { hours, when } = sliOf(slo, objective).counting;
  return hours.length > 0 || when !== null;
}

/**
 * Readings in which events are what the budgeting method, the policy and the conditions of an SLO say: slices of time, a
 * calendar window as far as it has come, what time without data means, only the time that counts. Slices that were not
 * read make nothing good or bad, and a window with any of them decides nothing.
 */
export function counted<T extends ObjectiveReadings>(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  readings: T,
): T {
  const isKnown = isFresh(slo, readings) || isExcluded(slo, objective, readings);
  const counting = { slo, objective, readings, endMs: endOf(slo, objective, { ...readings, fresh: isKnown }) };
  const lengths = windowsOf(slo).filter((windowMs) => isCounted(counting, windowMs));
  if (lengths.length === 0) return readings;
  const whole = slicesOf(counting, slo.windowMs);
  const windows = new Map(readings.windows);
  const failedWindows = new Set(readings.failedWindows);
  for (const windowMs of lengths) {
    const slices = windowMs === slo.windowMs ? whole : slicesOf(counting, windowMs);
    windows.set(windowMs, readingOf(counting, windowMs, slices, whole));
    // Nothing is opened or resolved by a window of which some is not known.
    if (slices === null || slices.marks.includes(SliceMark.UNREAD)) failedWindows.add(windowMs);
  }
  const fresh = slo.noData === 'GOOD' || slo.noData === 'BAD' || isKnown;
  return { ...readings, windows, failedWindows, fresh, coverage: coverageOf(counting, whole) };
}

/** Whether what happened recently does not count, so that no data is missing. */
function isExcluded(slo: SloDefinition, objective: ObjectiveDefinition, readings: ObjectiveReadings): boolean {
  if (readings.slices === undefined || !isConditional(slo, objective)) return false;
  const span = recentSlices(slo, objective, readings.atMs);
  return isNothing(countingMarks(slo, objective, readings.slices(span).marks, span));
}

/** The slices that tell whether anything was missing recently: blocks, or where those are not all of slices, the slices. */
export function recentSlices(slo: SloDefinition, objective: ObjectiveDefinition, atMs: number): SliceSpan {
  const lengthMs = sliceLengthOf(objective);
  const sliceMs = lengthMs % BLOCK_MS === 0 ? BLOCK_MS : lengthMs;
  const toMs = alignDown(atMs, sliceMs);
  return { fromMs: toMs - Math.ceil(freshnessWindowOf(slo) / sliceMs) * sliceMs, toMs, sliceMs };
}

/** Of time that does not count nothing is missing. */
function coverageOf({ slo, objective, readings }: Counting, whole: Slices | null): Coverage {
  if (whole === null || !isConditional(slo, objective)) return readings.coverage;
  const counting = whole.marks.filter((mark) => mark !== SliceMark.EXCLUDED);
  const seen = counting.filter((mark) => mark === SliceMark.SEEN).length;
  return { ...readings.coverage, ratio: counting.length === 0 ? 1 : seen / counting.length };
}

/** Where the windows of an objective end: at the instant, or where figures are frozen, when there was data last. */
export function endOf(slo: SloDefinition, objective: ObjectiveDefinition, readings: ObjectiveReadings): number {
  const { atMs, coverage } = readings;
  if (slo.noData !== 'FREEZE' || isFresh(slo, readings)) return atMs;
  const { newestMs } = coverage;
  return newestMs !== null && newestMs < atMs - freshnessWindowOf(slo) ? frozenEnd(objective, newestMs, atMs) : atMs;
}

/**
 * Where figures end that stay as they were: with the slice that holds the newest data, once that has ended.
 * @param newestMs when there was data last, in slices of whatever length are kept
 */
export function frozenEnd(objective: ObjectiveDefinition, newestMs: number, atMs: number): number {
  const unitMs = sliceLengthOf(objective);
  return Math.min(Math.ceil(newestMs / unitMs) * unitMs, alignDown(atMs, unitMs));
}

function isCounted({ slo, objective, readings, endMs }: Counting, windowMs: number): boolean {
  return isCut(slo, objective, windowMs, endMs !== readings.atMs);
}

/** The same, where it is known whether figures stay as they were because there is no data. */
export function isCut(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  windowMs: number,
  isFrozen: boolean,
): boolean {
  if (slo.budgetingMethod !== 'OCCURRENCES') return windowMs >= (objective.timeSliceWindowMs ?? 0);
  if (slo.window.kind === 'CALENDAR' && windowMs === slo.windowMs) return true;
  return isBySlices(slo, objective) || isFrozen;
}

/** Whether it matters for events in which slice they happened. */
export function isBySlices(slo: SloDefinition, objective: ObjectiveDefinition): boolean {
  return slo.noData === 'GOOD' || slo.noData === 'BAD' || isConditional(slo, objective);
}

/** The slices of a window that count; null where none are known. */
export function slicesOf({ slo, objective, readings, endMs }: Counting, windowMs: number): Slices | null {
  const span = sliceSpanOf(slo, objective, windowMs, endMs);
  if (readings.slices === undefined || span === null) return null;
  const columns = readings.slices(span);
  return { ...columns, ...span, marks: countingMarks(slo, objective, columns.marks, span) };
}

/** The slices of a window that ends at an instant; one for all of it where it does not matter which; null: none ended. */
export function sliceSpanOf(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  windowMs: number,
  endMs: number,
): SliceSpan | null {
  const unitMs = sliceLengthOf(objective);
  const toMs = alignDown(endMs, unitMs);
  const isCalendar = slo.window.kind === 'CALENDAR' && windowMs === slo.windowMs;
  const isOne = objective.timeSliceWindowMs === null && !isBySlices(slo, objective);
  const isLong = isOne && !isCalendar && windowMs >= BLOCKS_FOR_MS;
  const beginMs = isCalendar ? windowAt(slo, endMs).fromMs : toMs - windowMs;
  const fromMs = isLong ? Math.round(beginMs / HOUR_MS) * HOUR_MS : alignDown(beginMs, unitMs);
  if (fromMs >= toMs) return null;
  return { fromMs, toMs, sliceMs: isOne ? toMs - fromMs : unitMs };
}

/** Length of the slices that an objective is counted in, in milliseconds. */
export function sliceLengthOf({ timeSliceWindowMs }: ObjectiveDefinition): number {
  return timeSliceWindowMs ?? BLOCK_MS;
}

/** The marks of slices, without those that do not count. */
export function countingMarks(
  slo: SloDefinition,
  objective: ObjectiveDefinition,
  marks: Uint8Array,
  { fromMs, sliceMs }: SliceSpan,
): Uint8Array {
  return withinHours(marks, sliOf(slo, objective).counting.hours, fromMs, sliceMs);
}

function readingOf(
  { slo, objective, readings, endMs }: Counting,
  windowMs: number,
  slices: Slices | null,
  whole: Slices | null,
): WindowReading {
  const partial = readings.windows.get(windowMs)?.partial ?? false;
  if (slices === null) return { windowMs, atMs: endMs, events: null, partial };
  const usual = slo.budgetingMethod === 'OCCURRENCES' ? typicalEvents(whole) : null;
  const rule = { ...slo, timeSliceTarget: objective.timeSliceTarget, typicalEvents: usual };
  return { windowMs, atMs: endMs, partial, ...countSlices(slices, rule) };
}

/** Events in a slice of the whole window on average; null when there was none. */
function typicalEvents(slices: Slices | null): number | null {
  let sum = 0;
  let seen = 0;
  const { marks, total } = slices ?? { marks: [], total: [] };
  for (let slice = 0; slice < marks.length; slice += 1) {
    if (marks[slice] !== SliceMark.SEEN) continue;
    sum += total[slice] ?? 0;
    seen += 1;
  }
  return seen === 0 ? null : sum / seen;
}

function alignDown(atMs: number, unitMs: number): number {
  return Math.floor(atMs / unitMs) * unitMs;
}
