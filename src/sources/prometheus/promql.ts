import { formatDuration } from '../../domain/duration.js';
import { InputError } from '../../domain/errors.js';

/**
 * What a label must be: a text it equals, or one of the other tests. Names in lists are taken literally; only `matches`
 * and `notMatches` are regular expressions (RE2, anchored at both ends).
 */
export type Matcher =
  | string
  | { readonly in: readonly string[] }
  | { readonly not: string }
  | { readonly notIn: readonly string[] }
  | { readonly matches: string }
  | { readonly notMatches: string };

/** Tests by label; several for one label must all hold. */
export type Matchers = Readonly<Record<string, Matcher | readonly Matcher[]>>;

export type Aggregation = 'sum' | 'min' | 'max' | 'avg' | 'count' | 'group';

/**
 * `node_cpu_seconds_total{mode="user",node=~"a\\.b|c"}`; without a metric `{job="x"}`.
 * @throws RangeError for a name that is not one, for an empty list (nothing can match it: do not ask), and for a selector
 * that would match every series
 * @throws InputError for a text that is not well-formed Unicode
 */
export function selector(metric: string, matchers: Matchers = {}): string {
  if (metric !== '' && !METRIC_NAME.test(metric)) throw new RangeError(`not a metric name: ${JSON.stringify(metric)}`);
  const tests = Object.entries(matchers).flatMap(([label, value]) =>
    (isList(value) ? value : [value]).map((matcher) => matcherText(labelName(label), matcher)),
  );
  if (metric === '' && tests.length === 0) throw new RangeError('a selector needs a metric or a matcher');
  return tests.length === 0 ? metric : `${metric}{${tests.join(',')}}`;
}

/** Both sets of tests must hold. */
export function allOf(...sets: readonly Matchers[]): Matchers {
  const all: Record<string, readonly Matcher[]> = Object.create(null);
  for (const set of sets) {
    for (const [label, value] of Object.entries(set)) {
      all[label] = [...(all[label] ?? []), ...(isList(value) ? value : [value])];
    }
  }
  return all;
}

/**
 * `x[5m]`, `x[5m] offset 1h`.
 * @throws RangeError when the window is not positive whole milliseconds
 */
export function over(vector: string, windowMs: number, offsetMs = 0): string {
  if (!(windowMs > 0)) throw new RangeError(`a window is longer than nothing, got ${windowMs} ms`);
  return `${vector}[${formatDuration(windowMs)}]${offsetMs === 0 ? '' : ` offset ${formatDuration(offsetMs)}`}`;
}

/** `rate(x[5m])` */
export function rate(vector: string, windowMs: number): string {
  return `rate(${over(vector, windowMs)})`;
}

/** `increase(x[5m])` */
export function increase(vector: string, windowMs: number): string {
  return `increase(${over(vector, windowMs)})`;
}

/** `sum by (cluster, node) (x)`; without labels `sum(x)`. */
export function aggregate(operation: Aggregation, labels: readonly string[], vector: string): string {
  return labels.length === 0 ? `${operation}(${vector})` : `${operation} ${by(labels)} (${vector})`;
}

/** `by (cluster, node)`; a label that is named twice stands once. */
export function by(labels: readonly string[]): string {
  return `by (${[...new Set(labels)].map(labelName).join(', ')})`;
}

/** `"a\"b"` */
export function quote(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new InputError('a text holds half of a surrogate pair, which is no character');
  // JSON's escapes are a subset of Go's, which PromQL reads in double quotes.
  return JSON.stringify(text);
}

/** Takes every character literally inside an RE2 expression. `RegExp.escape` would write `\u`, which RE2 does not know. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function isList(value: Matcher | readonly Matcher[]): value is readonly Matcher[] {
  return Array.isArray(value);
}

function labelName(name: string): string {
  if (!LABEL_NAME.test(name)) throw new RangeError(`not a label name: ${JSON.stringify(name)}`);
  return name;
}

function matcherText(label: string, matcher: Matcher): string {
  if (typeof matcher === 'string') return `${label}=${quote(matcher)}`;
  if ('in' in matcher) return listText(label, matcher.in, '=', '=~');
  if ('notIn' in matcher) return listText(label, matcher.notIn, '!=', '!~');
  if ('not' in matcher) return `${label}!=${quote(matcher.not)}`;
  return 'matches' in matcher ? `${label}=~${quote(matcher.matches)}` : `${label}!~${quote(matcher.notMatches)}`;
}

/** Sorted, so that equal sets make equal texts; a plain `a|b|c` takes Prometheus' set-match path, groups would not. */
function listText(label: string, values: readonly string[], one: string, many: string): string {
  const names = [...new Set(values)].sort();
  const [first] = names;
  if (first === undefined) throw new RangeError(`the list for label ${label} is empty: it would match other series`);
  return names.length === 1
    ? `${label}${one}${quote(first)}`
    : `${label}${many}${quote(names.map(escapeRegex).join('|'))}`;
}
