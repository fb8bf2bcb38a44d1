import { InputError } from '../domain/errors.js';
import type { GraphContext } from './context.js';

/** When everything below a root field is looked at. */
export interface Instant {
  /** On the grid. */
  readonly atMs: number;
  /** False where the caller asked for a time of its own: then SLOs and violations are those of `atMs`, too. */
  readonly live: boolean;
}

/** Clocks differ, and the newest readable instant lies a little behind: so much ahead of it is taken for it. */
const AHEAD_MS = 30_000;

/** The instant of a root field from its `at`. @throws InputError */
export function instantOf({ nowMs, gridMs }: GraphContext, atMs: number | null | undefined): Instant {
  if (atMs === null || atMs === undefined) return { atMs: nowMs, live: true };
  return { atMs: Math.min(onGrid(pastOf('at', atMs, nowMs), gridMs), nowMs), live: false };
}

/** A time that has been. @throws InputError */
export function pastOf(name: string, timeMs: number, nowMs: number): number {
  if (timeMs < 0) throw new InputError(`${name} must be in 1970 or later, got ${new Date(timeMs).toISOString()}`);
  if (timeMs > nowMs + AHEAD_MS) {
    throw new InputError(
      `${name} must not be in the future: ${new Date(timeMs).toISOString()} is after ${new Date(nowMs).toISOString()}`,
    );
  }
  return timeMs;
}

/** The last instant of the grid that is not after `timeMs`. */
export function onGrid(timeMs: number, gridMs: number): number {
  return Math.floor(timeMs / gridMs) * gridMs;
}
