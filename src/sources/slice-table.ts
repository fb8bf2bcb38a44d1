import type { SourceError } from '../domain/errors.js';
import type { CompiledSli, EventStream, Outcome, SliceCounts } from '../domain/ports.js';
import { columnKey, streamOf } from './sli-streams.js';
import type { SliHandle, Term } from './sli-terms.js';
import type { Doubt, SecondLook } from './slice-guards.js';

/** A stream with what was read of it. */
export interface Row {
  readonly key: string;
  readonly column: string;
  readonly values: readonly string[];
  readonly counts: Float64Array;
  readonly estimated: Uint8Array;
  readonly doubts: Map<number, Doubt>;
  readonly looks: Map<number, SecondLook>;
  partial: boolean;
  error: SourceError | null;
}

/** Streams that the same PromQL reads. */
export interface Group {
  readonly dataSource: string;
  readonly term: Term;
  readonly rows: Map<string, Row>;
}

export interface Table {
  readonly groups: ReadonlyMap<string, Group>;
  readonly rows: ReadonlyMap<string, Row>;
  /** Streams that are a total for somebody. */
  readonly totals: ReadonlySet<Row>;
  /** The totals that a part is a part of. */
  readonly totalsOf: ReadonlyMap<Row, ReadonlySet<Row>>;
}

/** Every stream of these SLIs once, with the PromQL it shares. */
export function tableOf(slis: readonly CompiledSli[], slices: number): Table {
  const groups = new Map<string, Group>();
  const rows = new Map<string, Row>();
  const totals = new Set<Row>();
  const totalsOf = new Map<Row, Set<Row>>();
  const rowOf = ({ key, dataSource, group: name }: EventStream, term: Term, nothing = Number.NaN): Row => {
    const group = groups.get(name) ?? { dataSource, term, rows: new Map<string, Row>() };
    groups.set(name, group);
    const row = rows.get(key) ?? emptyRow(key, term, slices, nothing);
    rows.set(key, row);
    group.rows.set(row.column, row);
    return row;
  };
  for (const { dataSource, handle } of slis) {
    const { good, bad, total, condition } = handle as SliHandle;
    const rowsOfTerms = (terms: readonly Term[]) => terms.map((term) => rowOf(streamOf(dataSource, term), term));
    const all = rowsOfTerms(total);
    for (const row of all) totals.add(row);
    // That it did not hold is an answer too, which can correct an earlier one.
    if (condition !== null) rowOf(streamOf(dataSource, condition), condition, 0);
    for (const row of rowsOfTerms((good ?? bad) as readonly Term[])) {
      const of = totalsOf.get(row) ?? new Set();
      for (const one of all) of.add(one);
      totalsOf.set(row, of);
    }
  }
  return { groups, rows, totals, totalsOf };
}

/** @param nothing what is said of a slice of which there is no sample */
function emptyRow(key: string, term: Term, slices: number, nothing: number): Row {
  return {
    key,
    column: columnKey(term),
    values: term.kind === 'OWN' ? [] : term.values,
    counts: new Float64Array(slices).fill(nothing),
    estimated: new Uint8Array(slices),
    doubts: new Map(),
    looks: new Map(),
    partial: false,
    error: null,
  };
}

/** Several rows of one column are spellings of one bucket bound. */
export function add({ counts }: Row, slice: number, value: number): void {
  if (!Number.isFinite(value)) return;
  const before = counts[slice] as number;
  counts[slice] = Number.isNaN(before) ? value : before + value;
}

export function outcomeOf({ error, counts, estimated, partial }: Row): Outcome<SliceCounts> {
  return error === null ? { ok: true, value: { counts, estimated, partial } } : { ok: false, error };
}
