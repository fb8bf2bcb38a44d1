import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/domain/nearest.js';

describe('the name that was meant', () => {
  const known = ['indicator', 'timeWindow', 'max_depth', 'port'];

  it.each([
    ['indicatr', 'indicator'],
    ['prot', 'port'],
    ['TIME-WINDOW', 'timeWindow'],
    ['maxDepht', 'max_depth'],
    ['part', 'port'],
    ['pilot', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ])('%.20j is %j', (name, meant) => {
    expect(nearest(name, known)).toBe(meant);
  });

  it('is the nearest, and of two that are equally near the first', () => {
    expect(nearest('rat', ['rates', 'rate', 'rats'])).toBe('rate');
    expect(nearest('rate', [])).toBeNull();
  });
});

it.each([
  ['', '', 0, 'nothing differs'],
  ['', 'abc', 3, 'all is inserted'],
  ['abc', '', 3, 'all is deleted'],
  ['port', 'prot', 1, 'neighbours are swapped'],
  ['ab', 'ba', 1, 'neighbours at the start are swapped'],
  ['kitten', 'sitting', 3, 'two are replaced, one is inserted'],
  ['indicatr', 'indicator', 1, 'one is missing'],
])('between %j and %j is %d: %s', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
