import { expect, it } from 'vitest';
import { progressOf } from '../../../src/demo/progress.js';

function written(isTTY: boolean, shares: readonly number[]): string[] {
  const parts: string[] = [];
  const stream = { isTTY, write: (text: string) => parts.push(text) > 0 } as unknown as NodeJS.WriteStream;
  const progress = progressOf('preparing', stream);
  for (const share of shares) progress.at(share);
  progress.end();
  return parts;
}

it('writes a line every quarter where nobody watches', () => {
  const lines = written(false, [0, 0.1, 0.3, 0.31, 0.6, 1]);
  expect(lines.map((line) => Number(/(\d+) %/.exec(line)?.[1]))).toEqual([0, 30, 60, 100]);
  expect(lines.every((line) => line.endsWith('\n'))).toBe(true);
});

it('writes over the same line on a terminal, with an estimate', () => {
  const lines = written(true, [0.01, 0.5]);
  expect(lines[0]).toMatch(/^\rpreparing: {3}1 %, estimating the time left/);
  expect(lines[1]).toMatch(/^\rpreparing: {2}50 %, about \d+ s left/);
  expect(lines.at(-1)).toBe('\n');
});
