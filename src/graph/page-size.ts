import { InputError } from '../domain/errors.js';

/** Items of a page that nobody said the length of. */
export const DEFAULT_FIRST = 50;
export const MAX_FIRST = 5_000;

/** How many items a page has at most. @throws InputError */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? DEFAULT_FIRST;
  if (size < 1 || size > MAX_FIRST) throw new InputError(`first must be within 1..${MAX_FIRST}, got ${size}`);
  return size;
}
