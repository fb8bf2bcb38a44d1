import { ISTIO_BOUNDS_MS } from './sli-template-mesh.js';
import type { Query } from './syntax/parse.js';
import { selectorParts } from './syntax/selector.js';

const ISTIO = 'istio_request_duration_milliseconds_bucket';

/**
 * What is doubtful about the bucket bounds that a query asks for. A bound that no bucket has selects nothing, so that every
 * event would look bad: `le="300"` where the bounds are 250 and 500, or `le="0.25"` where they are in milliseconds.
 */
export function boundDoubts(query: Query): readonly string[] {
  return query.selectors.flatMap((node) => {
    const { metric = '', tests = [] } = selectorParts(node, query.text) ?? {};
    return tests.flatMap(({ label, sign, value }) => {
      const bound = label === 'le' && sign === '=' ? Number(value) : Number.NaN;
      return Number.isFinite(bound) ? (doubt(metric, bound) ?? []) : [];
    });
  });
}

function doubt(metric: string, bound: number): string | null {
  const asked = `le="${bound}" of ${metric}`;
  if (metric === ISTIO) {
    if (ISTIO_BOUNDS_MS.includes(bound)) return null;
    const meant = bound < 10 && ISTIO_BOUNDS_MS.includes(bound * 1_000) ? `; did you mean le="${bound * 1_000}"?` : '';
    return `${asked} is no bound that Istio has unless it was told to: in milliseconds they are ${ISTIO_BOUNDS_MS.join(', ')}${meant}`;
  }
  if (/_(milliseconds|ms)_bucket$/.test(metric) && bound > 0 && bound < 0.5) {
    return `${asked} is less than a millisecond; did you mean le="${bound * 1_000}"?`;
  }
  if (/_seconds_bucket$/.test(metric) && !/_(micro|milli|nano)seconds_bucket$/.test(metric) && bound >= 1_000) {
    return `${asked} is ${bound} seconds; did you mean le="${bound / 1_000}"?`;
  }
  return null;
}
