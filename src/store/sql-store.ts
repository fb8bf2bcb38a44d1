import type { Kysely } from 'kysely';
import type { Scope } from '../domain/access.js';
import { StoreError } from '../domain/errors.js';
import type {
  ConsumerStore,
  Delivery,
  LedgerStore,
  LogPosition,
  Retention,
  ViolationQuery,
  ViolationStore,
} from '../domain/ports.js';
import type { Violation, ViolationChange, ViolationEvent } from '../domain/violation.js';
import { createSqlConsumers } from './sql-consumers.js';
import { eventOf, headSeq, inScope, oldestSeq, readNewest, violationOf } from './sql-events.js';
import { createSqlLedger } from './sql-ledger.js';
import { pruneEvents } from './sql-retention.js';
import type { StoreTables } from './sql-tables.js';

/** A database that holds a store's tables. */
export interface SqlBackend {
  /** As errors name it; holds no secret. */
  readonly name: string;
  readonly epoch: string;
  readonly reader: Kysely<StoreTables>;
  /** Transactions of it follow one another, and nobody else writes. */
  readonly writer: Kysely<StoreTables>;
  /** In one transaction; changes that are stored already are left out of the answer. */
  append(changes: readonly ViolationChange[], nowMs: number): Promise<readonly ViolationEvent[]>;
  errorOf(error: unknown): StoreError;
  /** Called once, when no call is under way any more. */
  close(): Promise<void>;
}

/** All that is kept, behind one lock. */
export interface GatewayStore extends ViolationStore {
  readonly ledger: LedgerStore;
  readonly consumers: ConsumerStore;
}

/** Violations and the ledger in tables, the same for every database. */
export class SqlStore implements GatewayStore {
  readonly ledger: LedgerStore;
  readonly consumers: ConsumerStore;
  private closed = false;

  constructor(private readonly backend: SqlBackend) {
    this.ledger = createSqlLedger({
      read: (work) => this.guarded(() => work(backend.reader)),
      write: (work) => this.write(work),
    });
    this.consumers = createSqlConsumers({
      read: (work) => this.guarded(work),
      write: (work) => this.write(work),
      reader: backend.reader,
    });
  }

  append(changes: readonly ViolationChange[], nowMs: number): Promise<readonly ViolationEvent[]> {
    return this.guarded(() => this.backend.append(changes, nowMs));
  }

  events(after: number, limit: number): Promise<readonly ViolationEvent[]> {
    return this.guarded(async () => {
      const rows = await this.backend.reader
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
      const rows = await this.backend.reader
        .selectFrom('event')
        .selectAll()
        .where('violation_id', '=', violationId)
        .orderBy('seq')
        .execute();
      return rows.map(eventOf);
    });
  }

  violations(query: ViolationQuery): Promise<readonly Violation[]> {
    return this.guarded(async () => (await readNewest(this.backend.reader, query)).map(violationOf));
  }

  snapshot(scope: Scope): Promise<{ readonly head: LogPosition; readonly events: readonly ViolationEvent[] }> {
    return this.guarded(() =>
      this.backend.reader
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (transaction) => {
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
          return { head: { epoch: this.backend.epoch, seq }, events };
        }),
    );
  }

  position(): Promise<{ readonly head: LogPosition; readonly oldest: number }> {
    return this.guarded(async () => {
      const oldest = await oldestSeq(this.backend.reader);
      const seq = await headSeq(this.backend.reader);
      return { head: { epoch: this.backend.epoch, seq }, oldest };
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
      await this.backend.writer
        .insertInto('delivery')
        .values({ violation_id: delivery.violationId, sink: delivery.sink, ...columns })
        .onConflict((conflict) => conflict.columns(['violation_id', 'sink']).doUpdateSet(columns))
        .execute();
    });
  }

  deliveriesOf(violationId: string): Promise<readonly Delivery[]> {
    return this.guarded(async () => {
      const rows = await this.backend.reader
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
      const row = await this.backend.reader
        .selectFrom('sink_position')
        .select('seq')
        .where('sink', '=', sink)
        .executeTakeFirst();
      return row?.seq ?? 0;
    });
  }

  saveSinkPosition(sink: string, seq: number): Promise<void> {
    return this.guarded(async () => {
      await this.backend.writer
        .insertInto('sink_position')
        .values({ sink, seq })
        .onConflict((conflict) => conflict.column('sink').doUpdateSet({ seq }))
        .execute();
    });
  }

  prune(retention: Retention): Promise<number> {
    return this.write((transaction) => pruneEvents(transaction, retention));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.backend.close();
  }

  private write<T>(work: (transaction: Kysely<StoreTables>) => Promise<T>): Promise<T> {
    return this.guarded(() => this.backend.writer.transaction().execute(work));
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) throw new StoreError(`the store ${this.backend.name} is closed`, false);
    try {
      return await work();
    } catch (error) {
      throw this.backend.errorOf(error);
    }
  }
}
