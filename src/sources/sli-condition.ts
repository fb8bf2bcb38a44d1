import { formatDuration } from '../domain/duration.js';
import { aggregate } from './prometheus/promql.js';
import { sampleStepMs, type Term, valueTerm } from './sli-terms.js';
import { isComparison, numberTest } from './syntax/comparison.js';
import type { Query } from './syntax/parse.js';

/**
 * Minutes in which a condition holds: as the expression of an alert where it compares, else while it is above 0. Of several
 * elements one that holds is enough. Conditions that differ in labels alone share their PromQL:
 *
 * `count_over_time((count by (job) (up{job=~"a|b"} == 1))[4m59s999ms:1m])`
 */
export function conditionTerm(query: Query): Term {
  const { vector, test } = numberTest(query) ?? { vector: query, test: isComparison(query) ? '' : ' > 0' };
  const held = (elements: string, by: readonly string[]) => aggregate('count', by, `${elements}${test}`);
  return valueTerm(vector, ['condition', test], {
    promql(elements, by, windowMs) {
      const range = `${formatDuration(windowMs - 1)}:${formatDuration(sampleStepMs(windowMs))}`;
      return `count_over_time((${held(elements, by)})[${range}])`;
    },
    presence: held,
  });
}
