import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { StoreError } from '../domain/errors.js';
import { applicationId, migrations } from './sqlite-schema.js';

/**
 * Opens a store's file, made with its folder when it is not there, and brings it to the present version.
 * @throws StoreError that says what is wrong with the file and what to do
 */
export function openStoreFile(path: string): Database.Database {
  const database = guarded(path, () => new Database(path));
  try {
    guarded(path, () => {
      database.exec('PRAGMA journal_mode = WAL');
      // In WAL mode only FULL puts a commit on the disk before it is acknowledged.
      database.exec('PRAGMA synchronous = FULL');
      checkSound(database, path);
      migrate(database, path);
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @throws StoreError when the folder cannot be made */
export function makeFolderOf(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    const { message } = error as Error;
    throw new StoreError(`the folder of the store ${path} cannot be made: ${message}; set store.path`, false, error);
  }
}

/** Runs a step on the store; whatever it throws becomes a StoreError that names the file. */
export function guarded<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw storeErrorOf(path, error);
  }
}

/** What an error of the database means to whoever runs the gateway. */
export function storeErrorOf(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) return corrupt(path, message, error);
  const advice = code.startsWith('SQLITE_FULL')
    ? 'free space on its disk'
    : 'check that the file and its folder exist, can be written by this user, and that the disk has space';
  return new StoreError(`the store ${path} does not work: ${message}; ${advice}`, true, error);
}

function corrupt(path: string, detail: string, cause?: unknown): StoreError {
  return new StoreError(
    `the store ${path} is damaged or no store of slograph: ${detail}; move it away (with ${path}-wal) to begin anew, or restore a copy`,
    false,
    cause,
  );
}

function checkSound(database: Database.Database, path: string): void {
  const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (row?.quick_check !== 'ok') throw corrupt(path, row?.quick_check ?? 'no answer to quick_check');
}

function migrate(database: Database.Database, path: string): void {
  const version = pragma(database, 'user_version');
  const [{ tables } = { tables: 0 }] = database.prepare('SELECT count(*) AS tables FROM sqlite_master').all() as {
    tables: number;
  }[];
  if (tables > 0 && pragma(database, 'application_id') !== applicationId) {
    throw new StoreError(`${path} belongs to another program; give slograph a store.path of its own`, false);
  }
  if (version > migrations.length) {
    throw new StoreError(
      `the store ${path} has version ${version}, and this slograph knows versions up to ${migrations.length}; run the newer slograph that wrote it, or set another store.path`,
      false,
    );
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    for (const statement of statements) database.exec(statement);
    if (index === 0) {
      database.exec(`PRAGMA application_id = ${applicationId}`);
      database.prepare('INSERT INTO meta VALUES (?, ?)').run('epoch', randomUUID());
    }
    database.exec(`PRAGMA user_version = ${index + 1}`);
    database.exec('COMMIT');
  }
}

function pragma(database: Database.Database, name: 'user_version' | 'application_id'): number {
  const [row] = database.prepare(`PRAGMA ${name}`).all() as Record<string, number>[];
  return row?.[name] ?? 0;
}
