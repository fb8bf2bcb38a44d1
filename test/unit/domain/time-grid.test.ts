import { expect, it } from 'vitest';
import { alignToGrid } from '../../../src/domain/time-grid.js';

it.each([
  { atMs: 12_345, gridMs: 5000, aligned: 10_000 },
  { atMs: 10_000, gridMs: 5000, aligned: 10_000 },
  { atMs: 9_999, gridMs: 5000, aligned: 5000 },
  { atMs: -1, gridMs: 5000, aligned: -5000 },
])('$atMs ms on a grid of $gridMs ms is $aligned ms', ({ atMs, gridMs, aligned }) => {
  expect(alignToGrid(atMs, gridMs)).toBe(aligned);
});

it('a grid without width is refused', () => {
  expect(() => alignToGrid(1, 0)).toThrow(RangeError);
  expect(() => alignToGrid(1, Number.NaN)).toThrow(RangeError);
});
