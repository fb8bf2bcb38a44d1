import { readFileSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { watch } from 'chokidar';

export interface ConfigWatch {
  /** Settled when changes are seen from now on. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Events of one change come in a flock; this long after the last of them the file is read. */
const SETTLE_MS = 100;

/**
 * Calls back after the file's content has changed. Watches folders, not the file: editors put another file in its place,
 * and Kubernetes swaps a link beside it (`..data`), so that the file itself would be watched only once.
 */
export function watchConfig(file: string, onChange: () => void): ConfigWatch {
  const path = resolve(file);
  const names = new Set([basename(path)]);
  const isConcerned = (entry: string) => names.has(basename(entry)) || basename(entry).startsWith('..');
  const folders = new Set([dirname(path)]);
  const watcher = watch([...folders], {
    depth: 0,
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (entry) => !folders.has(entry) && !isConcerned(entry),
  });
  let known = readNow(path);
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function watchTarget(): Promise<void> {
    const target = await realpath(path).catch(() => path);
    names.add(basename(target));
    if (folders.has(dirname(target)) || closed) return;
    folders.add(dirname(target));
    watcher.add(dirname(target));
  }

  async function compare(): Promise<void> {
    const content = await readFile(path, 'utf8').catch(() => null);
    await watchTarget();
    // While it is being replaced there may be no file for a moment: another event follows.
    if (closed || content === null || content === known) return;
    known = content;
    onChange();
  }

  const settle = () => {
    if (timer !== null) clearTimeout(timer);
    timer = closed ? null : setTimeout(() => void compare(), SETTLE_MS);
  };
  // Links that change what they point at are told by "raw" only.
  watcher.on('all', settle).on('raw', settle);
  const scanned = new Promise<void>((done) => watcher.once('ready', done));
  const ready = (async () => {
    await watchTarget();
    await scanned;
    await compare();
  })();
  return {
    ready,
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await watcher.close();
    },
  };
}

function readNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
