import { Kysely, SqliteDialect } from 'kysely';
import type Database from 'libsql';
import { type GatewayStore, SqlStore } from './sql-store.js';
import type { StoreTables } from './sql-tables.js';
import { createAppend } from './sqlite-append.js';
import { guarded, makeFolderOf, openStoreFile, storeErrorOf } from './sqlite-file.js';
import { lockStore } from './store-lock.js';

export interface SqliteStoreOptions {
  /** The file; it and its folder are made when they are not there. Beside it stand `-wal`, `-shm` and `.lock`. */
  readonly path: string;
}

/**
 * Opens the embedded store: one file, one process.
 * @throws StoreError when it is in use, damaged, of a newer version or cannot be written; the text says what to do
 */
export async function createSqliteStore({ path }: SqliteStoreOptions): Promise<GatewayStore> {
  makeFolderOf(path);
  const lock = lockStore(path);
  try {
    const file = openStoreFile(path);
    const database = new Kysely<StoreTables>({ dialect: new SqliteDialect({ database: file }) });
    const { value: epoch } = await database
      .selectFrom('meta')
      .select('value')
      .where('name', '=', 'epoch')
      .executeTakeFirstOrThrow();
    const append = createAppend(file);
    return new SqlStore({
      name: path,
      epoch,
      reader: database,
      writer: database,
      // Nobody comes between its statements. A transaction that waits between its own has the one connection until it ends.
      append: async (changes, nowMs) =>
        file.inTransaction ? database.connection().execute(async () => append(changes, nowMs)) : append(changes, nowMs),
      errorOf: (error) => storeErrorOf(path, error),
      async close() {
        // There is one connection: whoever gets it is the last, and a transaction under way has ended.
        await database.connection().execute(async () => {});
        closeFile(path, file);
        lock.release();
      },
    });
  } catch (error) {
    lock.release();
    throw storeErrorOf(path, error);
  }
}

/** The file is closed here, not by kysely, which closes only what it has used. */
function closeFile(path: string, file: Database.Database): void {
  guarded(path, () => {
    // libsql leaves the log in its own file at close; a store at rest is one file that can be copied.
    file.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    file.close();
  });
}
