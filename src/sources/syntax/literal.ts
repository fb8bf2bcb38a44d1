const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
const NUMERIC = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/;

/** The text a PromQL string literal stands for, or what is wrong with it and where in the literal. */
export function unquote(literal: string): { value: string } | { error: string; at: number } {
  const mark = literal[0] as string;
  if (literal.length < 2 || !literal.endsWith(mark)) return { error: `the string has no closing ${mark}`, at: 0 };
  const body = literal.slice(1, -1);
  if (mark === '`') return { value: body };
  let value = '';
  for (let at = 0; at < body.length; ) {
    const char = body[at] as string;
    if (char === '\n') return { error: `the string has no closing ${mark} on its line`, at: 0 };
    if (char !== '\\') {
      value += char;
      at += 1;
      continue;
    }
    const next = body[at + 1];
    // A backslash before the last mark escapes it, so the literal never ends.
    if (next === undefined) return { error: `the string has no closing ${mark}`, at: 0 };
    const simple = next === mark ? mark : SIMPLE[next];
    const numeric = NUMERIC.exec(body.slice(at + 1));
    if (simple !== undefined) {
      value += simple;
      at += 2;
    } else if (numeric !== null && codePoint(numeric) <= 0x10ffff) {
      value += String.fromCodePoint(codePoint(numeric));
      at += 1 + numeric[0].length;
    } else return { error: `\\${next} is no escape; write \\\\${next}`, at: at + 1 };
  }
  return { value };
}

function codePoint([, hex, short, long, octal]: RegExpExecArray): number {
  return octal === undefined
    ? Number.parseInt((hex ?? short ?? long) as string, 16)
    : Number.parseInt(octal as string, 8);
}
