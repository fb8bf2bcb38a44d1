import type Database from 'libsql';
import type { ViolationChange, ViolationEvent } from '../domain/violation.js';
import { rowOf } from './sql-events.js';

/** Appends changes in one transaction, on a connection that nobody else uses meanwhile. */
export type Append = (changes: readonly ViolationChange[], nowMs: number) => readonly ViolationEvent[];

const HEAD = `SELECT max(
  coalesce((SELECT max(seq) FROM event), 0),
  (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'oldest') - 1
) AS head`;

const SUPERSEDE = 'UPDATE event SET newest = 0 WHERE violation_id = ? AND newest = 1 AND seq < ?';

/** The same as `insertEvent` in statements that are prepared once, and as few as can be: a commit costs little more than its sync. */
export function createAppend(file: Database.Database): Append {
  const prepared: Record<string, Database.Statement> = {};
  const run = (statement: string, ...values: unknown[]) => {
    prepared[statement] ??= file.prepare(statement);
    return prepared[statement].run(...values);
  };
  /** Nobody else writes, and retention does not move it; null while it is not known. */
  let head: number | null = null;
  const readHead = () => (file.prepare(HEAD).get() as { head: number }).head;

  /** Null when it is stored already. */
  function insert(change: ViolationChange, seq: number, nowMs: number): ViolationEvent | null {
    const row = rowOf(change, seq, nowMs);
    const columns = Object.keys(row);
    const { changes } = run(
      `INSERT INTO event (${columns}) VALUES (${columns.map(() => '?')}) ON CONFLICT (event_id) DO NOTHING`,
      ...Object.values(row),
    );
    if (changes === 0) return null;
    // A violation opens once, before all else.
    if (change.transition !== 'OPENED') run(SUPERSEDE, row.violation_id, seq);
    return { ...change, seq, emittedAtMs: nowMs };
  }

  return (changes, nowMs) => {
    run('BEGIN IMMEDIATE');
    try {
      let last = head ?? readHead();
      const stored: ViolationEvent[] = [];
      for (const change of changes) {
        const event = insert(change, last + 1, nowMs);
        if (event === null) continue;
        stored.push(event);
        last = event.seq;
      }
      run('COMMIT');
      head = last;
      return stored;
    } catch (error) {
      head = null;
      if (file.inTransaction) run('ROLLBACK');
      throw error;
    }
  };
}
