import type { SyntaxNode } from '@lezer/common';
import type { Problem } from '../domain/errors.js';
import type { MeasurementSource } from '../domain/metric.js';
import type { CompiledSli, SliCompiler } from '../domain/ports.js';
import type { Bound, ObjectiveDefinition, QueryText, SliDefinition, SliMeasure } from '../domain/slo.js';
import { boundDoubts } from './bucket-bounds.js';
import type { Planner } from './prometheus/planner.js';
import { conditionTerm } from './sli-condition.js';
import { streamsOf } from './sli-streams.js';
import type { SliTemplate } from './sli-template-entry.js';
import { expandTemplate } from './sli-templates.js';
import {
  countTerm,
  currentTerm,
  type SliHandle,
  sampleTerm,
  seen,
  type Term,
  termKey,
  termPromql,
} from './sli-terms.js';
import { isSingle, quotient } from './syntax/counts.js';
import { type ParseOptions, parsePromql, parseTrusted, type Query } from './syntax/parse.js';
import { enforce, selectorParts } from './syntax/selector.js';
import { bareOf, childrenOf } from './syntax/tree.js';
import { argumentsOf, nameOf } from './syntax/value-type.js';

/**
 * Compiles SLIs to PromQL.
 *
 * - Good, bad and total of counters (`counter: true`): `x`, `sum(x)` and `sum(rate(x[5m]))` are all counted as
 *   `sum(increase(x[window]))`, the increase inside the sum, so that a restarted pod adds no events.
 * - With `counter: false` rates are counted the same way; anything else gives deltas, whose samples are added up.
 * - A raw ratio that divides two counts is read as those counts. Any other is sampled every minute (every five in windows
 *   over a day): each sample is one event, good by its value.
 * - A value with bounds is sampled likewise: a sample within its bounds is a good event.
 * - A condition is sampled every minute.
 */
export function createSliCompiler(planner: Pick<Planner, 'dataSourceOf'>): SliCompiler {
  return {
    check(sli, objectives) {
      const resolved = resolve(sli.measure);
      if ('problems' in resolved) return resolved.problems;
      const problems = queriesOf(resolved.measure).flatMap(({ query, role }) =>
        checkQuery(query, resolved.measure, role),
      );
      return [...problems, ...checkCondition(sli), ...checkBounds(sli, resolved, objectives)];
    },
    compile(sli, objective, cluster) {
      const resolved = resolve(sli.measure);
      if ('problems' in resolved) throw new Error(resolved.problems.map(({ message }) => message).join('; '));
      const dataSource = planner.dataSourceOf(cluster);
      const match = dataSource.clusters.find(({ name }) => name === cluster)?.match ?? {};
      const read = (query: QueryText) => enforce(parsed(query), match);
      const { when } = sli.counting;
      const condition = when === null ? null : enforce(parsed(when, { placeholders: false }), match);
      const handle: SliHandle = {
        ...handleOf(resolved.measure, objective, read),
        condition: condition === null ? null : conditionTerm(condition),
      };
      return {
        shapeKey: shapeKey(dataSource.name, handle),
        handle,
        streams: streamsOf(dataSource.name, handle),
        cluster,
        dataSource: dataSource.name,
        source: resolved.template?.source ?? exporterOf(resolved.measure),
        promql: {
          ...promqlOf(resolved.measure, handle, read),
          ...(condition === null ? {} : { condition: condition.text }),
        },
      };
    },
  };
}

type Measure = Exclude<SliMeasure, { kind: 'TEMPLATE' }>;
type Role = 'good' | 'bad' | 'total' | 'value';
interface Resolved {
  readonly measure: Measure;
  readonly template: SliTemplate | null;
}

function resolve(measure: SliMeasure): Resolved | { readonly problems: readonly Problem[] } {
  if (measure.kind !== 'TEMPLATE') return { measure, template: null };
  const expanded = expandTemplate(measure.call);
  if ('problems' in expanded) return expanded;
  const { path, line, column } = measure.call;
  const at = (text: string): QueryText => ({ text, path, line, column });
  const { queries, template } = expanded;
  if (queries.kind === 'VALUE') return { measure: { kind: 'THRESHOLD', metric: at(queries.value) }, template };
  const part = queries.good === undefined ? { bad: at(queries.bad as string) } : { good: at(queries.good) };
  return { measure: { kind: 'RATIO', ...part, total: at(queries.total), counter: true }, template };
}

function queriesOf(measure: Measure): readonly { readonly query: QueryText; readonly role: Role }[] {
  switch (measure.kind) {
    case 'RATIO':
      return [
        ...(measure.good === undefined ? [] : [{ query: measure.good, role: 'good' as const }]),
        ...(measure.bad === undefined ? [] : [{ query: measure.bad, role: 'bad' as const }]),
        { query: measure.total, role: 'total' },
      ];
    case 'RAW':
      return [{ query: measure.raw, role: 'value' }];
    case 'THRESHOLD':
      return [{ query: measure.metric, role: 'value' }];
  }
}

function checkQuery(query: QueryText, measure: Measure, role: Role): readonly Problem[] {
  const read = parsePromql(query.text);
  if ('error' in read) return [located(query, read.error)];
  const doubts = boundDoubts(read.query).map(
    (message): Problem => ({ ...placeOf(query), message, severity: 'WARNING' }),
  );
  return [...doubts, ...checkCounts(read.query, query, measure, role)];
}

function checkCounts(read: Query, query: QueryText, measure: Measure, role: Role): readonly Problem[] {
  if (measure.kind !== 'RATIO') return [];
  const { counter } = measure;
  if (counter && countedTerms(read, counter, role) === null) {
    const message =
      'expected a counter, a sum of counters or their rate, like sum(rate(http_requests_total[5m])); ' +
      'events cannot be counted by anything else. For values that are counts already, say counter: false';
    return [{ ...placeOf(query), message, severity: 'ERROR' }];
  }
  const bare = counter ? undefined : bareCounter(read);
  if (bare === undefined) return [];
  const message =
    `${bare} looks like a counter, whose samples would be added up as deltas; ` +
    'say counter: true, or ask for its rate';
  return [{ ...placeOf(query), message, severity: 'WARNING' }];
}

/** Any PromQL that gives an instant vector or a number can be a condition, but for what depends on the span that is read. */
function checkCondition({ counting: { when } }: SliDefinition): readonly Problem[] {
  if (when === null) return [];
  const read = parsePromql(when.text, { placeholders: false });
  if ('error' in read) return [located(when, read.error)];
  if (!isOfItsSpan(read.query.top)) return [];
  const message =
    'when= must not have @ start() or @ end(): it is read for many minutes at once, whose ends these would be';
  return [{ ...placeOf(when), message, severity: 'ERROR' }];
}

function isOfItsSpan(node: SyntaxNode): boolean {
  return node.name === 'AtModifierPreprocessors' || childrenOf(node).some(isOfItsSpan);
}

function checkBounds(
  sli: SliDefinition,
  { measure, template }: Resolved,
  objectives: readonly ObjectiveDefinition[],
): readonly Problem[] {
  const place =
    sli.measure.kind === 'TEMPLATE'
      ? { path: sli.measure.call.path, line: sli.measure.call.line, column: sli.measure.call.column }
      : placeOf((queriesOf(measure)[0] as { query: QueryText }).query);
  const problem = (message: string): Problem => ({ ...place, message, severity: 'ERROR' });
  return objectives.flatMap(({ name, lower, upper }) => {
    const bounded = lower !== null || upper !== null;
    if (measure.kind === 'THRESHOLD' && !bounded) {
      return [problem(`objective ${name} has no bound; give it op and value, like op: lte, value: 0.25`)];
    }
    if (template?.kind === 'RATIO' && bounded) {
      return [problem(`${template.name} counts events; objective ${name} must not have op and value`)];
    }
    if (lower !== null && upper !== null && lower.value > upper.value) {
      return [problem(`objective ${name} asks for at least ${lower.value} and at most ${upper.value}`)];
    }
    return [];
  });
}

/** What is counted, whenever that counts. */
type Counted = Omit<SliHandle, 'condition'>;

function handleOf(measure: Measure, objective: ObjectiveDefinition, read: (query: QueryText) => Query): Counted {
  switch (measure.kind) {
    case 'RATIO': {
      const terms = (query: QueryText, role: Role) => termsOf(read(query), measure.counter, role);
      const { good, bad, total } = measure;
      return {
        good: good === undefined ? null : terms(good, 'good'),
        bad: bad === undefined || good !== undefined ? null : terms(bad, 'bad'),
        total: terms(total, 'total'),
        current: null,
      };
    }
    case 'RAW':
      return rawHandle(read(measure.raw), measure.rawType);
    case 'THRESHOLD': {
      const query = read(measure.metric);
      const { lower, upper } = objective;
      return {
        good: [sampleTerm(query, (vector) => within(vector, lower, upper), 'one')],
        bad: null,
        total: [sampleTerm(query, seen, 'one')],
        current: { term: currentTerm(query), lower: lower?.value ?? null, upper: upper?.value ?? null },
      };
    }
  }
}

/** A quotient of counts is read as its counts: the mean of ratios would weigh an idle minute like a busy one. */
function rawHandle(query: Query, rawType: 'success' | 'failure'): Counted {
  const counts = quotient(query);
  const [total, part, ofGood] =
    counts === null
      ? [[sampleTerm(query, seen, 'one')], [sampleTerm(query, seen, 'value')], rawType === 'success']
      : [
          termsOf(queryOf(query, counts.total), true, 'total'),
          termsOf(queryOf(query, counts.part), true, 'bad'),
          (rawType === 'success') !== counts.complement,
        ];
  return { good: ofGood ? part : null, bad: ofGood ? null : part, total, current: null };
}

function termsOf(query: Query, counter: boolean, role: Role): readonly Term[] {
  return countedTerms(query, counter, role) ?? [sampleTerm(query, seen, 'value')];
}

/** The counts that a query adds up, each on its own: one whose series are absent adds nothing. */
function countedTerms(query: Query, counter: boolean, role: Role): readonly Term[] | null {
  const top = bareOf(query.top);
  const [left, operator, right] = top.name === 'BinaryExpr' ? childrenOf(top) : [];
  if (left !== undefined && operator !== undefined && right !== undefined) {
    const parts = childrenOf(top).length === 3 && operator.name === 'Add' ? [left, right] : [];
    if (parts.length > 0 && parts.every((part) => isSum(query, part))) {
      const terms = parts.map((part) => countedTerms(queryOf(query, part), counter, role));
      return terms.every((term) => term !== null) ? terms.flat() : null;
    }
    // An absent good or bad is 0 here anyway, and without the zero it can share its PromQL.
    const last = childrenOf(top).at(-1) as Query['top'];
    if (role !== 'total' && operator.name === 'Or' && isVectorZero(query, last)) {
      return countedTerms(queryOf(query, left), counter, role);
    }
  }
  const term = countTerm(query, counter ? 'increase' : 'sum_over_time');
  return term === null ? null : [term];
}

function isSum(query: Query, node: Query['top']): boolean {
  const inner = bareOf(node);
  if (inner.name !== 'BinaryExpr') return isSingle(query, inner);
  const [left, operator, right] = childrenOf(inner);
  return (
    left !== undefined &&
    right !== undefined &&
    operator?.name === 'Add' &&
    childrenOf(inner).length === 3 &&
    isSum(query, left) &&
    isSum(query, right)
  );
}

function isVectorZero(query: Query, node: Query['top']): boolean {
  if (node.name !== 'FunctionCall' || nameOf(node, query.text) !== 'vector') return false;
  const [value] = argumentsOf(node);
  return value !== undefined && Number(query.text.slice(value.from, value.to)) === 0;
}

function queryOf(query: Query, node: Query['top']): Query {
  return parseTrusted(query.text.slice(node.from, node.to));
}

function within(vector: string, lower: Bound | null, upper: Bound | null): string {
  const above = lower === null ? vector : `${vector} ${lower.inclusive ? '>=' : '>'} ${lower.value}`;
  if (upper === null) return above;
  return `${lower === null ? above : `(${above})`} ${upper.inclusive ? '<=' : '<'} ${upper.value}`;
}

/** The name of a counter that is read without its rate, by the suffixes of the naming rules. */
function bareCounter(query: Query): string | undefined {
  return query.selectors
    .filter((selector) => selector.parent?.name !== 'MatrixSelector')
    .map((selector) => selectorParts(selector, query.text)?.metric)
    .find((metric) => metric !== undefined && /_(total|count|bucket|sum)$/.test(metric));
}

function shapeKey(dataSource: string, { good, bad, total, condition }: SliHandle): string {
  const keys = [...(good ?? []), ...(bad ?? []), ...total, ...(condition === null ? [] : [condition])].map(termKey);
  return JSON.stringify([dataSource, ...[...new Set(keys)].sort()]);
}

function promqlOf(measure: Measure, handle: Counted, read: (query: QueryText) => Query): CompiledSli['promql'] {
  if (measure.kind === 'RAW') return { raw: read(measure.raw).text };
  if (measure.kind === 'THRESHOLD') return { threshold: read(measure.metric).text };
  const text = (terms: readonly Term[]) => terms.map((term) => termPromql(term, 300_000)).join(' + ');
  return {
    ...(handle.good === null ? {} : { good: text(handle.good) }),
    ...(handle.bad === null ? {} : { bad: text(handle.bad) }),
    total: text(handle.total),
  };
}

const EXPORTERS: readonly (readonly [RegExp, MeasurementSource])[] = [
  [/^istio_/, 'ISTIO'],
  [/^node_/, 'NODE_EXPORTER'],
  [/^container_/, 'CADVISOR'],
  [/^kube_/, 'KUBE_STATE_METRICS'],
  [/^DCGM_/, 'DCGM'],
  [
    /^((kserve_)?vllm:|sglang:|nv_|tgi_|trtllm_|ray_serve_|inference_(objective|model|pool|extension)_)/,
    'INFERENCE_SERVER',
  ],
  [/^(minio_|ceph_|etcd_)/, 'STORAGE'],
  [/^(kafka_|flink_|metrics_executor_)/, 'STREAMING'],
];

/** Where the figures come from, when all metrics of an SLI are of one exporter. */
function exporterOf(measure: Measure): MeasurementSource {
  const sources = queriesOf(measure).flatMap(({ query }) => {
    const { selectors, text } = parsed(query);
    return selectors.map((selector): MeasurementSource => {
      const metric = selectorParts(selector, text)?.metric ?? '';
      return EXPORTERS.find(([names]) => names.test(metric))?.[1] ?? 'CUSTOM';
    });
  });
  const [first] = sources;
  return first !== undefined && sources.every((source) => source === first) ? first : 'CUSTOM';
}

function parsed(query: QueryText, options?: ParseOptions): Query {
  const read = parsePromql(query.text, options);
  if ('error' in read) throw new Error(`${query.path}: ${read.error.message}`);
  return read.query;
}

function placeOf({ path, line, column }: QueryText): { path: string; line: number; column: number } {
  return { path, line, column };
}

/** The offset inside the query is added where the query stands on one line, and told in words where it does not. */
function located(query: QueryText, error: { line: number; column: number; message: string }): Problem {
  const message = `PromQL does not parse: ${error.message}`;
  if (!query.text.includes('\n')) {
    return { ...placeOf(query), column: query.column + error.column - 1, message, severity: 'ERROR' };
  }
  return {
    ...placeOf(query),
    message: `${message} (line ${error.line}, column ${error.column} of the query)`,
    severity: 'ERROR',
  };
}
