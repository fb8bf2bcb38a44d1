import type { ExpressionBuilder, ExpressionWrapper, Insertable, Kysely, Selectable, SqlBool } from 'kysely';
import type { Scope } from '../domain/access.js';
import type { ViolationQuery } from '../domain/ports.js';
import type { Violation, ViolationChange, ViolationEvent, ViolationTransition } from '../domain/violation.js';
import type { EventTable, StoreTables } from './sql-tables.js';

/** Stores a change with the next number, or answers null when it is stored already. Runs inside a transaction. */
export async function insertEvent(
  transaction: Kysely<StoreTables>,
  change: ViolationChange,
  nowMs: number,
): Promise<ViolationEvent | null> {
  const known = await transaction
    .selectFrom('event')
    .select('seq')
    .where('event_id', '=', change.eventId)
    .executeTakeFirst();
  if (known !== undefined) return null;
  const head = await headSeq(transaction);
  await transaction
    .updateTable('event')
    .set({ newest: 0 })
    .where('violation_id', '=', change.violation.id)
    .where('newest', '=', 1)
    .execute();
  await transaction
    .insertInto('event')
    .values(rowOf(change, head + 1, nowMs))
    .execute();
  return { ...change, seq: head + 1, emittedAtMs: nowMs };
}

/** Stores changes in order, those that are stored already left out. */
export function appendEvents(
  writer: Kysely<StoreTables>,
  changes: readonly ViolationChange[],
  nowMs: number,
): Promise<readonly ViolationEvent[]> {
  return writer.transaction().execute(async (transaction) => {
    const stored: ViolationEvent[] = [];
    for (const change of changes) {
      const event = await insertEvent(transaction, change, nowMs);
      if (event !== null) stored.push(event);
    }
    return stored;
  });
}

/** Seq of the newest event there ever was, 0 while there is none. */
export async function headSeq(database: Kysely<StoreTables>): Promise<number> {
  const row = await database
    .selectFrom('event')
    .select((select) => select.fn.max('seq').as('head'))
    .executeTakeFirst();
  // Retention may have emptied the log: numbers are never given twice.
  return Math.max(row?.head ?? 0, (await oldestSeq(database)) - 1);
}

/** The first seq from which the log is whole. */
export async function oldestSeq(database: Kysely<StoreTables>): Promise<number> {
  const row = await database.selectFrom('meta').select('value').where('name', '=', 'oldest').executeTakeFirstOrThrow();
  return Number(row.value);
}

/** The newest event of every violation that the query wants, newest start first. */
export async function readNewest(
  database: Kysely<StoreTables>,
  query: ViolationQuery,
): Promise<readonly Selectable<EventTable>[]> {
  const { atMs } = query;
  return await database
    .selectFrom('event')
    .selectAll()
    .where((event) => matches(event, query))
    .where((event) =>
      atMs === undefined
        ? event('newest', '=', 1)
        : event.and([event('effective_at_ms', '<=', atMs), event.not(event.exists(laterThan(event, atMs)))]),
    )
    .orderBy('started_at_ms', 'desc')
    .orderBy('seq', 'desc')
    .execute();
}

/** Events of the same violation that had taken effect by then, too, and came after it. */
function laterThan(event: ExpressionBuilder<StoreTables, 'event'>, atMs: number) {
  return event
    .selectFrom('event as later')
    .select('later.seq')
    .whereRef('later.violation_id', '=', 'event.violation_id')
    .whereRef('later.seq', '>', 'event.seq')
    .where('later.effective_at_ms', '<=', atMs);
}

/** Whether a row is in what a caller may see: a violation without a microservice belongs to its cluster as a whole. */
export function inScope(
  event: ExpressionBuilder<StoreTables, 'event'>,
  scope: Scope,
): ExpressionWrapper<StoreTables, 'event', SqlBool> {
  return event.and([
    ...(scope.clusters === null ? [] : [among(event, 'cluster', scope.clusters)]),
    ...(scope.namespaces === null ? [] : [among(event, 'namespace', scope.namespaces)]),
  ]);
}

export function violationOf(row: Pick<Selectable<EventTable>, 'body'>): Violation {
  return JSON.parse(row.body) as Violation;
}

export function eventOf(row: Selectable<EventTable>): ViolationEvent {
  return {
    seq: row.seq,
    eventId: row.event_id,
    transition: row.transition as ViolationTransition,
    violation: violationOf(row),
    evaluatedAtMs: row.evaluated_at_ms,
    emittedAtMs: row.emitted_at_ms,
    late: row.late === 1,
  };
}

type Column = 'violation_id' | 'status' | 'kind' | 'severity' | 'slo' | 'cluster' | 'namespace';

function among(event: ExpressionBuilder<StoreTables, 'event'>, column: Column, values: readonly string[]) {
  // No text that is stored has a NUL, and PostgreSQL refuses to compare with one.
  const comparable = values.filter((value) => !value.includes('\0'));
  return comparable.length === 0 ? event.lit(false) : event(column, 'in', comparable);
}

function matches(event: ExpressionBuilder<StoreTables, 'event'>, query: ViolationQuery) {
  const lists: readonly (readonly [Column, readonly string[] | undefined])[] = [
    ['violation_id', query.ids],
    ['status', query.statuses],
    ['kind', query.kinds],
    ['severity', query.severities],
    ['slo', query.slos],
  ];
  return event.and([
    inScope(event, query.scope),
    ...lists.flatMap(([column, values]) => (values === undefined ? [] : [among(event, column, values)])),
    ...(query.startedAfterMs === undefined ? [] : [event('started_at_ms', '>', query.startedAfterMs)]),
    ...(query.startedBeforeMs === undefined ? [] : [event('started_at_ms', '<', query.startedBeforeMs)]),
  ]);
}

/** A change as it is stored. */
export function rowOf(change: ViolationChange, seq: number, nowMs: number): Insertable<EventTable> {
  const { violation, transition } = change;
  return {
    seq,
    event_id: change.eventId,
    violation_id: violation.id,
    transition,
    evaluated_at_ms: change.evaluatedAtMs,
    emitted_at_ms: nowMs,
    late: change.late ? 1 : 0,
    effective_at_ms: effectiveAtMs(change),
    slo: violation.slo,
    kind: violation.kind,
    severity: violation.severity,
    status: violation.status,
    cluster: violation.cluster,
    namespace: violation.microservice?.namespace ?? null,
    started_at_ms: violation.startedAtMs,
    newest: 1,
    body: JSON.stringify(violation),
  };
}

function effectiveAtMs({ transition, violation, evaluatedAtMs }: ViolationChange): number {
  if (transition === 'OPENED') return violation.startedAtMs;
  return transition === 'RESOLVED' ? (violation.resolvedAtMs ?? evaluatedAtMs) : evaluatedAtMs;
}
