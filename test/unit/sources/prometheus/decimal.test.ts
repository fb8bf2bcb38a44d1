import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimal, LEADING_DIGITS } from '../../../../src/sources/prometheus/decimal.js';

/** @param digits 16 to 18 of them, the first not zero */
function read(digits: string, decimals: number): number | null {
  const [leading, trailing] = [digits.slice(0, LEADING_DIGITS), digits.slice(LEADING_DIGITS)];
  return decimal(Number(leading), Number(trailing), trailing.length, decimals);
}

const digits = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 15, maxLength: 17 }))
  .map(([first, others]) => [first, ...others].join(''));

it('is what Number makes of the same digits, or nothing', () => {
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 22 }), (text, decimals) => {
      const value = read(text, decimals);
      if (value !== null) expect(value).toBe(Number(`${text}e-${decimals}`));
    }),
    { numRuns: 20_000 },
  );
});

it('is found for what a double is written as', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-5, max: 1, noNaN: true, maxExcluded: true }), (value) => {
      const [, zeros = '', text = ''] = /^0\.(0*)(\d{16,17})$/.exec(String(value)) ?? [];
      fc.pre(text !== '' && zeros.length + text.length <= 22);
      expect(read(text, zeros.length + text.length)).toBe(value);
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  ['9007199254740993', 0],
  ['90071992547409950', 1],
  ['900719925474099500', 2],
])('is not told in the middle between two doubles: %s with %i decimals', (text, decimals) => {
  expect(read(text, decimals)).toBeNull();
});
