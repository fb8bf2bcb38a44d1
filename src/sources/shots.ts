import type { ReadContext, TimeRange } from '../domain/ports.js';
import type { Cells, Row } from './family.js';
import type { RangeSeries, Vector } from './prometheus/answer.js';
import type { Planner } from './prometheus/planner.js';

/** A way to ask: at one instant, or at many. Every row of an answer has one cell per instant. */
export interface Shot {
  readonly context: ReadContext;
  readonly timesMs: Float64Array;
  /** The instant at which nodes are named: the last one. */
  readonly namingAtMs: number;
  ask(dataSource: string, promql: string, entities: number): Promise<Shown>;
}

/** The rows of an answer. */
export interface Shown {
  readonly rows: readonly Row[];
  readonly isPartial: boolean;
  /** The same in columns; null where a row has more than one cell. */
  readonly vector: Vector | null;
}

class ShownVector implements Shown {
  constructor(
    readonly vector: Vector,
    readonly isPartial: boolean,
  ) {}

  /** Made for those who ask: columns do for most. */
  get rows(): readonly Row[] {
    const { labels, values } = this.vector;
    return labels.map((own, index) => ({ labels: own, cells: [values[index] as number] }));
  }
}

export function instantShot(planner: Pick<Planner, 'instant'>, atMs: number, context: ReadContext): Shot {
  return {
    context,
    timesMs: Float64Array.of(atMs),
    namingAtMs: atMs,
    async ask(dataSource, promql, entities) {
      const answer = await planner.instant(dataSource, promql, atMs, entities, context);
      return new ShownVector(answer, answer.warnings.length > 0);
    },
  };
}

export function rangeShot(planner: Pick<Planner, 'range'>, range: TimeRange, context: ReadContext): Shot {
  const { fromMs, toMs, stepMs } = range;
  // A range that ends before it begins, or has too many points, is refused where it is asked.
  const length = Math.min(Math.max(0, Math.floor((toMs - fromMs) / stepMs) + 1), 11_001);
  return {
    context,
    timesMs: Float64Array.from({ length }, (_, index) => fromMs + index * stepMs),
    namingAtMs: toMs,
    async ask(dataSource, promql, entities) {
      const { series, warnings } = await planner.range(dataSource, promql, range, entities, context);
      const rows = series.map((one) => ({ labels: one.labels, cells: cellsOf(one, range, length) }));
      return { rows, isPartial: warnings.length > 0, vector: null };
    },
  };
}

function cellsOf({ timesMs, values }: RangeSeries, { fromMs, stepMs }: TimeRange, length: number): Cells {
  const cells = new Array<number | null>(length).fill(null);
  timesMs.forEach((timeMs, index) => {
    const at = Math.round((timeMs - fromMs) / stepMs);
    if (at >= 0 && at < length) cells[at] = values[index] ?? null;
  });
  return cells;
}
