import type Database from 'libsql';
import type { ViolationChange, ViolationEvent } from '../domain/violation.js';
import { rowOf } from './sql-events.js';

/** Appends changes in one transaction, on a connection that nobody else uses meanwhile. */
export type Append = (changes: readonly ViolationChange[], nowMs: number) => readonly ViolationEvent[];

const HEAD = `SELECT max(
  coalesce((SELECT max(seq) FROM event), 0),
  (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'oldest') - 1
) AS head`;

/** The same as `insertEvent` in statements that are prepared once, and as few as can be: a commit costs little more than its sync. */
export function createAppend(file: Database.Database): Append {
  const begin = file.prepare('BEGIN IMMEDIATE');
  const commit = file.prepare('COMMIT');
  const supersede = file.prepare('UPDATE event SET newest = 0 WHERE violation_id = ? AND newest = 1 AND seq < ?');
  let insert: Database.Statement | null = null;
  /** Nobody else writes, and retention does not move it; null while it is not known. */
  let head: number | null = null;
  const readHead = () => (file.prepare(HEAD).get() as { head: number }).head;

  /** Null when it is stored already. */
  function store(change: ViolationChange, seq: number, nowMs: number): ViolationEvent | null {
    const row = rowOf(change, seq, nowMs);
    insert ??= file.prepare(insertOf(Object.keys(row)));
    if (insert.run(Object.values(row)).changes === 0) return null;
    // A violation opens once, before all else.
    if (change.transition !== 'OPENED') supersede.run([row.violation_id, seq]);
    return { ...change, seq, emittedAtMs: nowMs };
  }

  function storeAll(changes: readonly ViolationChange[], nowMs: number): readonly ViolationEvent[] {
    let last = head ?? readHead();
    const stored: ViolationEvent[] = [];
    for (const change of changes) {
      const event = store(change, last + 1, nowMs);
      if (event === null) continue;
      stored.push(event);
      last = event.seq;
    }
    head = last;
    return stored;
  }

  function inTransaction<T>(work: () => T): T {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      if (file.inTransaction) file.exec('ROLLBACK');
      throw error;
    }
  }

  return (changes, nowMs) => {
    // One insert is a transaction by itself.
    const isOneInsert = changes.length === 1 && changes[0]?.transition === 'OPENED';
    try {
      return isOneInsert ? storeAll(changes, nowMs) : inTransaction(() => storeAll(changes, nowMs));
    } catch (error) {
      head = null;
      throw error;
    }
  };
}

function insertOf(columns: readonly string[]): string {
  return `INSERT INTO event (${columns}) VALUES (${columns.map(() => '?')}) ON CONFLICT (event_id) DO NOTHING`;
}
