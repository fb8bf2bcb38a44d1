import { calendarWindowAt } from './calendar.js';
import { BLOCKS_FOR_MS, isBySlices } from './counted.js';
import { windowsOf } from './evaluation.js';
import type { StreamNeeds } from './ledger-stream.js';
import type { ObjectiveDefinition, SloDefinition } from './slo.js';

const MINUTE_MS = 60_000;
const BLOCK_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The usual windows of up to 6 hours, also as they were a while ago. */
const MINUTES_FOR_MS = 7 * HOUR_MS;

/** What streams keep that no definition makes use of any more. */
export const unusedNeeds: StreamNeeds = {
  minutesForMs: MINUTES_FOR_MS,
  blocksForMs: BLOCKS_FOR_MS,
  hoursForMs: 31 * DAY_MS,
};

/**
 * Which slices the streams of an objective are kept in. Minutes are for windows shorter than an hour, or of odd length:
 * without them a stream costs its source a fifth. What is cut into slices by its budgeting method, or begins within an
 * hour by the clock of its zone, keeps short slices for its whole window.
 */
export function needsOf(slo: SloDefinition, objective: ObjectiveDefinition): StreamNeeds {
  const isFrozen = slo.noData === 'FREEZE';
  // A calendar window may be longer than its nominal length, and the one before it is of interest on its first day.
  const lengthMs = slo.window.kind === 'CALENDAR' ? slo.windowMs + 7 * DAY_MS : slo.windowMs;
  // Figures that stay as they were are of a window that ended when there was data last, within the present one.
  const windowMs = isFrozen ? lengthMs + slo.windowMs : lengthMs;
  const windows = windowsOf(slo);
  const hoursForMs = Math.max(windowMs, ...windows);
  const isWhole = beginsOnTheHour(slo) && !isBySlices(slo, objective);
  const lengths = [isWhole ? HOUR_MS : BLOCK_MS, objective.timeSliceWindowMs ?? HOUR_MS];
  const isFine = windows.some((length) => length < HOUR_MS || length % BLOCK_MS !== 0);
  const minutesForMs = lengths.some((length) => length % BLOCK_MS !== 0) ? windowMs : isFine ? MINUTES_FOR_MS : 0;
  const blocksForMs = lengths.some((length) => length % HOUR_MS !== 0) ? windowMs : BLOCKS_FOR_MS;
  return {
    minutesForMs: ceil(minutesForMs, BLOCK_MS),
    blocksForMs: ceil(Math.max((isFrozen ? 2 : 1) * BLOCKS_FOR_MS, blocksForMs), HOUR_MS),
    hoursForMs: ceil(hoursForMs, HOUR_MS),
  };
}

/** What serves both. */
export function bothNeeds(one: StreamNeeds, other: StreamNeeds): StreamNeeds {
  return {
    minutesForMs: Math.max(one.minutesForMs, other.minutesForMs),
    blocksForMs: Math.max(one.blocksForMs, other.blocksForMs),
    hoursForMs: Math.max(one.hoursForMs, other.hoursForMs),
  };
}

/** The end of the last slice of a minute that is closed at an instant. */
export function closedAt(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
}

/** Zones are off by whole hours for all of a year, or for none of it; Lord Howe Island for half of it. */
function beginsOnTheHour({ window }: SloDefinition): boolean {
  if (window.kind === 'ROLLING') return true;
  const seasons = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)];
  return seasons.every((atMs) => calendarWindowAt(window, atMs).fromMs % HOUR_MS === 0);
}

function ceil(ms: number, unitMs: number): number {
  return Math.ceil(ms / unitMs) * unitMs;
}
