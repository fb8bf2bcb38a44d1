import { budgetOf } from './burn-rate.js';
import { Exact } from './decimal.js';
import type { EventCounts } from './slo.js';

/** What a burn rate needs beside being above its factor. */
export interface LowTrafficGuards {
  /** Bad events; 0 needs none. */
  readonly minFailures: number;
  /** 0..1, exclusive; null asks for none. */
  readonly confidence: number | null;
}

/**
 * Whether the events behind a burn rate are enough for it to fire: as many bad ones as are asked for, and with the
 * confidence that is asked for an error ratio above what the factor allows.
 * @param factor burn rate above which a rule fires
 */
export function isWellFounded(events: EventCounts, target: string, factor: number, guards: LowTrafficGuards): boolean {
  if (events.bad < guards.minFailures) return false;
  if (guards.confidence === null) return true;
  const [lowest] = wilsonInterval(events.bad, events.total, guards.confidence);
  return lowest > budgetOf(target).mul(factor).toNumber();
}

/** The burn rate that events stand for at least, with a confidence of 0..1, exclusive. */
export function leastBurnRate({ bad, total }: EventCounts, target: string, confidence: number): number {
  return new Exact(wilsonInterval(bad, total, confidence)[0]).div(budgetOf(target)).toNumber();
}

/**
 * Where the true error ratio lies, by Wilson's score.
 * @param confidence 0..1, exclusive: that it lies within both ends
 * @throws RangeError for another confidence
 * @see https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilsonInterval(bad: number, total: number, confidence: number): readonly [number, number] {
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`a confidence lies between 0 and 1, got ${confidence}`);
  if (!(total > 0)) return [0, 1];
  const ratio = Math.max(0, Math.min(1, bad / total));
  const squared = normalQuantile((1 + confidence) / 2) ** 2 / total;
  const centre = (ratio + squared / 2) / (1 + squared);
  const spread = Math.sqrt(squared * ratio * (1 - ratio) + squared ** 2 / 4) / (1 + squared);
  return [Math.max(0, centre - spread), Math.min(1, centre + spread)];
}

/** Standard deviations below which a normal variable lies with a probability of at least a half. */
function normalQuantile(probability: number): number {
  const tail = Math.sqrt(-2 * Math.log(1 - probability));
  const guess = rational(tail);
  // One step of Newton on the tail makes the guess exact to about eight digits.
  return guess + (upperTail(guess) - (1 - probability)) / density(guess);
}

/** @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23 */
function rational(t: number): number {
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  return t - above / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/** @see Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17 */
function upperTail(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return density(x) * series;
}

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}
