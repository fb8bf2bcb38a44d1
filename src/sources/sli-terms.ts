import { formatDuration } from '../domain/duration.js';
import { aggregate, allOf, type Matcher, type Matchers, selector } from './prometheus/promql.js';
import { addsUp, type SliceAsk, sliceCounts, sumOfSlice } from './slice-promql.js';
import {
  type CountColumn,
  type CountedRange,
  type CountFunction,
  type CountText,
  countColumn,
  countedOver,
  countsOver,
  isSingle,
} from './syntax/counts.js';
import type { Query } from './syntax/parse.js';
import {
  boundSpellings,
  canonicalBound,
  type LabelTest,
  type SelectorParts,
  withBoundSpellings,
} from './syntax/selector.js';
import { valueColumn } from './syntax/value-column.js';

/** What columns have in common that one PromQL reads: they differ in the values of `labels` only. */
export interface Shape {
  readonly key: string;
  readonly metric: string;
  /** Names of the labels with an equality test, sorted. */
  readonly labels: readonly string[];
  /** Every other test, as it was written. */
  readonly others: readonly LabelTest[];
  /** The PromQL over a window, around a selector of any columns. */
  promql(selector: string, windowMs: number): string;
  /** Likewise, one element per column with samples in the span before the instant. */
  presence(selector: string, spanMs: number): string;
  readonly slices: SliceForm<[selector: string]>;
}

/** How events are counted slice by slice. */
export interface SliceForm<About extends readonly unknown[]> {
  promql(...about: [...About, SliceAsk]): string;
  /** Counters, whose values go back to before the slice; else samples, which stand for themselves. */
  readonly ofCounters: boolean;
  /** False where no expression adds up over slices, so that each is an estimate. */
  readonly isExact: boolean;
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
  readonly slices: SliceForm<[]>;
}

export type Term = ColumnTerm | OwnTerm;

/** How far apart the samples of a value are taken: 1 minute in windows up to a day, 5 minutes beyond. */
export function sampleStepMs(windowMs: number): number {
  return windowMs <= 86_400_000 ? 60_000 : 300_000;
}

/** Counts of a query's events, or null where it is no count. Bare selectors are counted by `bare`. */
export function countTerm(query: Query, bare: CountFunction): Term | null {
  const column = countColumn(query, query.top, bare);
  if (column !== null) return countColumnTerm(column);
  const spelled = withBoundSpellings(query);
  const ranges: CountedRange[] = [];
  const noted: CountText = (range) => {
    ranges.push(range);
    return range.selector;
  };
  if (countsOver(spelled, spelled.top, noted, bare) === null) return null;
  const counted = (count: CountText) => countsOver(spelled, spelled.top, count, bare) as string;
  const summed = (text: string) => (isSingle(spelled, spelled.top) ? text : `sum(${text})`);
  const over = (windowMs: number) => counted(countedOver(formatDuration(windowMs)));
  return {
    kind: 'OWN',
    key: summed(over(300_000)),
    promql: (windowMs) => summed(over(windowMs)),
    presence: (spanMs) => `count(${over(spanMs)})`,
    slices: {
      promql: (ask) => summed(counted((range) => sliceCounts(range, ask))),
      ofCounters: ranges.some(({ countBy }) => countBy === 'increase'),
      isExact: ranges.every(addsUp),
    },
  };
}

/**
 * Samples of an expression as events: one each per series and step. `worth` is what each adds: `one` counts those that
 * remain after `filter`, `value` sums their values.
 */
export function sampleTerm(query: Query, filter: (vector: string) => string, worth: 'one' | 'value'): Term {
  const over = worth === 'one' ? 'count_over_time' : 'sum_over_time';
  const samples = (vector: string, windowMs: number) => {
    // A millisecond less keeps a sample at the very beginning out, which Prometheus 2 counts and Prometheus 3 does not.
    const range = `${formatDuration(windowMs - 1)}:${formatDuration(sampleStepMs(windowMs))}`;
    return `${over}((${filter(vector)})[${range}])`;
  };
  return valueTerm(query, [over, filter('')], {
    promql: (vector, by, windowMs) => aggregate('sum', by, samples(vector, windowMs)),
    presence: (vector, by) => aggregate('count', by, seen(vector)),
  });
}

/** The present values of an expression. */
export function currentTerm(query: Query): Term {
  return valueTerm(query, ['current'], {
    promql: (vector) => vector,
    presence: (vector, by) => aggregate('count', by, seen(vector)),
  });
}

/** What is asked of a vector, kept apart by labels. */
interface ValueUse {
  promql(vector: string, by: readonly string[], windowMs: number): string;
  presence(vector: string, by: readonly string[]): string;
}

export function valueTerm(query: Query, purpose: readonly string[], use: ValueUse): Term {
  const column = valueColumn(query);
  if (column === null) {
    const vector = vectorText(query);
    const promql = (windowMs: number) => use.promql(vector, [], windowMs);
    const slices = samples(({ sliceMs }: SliceAsk) => promql(sliceMs));
    return { kind: 'OWN', key: promql(300_000), promql, presence: () => use.presence(vector, []), slices };
  }
  const { aggregation, by, around } = column;
  return columnTerm(column, ['value', ...purpose, aggregation ?? '', by.join(), ...around], (labels) => {
    const vector = (selected: string) => {
      const read = `${around[0]}${selected}${around[1]}`;
      return `(${aggregation === null ? read : aggregate(aggregation, [...labels, ...by], read)})`;
    };
    const promql = (selected: string, windowMs: number) => use.promql(vector(selected), labels, windowMs);
    return {
      promql,
      presence: (selected) => use.presence(vector(selected), labels),
      slices: samples((selected: string, { sliceMs }: SliceAsk) => promql(selected, sliceMs)),
    };
  });
}

function samples<About extends readonly unknown[]>(promql: SliceForm<About>['promql']): SliceForm<About> {
  return { promql, ofCounters: false, isExact: true };
}

/** Lets every value pass but NaN, which would poison a sum. */
export function seen(vector: string): string {
  return `${vector} >= -Inf`;
}

/** The expression in parentheses, as a vector. */
function vectorText(query: Query): string {
  const { text, type } = withBoundSpellings(query);
  return type === 'scalar' ? `vector(${text.trim()})` : `(${text.trim()})`;
}

/** `sum by (namespace, le) (increase(x{namespace=~"a|b",le=~"250|250\\.0"}[5m]))` */
export function shapePromql(shape: Shape, tuples: readonly (readonly string[])[], windowMs: number): string {
  return shape.promql(selectorOf(shape, tuples), windowMs);
}

/** One element per tuple that had samples in the span before the instant. */
export function shapePresence(shape: Shape, tuples: readonly (readonly string[])[], spanMs: number): string {
  return shape.presence(selectorOf(shape, tuples), spanMs);
}

/** The events of one slice: of these columns, or of a query of its own. */
export function slicePromql(term: Term, tuples: readonly (readonly string[])[], ask: SliceAsk): string {
  return term.kind === 'OWN' ? term.slices.promql(ask) : term.shape.slices.promql(selectorOf(term.shape, tuples), ask);
}

/** What its slices are made of. */
export function sliceFormOf(term: Term): Pick<SliceForm<[]>, 'ofCounters' | 'isExact'> {
  return term.kind === 'OWN' ? term.slices : term.shape.slices;
}

/** How many series each tuple has. */
export function shapeSeries(shape: Shape, tuples: readonly (readonly string[])[]): string {
  return aggregate('count', shape.labels, selectorOf(shape, tuples));
}

/** Which column a row belongs to. */
export function tupleKey(shape: Shape, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(
    shape.labels.map((label) => (label === 'le' ? canonicalBound(labels[label] ?? '') : (labels[label] ?? ''))),
  );
}

/** Counts of a selector's events. */
function countColumnTerm(column: CountColumn): ColumnTerm {
  const { countBy, offset } = column;
  const over = (selected: string, windowMs: number) => `${selected}[${formatDuration(windowMs)}]${offset}`;
  return columnTerm(column, ['count', countBy, offset], (labels) => ({
    promql: (selected, windowMs) => aggregate('sum', labels, `${countBy}(${over(selected, windowMs)})`),
    presence: (selected, spanMs) => aggregate('count', labels, `present_over_time(${over(selected, spanMs)})`),
    slices: {
      promql: (selected, ask) => sumOfSlice({ selector: selected, countBy, offset }, labels, ask),
      ofCounters: countBy === 'increase',
      isExact: addsUp({ selector: '', countBy, offset }),
    },
  }));
}

/** The column of a selector: its equality tests are the columns' labels, all else is part of the shape. */
function columnTerm(
  { metric, tests }: SelectorParts,
  purpose: readonly string[],
  ask: (labels: readonly string[]) => Pick<Shape, 'promql' | 'presence' | 'slices'>,
): ColumnTerm {
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
  const key = JSON.stringify([metric, labels, others.map(testKey), ...purpose]);
  const shape: Shape = { key, metric, labels, others, ...ask(labels) };
  return {
    kind: 'COLUMN',
    shape,
    values: labels.map((label) => equal.get(label) as string),
    column: tupleKey(shape, Object.fromEntries(equal)),
  };
}

function selectorOf(shape: Shape, tuples: readonly (readonly string[])[]): string {
  const wanted = shape.labels.map((label, index): Matchers => {
    const values = tuples.map((tuple) => tuple[index] as string);
    return { [label]: { in: label === 'le' ? values.flatMap(boundSpellings) : values } };
  });
  const others = shape.others.map((test): Matchers => ({ [test.label]: matcherOf(test) }));
  return selector(shape.metric, allOf(...wanted, ...others));
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

/** The present value of an SLI with bounds: of several elements, the one that is farthest out counts. */
export interface CurrentRead {
  readonly term: Term;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** What `CompiledSli.handle` is. Exactly one of `good` and `bad` is there; the sum of the terms that are present counts. */
export interface SliHandle {
  readonly good: readonly Term[] | null;
  readonly bad: readonly Term[] | null;
  readonly total: readonly Term[];
  readonly current: CurrentRead | null;
  /** Null: it always counts. */
  readonly condition: Term | null;
}

/** What one term asks over a window, for it alone. */
export function termPromql(term: Term, windowMs: number): string {
  return term.kind === 'OWN' ? term.promql(windowMs) : shapePromql(term.shape, [term.values], windowMs);
}

/** Equal for terms that one PromQL reads. */
export function termKey(term: Term): string {
  return term.kind === 'OWN' ? term.key : term.shape.key;
}
