import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { StoreError } from '../domain/errors.js';
import { connect, type PostgresOptions } from './postgres-connections.js';
import { databaseName, postgresErrorOf } from './postgres-errors.js';
import { postgresMigrations, schemaName } from './postgres-schema.js';
import { appendEvents } from './sql-events.js';
import { type GatewayStore, SqlStore } from './sql-store.js';
import type { StoreTables } from './sql-tables.js';

/**
 * Opens a store in PostgreSQL: the tables of the schema `slograph`, made when they are not there. One process writes at a
 * time.
 * @throws StoreError when it is in use, cannot be reached or is of a newer version; the text says what to do
 */
export async function createPostgresStore(options: PostgresOptions): Promise<GatewayStore> {
  const name = databaseName(options.url);
  const { reader, writer, close } = connect(name, options);
  try {
    const epoch = await writer.transaction().execute((transaction) => migrate(transaction, name));
    return new SqlStore({
      ...{ name, epoch, reader, writer, close },
      append: (changes, nowMs) => appendEvents(writer, changes, nowMs),
      errorOf: (error) => postgresErrorOf(name, error),
    });
  } catch (error) {
    await close();
    throw postgresErrorOf(name, error);
  }
}

/**
 * Whether a store could be opened, without disturbing a process that uses it.
 * @throws StoreError that says what is wrong and what to do
 */
export async function examinePostgresStore(options: PostgresOptions): Promise<string> {
  const name = databaseName(options.url);
  const { reader, close } = connect(name, options);
  try {
    const { rows } = await sql<{ may: boolean }>`
      SELECT coalesce(
        (SELECT has_schema_privilege(oid, 'CREATE, USAGE') FROM pg_namespace WHERE nspname = ${schemaName}),
        has_database_privilege(current_database(), 'CREATE')
      ) AS may`.execute(reader);
    if (rows[0]?.may !== true) throw Object.assign(new Error('permission denied'), { code: '42501' });
    return name;
  } catch (error) {
    throw postgresErrorOf(name, error);
  } finally {
    await close();
  }
}

/** Brings the tables to the present version. @returns the epoch of the store */
async function migrate(transaction: Kysely<StoreTables>, name: string): Promise<string> {
  const run = (statement: string) => sql.raw(statement).execute(transaction);
  await run(`CREATE SCHEMA IF NOT EXISTS ${schemaName}`);
  await run(`CREATE TABLE IF NOT EXISTS ${schemaName}.meta (name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL)`);
  const version = Number((await metaOf(transaction, 'version')) ?? 0);
  if (version > postgresMigrations.length) {
    throw new StoreError(
      `the store ${name} has version ${version}, and this slograph knows versions up to ${postgresMigrations.length}; run the newer slograph that wrote it, or set another store.postgres`,
      false,
    );
  }
  for (const statement of postgresMigrations.slice(version).flat()) await run(statement);
  await saveMeta(transaction, 'version', String(postgresMigrations.length));
  const epoch = (await metaOf(transaction, 'epoch')) ?? randomUUID();
  await saveMeta(transaction, 'epoch', epoch);
  return epoch;
}

async function metaOf(transaction: Kysely<StoreTables>, name: string): Promise<string | null> {
  const row = await transaction.selectFrom('meta').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value ?? null;
}

async function saveMeta(transaction: Kysely<StoreTables>, name: string, value: string): Promise<void> {
  await transaction
    .insertInto('meta')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
