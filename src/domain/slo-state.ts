import { formatDuration } from './duration.js';
import {
  freshnessWindowOf,
  isFresh,
  type ObjectiveFigures,
  type ObjectiveReadings,
  presentWindowOf,
} from './evaluation.js';
import { type EventCounts, type ObjectiveStatus, type SloDefinition, type SloState, sliOf, sloStates } from './slo.js';
import { brokenBound } from './verdict.js';
import type { Violation } from './violation.js';
import { eventsInWords, instantInWords, inWords, percentInWords, valueInWords } from './wording.js';

/** A state and why; the reason of OK is null. */
export interface Judgement {
  readonly state: SloState;
  readonly stateReason: string | null;
}

/**
 * The state of an objective whose source answers: the first that holds, worst first.
 * @param open its open violations that are stored
 */
export function judge(
  slo: SloDefinition,
  figures: ObjectiveFigures,
  readings: ObjectiveReadings,
  open: readonly Violation[],
): Judgement {
  return (
    violated(slo, figures, readings, open) ??
    atRisk(slo, figures, readings, open) ??
    noData(slo, readings) ??
    noEvents(slo, figures, readings) ?? { state: 'OK', stateReason: null }
  );
}

/** What is said while a source does not answer: the last known state is named, and the figures stay. */
export function judgeStale(failure: string, last: (Judgement & { readonly atMs: number }) | null): Judgement {
  if (last === null) return { state: 'STALE', stateReason: `${failure}; nothing was known before` };
  const because = last.stateReason === null ? '' : ` (${last.stateReason})`;
  return { state: 'STALE', stateReason: `${failure}; at ${instantInWords(last.atMs)} it was ${last.state}${because}` };
}

/** An SLO that is no composite is as bad as its worst objective, and gives its reason. */
export function worstOf(objectives: readonly ObjectiveStatus[]): Judgement {
  const rank = (status: ObjectiveStatus) => sloStates.indexOf(status.state);
  const [worst] = [...objectives].sort((a, b) => rank(a) - rank(b));
  if (worst === undefined) return { state: 'NO_DATA', stateReason: 'it has no objectives' };
  if (objectives.length === 1 || worst.stateReason === null) return worst;
  const name = worst.objective.displayName ?? worst.objective.name;
  return { state: worst.state, stateReason: `${name}: ${worst.stateReason}` };
}

function violated(
  slo: SloDefinition,
  figures: ObjectiveFigures,
  readings: ObjectiveReadings,
  open: readonly Violation[],
): Judgement | null {
  const page = open.find((violation) => violation.severity === 'PAGE');
  const paged = page === undefined ? null : messageOf(page, slo, figures, readings);
  const reason = budgetGone(slo, figures) ?? paged ?? outOfBounds(slo, figures);
  return reason === null ? null : { state: 'VIOLATED', stateReason: reason };
}

/** What an open violation says, and where nothing tells any more whether it goes on, that this keeps it open. */
function messageOf(
  violation: Violation,
  slo: SloDefinition,
  figures: ObjectiveFigures,
  readings: ObjectiveReadings,
): string {
  const because = whyUndecided(violation, slo, figures, readings);
  return because === null ? violation.message : `${violation.message} It stays open: ${because}.`;
}

function whyUndecided(
  { kind, shortWindowMs }: Violation,
  slo: SloDefinition,
  { alerts, burnRates, current }: ObjectiveFigures,
  readings: ObjectiveReadings,
): string | null {
  const { unknownMember } = readings;
  if (unknownMember !== undefined) return alerts.some(({ firing }) => firing) ? null : unknownMember;
  if (!isFresh(slo, readings)) return `nothing was measured in the last ${formatDuration(freshnessWindowOf(slo))}`;
  if (kind === 'THRESHOLD') return current === null ? 'there is no value at present' : null;
  if (kind !== 'BURN_RATE' || shortWindowMs === null) return null;
  const isKnown = (burnRates.get(shortWindowMs) ?? null) !== null;
  return isKnown ? null : `too few events in the last ${formatDuration(shortWindowMs)} tell whether it is over`;
}

function budgetGone(slo: SloDefinition, { budget, events }: ObjectiveFigures): string | null {
  if (budget.remainingRatio === null || budget.consumedRatio === null || budget.remainingRatio > 0) return null;
  const spent = `${percentInWords(budget.consumedRatio)} of the error budget of ${formatDuration(slo.windowMs)} is spent`;
  if (events === null) return spent;
  const { bad, total } = events;
  const what = slo.budgetingMethod === 'OCCURRENCES' ? 'events' : 'slices';
  const allowed = budget.consumedRatio > 0 ? bad / budget.consumedRatio : total * budget.total;
  const counts = `${eventsInWords(bad)} of ${eventsInWords(total)} ${what} were bad where ${eventsInWords(allowed)} are allowed`;
  return `${spent}: ${counts}`;
}

function outOfBounds(slo: SloDefinition, { objective, current }: ObjectiveFigures): string | null {
  const bound = current === null ? null : brokenBound(objective, current);
  if (current === null || bound === null) return null;
  const { unit } = sliOf(slo, objective);
  return `the value is ${valueInWords(current, unit)}, out of its ${bound.side} bound of ${valueInWords(bound.value, unit)}`;
}

function atRisk(
  slo: SloDefinition,
  figures: ObjectiveFigures,
  readings: ObjectiveReadings,
  open: readonly Violation[],
): Judgement | null {
  const { budget, burnRates } = figures;
  const [other] = open;
  if (other !== undefined) return { state: 'AT_RISK', stateReason: messageOf(other, slo, figures, readings) };
  if (budget.exhaustsAtMs === null || isAfterWindow(slo, budget.exhaustsAtMs, readings.atMs)) return null;
  const rate = burnRates.get(presentWindowOf(slo)) ?? 0;
  const left = `${percentInWords(budget.remainingRatio ?? 0)} of the error budget of ${formatDuration(slo.windowMs)} is left`;
  return {
    state: 'AT_RISK',
    stateReason: `${left}; at the present burn rate of ${inWords(rate)} it is gone at ${instantInWords(budget.exhaustsAtMs)}`,
  };
}

/** A forecast for a calendar window is never beyond its end. */
function isAfterWindow({ window }: SloDefinition, exhaustsAtMs: number, atMs: number): boolean {
  return window.kind === 'ROLLING' && exhaustsAtMs >= atMs + window.durationMs;
}

function noData(slo: SloDefinition, readings: ObjectiveReadings): Judgement | null {
  const window = formatDuration(slo.windowMs);
  const history = historyInWords(readings);
  if (readings.unknownMember !== undefined)
    return { state: 'NO_DATA', stateReason: `${readings.unknownMember}${history}` };
  if (eventsOf(slo, readings) === null)
    return { state: 'NO_DATA', stateReason: `nothing was measured in the last ${window}${history}` };
  if (isFresh(slo, readings)) return null;
  return {
    state: 'NO_DATA',
    stateReason: `nothing was measured in the last ${formatDuration(freshnessWindowOf(slo))}${history}`,
  };
}

function historyInWords({ historyRead }: ObjectiveReadings): string {
  return historyRead == null ? '' : `; its history is being read: ${percentInWords(historyRead)}`;
}

function eventsOf(slo: SloDefinition, { windows }: ObjectiveReadings): EventCounts | null {
  return windows.get(slo.windowMs)?.events ?? null;
}

function noEvents(slo: SloDefinition, { ratio }: ObjectiveFigures, readings: ObjectiveReadings): Judgement | null {
  const events = eventsOf(slo, readings);
  if (ratio !== null || events === null) return null;
  const needed = slo.minEvents > 0 ? `, and at least ${eventsInWords(slo.minEvents)} are needed to count` : '';
  const happened = `${eventsInWords(events.total)} events in the last ${formatDuration(slo.windowMs)}${needed}`;
  return { state: 'NO_EVENTS', stateReason: happened };
}
