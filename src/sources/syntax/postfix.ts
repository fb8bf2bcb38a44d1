import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

const POSTFIX = new Set(['OffsetExpr', 'StepInvariantExpr', 'MatrixSelector', 'SubqueryExpr']);
const OPERATION = new Set(['BinaryExpr', 'UnaryExpr']);

/** A text with its tree, and where each of its characters stands in the text it was made from. */
export interface Bound {
  readonly text: string;
  readonly tree: Tree;
  originOf(at: number): number;
}

/**
 * Makes `a + b offset 5m` mean `a + (b offset 5m)`, as in Prometheus: the grammar at hand would shift the sum. Parentheses
 * are put around whatever `offset`, `@` and ranges belong to, until the tree says the same as Prometheus.
 */
export function bindPostfixes(text: string): Bound {
  let bound = text;
  let origins = Array.from({ length: text.length + 1 }, (_, at) => at);
  for (;;) {
    const tree = parser.parse(bound);
    const span = misbound(tree);
    if (span === null) return { text: bound, tree, originOf: (at) => origins[at] ?? text.length };
    const { from, to } = span;
    bound = `${bound.slice(0, from)}(${bound.slice(from, to)})${bound.slice(to)}`;
    const at = (place: number) => origins[place] as number;
    origins = [...origins.slice(0, from), at(from), ...origins.slice(from, to), at(to), ...origins.slice(to)];
  }
}

/** What should stand in parentheses: the last operand with all that is written behind it. Never twice the same. */
function misbound(tree: Tree): { readonly from: number; readonly to: number } | null {
  let found: { from: number; to: number } | null = null;
  tree.iterate({
    enter: ({ node }) => {
      const operand = node.firstChild;
      if (found !== null || !POSTFIX.has(node.name) || operand === null || !OPERATION.has(operand.name)) return;
      let outermost: SyntaxNode = node;
      while (outermost.parent !== null && POSTFIX.has(outermost.parent.name)) outermost = outermost.parent;
      let last: SyntaxNode = operand;
      while (OPERATION.has(last.name) && last.lastChild !== null) last = last.lastChild;
      found = { from: last.from, to: outermost.to };
    },
  });
  return found;
}
