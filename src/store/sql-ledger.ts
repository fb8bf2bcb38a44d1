import type { Kysely } from 'kysely';
import type { LedgerStore, SliceBlock, StreamSnapshot } from '../domain/ports.js';
import { bytesOf, decodeBlock, encodeBlock } from './sql-ledger-block.js';
import type { StoreTables } from './sql-tables.js';

/** How many rows are read or written by one statement, so that neither memory nor the number of parameters runs out. */
const PAGE = 500;

/** Access to the store's database, whatever goes wrong made a StoreError. */
export interface LedgerAccess {
  read<T>(work: (database: Kysely<StoreTables>) => Promise<T>): Promise<T>;
  write<T>(work: (transaction: Kysely<StoreTables>) => Promise<T>): Promise<T>;
}

/**
 * A log of blocks, and snapshots of streams that let the older part of it go. Written to every minute is the end of one
 * table, and the snapshots of a few streams: rows by stream would touch a page for each of them every minute.
 */
export function createSqlLedger({ read, write }: LedgerAccess): LedgerStore {
  let numbers: Map<string, number> | null = null;

  async function numbersIn(database: Kysely<StoreTables>): Promise<Map<string, number>> {
    if (numbers === null) {
      const rows = await database.selectFrom('ledger_stream').select(['id', 'key']).execute();
      numbers = new Map(rows.map(({ id, key }) => [key, id]));
    }
    return numbers;
  }

  /** Numbers of streams, given to those that have none. A transaction that fails gives none. */
  async function numbered(transaction: Kysely<StoreTables>, keys: Iterable<string>, usedAtMs: number) {
    const known = new Map(await numbersIn(transaction));
    for (const key of keys) {
      if (known.has(key)) continue;
      const { id } = await transaction
        .insertInto('ledger_stream')
        .values({ key, used_at_ms: usedAtMs, snapshot: null, snapshot_seq: 0 })
        // Another process may have had the store in the meantime.
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ used_at_ms: usedAtMs }))
        .returning('id')
        .executeTakeFirstOrThrow();
      known.set(key, id);
    }
    return known;
  }

  return {
    load: (onStream, onBlock) => read((database) => load(database, onStream, onBlock)),
    async append(blocks) {
      numbers = await write(async (transaction) => {
        const keys = blocks.flatMap(({ streams }) => streams.map(({ key }) => key));
        const known = await numbered(transaction, keys, Math.max(0, ...blocks.map(({ closedMs }) => closedMs)));
        for (const block of blocks) await insertBlock(transaction, block, known);
        return known;
      });
    },
    async saveSnapshots(snapshots) {
      numbers = await write(async (transaction) => {
        const known = await numbered(
          transaction,
          snapshots.map(({ key }) => key),
          0,
        );
        const head = await headOf(transaction);
        for (const { key, state, usedAtMs } of snapshots) {
          await transaction
            .updateTable('ledger_stream')
            .set({ snapshot: state === null ? null : Buffer.from(state), snapshot_seq: head, used_at_ms: usedAtMs })
            .where('id', '=', known.get(key) as number)
            .execute();
        }
        await dropContained(transaction);
        return known;
      });
    },
    async forget(keys) {
      await write(async (transaction) => {
        for (let from = 0; from < keys.length; from += PAGE) {
          await transaction
            .deleteFrom('ledger_stream')
            .where('key', 'in', keys.slice(from, from + PAGE))
            .execute();
        }
        await dropContained(transaction);
      });
      numbers = null;
    },
  };
}

async function load(
  database: Kysely<StoreTables>,
  onStream: (stream: StreamSnapshot) => void,
  onBlock: (block: SliceBlock) => void,
): Promise<void> {
  const streams = new Map<number, { readonly key: string; readonly seq: number }>();
  await paged(
    (after) =>
      database.selectFrom('ledger_stream').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
    ({ id, key, snapshot, snapshot_seq, used_at_ms }) => {
      streams.set(id, { key, seq: snapshot_seq });
      onStream({ key, state: snapshot === null ? null : new Uint8Array(bytesOf(snapshot)), usedAtMs: used_at_ms });
      return id;
    },
  );
  await paged(
    (after) =>
      database.selectFrom('ledger_block').selectAll().where('seq', '>', after).orderBy('seq').limit(PAGE).execute(),
    (row) => {
      const { streams: parts, ...block } = decodeBlock(row);
      const newer = parts.flatMap(({ id, ...part }) => {
        const stream = streams.get(id);
        return stream === undefined || stream.seq >= row.seq ? [] : [{ key: stream.key, ...part }];
      });
      if (newer.length > 0) onBlock({ ...block, streams: newer });
      return row.seq;
    },
  );
}

async function paged<T>(readAfter: (after: number) => Promise<readonly T[]>, take: (row: T) => number): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await readAfter(after);
    for (const row of rows) after = take(row);
    if (rows.length < PAGE) return;
  }
}

async function insertBlock(
  transaction: Kysely<StoreTables>,
  { span, closedMs, streams }: SliceBlock,
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  const numbered = streams.map(({ key, ...stream }) => ({ id: numbers.get(key) as number, ...stream }));
  await transaction
    .insertInto('ledger_block')
    .values({
      slice_ms: span.sliceMs,
      from_ms: span.fromMs,
      to_ms: span.toMs,
      closed_ms: closedMs,
      payload: encodeBlock({ span, closedMs, streams: numbered }),
    })
    .execute();
}

/** The newest block's number, kept by snapshots when the block is gone. */
async function headOf(database: Kysely<StoreTables>): Promise<number> {
  const block = await database
    .selectFrom('ledger_block')
    .select((select) => select.fn.max('seq').as('seq'))
    .executeTakeFirst();
  const snapshot = await database
    .selectFrom('ledger_stream')
    .select((select) => select.fn.max('snapshot_seq').as('seq'))
    .executeTakeFirst();
  return Math.max(block?.seq ?? 0, snapshot?.seq ?? 0);
}

/** Drops the blocks that the snapshots of all streams contain. */
async function dropContained(transaction: Kysely<StoreTables>): Promise<void> {
  const oldest = await transaction
    .selectFrom('ledger_stream')
    .select((select) => select.fn.min('snapshot_seq').as('seq'))
    .executeTakeFirst();
  const through = oldest?.seq ?? (await headOf(transaction));
  await transaction.deleteFrom('ledger_block').where('seq', '<=', through).execute();
}
