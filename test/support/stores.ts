import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres-store.js';
import type { GatewayStore } from '../../src/store/sql-store.js';
import { createSqliteStore } from '../../src/store/sqlite-store.js';
import { startPostgres, type TestPostgres } from './postgres.js';

/** A kind of store; `make` gives an empty one that can be opened, closed and opened again. */
export interface StoreSubject {
  readonly name: string;
  make(): Promise<{ open(): Promise<GatewayStore> }>;
}

/** Every store there is, for a suite that all of them pass; PostgreSQL runs while the file's tests do. */
export function storeSubjects(): readonly StoreSubject[] {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.dispose());
  return [
    {
      name: 'sqlite',
      async make() {
        const folder = mkdtempSync(join(tmpdir(), 'slograph-store-'));
        onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
        return { open: () => createSqliteStore({ path: join(folder, 'deep', 'slograph.db') }) };
      },
    },
    {
      name: 'postgres',
      async make() {
        const url = await postgres.database();
        return { open: () => createPostgresStore({ url, passwordFile: null }) };
      },
    },
  ];
}
