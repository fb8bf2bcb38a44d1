import { InputError } from '../domain/errors.js';
import type { TimeRange } from '../domain/ports.js';

/** Points of one series. */
export const MAX_POINTS = 11_000;
/** Points of a series whose step is not given, at most. */
export const GOOD_POINTS = 240;
const STEPS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);

/** Equal questions a moment apart share their points: every time is a multiple of the step. @throws InputError */
export function rangeOf(
  fromMs: number,
  toMs: number,
  wantedStepMs: number | null | undefined,
  leastStepMs = 1_000,
): TimeRange {
  if (fromMs > toMs) throw new InputError('a series must begin before it ends');
  const stepMs = wantedStepMs ?? stepFor(toMs - fromMs, leastStepMs);
  if (stepMs < leastStepMs) {
    throw new InputError(`step must be ${leastStepMs / 1_000}s or more, got ${stepMs} ms`);
  }
  const range = { fromMs: Math.ceil(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs, stepMs };
  if (range.fromMs > range.toMs) throw new InputError('a series must be at least one step long');
  const points = pointsOf(range);
  if (points > MAX_POINTS) {
    throw new InputError(
      `a series may have ${MAX_POINTS} points, this one would have ${points}; ask for a longer step`,
    );
  }
  return range;
}

export function pointsOf({ fromMs, toMs, stepMs }: TimeRange): number {
  return Math.floor((toMs - fromMs) / stepMs) + 1;
}

function stepFor(lengthMs: number, leastStepMs: number): number {
  const days = Math.ceil(lengthMs / GOOD_POINTS / 86_400_000);
  const step = STEPS_MS.find((stepMs) => stepMs >= leastStepMs && lengthMs / stepMs <= GOOD_POINTS);
  return step ?? days * 86_400_000;
}
