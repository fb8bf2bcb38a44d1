import type { SliceOptions, SliceSpan } from '../domain/ports.js';
import { doubts, type Settled, settlePart, settleTotal } from './slice-guards.js';
import type { Group, Row, Table } from './slice-table.js';

/** Streams of one group that are to be read again in one slice. */
export interface Recheck {
  readonly group: Group;
  readonly slice: number;
  readonly rows: Row[];
}

/**
 * What is to be read again. The parts of a doubtful total are doubtful with it.
 * @param lookBackMs how far back counters were looked for
 */
export function doubtful(
  { totals, totalsOf }: Table,
  guarded: readonly Group[],
  { sliceMs }: SliceSpan,
  lookBackMs: number,
  { largest }: SliceOptions,
): readonly Recheck[] {
  const gapSlices = Math.ceil(lookBackMs / sliceMs);
  const rows = guarded.flatMap((group) => [...group.rows.values()]).filter(({ error }) => error === null);
  for (const row of rows) {
    const perMinute = largest?.get(row.key);
    const most = perMinute === undefined ? undefined : (perMinute * sliceMs) / 60_000;
    for (const doubt of doubts(row.counts, most, totals.has(row) ? gapSlices : null))
      row.doubts.set(doubt.slice, doubt);
  }
  return guarded.flatMap((group) => {
    const rechecks = new Map<number, Recheck>();
    for (const row of group.rows.values()) {
      for (const slice of row.error === null ? slicesOf(row, totalsOf) : []) {
        const recheck = rechecks.get(slice) ?? { group, slice, rows: [] };
        recheck.rows.push(row);
        rechecks.set(slice, recheck);
      }
    }
    return [...rechecks.values()];
  });
}

function slicesOf(row: Row, totalsOf: Table['totalsOf']): ReadonlySet<number> {
  const inherited = [...(totalsOf.get(row) ?? [])].flatMap((total) => [...total.doubts.keys()]);
  return new Set([...row.doubts.keys(), ...inherited.filter((slice) => (row.counts[slice] as number) > 0)]);
}

/** Puts the counts of the second look in place. Totals come first, since they tell of what their parts may hold. */
export function settle({ rows, totals, totalsOf }: Table): void {
  for (const row of totals) {
    for (const [slice, look] of row.looks) {
      const doubt = row.doubts.get(slice) ?? { slice, reference: row.counts[slice] as number, afterGap: false };
      keep(row, slice, settleTotal(doubt, look));
    }
  }
  for (const row of rows.values()) {
    for (const [slice, look] of totals.has(row) ? [] : row.looks) {
      keep(row, slice, settlePart(look, sumOf(totalsOf.get(row) ?? new Set(), slice)));
    }
  }
}

function keep({ counts, estimated }: Row, slice: number, settled: Settled): void {
  counts[slice] = settled.count;
  if (settled.estimated) estimated[slice] = 1;
}

function sumOf(totals: ReadonlySet<Row>, slice: number): Settled {
  let count = 0;
  let estimated = false;
  for (const row of totals) {
    count += row.counts[slice] || 0;
    estimated ||= row.error !== null || row.estimated[slice] === 1;
  }
  return { count, estimated };
}
