import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { grammarError } from './grammar-error.js';
import { unquote } from './literal.js';
import { bindPostfixes } from './postfix.js';
import type { ValueType } from './terms.js';
import type { Fault } from './tree.js';
import { typeError, valueType } from './value-type.js';

/** A query that parses, its tree, and its selectors in the order of the text. */
export interface Query {
  /** Without comments, placeholders for the window replaced by a duration, `a + b offset 5m` as `a + (b offset 5m)`. */
  readonly text: string;
  readonly top: SyntaxNode;
  readonly type: ValueType;
  readonly selectors: readonly SyntaxNode[];
}

/** Where and what is wrong, for people; line and column count from 1 within the query. */
export interface PromqlError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface ParseOptions {
  /** Whether the window may be a placeholder. Default true. */
  readonly placeholders?: boolean;
  /** What may come out. Default: an instant vector or a number. */
  readonly results?: readonly ValueType[];
}

/**
 * Parses PromQL and refuses whatever Prometheus would refuse: broken grammar, unknown functions, strings that do not
 * end, and types that do not fit. In ranges, the placeholders other tools use for the window (`{{.window}}`, `$window`,
 * `$__rate_interval`) are allowed.
 */
export function parsePromql(
  source: string,
  { placeholders: replaced = true, results }: ParseOptions = {},
): { readonly query: Query } | { readonly error: PromqlError } {
  const { text, placeholders } = prepared(source, replaced);
  const tree = parser.parse(text);
  const fault = stringFault(tree, text) ?? grammarError(tree, text) ?? placeholderFault(tree, source, placeholders);
  if (fault !== null) return { error: located(source, fault) };
  const bound = bindPostfixes(text);
  const top = bound.tree.topNode.firstChild as SyntaxNode;
  const mistyped = typeError(top, bound.text, results);
  if (mistyped !== null) return { error: located(source, { ...mistyped, at: bound.originOf(mistyped.at) }) };
  const { text: boundText, tree: boundTree } = bound;
  return { query: { text: boundText, top, type: valueType(top, boundText), selectors: selectorsOf(boundTree) } };
}

/** The expression of a text that is known to parse. @throws Error when it does not: a fault of the caller */
export function parseTrusted(text: string, options: ParseOptions = {}): Query {
  const parsed = parsePromql(text, options);
  if ('error' in parsed) throw new Error(`rewritten PromQL does not parse: ${parsed.error.message}: ${text}`);
  return parsed.query;
}

function selectorsOf(tree: Tree): readonly SyntaxNode[] {
  const selectors: SyntaxNode[] = [];
  tree.iterate({
    enter: ({ name, node }) => {
      if (name === 'VectorSelector') selectors.push(node);
    },
  });
  return selectors;
}

const TOKEN =
  /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?|#[^\n]*|(\{\{-?\s*\.?[wW]indow\s*-?\}\}|\$\{?(?:window|__rate_interval|__interval|__range|interval)\b\}?)/gs;

interface Placeholder {
  readonly from: number;
  readonly to: number;
}

/** Comments become spaces and a placeholder `5m` padded with spaces, so that offsets stay; strings are left alone. */
function prepared(source: string, replaced: boolean): { text: string; placeholders: readonly Placeholder[] } {
  const placeholders: Placeholder[] = [];
  const text = source.replace(TOKEN, (token, placeholder: string | undefined, from: number) => {
    if (token.startsWith('#')) return ' '.repeat(token.length);
    if (placeholder === undefined || !replaced) return token;
    placeholders.push({ from, to: from + token.length });
    return '5m'.padEnd(token.length);
  });
  return { text, placeholders };
}

function placeholderFault(tree: Tree, source: string, placeholders: readonly Placeholder[]): Fault | null {
  for (const { from, to } of placeholders) {
    const inRange = tree.resolveInner(from, 1).parent?.parent?.name === 'MatrixSelector';
    if (!inRange) {
      return { at: from, message: `${source.slice(from, to)} may stand only as the range of a selector, in [ ]` };
    }
  }
  return null;
}

function stringFault(tree: Tree, text: string): Fault | null {
  let fault: Fault | null = null;
  tree.iterate({
    enter: ({ name, from, to }) => {
      if (fault !== null || name !== 'StringLiteral') return;
      const read = unquote(text.slice(from, to));
      if ('error' in read) fault = { at: from + read.at, message: read.error };
    },
  });
  return fault;
}

/** Line and column of a fault. */
export function located(source: string, { at, message }: Fault): PromqlError {
  const before = source.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) as string).length + 1, message };
}
