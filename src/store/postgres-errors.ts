import { StoreError } from '../domain/errors.js';

/** Where a database is, without user and password: `postgres://db.example:5432/slograph`. */
export function databaseName(url: string): string {
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
}

/** What an error of the server, or of the way to it, means to whoever runs the gateway. */
export function postgresErrorOf(name: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const [advice, retryable] = adviceOn(code);
  // Node gives an AggregateError without a text where a host has several addresses.
  return new StoreError(`the store ${name} does not work: ${message || code}; ${advice}`, retryable, error);
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function adviceOn(code: string): readonly [advice: string, retryable: boolean] {
  if (code.startsWith('28')) return ['check the user in store.postgres and its password', false];
  if (code === '3D000') return ['create the database, or name another in store.postgres', false];
  if (code === '42501') return ['let this user create a schema in the database, or use the schema slograph', false];
  if (code === '53100') return ['free space on its disk', true];
  if (code === '53300') return ['let more connections in (max_connections)', true];
  return ['check that PostgreSQL answers at store.postgres', true];
}
