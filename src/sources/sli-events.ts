import { SourceError } from '../domain/errors.js';
import type { CompiledSli, EventSource, Outcome, ReadContext } from '../domain/ports.js';
import type { Coverage, EventCounts, WindowReading } from '../domain/slo.js';
import type { Labels } from './prometheus/answer.js';
import type { Planner } from './prometheus/planner.js';
import { createReach } from './sli-reach.js';
import { columnKey, groupKey } from './sli-streams.js';
import { type CurrentRead, type SliHandle, shapePresence, shapePromql, type Term, tupleKey } from './sli-terms.js';
import { createSliceReader } from './slice-reader.js';

const SLOTS = 720;
const MIN_SLOT_MS = 60_000;
/** A slot counts as seen by a sample in this span before its end, so that slow scrapes leave no holes. */
const MIN_PRESENCE_MS = 300_000;

/**
 * Reads events of compiled SLIs: one PromQL per (shape, data source, window, instant), whatever the number of SLIs; an SLI
 * with PromQL of its own asks it alone. A source that fails fails its own SLIs only.
 */
export function createEventSource(planner: Pick<Planner, 'instant' | 'range' | 'status' | 'metricNames'>): EventSource {
  return {
    reaches: createReach(planner),
    readSlices: createSliceReader(planner),
    async readWindow(slis, windowMs, atMs, context) {
      const ask = (group: Group) => askCounts(planner, group, windowMs, atMs, context);
      const counted = await readGroups(groupsOf(slis, partsOf), ask);
      return slis.map((sli) => windowReading(sli, counted, windowMs, atMs));
    },
    async readCurrent(slis, atMs, context) {
      const ask = (group: Group) => askCurrent(planner, group, atMs, context);
      const values = await readGroups(
        groupsOf(slis, ({ current }) => (current === null ? [] : [current.term])),
        ask,
      );
      return slis.map((sli) => currentValue(sli, values));
    },
    async readCoverage(slis, windowMs, atMs, context) {
      const slotMs = Math.max(MIN_SLOT_MS, Math.ceil(windowMs / SLOTS / 1_000) * 1_000);
      const slots = Math.max(1, Math.floor(windowMs / slotMs));
      const ask = (group: Group) => askPresence(planner, group, slotMs, slots, atMs, context);
      const seen = await readGroups(
        groupsOf(slis, ({ total }) => total),
        ask,
      );
      return slis.map((sli) => coverage(sli, seen, slotMs, slots));
    },
  };
}

/** What one PromQL asks: every column of a shape that is wanted, or a query of its own. */
interface Group {
  readonly key: string;
  readonly dataSource: string;
  readonly term: Term;
  /** By column; what is asked for a shape's labels. */
  readonly columns: Map<string, readonly string[]>;
}

/** An answer by column; a query of its own has the column ''. */
interface Answer<T> {
  readonly columns: ReadonlyMap<string, T>;
  readonly partial: boolean;
}
type Answers<T> = ReadonlyMap<string, Outcome<Answer<T>>>;

function partsOf({ good, bad, total }: SliHandle): readonly Term[] {
  return [...(good ?? []), ...(bad ?? []), ...total];
}

function groupsOf(slis: readonly CompiledSli[], terms: (handle: SliHandle) => readonly Term[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const sli of slis) {
    for (const term of terms(sli.handle as SliHandle)) {
      const key = groupKey(sli.dataSource, term);
      const group = groups.get(key) ?? { key, dataSource: sli.dataSource, term, columns: new Map() };
      if (term.kind === 'COLUMN') group.columns.set(JSON.stringify(term.values), term.values);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

async function readGroups<T>(groups: readonly Group[], ask: (group: Group) => Promise<Answer<T>>): Promise<Answers<T>> {
  const answers = await Promise.all(groups.map(async (group) => [group.key, await outcomeOf(ask(group))] as const));
  return new Map(answers);
}

async function outcomeOf<T>(answer: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await answer };
  } catch (error) {
    if (error instanceof SourceError) return { ok: false, error };
    throw error;
  }
}

async function askCounts(
  planner: Pick<Planner, 'instant'>,
  { term, dataSource, columns }: Group,
  windowMs: number,
  atMs: number,
  context: ReadContext,
): Promise<Answer<number>> {
  const promql = term.kind === 'OWN' ? term.promql(windowMs) : shapePromql(term.shape, [...columns.values()], windowMs);
  const answer = await planner.instant(dataSource, promql, atMs, Math.max(1, columns.size), context);
  const counts = new Map<string, number>();
  for (const { labels, value } of answer.series) {
    const column = columnOf(term, labels);
    // 0/0 and the like: nothing that could be counted.
    if (Number.isFinite(value)) counts.set(column, (counts.get(column) ?? 0) + value);
  }
  return { columns: counts, partial: answer.warnings.length > 0 };
}

async function askPresence(
  planner: Pick<Planner, 'range'>,
  { term, dataSource, columns }: Group,
  slotMs: number,
  slots: number,
  atMs: number,
  context: ReadContext,
): Promise<Answer<ReadonlySet<number>>> {
  const spanMs = Math.max(slotMs, MIN_PRESENCE_MS);
  const promql = term.kind === 'OWN' ? term.presence(spanMs) : shapePresence(term.shape, [...columns.values()], spanMs);
  const range = { fromMs: atMs - (slots - 1) * slotMs, toMs: atMs, stepMs: slotMs };
  const answer = await planner.range(dataSource, promql, range, Math.max(1, columns.size), context);
  const seen = new Map<string, Set<number>>();
  for (const { labels, timesMs } of answer.series) {
    const column = columnOf(term, labels);
    const slotsSeen = seen.get(column) ?? new Set();
    for (const time of timesMs) slotsSeen.add(Math.round(time));
    seen.set(column, slotsSeen);
  }
  return { columns: seen, partial: answer.warnings.length > 0 };
}

function columnOf(term: Term, labels: Labels): string {
  return term.kind === 'OWN' ? '' : tupleKey(term.shape, labels);
}

/** One value per term, null where the source has none, or the first failure among them. */
function valuesOf<T>(
  sli: CompiledSli,
  terms: readonly Term[],
  answers: Answers<T>,
): Outcome<{ readonly values: readonly T[]; readonly partial: boolean }> {
  const values: T[] = [];
  let partial = false;
  for (const term of terms) {
    const answer = answers.get(groupKey(sli.dataSource, term)) as Outcome<Answer<T>>;
    if (!answer.ok) return answer;
    partial ||= answer.value.partial;
    const value = answer.value.columns.get(columnKey(term));
    if (value !== undefined) values.push(value);
  }
  return { ok: true, value: { values, partial } };
}

function windowReading(
  sli: CompiledSli,
  answers: Answers<number>,
  windowMs: number,
  atMs: number,
): Outcome<WindowReading> {
  const { good, bad, total, current } = sli.handle as SliHandle;
  const all = valuesOf(sli, total, answers);
  if (!all.ok) return all;
  const part = valuesOf(sli, (good ?? bad) as readonly Term[], answers);
  if (!part.ok) return part;
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
  const events =
    all.value.values.length === 0 ? null : eventsOf(good !== null, sum(part.value.values), sum(all.value.values));
  const partial = all.value.partial || part.value.partial;
  // Good events that nobody ever saw are rather a mistake in the query than an outage.
  const isSuspect = good !== null && current === null && part.value.values.length === 0 && (events?.total ?? 0) > 0;
  return { ok: true, value: { windowMs, atMs, events, partial, ...(isSuspect ? { estimated: true } : {}) } };
}

/** Extrapolation may count a few good events more than there were in all, and a gauge may go down. */
function eventsOf(isGood: boolean, part: number, total: number): EventCounts {
  const all = Math.max(0, total);
  const some = Math.min(Math.max(0, part), all);
  return isGood ? { good: some, bad: all - some, total: all } : { good: all - some, bad: some, total: all };
}

function coverage(
  sli: CompiledSli,
  answers: Answers<ReadonlySet<number>>,
  slotMs: number,
  slots: number,
): Outcome<Coverage> {
  const read = valuesOf(sli, (sli.handle as SliHandle).total, answers);
  if (!read.ok) return read;
  const ends = [...new Set(read.value.values.flatMap((set) => [...set]))].sort((left, right) => left - right);
  const [first] = ends;
  return {
    ok: true,
    value: {
      ratio: Math.min(1, ends.length / slots),
      oldestMs: first === undefined ? null : first - slotMs,
      newestMs: ends.at(-1) ?? null,
      retentionShorterThanWindow: false,
      partial: read.value.partial,
    },
  };
}

async function askCurrent(
  planner: Pick<Planner, 'instant'>,
  { term, dataSource, columns }: Group,
  atMs: number,
  context: ReadContext,
): Promise<Answer<readonly number[]>> {
  const promql = term.kind === 'OWN' ? term.promql(0) : shapePromql(term.shape, [...columns.values()], 0);
  const answer = await planner.instant(dataSource, promql, atMs, Math.max(1, columns.size), context);
  const values = new Map<string, number[]>();
  for (const { labels, value } of answer.series) {
    const column = columnOf(term, labels);
    if (!Number.isNaN(value)) values.set(column, [...(values.get(column) ?? []), value]);
  }
  return { columns: values, partial: answer.warnings.length > 0 };
}

function currentValue(sli: CompiledSli, answers: Answers<readonly number[]>): Outcome<number | null> {
  const { current } = sli.handle as SliHandle;
  if (current === null) return { ok: true, value: null };
  const read = valuesOf(sli, [current.term], answers);
  return read.ok ? { ok: true, value: farthestOut(read.value.values.flat(), current) } : read;
}

/** Of several elements the one that is worst by the bounds. */
function farthestOut(values: readonly number[], { lower, upper }: CurrentRead): number | null {
  const excess = (value: number) =>
    Math.max(lower === null ? -Infinity : lower - value, upper === null ? -Infinity : value - upper);
  return values.reduce<number | null>(
    (worst, value) => (worst === null || excess(value) > excess(worst) ? value : worst),
    null,
  );
}
