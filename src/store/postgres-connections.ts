import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Kysely, PostgresDialect } from 'kysely';
import { type ClientBase, Pool, type PoolConfig, types } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { StoreError } from '../domain/errors.js';
import { schemaName } from './postgres-schema.js';
import type { StoreTables } from './sql-tables.js';

const INT8_OID = 20;
/** First half of the advisory lock: the letters SLOG. */
const LOCK_CLASS = 0x534c4f47;
const lockKey = [LOCK_CLASS, schemaName];
const CONNECT_MS = 5_000;
const STATEMENT_MS = 10_000;
/** A server may still be letting go of a process that has just ended; who is there after this is there to stay. */
const LOCK_WAIT_MS = 3_000;
/** Who was refused after that wait is refused at once for so long: others wait behind it. */
const REFUSED_MS = 30_000;
/** lock_not_available */
const LOCK_TIMED_OUT = '55P03';
const READERS = 4;

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`; `sslmode` and the other parameters of libpq may follow. */
  readonly url: string;
  /** Holds the password and nothing else; read again for every connection. */
  readonly passwordFile: string | null;
}

export interface Connections {
  readonly reader: Kysely<StoreTables>;
  readonly writer: Kysely<StoreTables>;
  close(): Promise<void>;
}

/**
 * One connection writes, and holds the lock of the store for as long as it lives: who has lost the lock has lost the means
 * to write. A new connection takes the lock anew before it is used.
 */
export function connect(name: string, options: PostgresOptions): Connections {
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  async function onConnect(client: ClientBase): Promise<void> {
    const isPatient = performance.now() - refusedAtMs > REFUSED_MS;
    if (await lock(client, isPatient ? LOCK_WAIT_MS : 1)) return;
    if (isPatient) refusedAtMs = performance.now();
    throw await inUse(client, name);
  }
  const pools = [
    poolOf(options, { max: READERS }),
    poolOf(options, { max: 1, idleTimeoutMillis: 0, onConnect }),
  ] as const;
  const [reader, writer] = pools.map((pool) => {
    // The next call gets a new connection, or says what is wrong.
    pool.on('error', () => {});
    return new Kysely<StoreTables>({ dialect: new PostgresDialect({ pool }) }).withSchema(schemaName);
  }) as [Kysely<StoreTables>, Kysely<StoreTables>];
  return {
    reader,
    writer,
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}

function poolOf({ url, passwordFile }: PostgresOptions, more: PoolConfig): Pool {
  return new Pool({
    // A connectionString would win over the password below, by the empty one that it implies.
    ...parseIntoClientConfig(url),
    application_name: `slograph ${hostname()}:${process.pid}`,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: 2 * STATEMENT_MS,
    keepAlive: true,
    types: { getTypeParser: (oid, format) => (oid === INT8_OID ? Number : types.getTypeParser(oid, format)) },
    ...(passwordFile === null ? {} : { password: () => readFileSync(passwordFile, 'utf8').trim() }),
    ...more,
  });
}

/** @returns whether the lock was to be had; it is that of the connection, and the transaction only bounds the wait */
async function lock(client: ClientBase, waitMs: number): Promise<boolean> {
  // A database may have been told to answer before a commit is on its disk.
  await client.query('SET synchronous_commit = on');
  // A server that hears nothing of a connection keeps its lock for hours unless it asks.
  await client.query('SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3');
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${waitMs}`);
  try {
    await client.query('SELECT pg_advisory_lock($1::int, hashtext($2))', lockKey);
    await client.query('COMMIT');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_TIMED_OUT) throw error;
    await client.query('ROLLBACK');
    return false;
  }
}

async function inUse(client: ClientBase, name: string): Promise<StoreError> {
  const who = (await holderOf(client)) ?? 'another process';
  return new StoreError(
    `the store ${name} is in use by ${who}; stop it, or give this one a database of its own in store.postgres`,
    true,
  );
}

async function holderOf(client: ClientBase): Promise<string | undefined> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND l.classid::bigint = $1::bigint
       AND l.objid::bigint = hashtext($2)::bigint & 4294967295`,
    lockKey,
  );
  return rows[0]?.application_name;
}
