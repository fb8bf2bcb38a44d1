import type { SyntaxNode } from '@lezer/common';
import type { Query } from './parse.js';
import { type SelectorParts, selectorParts } from './selector.js';
import { signatures } from './terms.js';
import { bareOf, childrenOf } from './tree.js';
import { argumentsOf, nameOf } from './value-type.js';

/** A value that is read from one selector: `max by (a) (rate(x{b="c"}[5m]))`. */
export interface ValueColumn extends SelectorParts {
  /** Null for a selector or function that is not aggregated. */
  readonly aggregation: ValueAggregation | null;
  readonly by: readonly string[];
  /** What stands before and after the selector: `rate(` and `[5m])`. */
  readonly around: readonly [string, string];
}

const AGGREGATIONS = ['sum', 'min', 'max', 'avg', 'count'] as const;
export type ValueAggregation = (typeof AGGREGATIONS)[number];

/** The one selector a value is read from, when aggregating it by more labels gives the same value for each of them. */
export function valueColumn(query: Query): ValueColumn | null {
  const { text } = query;
  const top = bareOf(query.top);
  if (top.name !== 'AggregateExpr') return columnOf(top, text, null, []);
  const aggregation = AGGREGATIONS.find((name) => name === nameOf(top, text));
  const by = groupingOf(top, text);
  const [vector] = argumentsOf(top);
  if (aggregation === undefined || by === null || vector === undefined) return null;
  return columnOf(bareOf(vector), text, aggregation, by);
}

function columnOf(
  node: SyntaxNode,
  text: string,
  aggregation: ValueAggregation | null,
  by: readonly string[],
): ValueColumn | null {
  const selector = soleSelector(node, text);
  const parts = selector === null ? null : selectorParts(selector, text);
  if (selector === null || parts === null) return null;
  const around = [text.slice(node.from, selector.from), text.slice(selector.to, node.to)] as const;
  return { ...parts, aggregation, by, around };
}

/** The selector of `x`, `x offset 5m` and `rate(x[5m] offset 1h)`. */
function soleSelector(node: SyntaxNode, text: string): SyntaxNode | null {
  switch (node.name) {
    case 'VectorSelector':
      return node;
    case 'OffsetExpr':
    case 'MatrixSelector':
      return soleSelector(childrenOf(node)[0] as SyntaxNode, text);
    case 'FunctionCall': {
      const name = nameOf(node, text);
      const [range] = argumentsOf(node);
      const readsRange = signatures.get(name)?.types.join() === 'range' && name !== 'absent_over_time';
      return readsRange && range !== undefined ? soleSelector(range, text) : null;
    }
    default:
      return null;
  }
}

/** Labels of `by (...)`, none without it, null for `without (...)` and quoted names. */
function groupingOf(node: SyntaxNode, text: string): readonly string[] | null {
  const modifier = childrenOf(node).find(({ name }) => name === 'AggregateModifier');
  if (modifier === undefined) return [];
  const [word, labels] = childrenOf(modifier) as [SyntaxNode, SyntaxNode];
  const names = childrenOf(labels);
  if (word.name !== 'By' || names.some(({ name }) => name !== 'LabelName')) return null;
  return names.map(({ from, to }) => text.slice(from, to));
}
