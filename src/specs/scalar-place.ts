import type { Scalar } from 'yaml';

/**
 * Where in a file the character at `offset` of a scalar's value stands: block scalars lose their indentation, folded
 * ones their line ends, quoted ones their escapes.
 */
export function fileOffset(text: string, scalar: Scalar, offset: number): number {
  const value = String(scalar.value);
  const [start, end] = scalar.range ?? [0, 0];
  const isBlock = scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED';
  const indent = isBlock ? blockIndent(text, start, end, value) : Number.POSITIVE_INFINITY;
  let at = contentStart(text, scalar, start, isBlock);
  const skipIndent = () => {
    for (let n = 0; n < indent && (text[at] === ' ' || (!isBlock && text[at] === '\t')); n += 1) at += 1;
  };
  if (isBlock) skipIndent();
  let index = 0;
  while (index < offset && at < end) {
    const wanted = value[index];
    const found = text[at];
    if (found === '\n') {
      at += 1;
      if (wanted === '\n' || wanted === ' ') index += 1;
      skipIndent();
    } else if (found === '\\' && scalar.type === 'QUOTE_DOUBLE') {
      const length = escapeLength(text[at + 1]);
      at += length;
      if (text[at - 1] === '\r') at += 1;
      if (text[at - 1] === '\n') skipIndent();
      else index += 1;
    } else if (found === "'" && scalar.type === 'QUOTE_SINGLE') {
      at += 2;
      index += 1;
    } else {
      // Blanks before a folded line end and carriage returns are not in the value.
      if (found === wanted) index += 1;
      at += 1;
    }
  }
  // A character after folded line ends stands behind them.
  if ((value[offset] ?? ' ').trim() === '') return at;
  while (at < end && /\s/.test(text[at] ?? '')) at += 1;
  while (scalar.type === 'QUOTE_DOUBLE' && /^\\\r?\n/.test(text.slice(at, at + 3))) {
    at = text.indexOf('\n', at) + 1;
    skipIndent();
  }
  return at;
}

function contentStart(text: string, scalar: Scalar, start: number, isBlock: boolean): number {
  if (isBlock) {
    const lineEnd = text.indexOf('\n', start);
    return lineEnd === -1 ? text.length : lineEnd + 1;
  }
  return scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE' ? start + 1 : start;
}

function blockIndent(text: string, start: number, end: number, value: string): number {
  const leading = (lines: readonly string[]) =>
    /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  return leading(text.slice(start, end).split('\n').slice(1)) - leading(value.split('\n'));
}

function escapeLength(kind: string | undefined): number {
  if (kind === 'x') return 4;
  if (kind === 'u') return 6;
  return kind === 'U' ? 10 : 2;
}
