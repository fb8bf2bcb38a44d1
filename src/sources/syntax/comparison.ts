import type { SyntaxNode } from '@lezer/common';
import { parseTrusted, type Query } from './parse.js';
import { bareOf, childrenOf } from './tree.js';
import { valueType } from './value-type.js';

const COMPARISONS: readonly string[] = ['Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte'];

/**
 * Whether a query gives an element where something is so, whatever its value, as the expression of an alert does: a
 * comparison without `bool`, and what `and`, `or` and `unless` make of comparisons.
 */
export function isComparison({ top }: Pick<Query, 'top'>): boolean {
  return isTest(top);
}

/** The vector of a query that compares it with a number, and the test: ` == 1`. Null for any other query. */
export function numberTest(query: Query): { readonly vector: Query; readonly test: string } | null {
  const top = bareOf(query.top);
  const [left, operator, right, ...more] = childrenOf(top);
  if (left === undefined || operator === undefined || right === undefined || more.length > 0) return null;
  if (top.name !== 'BinaryExpr' || !COMPARISONS.includes(operator.name)) return null;
  const isNumber = valueType(left, query.text) === 'vector' && right.name === 'NumberDurationLiteral';
  if (!isNumber) return null;
  const vector = parseTrusted(query.text.slice(left.from, left.to), { placeholders: false });
  return { vector, test: ` ${query.text.slice(operator.from, right.to)}` };
}

function isTest(node: SyntaxNode): boolean {
  const top = bareOf(node);
  if (top.name !== 'BinaryExpr') return false;
  const [left, operator, ...rest] = childrenOf(top);
  const right = rest.at(-1);
  if (left === undefined || operator === undefined || right === undefined) return false;
  if (COMPARISONS.includes(operator.name)) return !rest.some(({ name }) => name === 'BoolModifier');
  if (operator.name === 'Or') return isTest(left) && isTest(right);
  return (operator.name === 'And' || operator.name === 'Unless') && isTest(left);
}
