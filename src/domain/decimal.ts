import { Decimal } from 'decimal.js';

/** Decimals with 40 digits: `1 - 0.999` is exactly 0.001, and a quotient is rounded once, when it becomes a number. */
export const Exact = Decimal.clone({ precision: 40 });
export type Exact = Decimal;

/**
 * Reads a target as a definition writes it.
 * @param target promised share of good events, 0 <= target < 1, as a decimal string: `0.999`, not `99.9`
 * @throws RangeError outside that range, or when the text is not a decimal
 */
export function parseTarget(target: string): Exact {
  if (!/^\d*\.?\d+(?:e-?\d+)?$/i.test(target))
    throw new RangeError(`a target is a decimal like 0.999, got "${target}"`);
  const value = new Exact(target);
  if (value.gte(1)) throw new RangeError(`a target is at least 0 and below 1, got ${target}`);
  return value;
}
