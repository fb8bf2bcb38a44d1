import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMap, isScalar, parseDocument, stringify } from 'yaml';
import { fileOffset } from '../../../src/specs/scalar-place.js';
import { good, read, threshold } from './support.js';

const edit = fc.record({
  at: fc.nat(1_000),
  length: fc.nat(12),
  by: fc.oneof(
    fc.constantFrom(
      '',
      '\t',
      '\n',
      '- ',
      ': ',
      '"',
      "'",
      '|',
      '>',
      '&a ',
      '*a',
      '!!binary ',
      '<<: ',
      '{',
      ']',
      '---\n',
      '#',
      '0',
      '?',
    ),
    fc.string({ maxLength: 6 }),
  ),
});

it('never throws, whatever was done to a definition, and every problem has its place', () => {
  fc.assert(
    fc.property(fc.constantFrom(good, threshold), fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
      const broken = edits.reduce<string>((now, { at, length, by }) => {
        const from = at % (now.length + 1);
        return now.slice(0, from) + by + now.slice(from + length);
      }, text);
      const { slos, problems } = read(broken);
      const lines = broken.split('\n').length + 1;
      for (const { file, line, column, message } of problems) {
        expect(message).not.toBe('');
        if (file !== 'a.yaml') continue;
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThan(0);
      }
      for (const { objectives } of slos) for (const { target } of objectives) expect(Number(target)).toBeLessThan(1);
    }),
    { numRuns: 300 },
  );
});

const line = fc.stringMatching(/^[a-z({="'\\][a-z0-9(){}[\]=~"'\\ +/*,.:#-]{0,12}[a-z0-9)]$/);
const styles = ['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const;

it('finds every visible character of a text in its file, in every style of YAML', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...styles),
      fc.boolean(),
      (lines, style, windows) => {
        const unix = stringify(
          { a: { b: lines.join('\n') } },
          { defaultStringType: style, lineWidth: 24, minContentWidth: 8 },
        );
        const text = windows ? unix.replaceAll('\n', '\r\n') : unix;
        const document = parseDocument(text);
        const inner = isMap(document.contents) ? document.contents.get('a') : null;
        const scalar = isMap(inner) ? inner.get('b', true) : null;
        if (!isScalar(scalar)) throw new Error('no scalar');
        const value = String(scalar.value);
        for (let index = 0; index < value.length; index += 1) {
          const character = value[index] as string;
          if (character.trim() === '') continue;
          const at = fileOffset(text, scalar, index);
          const found = text[at] === '\\' && scalar.type === 'QUOTE_DOUBLE' ? text[at + 1] : text[at];
          expect(found, `${index} of ${JSON.stringify(value)} in\n${text}`).toBe(character);
        }
      },
    ),
    { numRuns: 300 },
  );
});
