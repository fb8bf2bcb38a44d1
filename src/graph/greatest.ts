import type { FamilyName } from '../domain/metric.js';
import { type Asking, type Placed, questionOf } from './asking.js';
import { pageSize } from './page-size.js';
import type { PageArgs } from './paging.js';

/** Beside those of the page: what a source still tells of things that are gone takes places. */
const SPARE = 20;

/**
 * Ranks of the first page of a whole, unfiltered list, greatest first, from the greatest figures alone. Null where these
 * do not tell the page for certain: then every figure is to be read.
 */
export async function greatestRanks<T extends Placed>(
  ask: Asking,
  items: readonly T[],
  family: FamilyName,
  { first, after }: PageArgs,
): Promise<((item: T) => number | null) | null> {
  const [one] = items;
  const size = pageSize(first);
  if (one === undefined || (after !== null && after !== undefined)) return null;
  const { ref, instant } = one;
  const { loaders } = ask.context;
  const question = questionOf(family, {});
  const column = await loaders.column({ ...question, greatest: size + SPARE }, ref.cluster, instant.atMs);
  const figureOf = (item: T) => column.of(item.ref).value;
  // What was left out is less than all that came: of these every one stands in its place.
  const known = column.isWhole(ref.cluster) ? items : items.filter((item) => figureOf(item) !== null);
  if (known.length < Math.min(size, items.length)) return null;
  const refs = known.map((item) => item.ref);
  loaders.answer(question, refs, instant.atMs, column);
  return figureOf;
}
