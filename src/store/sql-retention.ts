import type { Kysely } from 'kysely';
import type { Retention } from '../domain/ports.js';
import { headSeq, oldestSeq } from './sql-events.js';
import type { StoreTables } from './sql-tables.js';

/**
 * Moves the oldest event that can be replayed forward, and deletes violations that ended before it, with all their events
 * and deliveries. A violation goes whole or not at all. Runs inside a transaction.
 * @returns how many events were deleted
 */
export async function pruneEvents(
  transaction: Kysely<StoreTables>,
  { beforeMs, maxEvents }: Retention,
): Promise<number> {
  const before = await oldestSeq(transaction);
  const head = await headSeq(transaction);
  const kept = await transaction
    .selectFrom('event')
    .select('seq')
    .where('seq', '>=', before)
    .where('emitted_at_ms', '>=', beforeMs)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  const oldest = Math.max(before, kept?.seq ?? head + 1, head - maxEvents + 1);
  await transaction
    .updateTable('meta')
    .set({ value: String(oldest) })
    .where('name', '=', 'oldest')
    .execute();
  const { numDeletedRows } = await transaction
    .deleteFrom('event')
    .where('violation_id', 'in', (event) =>
      event
        .selectFrom('event')
        .select('violation_id')
        .where('newest', '=', 1)
        .where('status', '=', 'RESOLVED')
        .where('seq', '<', oldest),
    )
    .executeTakeFirst();
  if (numDeletedRows > 0n) {
    await transaction
      .deleteFrom('delivery')
      .where('violation_id', 'not in', (event) => event.selectFrom('event').select('violation_id'))
      .execute();
  }
  return Number(numDeletedRows);
}
