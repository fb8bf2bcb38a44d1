import type { SyntaxNode } from '@lezer/common';
import type { Query } from './parse.js';
import { type SelectorParts, selectorParts } from './selector.js';
import { bareOf, childrenOf } from './tree.js';
import { argumentsOf, nameOf } from './value-type.js';

/** How samples become events over a window. */
export type CountFunction = 'increase' | 'sum_over_time' | 'count_over_time' | 'delta';

/** Counters (or deltas) of one selector, summed. */
export interface CountColumn extends SelectorParts {
  readonly countBy: CountFunction;
  /** ` offset 5m`, or nothing. */
  readonly offset: string;
}

/** Samples of one selector that are counted. */
export interface CountedRange {
  /** As it is written. */
  readonly selector: string;
  readonly countBy: CountFunction;
  /** ` offset 5m`, or nothing. */
  readonly offset: string;
  /** Native histograms, which can be neither compared nor divided. */
  readonly isHistogram?: boolean;
}

/** PromQL for the events of a range, one element per series. */
export type CountText = (range: CountedRange) => string;

/** `increase(x[1h] offset 5m)` */
export function countedOver(window: string): CountText {
  return ({ selector, countBy, offset }) => `${countBy}(${selector}[${window}]${offset})`;
}

const COUNTED_BY: Readonly<Record<string, CountFunction>> = {
  rate: 'increase',
  irate: 'increase',
  increase: 'increase',
  delta: 'delta',
  sum_over_time: 'sum_over_time',
  count_over_time: 'count_over_time',
};
/** Functions of a count that leave it one; their first argument is it. */
const KEEPS_COUNT = new Set(['label_replace', 'label_join', 'sort', 'sort_desc', 'histogram_count', 'histogram_sum']);
const COMBINES = new Set(['Add', 'Sub', 'Or', 'And', 'Unless']);

/**
 * The query as counts of events, or null where it cannot be one. Bare selectors are counted by `bare`, inside every sum; a
 * rate becomes what `count` makes of it: with `countedOver('1h')`, `sum(x)` and `sum(rate(x[5m]))` are both
 * `sum(increase(x[1h]))`.
 */
export function countsOver(query: Query, node: SyntaxNode, count: CountText, bare: CountFunction): string | null {
  const { text } = query;
  const slice = (part: SyntaxNode) => text.slice(part.from, part.to);
  const inner = (part: SyntaxNode | undefined) => (part === undefined ? null : countsOver(query, part, count, bare));
  switch (node.name) {
    case 'VectorSelector':
      return count({ selector: slice(node), countBy: bare, offset: '' });
    case 'ParenExpr': {
      const counted = inner(childrenOf(node)[0]);
      return counted === null ? null : `(${counted})`;
    }
    case 'OffsetExpr': {
      const [selector] = childrenOf(node) as [SyntaxNode];
      if (selector.name !== 'VectorSelector') return null;
      const offset = ` ${text.slice(selector.to, node.to).trim()}`;
      return count({ selector: slice(selector), countBy: bare, offset });
    }
    case 'AggregateExpr': {
      const counted = nameOf(node, text) === 'sum' ? inner(argumentsOf(node)[0]) : null;
      if (counted === null) return null;
      const modifier = childrenOf(node).find(({ name }) => name === 'AggregateModifier');
      return modifier === undefined ? `sum(${counted})` : `sum ${slice(modifier)} (${counted})`;
    }
    case 'FunctionCall':
      return functionCounts(query, node, count, bare);
    case 'BinaryExpr':
      return binaryCounts(query, node, count, bare);
    default:
      return null;
  }
}

/** The one selector a query sums counts of, when it does nothing else. */
export function countColumn(query: Query, node: SyntaxNode, bare: CountFunction): CountColumn | null {
  const { text } = query;
  switch (node.name) {
    case 'VectorSelector': {
      const parts = selectorParts(node, text);
      return parts === null ? null : { ...parts, countBy: bare, offset: '' };
    }
    case 'ParenExpr':
      return countColumn(query, childrenOf(node)[0] as SyntaxNode, bare);
    case 'OffsetExpr': {
      const [selector] = childrenOf(node) as [SyntaxNode];
      const column = countColumn(query, selector, bare);
      return selector.name === 'VectorSelector' && column !== null
        ? { ...column, offset: ` ${text.slice(selector.to, node.to).trim()}` }
        : null;
    }
    case 'AggregateExpr':
      return nameOf(node, text) === 'sum' ? countColumn(query, argumentsOf(node)[0] as SyntaxNode, bare) : null;
    case 'FunctionCall': {
      const countBy = COUNTED_BY[nameOf(node, text)];
      const range = countBy === undefined ? null : rangeOf(argumentsOf(node)[0] as SyntaxNode, text);
      const parts = range === null ? null : selectorParts(range.selector, text);
      return countBy === undefined || range === null || parts === null
        ? null
        : { ...parts, countBy, offset: range.offset };
    }
    default:
      return null;
  }
}

/** Both sides of a plain quotient of single counts, `sum(rate(a[5m])) / sum(rate(b[5m]))`, or of one minus it. */
export function quotient(
  query: Query,
): { readonly part: SyntaxNode; readonly total: SyntaxNode; readonly complement: boolean } | null {
  const top = bareOf(query.top);
  const [left, operator, right] = top.name === 'BinaryExpr' ? childrenOf(top) : [];
  if (left === undefined || operator === undefined || right === undefined || childrenOf(top).length !== 3) return null;
  if (operator.name === 'Sub' && Number(query.text.slice(left.from, left.to)) === 1) {
    const inner = bareOf(right);
    const [part, division, total] = inner.name === 'BinaryExpr' ? childrenOf(inner) : [];
    if (part === undefined || total === undefined || childrenOf(inner).length !== 3) return null;
    return division?.name === 'Div' && [part, total].every((side) => isSingleCount(query, side))
      ? { part, total, complement: true }
      : null;
  }
  return operator.name === 'Div' && [left, right].every((side) => isSingleCount(query, side))
    ? { part: left, total: right, complement: false }
    : null;
}

/** Whether an expression has exactly one element: a sum without grouping. */
export function isSingle(query: Query, node: SyntaxNode): boolean {
  const inner = bareOf(node);
  return (
    inner.name === 'AggregateExpr' &&
    childrenOf(inner).every(({ name }) => name !== 'AggregateModifier') &&
    nameOf(inner, query.text) === 'sum'
  );
}

function isSingleCount(query: Query, node: SyntaxNode): boolean {
  return isSingle(query, node) && readsRanges(node) && countsOver(query, node, countedOver('5m'), 'increase') !== null;
}

/** Whether every selector below stands in a range, so that nothing bare would be taken for a counter. */
function readsRanges(node: SyntaxNode): boolean {
  if (node.name === 'VectorSelector') return node.parent?.name === 'MatrixSelector';
  return childrenOf(node).every(readsRanges);
}

function functionCounts(query: Query, node: SyntaxNode, count: CountText, bare: CountFunction): string | null {
  const { text } = query;
  const name = nameOf(node, text);
  const [first, ...rest] = argumentsOf(node);
  if (first === undefined) return null;
  const countBy = COUNTED_BY[name];
  if (countBy !== undefined) {
    const range = rangeOf(first, text);
    if (range === null) return null;
    const selector = text.slice(range.selector.from, range.selector.to);
    return count({ selector, countBy, offset: range.offset });
  }
  // `or vector(0)`: a constant that says nothing happened.
  if (name === 'vector') return isZero(first, text) ? text.slice(node.from, node.to) : null;
  const isFloor = name === 'clamp_min' && rest[0] !== undefined && isZero(rest[0], text);
  const isHistogram = name.startsWith('histogram_');
  const inner: CountText = isHistogram ? (range) => count({ ...range, isHistogram }) : count;
  const counted = KEEPS_COUNT.has(name) || isFloor ? countsOver(query, first, inner, bare) : null;
  return counted === null
    ? null
    : `${name}(${[counted, ...rest.map((argument) => text.slice(argument.from, argument.to))].join(', ')})`;
}

function binaryCounts(query: Query, node: SyntaxNode, count: CountText, bare: CountFunction): string | null {
  const { text } = query;
  const children = childrenOf(node);
  const [left, operator] = children as [SyntaxNode, SyntaxNode];
  const right = children.at(-1) as SyntaxNode;
  const between = text.slice(left.to, right.from);
  const counted = (side: SyntaxNode) => countsOver(query, side, count, bare);
  const asWritten = (side: SyntaxNode) => text.slice(side.from, side.to);
  const [first, second] =
    operator.name === 'Mul' && isZero(left, text)
      ? [asWritten(left), counted(right)]
      : // `> 0` and `* 0` mean the same of a rate and of a count; any other number would not.
        ['Mul', 'Gtr', 'Gte'].includes(operator.name) && isZero(right, text)
        ? [counted(left), asWritten(right)]
        : COMBINES.has(operator.name)
          ? [counted(left), counted(right)]
          : [null, null];
  return first === null || second === null ? null : `${first}${between}${second}`;
}

function rangeOf(node: SyntaxNode, text: string): { readonly selector: SyntaxNode; readonly offset: string } | null {
  const range = node.name === 'OffsetExpr' ? childrenOf(node)[0] : node;
  const selector = range?.name === 'MatrixSelector' ? childrenOf(range)[0] : undefined;
  if (range === undefined || selector === undefined) return null;
  return { selector, offset: node === range ? '' : ` ${text.slice(range.to, node.to).trim()}` };
}

function isZero(node: SyntaxNode, text: string): boolean {
  return node.name === 'NumberDurationLiteral' && Number(text.slice(node.from, node.to)) === 0;
}
