import type { MeasurementSource, Unit } from '../domain/metric.js';
import type { SliCategory } from '../domain/slo.js';
import { aggregate, type Matchers, rate, selector } from './prometheus/promql.js';
import type { Given, TemplateParameter, TemplateQueries } from './sli-template-given.js';

/** An SLI by name, for what exporters of the field are known to say. */
export interface SliTemplate {
  readonly name: string;
  readonly description: string;
  readonly kind: TemplateQueries['kind'];
  readonly category: SliCategory;
  /** Unit of a value template's figure; RATIO for the others. */
  readonly unit: Unit;
  readonly source: MeasurementSource;
  readonly parameters: Readonly<Record<string, TemplateParameter>>;
}

export interface TemplateEntry extends SliTemplate {
  /** @throws WrongParameter for a parameter's value */
  expand(given: Given): TemplateQueries;
}

const RATE_WINDOW_MS = 300_000;

export const required = (description: string): TemplateParameter => ({ required: true, description });

export const optional = (description: string): TemplateParameter => ({ required: false, description });

export const latency = (example: string) =>
  required(`Upper bound of a good answer, a bucket bound like \`${example}\`.`);

/** Both counts are buckets of one histogram, so that one PromQL reads them. */
export function buckets(metric: string, matchers: Matchers, bound: string): TemplateQueries {
  return {
    kind: 'RATIO',
    good: `sum(${selector(metric, { ...matchers, le: bound })})`,
    total: `sum(${selector(metric, { ...matchers, le: '+Inf' })})`,
  };
}

/** Growth per second of a counter, all series together. */
export function summedRate(metric: string, matchers: Matchers): TemplateQueries {
  return { kind: 'VALUE', value: aggregate('sum', [], rate(selector(metric, matchers), RATE_WINDOW_MS)) };
}

/** What one event took on average over 5 minutes, in the unit of `duration`: no value while nothing happens. */
export function mean(duration: string, events: string, matchers: Matchers): TemplateQueries & { kind: 'VALUE' } {
  const grown = (metric: string) => aggregate('sum', [], rate(selector(metric, matchers), RATE_WINDOW_MS));
  return { kind: 'VALUE', value: `${grown(duration)} / (${grown(events)} > 0)` };
}
