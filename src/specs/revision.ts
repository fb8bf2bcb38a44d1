import { createHash } from 'node:crypto';
import type { SliDefinition, SliMeasure, SloDefinition } from '../domain/slo.js';

/** What of an SLO decides its violations. */
export type Meaning = Pick<
  SloDefinition,
  | 'name'
  | 'cluster'
  | 'sli'
  | 'objectives'
  | 'window'
  | 'budgetingMethod'
  | 'minEvents'
  | 'minFailures'
  | 'confidence'
  | 'noData'
  | 'burnRateRules'
>;

/** Equal for definitions that measure and judge alike: places, blanks, comments, names for people do not count. */
export function revisionOf(meaning: Meaning): string {
  const { name, cluster, sli, objectives, window, burnRateRules } = meaning;
  const { budgetingMethod, minEvents, minFailures, confidence, noData } = meaning;
  const content = {
    name,
    cluster,
    window,
    sli: sliIn(sli),
    objectives: objectives.map(({ displayName, ...objective }) => ({ ...objective, sli: sliIn(objective.sli) })),
    ...{ budgetingMethod, minEvents, minFailures, confidence, noData },
    burnRateRules,
  };
  return createHash('sha256').update(JSON.stringify(content, inOrder)).digest('hex').slice(0, 16);
}

/** Objects with their fields in order, so that only what they say counts. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(byName));
}

function sliIn(sli: SliDefinition | null): unknown {
  if (sli === null) return null;
  const { hours, when } = sli.counting;
  return [measureOf(sli.measure), hours, when === null ? null : withoutBlanks(when.text)];
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
      return ['TEMPLATE', measure.call.template, measure.call.parameters];
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
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
