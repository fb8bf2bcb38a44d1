import type { SyntaxNode } from '@lezer/common';
import { unquote } from './literal.js';
import { parameterised, type Signature, signatures, type ValueType } from './terms.js';
import { childrenOf, type Fault } from './tree.js';

const COMPARISONS = new Set(['Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte']);
const SETS = new Set(['And', 'Or', 'Unless']);
const SCALARS = new Set(['time', 'pi', 'scalar', 'start', 'end', 'range', 'step']);
const NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'a number',
  vector: 'an instant vector',
  range: 'a range like x[5m]',
  string: 'a string',
};

/** What an expression gives; for one in which `typeError` finds nothing. */
export function valueType(node: SyntaxNode, text: string): ValueType {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return 'scalar';
    case 'StringLiteral':
      return 'string';
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return 'range';
    case 'ParenExpr':
    case 'OffsetExpr':
    case 'StepInvariantExpr':
    case 'AnchoredExpr':
    case 'SmoothedExpr':
      return typeOf(childrenOf(node)[0], text);
    case 'UnaryExpr':
      return typeOf(childrenOf(node)[1], text);
    case 'FunctionCall':
      return SCALARS.has(nameOf(node, text)) ? 'scalar' : 'vector';
    case 'BinaryExpr': {
      const children = childrenOf(node);
      const types = [typeOf(children[0], text), typeOf(children.at(-1), text)];
      return types.every((type) => type === 'scalar') ? 'scalar' : 'vector';
    }
    default:
      return 'vector';
  }
}

/** The first place where a type does not fit, in the words of PromQL; null when all fit and one of `results` comes out. */
export function typeError(
  top: SyntaxNode,
  text: string,
  results: readonly ValueType[] = ['vector', 'scalar'],
): Fault | null {
  const inner = innerError(top, text);
  if (inner !== null) return inner;
  const type = valueType(top, text);
  if (results.includes(type)) return null;
  return { at: top.from, message: `a query must give an instant vector or a number, this gives ${NAMES[type]}` };
}

function innerError(node: SyntaxNode, text: string): Fault | null {
  for (const child of childrenOf(node)) {
    const fault = innerError(child, text);
    if (fault !== null) return fault;
  }
  switch (node.name) {
    case 'FunctionCall':
      return functionError(node, text);
    case 'AggregateExpr':
      return aggregateError(node, text);
    case 'BinaryExpr':
      return binaryError(node, text);
    case 'MatrixSelector':
      return childrenOf(node)[0]?.name === 'VectorSelector'
        ? null
        : {
            at: node.from,
            message: 'a range like [5m] may stand only after a selector; for an expression write [5m:1m]',
          };
    case 'SubqueryExpr':
      return mustBe(childrenOf(node)[0], 'vector', 'a subquery', text);
    case 'OffsetExpr':
    case 'StepInvariantExpr':
      return shiftError(node, text);
    case 'UnaryExpr':
      return ['scalar', 'vector'].includes(valueType(node, text))
        ? null
        : { at: node.from, message: 'no value to negate' };
    case 'VectorSelector':
      return selectorError(node, text);
    default:
      return null;
  }
}

function functionError(node: SyntaxNode, text: string): Fault | null {
  const name = nameOf(node, text);
  const given = argumentsOf(node);
  const signature = signatures.get(name);
  if (signature === undefined) return null;
  const { types, atLeast, atMost } = signature;
  if (given.length < atLeast || given.length > atMost) {
    return { at: node.from, message: `${name}() takes ${countOf(signature)}, got ${given.length}` };
  }
  for (const [index, argument] of given.entries()) {
    const fault = mustBe(argument, types[index] ?? (types.at(-1) as ValueType), `${name}()`, text);
    if (fault !== null) return fault;
  }
  return null;
}

function countOf({ atLeast, atMost }: Signature): string {
  if (atLeast === atMost) return `${atLeast} argument${atLeast === 1 ? '' : 's'}`;
  return atMost === Number.POSITIVE_INFINITY ? `at least ${atLeast} arguments` : `${atLeast} to ${atMost} arguments`;
}

function aggregateError(node: SyntaxNode, text: string): Fault | null {
  const name = nameOf(node, text);
  const given = argumentsOf(node);
  const wanted = parameterised.has(name) ? 2 : 1;
  if (given.length !== wanted) {
    return {
      at: node.from,
      message: `${name}() takes ${wanted === 1 ? '1 argument' : '2 arguments'}, got ${given.length}`,
    };
  }
  const parameter =
    wanted === 2 ? mustBe(given[0], name === 'count_values' ? 'string' : 'scalar', `${name}()`, text) : null;
  return parameter ?? mustBe(given.at(-1), 'vector', `${name}()`, text);
}

function binaryError(node: SyntaxNode, text: string): Fault | null {
  const children = childrenOf(node);
  const sides = [children[0] as SyntaxNode, children.at(-1) as SyntaxNode];
  const operator = children[1] as SyntaxNode;
  const sign = text.slice(operator.from, operator.to);
  const types = sides.map((side) => valueType(side, text));
  for (const [index, type] of types.entries()) {
    const fits = type === 'vector' || (type === 'scalar' && !SETS.has(operator.name));
    if (!fits) return { at: (sides[index] as SyntaxNode).from, message: `${sign} does not take ${NAMES[type]}` };
  }
  const bool = children.some((child) => child.name === 'BoolModifier');
  if (bool && !COMPARISONS.has(operator.name)) return { at: operator.from, message: `${sign} does not take bool` };
  if (COMPARISONS.has(operator.name) && !bool && types.every((type) => type === 'scalar')) {
    return { at: operator.from, message: `between numbers, write ${sign} bool` };
  }
  return null;
}

/** Only what is read from storage can be read at another time. */
function shiftError(node: SyntaxNode, text: string): Fault | null {
  const [shifted, sign] = childrenOf(node) as [SyntaxNode, SyntaxNode];
  const fits = ['VectorSelector', 'MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'StepInvariantExpr'];
  if (fits.includes(shifted.name)) return null;
  return { at: sign.from, message: `${text.slice(sign.from, sign.to)} may stand only after a selector or a range` };
}

/** Prometheus refuses broken regular expressions, and selectors that could select everything. */
function selectorError(node: SyntaxNode, text: string): Fault | null {
  const broken = regexError(node, text);
  if (broken !== null) return broken;
  const braces = childrenOf(node).find(({ name }) => name === 'LabelMatchers');
  const matchers = braces === undefined ? [] : childrenOf(braces);
  if (node.firstChild?.name === 'Identifier') {
    const again = matchers.find((matcher) => /^__name__\b/.test(text.slice(matcher.from, matcher.to)));
    return again === undefined ? null : { at: again.from, message: 'the metric has its name already, before the {' };
  }
  const selective = matchers.some((matcher) => {
    if (matcher.name === 'QuotedLabelName') return true;
    const [, operator, literal] = childrenOf(matcher);
    const sign = text.slice(operator?.from, operator?.to);
    const read = unquote(text.slice(literal?.from, literal?.to));
    const value = 'value' in read ? read.value : '';
    // As far as it is plain to see; only the source runs regular expressions.
    const matchesEmpty = sign.includes('~') ? value.split('|').some((each) => /^(\.\*)?$/.test(each)) : value === '';
    return sign.startsWith('!') ? matchesEmpty : !matchesEmpty;
  });
  return selective ? null : { at: node.from, message: 'a selector must name a metric or a label that is not empty' };
}

/**
 * What JavaScript's lenient reading finds broken is broken in RE2 too; patterns with syntax only RE2 has are left to the
 * source. The expression is never run here.
 */
function regexError(selector: SyntaxNode, text: string): Fault | null {
  const braces = childrenOf(selector).find(({ name }) => name === 'LabelMatchers');
  for (const matcher of braces === undefined ? [] : childrenOf(braces)) {
    const [, operator, literal] = childrenOf(matcher);
    if (operator === undefined || literal === undefined || !text.slice(operator.from, operator.to).includes('~'))
      continue;
    const read = unquote(text.slice(literal.from, literal.to));
    if ('error' in read || /\(\?[^:]|\\[QpPCzA]|\[\[:/.test(read.value)) continue;
    try {
      new RegExp(read.value);
    } catch (error) {
      const reason = (error as Error).message.replace(/^Invalid regular expression: /, '');
      return { at: literal.from, message: `not a regular expression: ${reason}` };
    }
  }
  return null;
}

function mustBe(node: SyntaxNode | undefined, wanted: ValueType, user: string, text: string): Fault | null {
  if (node === undefined) return null;
  const type = valueType(node, text);
  if (type === wanted) return null;
  return { at: node.from, message: `${user} takes ${NAMES[wanted]}, got ${NAMES[type]}` };
}

function typeOf(node: SyntaxNode | undefined, text: string): ValueType {
  return node === undefined ? 'vector' : valueType(node, text);
}

/** Name of a function or aggregation, in lower case. */
export function nameOf(node: SyntaxNode, text: string): string {
  const name = childrenOf(node)[0] as SyntaxNode;
  return text.slice(name.from, name.to).toLowerCase();
}

/** Arguments of a function or an aggregation. */
export function argumentsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const body = childrenOf(node).find((child) => child.name === 'FunctionCallBody');
  return body === undefined ? [] : childrenOf(body);
}
