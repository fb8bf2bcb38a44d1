import { readFile, stat } from 'node:fs/promises';

/** What a file says, read again when it changes, so that credentials can be rotated. Throws what reading and `parse` throw. */
export function rereadFile<T>(file: string, parse: (text: string) => T): () => Promise<T> {
  let read: { readonly version: string; readonly value: T } | null = null;
  return async () => {
    const { mtimeMs, size, ino } = await stat(file);
    const version = `${mtimeMs}/${size}/${ino}`;
    if (read?.version !== version) read = { version, value: parse(await readFile(file, 'utf8')) };
    return read.value;
  };
}
