import type { ReadContext } from '../domain/ports.js';
import type { Waves } from './waves.js';

export interface BatchOptions {
  /** Whether answers are kept for the operation. */
  readonly cache: boolean;
  readonly waves: Waves;
  readonly read: ReadContext;
}

/** One read per group of keys, all at once; a group that fails fails its own keys only. The answers are in the order of the keys. */
export async function readGroups<K, R>(
  keys: readonly K[],
  groupOf: (key: K) => string,
  readGroup: (keys: readonly K[]) => Promise<(key: K) => R>,
): Promise<(R | Error)[]> {
  const groups = new Map<string, K[]>();
  for (const key of keys) {
    const group = groups.get(groupOf(key));
    if (group === undefined) groups.set(groupOf(key), [key]);
    else group.push(key);
  }
  const answers = new Map<string, (key: K) => R | Error>();
  await Promise.all(
    [...groups].map(async ([name, group]) => {
      answers.set(name, await readGroup(group).catch((error: unknown) => () => asError(error)));
    }),
  );
  return keys.map((key) => (answers.get(groupOf(key)) as (key: K) => R | Error)(key));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
