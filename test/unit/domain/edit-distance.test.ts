import { expect, it } from 'vitest';
import { editDistance } from '../../../src/domain/edit-distance.js';

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
