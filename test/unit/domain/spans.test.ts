import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, lengthOf, missingOf, type Spans, withoutSpan, withSpan } from '../../../src/domain/spans.js';

const stretch = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 15 }));

/** What the spans cover, unit by unit. */
function unitsOf(spans: Spans): Set<number> {
  const units = new Set<number>();
  for (let index = 0; index < spans.length; index += 2) {
    for (let unit = spans[index] as number; unit < (spans[index + 1] as number); unit += 1) units.add(unit);
  }
  return units;
}

describe('spans', () => {
  it('are what a set of units would be, whatever is added, taken away and asked', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(stretch, fc.boolean()), { maxLength: 12 }), stretch, (steps, [from, length]) => {
        let spans: Spans = [];
        const units = new Set<number>();
        for (const [[start, size], add] of steps) {
          spans = add ? withSpan(spans, start, start + size) : withoutSpan(spans, start, start + size);
          for (let unit = start; unit < start + size; unit += 1) {
            if (add) units.add(unit);
            else units.delete(unit);
          }
          expect([...unitsOf(spans)].sort()).toEqual([...units].sort());
          expect(lengthOf(spans)).toBe(units.size);
          expect([...spans]).toEqual([...new Set(spans)].sort((a, b) => a - b));
        }
        const asked = Array.from({ length }, (_, index) => from + index);
        expect([...unitsOf(missingOf(spans, from, from + length))]).toEqual(asked.filter((unit) => !units.has(unit)));
        expect(covers(spans, from, from + length)).toBe(asked.every((unit) => units.has(unit)));
      }),
    );
  });
});
