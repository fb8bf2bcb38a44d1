import type { SyntaxNode, Tree } from '@lezer/common';
import { nearest } from '../../domain/nearest.js';
import { terms } from './terms.js';
import type { Fault } from './tree.js';

/** The first thing a tolerant parser had to step over, in words; null when there is none. */
export function grammarError(tree: Tree, text: string): Fault | null {
  if (text.trim() === '') {
    return { at: 0, message: 'the query is empty; expected PromQL like sum(rate(http_requests_total[5m]))' };
  }
  const error = firstError(tree);
  if (error === null) return null;
  return unknownFunction(error, text) ?? unbalanced(text) ?? { at: error.from, message: explain(error, text) };
}

function firstError(tree: Tree): SyntaxNode | null {
  let first: SyntaxNode | null = null;
  tree.iterate({
    enter: ({ type, node }) => {
      if (type.isError && first === null) first = node;
      return first === null;
    },
  });
  return first;
}

/** `rat(x[5m])`: an identifier before a parenthesis that the grammar took for a metric. */
function unknownFunction(error: SyntaxNode, text: string): Fault | null {
  const selector = error.parent?.name === 'VectorSelector' ? error.parent : null;
  const name = selector?.firstChild;
  if (selector === null || name?.name !== 'Identifier') return null;
  const word = text.slice(name.from, name.to);
  if (!/^\s*\(/.test(text.slice(name.to))) return null;
  const near = nearest(word, terms);
  const hint = near === null ? '' : `; did you mean ${near}?`;
  return { at: name.from, message: `${word} is not a function of PromQL${hint}` };
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function unbalanced(text: string): Fault | null {
  const open: { at: number; mark: string }[] = [];
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[()[\]{}]/gs)) {
    const mark = match[0];
    if (CLOSING[mark] !== undefined) open.push({ at: match.index, mark });
    else if (/^[)\]}]$/.test(mark)) {
      const last = open.pop();
      if (last === undefined) return { at: match.index, message: `this ${mark} closes nothing` };
      if (CLOSING[last.mark] !== mark) {
        return { at: match.index, message: `expected ${CLOSING[last.mark]} before this ${mark}` };
      }
    }
  }
  const last = open.pop();
  return last === undefined ? null : { at: last.at, message: `this ${last.mark} is never closed` };
}

function explain(error: SyntaxNode, text: string): string {
  const found = near(text, error.from);
  const parents = ancestors(error);
  if (parents.includes('LabelMatchers')) return `expected label="value" pairs separated by commas, ${found}`;
  if (parents.includes('GroupingLabels')) return `expected label names separated by commas, ${found}`;
  if (parents.includes('DurationExpr') || parents[0] === 'MatrixSelector' || parents[0] === 'OffsetExpr') {
    return `expected a duration like 5m, ${found}`;
  }
  if (parents[0] === 'BinaryExpr') return `expected an expression after the operator, ${found}`;
  if (parents[0] === 'FunctionCallBody') return `expected an expression or ), ${found}`;
  return `expected an operator or the end of the query, ${found}`;
}

function near(text: string, at: number): string {
  const rest = text.slice(at).trimStart();
  if (rest === '') return 'got the end of the query';
  return `near ${JSON.stringify(rest.length > 20 ? `${rest.slice(0, 20)}…` : rest)}`;
}

function ancestors(node: SyntaxNode): readonly string[] {
  const names: string[] = [];
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    if (!parent.type.isError) names.push(parent.name);
  }
  return names;
}
