import type { Kysely } from 'kysely';
import { LimitError } from '../domain/errors.js';
import type { ConsumerStore } from '../domain/ports.js';
import type { StoreTables } from './sql-tables.js';

/** Consumers of one caller; more look like a program that makes up a name each time. */
const MAX_CONSUMERS = 1_000;

/** How a store runs what is to be done in it. */
interface Access {
  read<T>(work: () => Promise<T>): Promise<T>;
  write<T>(work: (transaction: Kysely<StoreTables>) => Promise<T>): Promise<T>;
  readonly reader: Kysely<StoreTables>;
}

export function createSqlConsumers({ read, write, reader }: Access): ConsumerStore {
  return {
    acknowledged: (consumer, caller) => read(() => seqOf(reader, consumer, caller)),
    async acknowledge(consumer, caller, seq) {
      const kept = await write(async (transaction) => {
        const known = await seqOf(transaction, consumer, caller);
        if (known !== null && known >= seq) return known;
        if (known === null && (await countOf(transaction, caller)) >= MAX_CONSUMERS) return null;
        await transaction
          .insertInto('consumer')
          .values({ caller, name: consumer, seq })
          .onConflict((conflict) => conflict.columns(['caller', 'name']).doUpdateSet({ seq }))
          .execute();
        return seq;
      });
      if (kept !== null) return kept;
      throw new LimitError(`consumer: ${MAX_CONSUMERS} are kept for a caller already; use one of their names`);
    },
  };
}

async function seqOf(database: Kysely<StoreTables>, consumer: string, caller: string): Promise<number | null> {
  const row = await database
    .selectFrom('consumer')
    .select('seq')
    .where('caller', '=', caller)
    .where('name', '=', consumer)
    .executeTakeFirst();
  return row === undefined ? null : Number(row.seq);
}

async function countOf(database: Kysely<StoreTables>, caller: string): Promise<number> {
  const { count } = await database
    .selectFrom('consumer')
    .select((select) => select.fn.countAll().as('count'))
    .where('caller', '=', caller)
    .executeTakeFirstOrThrow();
  return Number(count);
}
