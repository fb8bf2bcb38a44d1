import type { SyntaxNode } from '@lezer/common';
import { escapeRegex, quote } from '../prometheus/promql.js';
import { unquote } from './literal.js';
import { type ParseOptions, parseTrusted, type Query } from './parse.js';
import { childrenOf } from './tree.js';

/** One test of a selector. */
export interface LabelTest {
  readonly label: string;
  readonly sign: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A selector taken apart. */
export interface SelectorParts {
  readonly metric: string;
  readonly tests: readonly LabelTest[];
}

/** The metric and tests of a selector; null where the metric is no plain name (a regular expression, a quoted name). */
export function selectorParts(node: SyntaxNode, text: string): SelectorParts | null {
  const tests: LabelTest[] = [];
  let metric: string | null = null;
  for (const child of childrenOf(node)) {
    if (child.name === 'Identifier') metric = text.slice(child.from, child.to);
    for (const matcher of child.name === 'LabelMatchers' ? childrenOf(child) : []) {
      const test = matcher.name === 'UnquotedLabelMatcher' ? labelTest(matcher, text) : null;
      if (test === null) return null;
      if (test.label !== '__name__') tests.push(test);
      else if (test.sign === '=' && metric === null && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(test.value))
        metric = test.value;
      else return null;
    }
  }
  return metric === null ? null : { metric, tests };
}

/** Adds equality tests to every selector of a query and proves, on the result, that each has them. */
export function enforce(query: Query, match: Readonly<Record<string, string>>): Query {
  return enforceTests(
    query,
    Object.entries(match).map(([label, value]) => ({ label, sign: '=', value })),
  );
}

/** The same for tests of any kind. @param options those that the query was parsed with */
export function enforceTests(query: Query, wanted: readonly LabelTest[], options: ParseOptions = {}): Query {
  if (wanted.length === 0) return query;
  const added = wanted.map(({ label, sign, value }) => `${label}${sign}${quote(value)}`).join(',');
  const edits = query.selectors.map((selector): Edit => {
    const braces = childrenOf(selector).find(({ name }) => name === 'LabelMatchers');
    if (braces === undefined) return { from: selector.to, to: selector.to, insert: `{${added}}` };
    const separator = childrenOf(braces).length === 0 ? '' : ',';
    return { from: braces.from + 1, to: braces.from + 1, insert: `${added}${separator}` };
  });
  const enforced = parseTrusted(applied(query.text, edits), options);
  const missing = enforced.selectors.find((selector) => !hasTests(selector, enforced.text, wanted));
  if (enforced.selectors.length !== query.selectors.length || missing !== undefined) {
    throw new Error(`a selector was left without its matchers: ${enforced.text}`);
  }
  return enforced;
}

/** `le="250"` also selects the bucket that Prometheus 3 calls `250.0`. */
export function withBoundSpellings(query: Query): Query {
  const edits: Edit[] = [];
  for (const selector of query.selectors) {
    for (const braces of childrenOf(selector).filter(({ name }) => name === 'LabelMatchers')) {
      for (const matcher of childrenOf(braces).filter(({ name }) => name === 'UnquotedLabelMatcher')) {
        const { label, sign, value } = labelTest(matcher, query.text) as LabelTest;
        const spellings = label === 'le' && sign === '=' ? boundSpellings(value) : [];
        if (spellings.length < 2) continue;
        const insert = `le=~${quote(spellings.map(escapeRegex).join('|'))}`;
        edits.push({ from: matcher.from, to: matcher.to, insert });
      }
    }
  }
  return edits.length === 0 ? query : parseTrusted(applied(query.text, edits));
}

/**
 * How exporters and servers of several versions write one bucket bound: `250` and `250.0`, `1e+06` and `1000000`.
 * @see https://prometheus.io/docs/prometheus/latest/migration/#le-and-quantile-label-values
 */
export function boundSpellings(value: string): readonly string[] {
  const bound = Number(value);
  if (value.trim() === '' || !Number.isFinite(bound)) return [value];
  const plain = String(bound);
  const spellings = [value, plain];
  if (Number.isInteger(bound)) spellings.push(`${plain}.0`);
  // Go writes the shortest form, with an exponent of two digits at least.
  if (bound !== 0 && (Math.abs(bound) >= 1e6 || Math.abs(bound) < 1e-4)) {
    spellings.push(bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2'));
  }
  return [...new Set(spellings)].sort();
}

/** One text for all spellings of a bucket bound. */
export function canonicalBound(value: string): string {
  if (/^\+?inf$/i.test(value)) return '+Inf';
  const bound = Number(value);
  return value.trim() === '' || !Number.isFinite(bound) ? value : String(bound);
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

function applied(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((left, right) => right.from - left.from)
    .reduce((result, { from, to, insert }) => result.slice(0, from) + insert + result.slice(to), text);
}

function hasTests(selector: SyntaxNode, text: string, wanted: readonly LabelTest[]): boolean {
  const tests = childrenOf(selector)
    .flatMap((child) => (child.name === 'LabelMatchers' ? childrenOf(child) : []))
    .map((matcher) => labelTest(matcher, text));
  return wanted.every(({ label, sign, value }) =>
    tests.some((test) => test !== null && test.label === label && test.sign === sign && test.value === value),
  );
}

function labelTest(matcher: SyntaxNode, text: string): LabelTest | null {
  const [name, sign, literal] = childrenOf(matcher).map((part) => text.slice(part.from, part.to));
  if (matcher.name !== 'UnquotedLabelMatcher' || name === undefined || literal === undefined) return null;
  const read = unquote(literal);
  return 'value' in read ? { label: name, sign: sign as LabelTest['sign'], value: read.value } : null;
}
