import { enumOf } from './enum-of.js';

export type OrderDirection = 'ASC' | 'DESC';

export const OrderDirectionEnum = enumOf<OrderDirection>(
  'OrderDirection',
  'Which end comes first; what has no value comes last in either direction.',
  { ASC: 'Smallest, earliest or worst first.', DESC: 'Largest or latest first.' },
);

/** Ranks of many items, read at once; the order is known when all are. */
export async function ranksOf<T>(
  items: readonly T[],
  rank: (item: T) => Promise<number | null>,
): Promise<(item: T) => number | null> {
  const ranks = new Map(await Promise.all(items.map(async (item) => [item, await rank(item)] as const)));
  return (item) => ranks.get(item) ?? null;
}
