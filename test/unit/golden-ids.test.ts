import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const range = (letter: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);

/**
 * G: numbers that are known from books, specifications and other tools, each given and what has to come of it.
 * E: errors that other tools are known for, each with what is right in its place.
 */
const ids = [...range('G', 1, 58), 'G67', ...range('E', 1, 20)];

const tests = resolve('test');
const texts = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(tests, file), 'utf8'));
// A name begins with its ids: 'G11, G17: …', 'E10 and E11: …'; in a table they stand alone: id: 'G30'.
const named = texts
  .flatMap((text) => text.match(/['"`](?:[GE]\d+(?:, | and )?)+(?=[:'"`])/g) ?? [])
  .flatMap((name) => name.match(/[GE]\d+/g) ?? []);

it('every golden number and every known error has a test that names it', () => {
  expect(ids.filter((id) => !named.includes(id))).toEqual([]);
});
