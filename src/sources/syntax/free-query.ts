import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { parseDuration } from '../../domain/duration.js';
import { located, type ParseOptions, type PromqlError, parsePromql, type Query } from './parse.js';
import { enforceTests, type LabelTest } from './selector.js';
import { parameterised, signatures } from './terms.js';
import { childrenOf, type Fault } from './tree.js';
import { nameOf } from './value-type.js';

const MAX_LENGTH = 8_192;
/** Finding out what is wrong with a longer text takes the parser too long: there only the place is told. */
const MAX_EXPLAINED_LENGTH = 1_024;
const MAX_SELECTORS = 50;
/** Levels of the syntax tree; a chain of operators has one for each. */
const MAX_DEPTH = 100;
/** Ranges that lie inside one another count together. */
const MAX_SPAN_MS = 32 * 86_400_000;
/** Steps of subqueries that lie inside one another multiply. */
const MAX_STEPS = 11_000;
/** What is reckoned with where a subquery leaves its step to the source. */
const ASSUMED_STEP_MS = 15_000;

const strict = parser.configure({ strict: true });

const FREE: ParseOptions = { placeholders: false, results: ['vector', 'scalar', 'range', 'string'] };

/**
 * Parses PromQL of a reader. Beyond what Prometheus would refuse, this refuses whatever is not known to read its own
 * selectors and nothing else (`info()` reads a second one), and what would cost without bound.
 */
export function parseFree(source: string): { readonly query: Query } | { readonly error: PromqlError } {
  if (source.length > MAX_LENGTH) {
    return {
      error: located('', { at: 0, message: `a query has at most ${MAX_LENGTH} characters, this ${source.length}` }),
    };
  }
  const broken = source.length > MAX_EXPLAINED_LENGTH ? strictFault(source) : null;
  if (broken !== null) return { error: located(source, broken) };
  const raw = parser.parse(source);
  const huge = sizeFault(raw);
  if (huge !== null) return { error: located(source, huge) };
  const parsed = parsePromql(source, FREE);
  if ('error' in parsed) return parsed;
  const fault = kindFault(raw, source) ?? costFault(raw, source);
  return fault === null ? parsed : { error: located(source, fault) };
}

/** Adds tests to every selector, and proves on the text that is sent that each has them and that nothing else reads. */
export function enforceFree(query: Query, tests: readonly LabelTest[]): Query {
  const enforced = enforceTests(query, tests, FREE);
  const fault = kindFault(parser.parse(enforced.text), enforced.text);
  if (fault !== null) throw new Error(`rewritten PromQL is not what was allowed: ${fault.message}: ${enforced.text}`);
  return enforced;
}

const KINDS = new Set(
  `PromQL LineComment AggregateExpr AggregateOp AggregateModifier By Without GroupingLabels LabelName QuotedLabelName
  StringLiteral FunctionCall FunctionIdentifier FunctionCallBody BinaryExpr UnaryExpr UnaryOp ParenExpr
  NumberDurationLiteral NumberDurationLiteralInDurationContext DurationExpr OffsetDurationExpr
  Pow Mul Div Mod Atan2 Add Sub Eql Neq Gte Gtr Lte Lss And Or Unless BoolModifier Bool
  MatchingModifierClause On Ignoring GroupLeft GroupRight
  VectorSelector Identifier LabelMatchers UnquotedLabelMatcher QuotedLabelMatcher MatchOp EqlSingle EqlRegex NeqRegex
  MatrixSelector SubqueryExpr OffsetExpr Offset StepInvariantExpr At AtModifierPreprocessors AtStart AtEnd StartFn EndFn`.split(
    /\s+/,
  ),
);
const AGGREGATIONS = new Set([...parameterised, ...['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar']]);

/** The first thing that is not known to be harmless; the names of functions are told apart by `FunctionCall`. */
function kindFault(tree: Tree, text: string): Fault | null {
  return firstFault(tree, (node) => {
    const words = text.slice(node.from, node.to);
    if (node.parent?.name === 'FunctionIdentifier' || node.parent?.name === 'AggregateOp') return null;
    if (node.type.isError || !KINDS.has(node.name)) {
      return { at: node.from, message: `${JSON.stringify(words.slice(0, 40))} is not allowed here` };
    }
    if (node.name === 'FunctionCall' && !signatures.has(nameOf(node, text))) {
      return {
        at: node.from,
        message: `${nameOf(node, text)}() is not among the functions that may be asked for here`,
      };
    }
    if (node.name === 'AggregateExpr' && !AGGREGATIONS.has(nameOf(node, text))) {
      return {
        at: node.from,
        message: `${nameOf(node, text)} is not among the aggregations that may be asked for here`,
      };
    }
    if (node.name === 'DurationExpr' && durationMs(node, text) === null) {
      return { at: node.from, message: `expected a duration like 5m, got ${words.slice(0, 40)}` };
    }
    return null;
  });
}

/** Where the grammar is broken, by a parser that stops there. */
function strictFault(text: string): Fault | null {
  try {
    strict.parse(text);
    return null;
  } catch (error) {
    const at = Number(/\d+$/.exec((error as Error).message)?.[0] ?? 0);
    return { at, message: 'this does not parse from here on, or is nested too deeply' };
  }
}

function sizeFault(tree: Tree): Fault | null {
  let depth = 0;
  let selectors = 0;
  let fault: Fault | null = null;
  tree.iterate({
    enter: ({ name, from }) => {
      depth += 1;
      if (name === 'VectorSelector') selectors += 1;
      if (depth > MAX_DEPTH) fault ??= { at: from, message: `a query is at most ${MAX_DEPTH} levels deep` };
      if (selectors > MAX_SELECTORS) fault ??= { at: from, message: `a query has at most ${MAX_SELECTORS} selectors` };
    },
    leave: () => {
      depth -= 1;
    },
  });
  return fault;
}

/** How far back a selector reads, and how often: what stands around it counts too. */
function costFault(tree: Tree, text: string): Fault | null {
  return firstFault(tree, (node) => {
    if (node.name !== 'MatrixSelector' && node.name !== 'SubqueryExpr') return null;
    let spanMs = 0;
    let steps = 1;
    for (let outer: SyntaxNode | null = node; outer !== null; outer = outer.parent) {
      if (outer.name !== 'MatrixSelector' && outer.name !== 'SubqueryExpr') continue;
      const [range, step] = childrenOf(outer).filter(({ name }) => name === 'DurationExpr');
      const rangeMs = (range && durationMs(range, text)) ?? 0;
      spanMs += rangeMs;
      if (outer.name === 'SubqueryExpr') {
        steps *= Math.ceil(rangeMs / ((step && durationMs(step, text)) ?? ASSUMED_STEP_MS));
      }
    }
    if (spanMs > MAX_SPAN_MS)
      return { at: node.from, message: 'a query looks back 32d at most, ranges inside ranges added up' };
    return steps > MAX_STEPS
      ? { at: node.from, message: `a subquery has ${MAX_STEPS} steps at most, this has ${steps}: take a longer step` }
      : null;
  });
}

function firstFault(tree: Tree, faultOf: (node: SyntaxNode) => Fault | null): Fault | null {
  let fault: Fault | null = null;
  tree.iterate({
    enter: ({ node }) => {
      fault ??= faultOf(node);
      return fault === null;
    },
  });
  return fault;
}

/** A plain duration or a number of seconds; null for arithmetic, which only the source can do, and for nothing. */
function durationMs(expression: SyntaxNode, text: string): number | null {
  const [literal, ...more] = childrenOf(expression);
  if (literal?.name !== 'NumberDurationLiteralInDurationContext' || more.length > 0) return null;
  const words = text.slice(literal.from, literal.to);
  const seconds = Number(words.replaceAll('_', ''));
  if (!Number.isNaN(seconds)) return seconds > 0 && Number.isFinite(seconds) ? seconds * 1_000 : null;
  try {
    return parseDuration(words) || null;
  } catch {
    return null;
  }
}
