/** Powers of ten that are exact. */
export const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Digits that `leading` of `decimal` may have. */
export const LEADING_DIGITS = 15;
/** Digits that `trailing` may have. */
export const TRAILING_DIGITS = 3;

/**
 * The double next to a decimal of up to 18 digits: the quotient of its digits and a power of ten, whose remainder says
 * which way to round. What `Number` does with its text, without making a text of it.
 * @param leading the number that the first 15 digits are
 * @param trailing the number that the others are
 * @param count how many others there are, at most 3
 * @param decimals digits behind the point, at most 22
 * @returns null where so few digits do not tell which double is next
 */
export function decimal(leading: number, trailing: number, count: number, decimals: number): number | null {
  const divisor = POWERS_OF_TEN[decimals] as number;
  // The last eight digits apart from those before, both whole: their sum is exactly `sum + error`.
  const shift = POWERS_OF_TEN[8 - count] as number;
  const before = Math.floor(leading / shift);
  const high = before * 1e8;
  const low = (leading - before * shift) * (POWERS_OF_TEN[count] as number) + trailing;
  const sum = high + low;
  const error = low - (sum - high);
  const quotient = sum / divisor;
  const rest = sum - quotient * divisor - productError(quotient, divisor) + error;
  const correction = rest / divisor;
  const rounded = quotient + correction * (1 - DOUBT);
  return rounded === quotient + correction * (1 + DOUBT) ? rounded : null;
}

/** More than what the correction may be off, as a share of it. */
const DOUBT = 2 ** -45;

/** What is missing from a product of two doubles: Dekker's product, exact where nothing overflows. */
function productError(a: number, b: number): number {
  const aHigh = upperHalf(a);
  const bHigh = upperHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (a * b - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The upper half of a double's bits. */
function upperHalf(value: number): number {
  const scaled = value * (2 ** 27 + 1);
  return scaled - (scaled - value);
}
