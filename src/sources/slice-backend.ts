import type { Planner } from './prometheus/planner.js';

/** How a source counts over ranges. */
export interface RangeRules {
  /** Whether its `increase` of adjacent slices adds up, as VictoriaMetrics' does. */
  readonly addsUp: boolean;
  /** Whether a range holds the sample at its very beginning, as before Prometheus 3. */
  readonly isClosed: boolean;
}

/** A source is replaced now and then; what it is does not change every minute. */
const KNOWN_MS = 600_000;

/** Asks each source what it is; one that does not say is taken for an older Prometheus, whose rules do no harm elsewhere. */
export function createRangeRules(planner: Pick<Planner, 'status'>): (dataSource: string) => Promise<RangeRules> {
  const known = new Map<string, { readonly rules: RangeRules; readonly untilMs: number }>();
  return async (dataSource) => {
    const kept = known.get(dataSource);
    if (kept !== undefined && performance.now() < kept.untilMs) return kept.rules;
    const { kind, version } = await planner.status(dataSource);
    const rules = rangeRules(kind, version);
    if (kind !== null) known.set(dataSource, { rules, untilMs: performance.now() + KNOWN_MS });
    return rules;
  };
}

/** @see https://prometheus.io/docs/prometheus/latest/migration/#range-selectors-and-lookback-exclude-samples-coinciding-with-the-left-boundary */
export function rangeRules(kind: string | null, version: string | null): RangeRules {
  const addsUp = kind === 'victoria-metrics';
  const leftOpen = addsUp || (kind === 'prometheus' && Number.parseInt(version ?? '', 10) >= 3);
  return { addsUp, isClosed: !leftOpen };
}
