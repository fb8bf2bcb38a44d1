import { formatDuration } from '../domain/duration.js';
import { aggregate, allOf, type Matcher, type Matchers, selector } from './prometheus/promql.js';
import { type CountColumn, type CountFunction, countColumn, countsOver, isSingle } from './syntax/counts.js';
import type { Query } from './syntax/parse.js';
import { boundSpellings, canonicalBound, type LabelTest, withBoundSpellings } from './syntax/selector.js';

/** What columns have in common that one PromQL reads: they differ in the values of `labels` only. */
export interface Shape {
  readonly key: string;
  readonly metric: string;
  /** Names of the labels with an equality test, sorted. */
  readonly labels: readonly string[];
  /** Every other test, as it was written. */
  readonly others: readonly LabelTest[];
  readonly countBy: CountFunction;
  readonly offset: string;
}

/** Counts that share their PromQL with those of the same shape; `values` in the order of the shape's labels. */
export interface ColumnTerm {
  readonly kind: 'COLUMN';
  readonly shape: Shape;
  /** As the definition writes them. */
  readonly values: readonly string[];
  /** The column among those of its shape: `tupleKey` of its rows. */
  readonly column: string;
}

/** Counts by PromQL of their own; equal keys are equal PromQL. */
export interface OwnTerm {
  readonly kind: 'OWN';
  readonly key: string;
  /** One element: the events of the window. */
  promql(windowMs: number): string;
  /** One element where there were samples in the span before the instant, else none. */
  presence(spanMs: number): string;
}

export type Term = ColumnTerm | OwnTerm;

/** How far apart the samples of a value are taken: 1 minute in windows up to a day, 5 minutes beyond. */
export function sampleStepMs(windowMs: number): number {
  return windowMs <= 86_400_000 ? 60_000 : 300_000;
}

/** Counts of a query's events, or null where it is no count. Bare selectors are counted by `bare`. */
export function countTerm(query: Query, bare: CountFunction): Term | null {
  const column = countColumn(query, query.top, bare);
  if (column !== null) return columnTerm(column);
  const spelled = withBoundSpellings(query);
  const over = (windowMs: number) => countsOver(spelled, spelled.top, formatDuration(windowMs), bare);
  if (over(300_000) === null) return null;
  const single = isSingle(spelled, spelled.top);
  const promql = (windowMs: number) => (single ? (over(windowMs) as string) : `sum(${over(windowMs)})`);
  return { kind: 'OWN', key: promql(300_000), promql, presence: (spanMs) => `count(${over(spanMs)})` };
}

/**
 * Samples of an expression as events: one each per series and step. `worth` is what each adds: `one` counts those that
 * remain after `filter`, `value` sums their values.
 */
export function sampleTerm(query: Query, filter: (vector: string) => string, worth: 'one' | 'value'): OwnTerm {
  const expression = vectorText(query);
  const remaining = filter(expression);
  const over = worth === 'one' ? 'count_over_time' : 'sum_over_time';
  const promql = (windowMs: number) => {
    // A millisecond less keeps a sample at the very beginning out, which Prometheus 2 counts and Prometheus 3 does not.
    const range = `${formatDuration(windowMs - 1)}:${formatDuration(sampleStepMs(windowMs))}`;
    return `sum(${over}((${remaining})[${range}]))`;
  };
  return { kind: 'OWN', key: promql(300_000), promql, presence: () => `count(${seen(expression)})` };
}

/** Lets every value pass but NaN, which would poison a sum. */
export function seen(vector: string): string {
  return `${vector} >= -Inf`;
}

/** The expression in parentheses, as a vector. */
export function vectorText(query: Query): string {
  const { text, type } = withBoundSpellings(query);
  return type === 'scalar' ? `vector(${text.trim()})` : `(${text.trim()})`;
}

/** `sum by (namespace, le) (increase(x{namespace=~"a|b",le=~"250|250\\.0"}[5m]))` */
export function shapePromql(shape: Shape, tuples: readonly (readonly string[])[], windowMs: number): string {
  return aggregate('sum', shape.labels, `${shape.countBy}(${ranged(shape, tuples, windowMs)})`);
}

/** One element per tuple that had samples in the span before the instant. */
export function shapePresence(shape: Shape, tuples: readonly (readonly string[])[], spanMs: number): string {
  return aggregate('count', shape.labels, `present_over_time(${ranged(shape, tuples, spanMs)})`);
}

/** Which column a row belongs to. */
export function tupleKey(shape: Shape, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    shape.labels.map((label) => (label === 'le' ? canonicalBound(labels[label] ?? '') : (labels[label] ?? ''))),
  );
}

/** Columns of a selector. */
export function columnTerm({ metric, tests, countBy, offset }: CountColumn): ColumnTerm {
  const equal = new Map<string, string>();
  const others: LabelTest[] = [];
  for (const test of tests) {
    const known = equal.get(test.label);
    if (test.sign === '=' && known === undefined) equal.set(test.label, test.value);
    // Two different values asked of one label match nothing, which the second test sees to.
    else if (test.sign !== '=' || known !== test.value) others.push(test);
  }
  const labels = [...equal.keys()].sort();
  others.sort((left, right) => (testKey(left) < testKey(right) ? -1 : 1));
  const key = JSON.stringify([metric, labels, others.map(testKey), countBy, offset]);
  const shape: Shape = { key, metric, labels, others, countBy, offset };
  return {
    kind: 'COLUMN',
    shape,
    values: labels.map((label) => equal.get(label) as string),
    column: tupleKey(shape, Object.fromEntries(equal)),
  };
}

function ranged(shape: Shape, tuples: readonly (readonly string[])[], windowMs: number): string {
  const wanted = shape.labels.map((label, index): Matchers => {
    const values = tuples.map((tuple) => tuple[index] as string);
    return { [label]: { in: label === 'le' ? values.flatMap(boundSpellings) : values } };
  });
  const others = shape.others.map((test): Matchers => ({ [test.label]: matcherOf(test) }));
  return `${selector(shape.metric, allOf(...wanted, ...others))}[${formatDuration(windowMs)}]${shape.offset}`;
}

function matcherOf({ sign, value }: LabelTest): Matcher {
  switch (sign) {
    case '=':
      return value;
    case '!=':
      return { not: value };
    case '=~':
      return { matches: value };
    case '!~':
      return { notMatches: value };
  }
}

function testKey({ label, sign, value }: LabelTest): string {
  return JSON.stringify([label, sign, value]);
}

/** The present value of an SLI with bounds: which of several elements counts is the one that is farthest out. */
export interface CurrentRead {
  readonly promql: string;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** What `CompiledSli.handle` is. Exactly one of `good` and `bad` is there; the sum of the terms that are present counts. */
export interface SliHandle {
  readonly good: readonly Term[] | null;
  readonly bad: readonly Term[] | null;
  readonly total: readonly Term[];
  readonly current: CurrentRead | null;
}

/** What one term asks over a window, for it alone. */
export function termPromql(term: Term, windowMs: number): string {
  return term.kind === 'OWN' ? term.promql(windowMs) : shapePromql(term.shape, [term.values], windowMs);
}

/** Equal for terms that one PromQL reads. */
export function termKey(term: Term): string {
  return term.kind === 'OWN' ? term.key : term.shape.key;
}
