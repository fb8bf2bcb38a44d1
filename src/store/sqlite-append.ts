import type Database from 'libsql';
import type { ViolationChange, ViolationEvent } from '../domain/violation.js';
import { rowOf } from './sql-events.js';

/** Appends changes in one transaction, on a connection that nobody else uses meanwhile. */
export type Append = (changes: readonly ViolationChange[], nowMs: number) => readonly ViolationEvent[];

const HEAD = `SELECT max(
  coalesce((SELECT max(seq) FROM event), 0),
  (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'oldest') - 1
) AS head`;

/** The same as `insertEvent` in statements that are prepared once: a commit costs little more than its sync. */
export function createAppend(file: Database.Database): Append {
  const prepared: Record<string, Database.Statement> = {};
  const run = (statement: string) => (prepared[statement] ??= file.prepare(statement));

  function insert(change: ViolationChange, nowMs: number): ViolationEvent | null {
    if (run('SELECT 1 FROM event WHERE event_id = ?').get(change.eventId) !== undefined) return null;
    const { head } = run(HEAD).get() as { head: number };
    const row = rowOf(change, head + 1, nowMs);
    run('UPDATE event SET newest = 0 WHERE violation_id = ? AND newest = 1').run(row.violation_id);
    const columns = Object.keys(row);
    run(`INSERT INTO event (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(
      ...Object.values(row),
    );
    return { ...change, seq: head + 1, emittedAtMs: nowMs };
  }

  return (changes, nowMs) => {
    run('BEGIN IMMEDIATE').run();
    try {
      const stored = changes.flatMap((change) => insert(change, nowMs) ?? []);
      run('COMMIT').run();
      return stored;
    } catch (error) {
      if (file.inTransaction) run('ROLLBACK').run();
      throw error;
    }
  };
}
