import { createHash } from 'node:crypto';
import type { SliMeasure, SloDefinition } from '../domain/slo.js';

/** What of an SLO decides its violations. */
export type Meaning = Pick<
  SloDefinition,
  'name' | 'cluster' | 'objectives' | 'windowMs' | 'budgetingMethod' | 'minEvents' | 'burnRateRules'
> & { readonly measure: SliMeasure };

/** Equal for definitions that measure and judge alike: places, blanks, comments, names for people do not count. */
export function revisionOf(meaning: Meaning): string {
  const { name, cluster, objectives, windowMs, budgetingMethod, minEvents, burnRateRules, measure } = meaning;
  const content = {
    name,
    cluster,
    windowMs,
    budgetingMethod,
    minEvents,
    measure: measureOf(measure),
    objectives: objectives.map((objective) => [objective.name, objective.target, objective.lower, objective.upper]),
    rules: burnRateRules.map((rule) => [rule.severity, rule.longWindowMs, rule.shortWindowMs, rule.budgetShare]),
  };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

function measureOf(measure: SliMeasure): unknown {
  switch (measure.kind) {
    case 'RATIO': {
      const query = (part: { readonly text: string } | undefined) =>
        part === undefined ? null : withoutBlanks(part.text);
      return ['RATIO', query(measure.good), query(measure.bad), query(measure.total), measure.counter];
    }
    case 'RAW':
      return ['RAW', measure.rawType, withoutBlanks(measure.raw.text)];
    case 'THRESHOLD':
      return ['THRESHOLD', withoutBlanks(measure.metric.text)];
    case 'TEMPLATE':
      return ['TEMPLATE', measure.call.template, Object.entries(measure.call.parameters).sort(byName)];
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}

/** PromQL with its comments left out and every run of blanks outside quotes made one. */
function withoutBlanks(text: string): string {
  const parts = text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*|\s+|[^"'`#\s]+|./gs) ?? [];
  return parts
    .map((part) => (part.startsWith('#') || part.trim() === '' ? ' ' : part))
    .join('')
    .replace(/^ +| +$/g, '')
    .split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/ +/g, ' ')))
    .join('');
}
