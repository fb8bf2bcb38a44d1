import { formatDuration, parseDuration } from '../domain/duration.js';
import { aggregate } from './prometheus/promql.js';
import type { CountedRange } from './syntax/counts.js';

/** How the events of one slice are asked for. */
export interface SliceAsk {
  readonly sliceMs: number;
  /** How far before the slice the last value of a counter is looked for. */
  readonly lookBackMs: number;
  /**
   * `DIFFERENCE`: growth of every counter since its last value before the slice; one that has none, or had a larger one,
   * began at zero. `CERTAIN`: the same, but of those only what was seen to grow within the slice. `INCREASE`: the source's
   * own `increase`, where it adds up (VictoriaMetrics).
   */
  readonly form: 'DIFFERENCE' | 'CERTAIN' | 'INCREASE';
  /** Whether a range holds the sample at its very beginning, as before Prometheus 3. */
  readonly isClosed: boolean;
}

/**
 * Events of one slice, one element per series: what `increase(x[slice])` would be if it added up over slices.
 *
 * `(last_over_time(x[5m]) - ((last_over_time(x[1h] offset 5m) <= last_over_time(x[5m])) or last_over_time(x[5m]) * 0))`
 */
export function sliceCounts(range: CountedRange, ask: SliceAsk): string {
  const { countBy, selector, offset } = range;
  const plain = `${countBy}(${selector}[${formatDuration(ask.sliceMs)}]${offset})`;
  if (countBy === 'sum_over_time' || countBy === 'count_over_time') {
    return `${countBy}(${selector}[${within(ask)}]${offset})`;
  }
  if (ask.form === 'INCREASE' || !addsUp(range)) return plain;
  const { last, before, grown } = values(range, ask);
  if (countBy === 'delta') return `(${last} - (${before} or ${last}))`;
  return ask.form === 'CERTAIN' ? `((${last} - (${grown})) or ${plain})` : `(${last} - ((${grown}) or ${last} * 0))`;
}

/**
 * The same, summed. Sums are subtracted where that gives the same, since series by series it is dearer:
 * `sum by (l) (last_over_time(x[s])) - (sum by (l) (last_over_time(x[L] offset s) <= last_over_time(x[s])) or sum by (l)
 * (last_over_time(x[s])) * 0)`
 */
export function sumOfSlice(range: CountedRange, labels: readonly string[], ask: SliceAsk): string {
  if (range.countBy !== 'increase' || ask.form !== 'DIFFERENCE' || !addsUp(range)) {
    return aggregate('sum', labels, sliceCounts(range, ask));
  }
  const { last, grown } = values(range, ask);
  const all = aggregate('sum', labels, last);
  return `${all} - (${aggregate('sum', labels, grown)} or ${all} * 0)`;
}

/** Whether the events of slices can be told so that they add up. */
export function addsUp({ countBy, offset, isHistogram = false }: CountedRange): boolean {
  return countBy === 'sum_over_time' || countBy === 'count_over_time' || (!isHistogram && shiftMs(offset) !== null);
}

interface Values {
  /** Last value within the slice. */
  readonly last: string;
  /** Last value before it. */
  readonly before: string;
  /** The same, of those that did not begin anew. */
  readonly grown: string;
}

function values({ selector, offset }: CountedRange, ask: SliceAsk): Values {
  const earlierMs = (shiftMs(offset) ?? 0) + ask.sliceMs;
  const shift = earlierMs === 0 ? '' : ` offset ${formatDuration(earlierMs)}`;
  const last = `last_over_time(${selector}[${within(ask)}]${offset})`;
  const before = `last_over_time(${selector}[${formatDuration(ask.lookBackMs)}]${shift})`;
  return { last, before, grown: `${before} <= ${last}` };
}

/** The range that holds the samples of a slice and none of the slice before. */
function within({ sliceMs, isClosed }: SliceAsk): string {
  return formatDuration(isClosed ? sliceMs - 1 : sliceMs);
}

/** Of ` offset 5m`; null for what is fixed in time (`@ 1700000000`) or spelled otherwise. */
function shiftMs(offset: string): number | null {
  if (offset === '') return 0;
  const [, written] = /^\s*offset\s+(-?[0-9a-z]+)\s*$/i.exec(offset) ?? [];
  if (written === undefined) return null;
  try {
    return parseDuration(written);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
