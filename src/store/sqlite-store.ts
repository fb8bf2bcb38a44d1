import { Kysely, SqliteDialect } from 'kysely';
import type Database from 'libsql';
import type { Scope } from '../domain/access.js';
import { StoreError } from '../domain/errors.js';
import type { Delivery, LedgerStore, LogPosition, ViolationQuery, ViolationStore } from '../domain/ports.js';
import type { Violation, ViolationChange, ViolationEvent } from '../domain/violation.js';
import { eventOf, headSeq, inScope, insertEvent, readNewest, violationOf } from './sqlite-events.js';
import { guarded, makeFolderOf, openStoreFile, storeErrorOf } from './sqlite-file.js';
import { createSqliteLedger } from './sqlite-ledger.js';
import type { StoreTables } from './sqlite-schema.js';
import { lockStore, type StoreLock } from './store-lock.js';

export interface SqliteStoreOptions {
  /** The file; it and its folder are made when they are not there. Beside it stand `-wal`, `-shm` and `.lock`. */
  readonly path: string;
}

/** All that is kept, in one file. */
export interface EmbeddedStore extends ViolationStore {
  readonly ledger: LedgerStore;
}

/**
 * Opens the embedded store: one file, one process.
 * @throws StoreError when it is in use, damaged, of a newer version or cannot be written; the text says what to do
 */
export async function createSqliteStore({ path }: SqliteStoreOptions): Promise<EmbeddedStore> {
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
    return new SqliteStore(path, database, file, lock, epoch);
  } catch (error) {
    lock.release();
    throw storeErrorOf(path, error);
  }
}

class SqliteStore implements EmbeddedStore {
  readonly ledger: LedgerStore;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly database: Kysely<StoreTables>,
    private readonly file: Database.Database,
    private readonly lock: StoreLock,
    private readonly epoch: string,
  ) {
    this.ledger = createSqliteLedger({
      read: (work) => this.guarded(() => work(this.database)),
      write: (work) => this.transaction(work),
    });
  }

  append(changes: readonly ViolationChange[], nowMs: number): Promise<readonly ViolationEvent[]> {
    return this.transaction(async (transaction) => {
      const stored: ViolationEvent[] = [];
      for (const change of changes) {
        const event = await insertEvent(transaction, change, nowMs);
        if (event !== null) stored.push(event);
      }
      return stored;
    });
  }

  events(after: number, limit: number): Promise<readonly ViolationEvent[]> {
    return this.guarded(async () => {
      const rows = await this.database
        .selectFrom('event')
        .selectAll()
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(eventOf);
    });
  }

  eventsOf(violationId: string): Promise<readonly ViolationEvent[]> {
    return this.guarded(async () => {
      const rows = await this.database
        .selectFrom('event')
        .selectAll()
        .where('violation_id', '=', violationId)
        .orderBy('seq')
        .execute();
      return rows.map(eventOf);
    });
  }

  violations(query: ViolationQuery): Promise<readonly Violation[]> {
    return this.guarded(async () => (await readNewest(this.database, query)).map(violationOf));
  }

  snapshot(scope: Scope): Promise<{ readonly head: LogPosition; readonly events: readonly ViolationEvent[] }> {
    return this.transaction(async (transaction) => {
      const seq = await headSeq(transaction);
      const open = await readNewest(transaction, { scope, statuses: ['OPEN'] });
      const present = new Map(open.map((row) => [row.violation_id, violationOf(row)]));
      const opened = await transaction
        .selectFrom('event')
        .selectAll()
        .where('transition', '=', 'OPENED')
        .where('violation_id', 'in', (event) =>
          event
            .selectFrom('event')
            .select('violation_id')
            .where('newest', '=', 1)
            .where('status', '=', 'OPEN')
            .where((row) => inScope(row, scope)),
        )
        .orderBy('seq')
        .execute();
      const events = opened.map((row) => {
        const event = eventOf(row);
        return { ...event, violation: present.get(row.violation_id) ?? event.violation };
      });
      return { head: { epoch: this.epoch, seq }, events };
    });
  }

  position(): Promise<{ readonly head: LogPosition; readonly oldest: number }> {
    return this.guarded(async () => {
      // Each end of the index by itself: asked for both at once, SQLite reads all of it.
      const { oldest } = await this.database
        .selectFrom('event')
        .select((select) => select.fn.min('seq').as('oldest'))
        .executeTakeFirstOrThrow();
      const seq = await headSeq(this.database);
      return { head: { epoch: this.epoch, seq }, oldest: oldest ?? 1 };
    });
  }

  saveDelivery(delivery: Delivery): Promise<void> {
    return this.guarded(async () => {
      const columns = {
        state: delivery.state,
        attempts: delivery.attempts,
        last_error: delivery.lastError,
        delivered_at_ms: delivery.deliveredAtMs,
      };
      await this.database
        .insertInto('delivery')
        .values({ violation_id: delivery.violationId, sink: delivery.sink, ...columns })
        .onConflict((conflict) => conflict.columns(['violation_id', 'sink']).doUpdateSet(columns))
        .execute();
    });
  }

  deliveriesOf(violationId: string): Promise<readonly Delivery[]> {
    return this.guarded(async () => {
      const rows = await this.database
        .selectFrom('delivery')
        .selectAll()
        .where('violation_id', '=', violationId)
        .orderBy('sink')
        .execute();
      return rows.map((row) => ({
        violationId: row.violation_id,
        sink: row.sink,
        state: row.state as Delivery['state'],
        attempts: row.attempts,
        lastError: row.last_error,
        deliveredAtMs: row.delivered_at_ms,
      }));
    });
  }

  sinkPosition(sink: string): Promise<number> {
    return this.guarded(async () => {
      const row = await this.database
        .selectFrom('sink_position')
        .select('seq')
        .where('sink', '=', sink)
        .executeTakeFirst();
      return row?.seq ?? 0;
    });
  }

  saveSinkPosition(sink: string, seq: number): Promise<void> {
    return this.guarded(async () => {
      await this.database
        .insertInto('sink_position')
        .values({ sink, seq })
        .onConflict((conflict) => conflict.column('sink').doUpdateSet({ seq }))
        .execute();
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    // There is one connection: whoever gets it is the last, and a transaction under way has ended.
    await this.database.connection().execute(async () => {});
    // The file is closed here, not by kysely, which closes only what it has used.
    guarded(this.path, () => {
      // libsql leaves the log in its own file at close; a store at rest is one file that can be copied.
      this.file.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      this.file.close();
    });
    this.lock.release();
  }

  private transaction<T>(work: (transaction: Kysely<StoreTables>) => Promise<T>): Promise<T> {
    return this.guarded(() => this.database.transaction().execute(work));
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) throw new StoreError(`the store ${this.path} is closed`, false);
    try {
      return await work();
    } catch (error) {
      throw storeErrorOf(this.path, error);
    }
  }
}
