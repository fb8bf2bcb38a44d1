import { SourceError } from '../domain/errors.js';
import type { EventSource, ReadContext, SliceSpan } from '../domain/ports.js';
import { createBulkhead } from './prometheus/bulkhead.js';
import { MAX_POINTS, type Planner } from './prometheus/planner.js';
import { sliceFormOf, slicePromql, type Term, tupleKey } from './sli-terms.js';
import { createRangeRules } from './slice-backend.js';
import { doubtful, type Recheck, settle } from './slice-doubts.js';
import type { SliceAsk } from './slice-promql.js';
import { type Columns, createSliceShards } from './slice-shards.js';
import { add, type Group, outcomeOf, type Row, tableOf } from './slice-table.js';

type Asked = Pick<Planner, 'instant' | 'range' | 'status'>;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Per question and source, so that others get their turn at a source between long ones. */
const IN_FLIGHT = 3;

/**
 * Reads events slice by slice: one PromQL per (shape, data source, slice), over several slices one per day, cut into shards
 * where it would read very many series. Slices that hold more than can have happened in them are read again.
 */
export function createSliceReader(planner: Asked): EventSource['readSlices'] {
  const rulesOf = createRangeRules(planner);
  const shards = createSliceShards(planner);

  /** One PromQL per shard and chunk of time; a chunk of one slice is an instant. */
  async function ask(part: Part, form: Pick<SliceAsk, 'form' | 'lookBackMs'>, span: SliceSpan, context: ReadContext) {
    const { term, dataSource, columns } = part;
    const { isClosed } = await rulesOf(dataSource);
    const asked: SliceAsk = { ...form, sliceMs: span.sliceMs, isClosed };
    const promql = slicePromql(term, [...columns.values()], asked);
    const fresh = { ...context, fresh: true };
    const firstMs = span.fromMs + span.sliceMs;
    if (firstMs === span.toMs) {
      const answer = await planner.instant(dataSource, promql, span.toMs, columns.size, fresh);
      const cells = answer.series.map(({ labels, value }) => cell(term, labels, 0, value));
      return { cells, partial: answer.warnings.length > 0 };
    }
    const range = { fromMs: firstMs, toMs: span.toMs, stepMs: span.sliceMs };
    const answer = await planner.range(dataSource, promql, range, columns.size, fresh);
    const cells = answer.series.flatMap(({ labels, timesMs, values }) =>
      [...timesMs].map((timeMs, at) => cell(term, labels, (timeMs - firstMs) / span.sliceMs, values[at] as number)),
    );
    return { cells, partial: answer.warnings.length > 0 };
  }

  /** What a part costs is bounded; its rows fail together where even that cannot be told. */
  function cut({ term, dataSource, columns }: Part, atMs: number, context: ReadContext): Promise<readonly Columns[]> {
    return term.kind === 'OWN' ? Promise.resolve([columns]) : shards.of(dataSource, term.shape, columns, atMs, context);
  }

  async function readGroup(group: Group, span: SliceSpan, context: ReadContext, run: Run): Promise<void> {
    const { term, dataSource, rows } = group;
    const { addsUp } = await rulesOf(dataSource);
    const form = { form: addsUp ? 'INCREASE' : 'DIFFERENCE', lookBackMs: lookBackOf(span) } as const;
    for (const { estimated } of rows.values()) estimated.fill(sliceFormOf(term).isExact || addsUp ? 0 : 1);
    const part: Part = { term, dataSource, columns: columnsOf([...rows.values()]) };
    await noteFailure([...rows.values()], async () => {
      const parts = (await run(() => cut(part, span.toMs, context))).map((columns) => ({ ...part, columns }));
      const tasks = parts.flatMap((shard) => chunks(span).map((chunk) => readChunk(shard, chunk)));
      await Promise.all(tasks);
    });

    async function readChunk(shard: Part, chunk: SliceSpan): Promise<void> {
      const asked = [...shard.columns.keys()].map((column) => rows.get(column) as Row);
      const first = (chunk.fromMs - span.fromMs) / span.sliceMs;
      await noteFailure(asked, async () => {
        const { cells, partial } = await run(() => ask(shard, form, chunk, context));
        for (const row of asked) row.partial ||= partial;
        for (const { column, slice, value } of cells) {
          // A selector of several labels matches tuples beside those that are wanted.
          if (shard.columns.has(column)) add(rows.get(column) as Row, first + slice, value);
        }
      });
    }
  }

  /** Reads a doubtful slice again, with a look-back over most gaps, and without what counters brought that began in it. */
  async function lookAgain(recheck: Recheck, span: SliceSpan, context: ReadContext, run: Run): Promise<void> {
    const { group, slice, rows } = recheck;
    const fromMs = span.fromMs + slice * span.sliceMs;
    const at: SliceSpan = { fromMs, toMs: fromMs + span.sliceMs, sliceMs: span.sliceMs };
    const lookBackMs = Math.max(DAY_MS, 2 * span.sliceMs);
    const part: Part = { term: group.term, dataSource: group.dataSource, columns: columnsOf(rows) };
    const look = async (shard: Part, form: 'DIFFERENCE' | 'CERTAIN') => {
      const { cells, partial } = await run(() => ask(shard, { form, lookBackMs }, at, context));
      const sums = new Map<string, number>();
      for (const { column, value } of cells) sums.set(column, (sums.get(column) ?? 0) + value);
      return { sums, partial };
    };
    await noteFailure(rows, async () => {
      for (const columns of await run(() => cut(part, at.toMs, context))) {
        const shard = { ...part, columns };
        const [whole, certain] = await Promise.all([look(shard, 'DIFFERENCE'), look(shard, 'CERTAIN')]);
        for (const row of rows.filter(({ column }) => columns.has(column))) {
          row.looks.set(slice, {
            whole: whole.sums.get(row.column) ?? 0,
            certain: certain.sums.get(row.column) ?? 0,
          });
          row.partial ||= whole.partial || certain.partial;
        }
      }
    });
  }

  return async (slis, span, options, context) => {
    const slices = checkedLength(span);
    const table = tableOf(slis, slices);
    const lanes = new Map<string, Run>();
    const laneOf = (dataSource: string) => {
      const lane = lanes.get(dataSource) ?? createLane(context);
      lanes.set(dataSource, lane);
      return lane;
    };
    const groups = [...table.groups.values()];
    await Promise.all(groups.map((group) => readGroup(group, span, context, laneOf(group.dataSource))));
    const guarded: Group[] = [];
    for (const group of groups) {
      if (sliceFormOf(group.term).ofCounters && !(await rulesOf(group.dataSource)).addsUp) guarded.push(group);
    }
    const rechecks = doubtful(table, guarded, span, lookBackOf(span), options);
    await Promise.all(rechecks.map((recheck) => lookAgain(recheck, span, context, laneOf(recheck.group.dataSource))));
    settle(table);
    return new Map([...table.rows].map(([key, row]) => [key, outcomeOf(row)]));
  };
}

/** What one PromQL asks. */
interface Part {
  readonly term: Term;
  readonly dataSource: string;
  readonly columns: Columns;
}

type Run = <T>(task: () => Promise<T>) => Promise<T>;

function createLane({ signal = new AbortController().signal }: ReadContext): Run {
  const lane = createBulkhead(IN_FLIGHT, Number.POSITIVE_INFINITY);
  return (task) => lane.run(task, signal);
}

/** How far before a slice the last value of a counter is looked for at first. */
function lookBackOf({ sliceMs }: SliceSpan): number {
  return Math.max(HOUR_MS, sliceMs);
}

function checkedLength({ fromMs, toMs, sliceMs }: SliceSpan): number {
  const slices = (toMs - fromMs) / sliceMs;
  if (!(sliceMs > 0 && Number.isInteger(slices) && slices > 0 && fromMs % sliceMs === 0)) {
    throw new RangeError(`a span is one or more slices on their grid, got ${fromMs} to ${toMs} by ${sliceMs} ms`);
  }
  return slices;
}

/** A day at a time, and no more points than a source answers. */
function chunks({ fromMs, toMs, sliceMs }: SliceSpan): readonly SliceSpan[] {
  const lengthMs = sliceMs * Math.max(1, Math.min(MAX_POINTS, Math.floor(DAY_MS / sliceMs)));
  const parts: SliceSpan[] = [];
  for (let at = fromMs; at < toMs; at += lengthMs) {
    parts.push({ fromMs: at, toMs: Math.min(toMs, at + lengthMs), sliceMs });
  }
  return parts;
}

interface Cell {
  readonly column: string;
  readonly slice: number;
  readonly value: number;
}

function cell(term: Term, labels: Readonly<Record<string, string>>, slice: number, value: number): Cell {
  // Differences of large sums may miss zero by a little.
  const count = sliceFormOf(term).ofCounters ? Math.max(0, value) : value;
  return { column: term.kind === 'OWN' ? '' : tupleKey(term.shape, labels), slice, value: count };
}

function columnsOf(rows: readonly Row[]): Columns {
  return new Map(rows.map(({ column, values }) => [column, values]));
}

/** A failing source fails what was asked of it, and nothing else. */
async function noteFailure(rows: readonly Row[], read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    for (const row of rows) row.error ??= error;
  }
}
