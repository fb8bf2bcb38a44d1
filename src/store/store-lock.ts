import { hostname } from 'node:os';
import Database from 'libsql';
import { StoreError } from '../domain/errors.js';

/** Keeps other processes away from a store until it is released, or its process ends in whatever way. */
export interface StoreLock {
  release(): void;
}

/**
 * Takes the lock beside a store. It is a write lock of the operating system on a small database: the kernel drops it
 * with its process, so nothing stays behind after `kill -9`. A file with a process id could not tell a dead holder
 * from a live one in another container, where both are process 1.
 * @throws StoreError that names the holder when the store is in use
 */
export function lockStore(storePath: string): StoreLock {
  const path = `${storePath}.lock`;
  const database = open(path, storePath);
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, host TEXT NOT NULL)');
    database.exec('DELETE FROM holder');
    database.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, hostname());
    // Others may read who holds it, and nobody else may write.
    database.exec('COMMIT');
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    const message = isBusy(error)
      ? `the store ${storePath} is in use by ${holderOf(database)}; stop it, or give this one a store.path of its own`
      : `the lock ${path} cannot be taken: ${textOf(error)}; if no slograph uses ${storePath}, delete ${path}`;
    database.close();
    throw new StoreError(message, isBusy(error), error);
  }
  return {
    release() {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

function open(path: string, storePath: string): Database.Database {
  try {
    return new Database(path);
  } catch (error) {
    throw new StoreError(
      `the store ${storePath} cannot be opened: ${path} cannot be written; let this user write to its folder`,
      false,
      error,
    );
  }
}

function holderOf(database: Database.Database): string {
  try {
    const [row] = database.prepare('SELECT pid, host FROM holder').all() as { pid: number; host: string }[];
    if (row !== undefined) return `process ${row.pid} on ${row.host}`;
  } catch {
    // It is being taken at this moment: there is no name yet.
  }
  return 'another process';
}

function isBusy(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'SQLITE_BUSY';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
