import type { SyntaxNode } from '@lezer/common';

/** Something wrong at an offset of the query. */
export interface Fault {
  readonly at: number;
  readonly message: string;
}

/** Children of a node, in the order of the text. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** Without parentheses around it. */
export function bareOf(node: SyntaxNode): SyntaxNode {
  return node.name === 'ParenExpr' ? bareOf(childrenOf(node)[0] as SyntaxNode) : node;
}
