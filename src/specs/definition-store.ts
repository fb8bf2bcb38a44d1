import { createHash } from 'node:crypto';
import { watch } from 'chokidar';
import type { Problem } from '../domain/errors.js';
import type { DefinitionStore } from '../domain/ports.js';
import type { Definitions, SloDefinition } from '../domain/slo.js';
import { type DefinitionFiles, readFiles, withFileProblems } from './definition-files.js';
import type { DefinitionOptions } from './library.js';
import { type ReadDefinitions, readTexts } from './openslo.js';

export interface DefinitionStoreOptions extends DefinitionOptions {
  /** How long files must be quiet before they are read, so that half a save is not; default 100. */
  readonly quietMs?: number;
  /** How often files are looked at where the system reports no changes (network folders); default 5,000. */
  readonly pollMs?: number;
}

/** Definitions in force, kept up with their files. */
export interface WatchedDefinitions extends DefinitionStore {
  /** Reads the files now; answers when what they say is in force. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads definitions and keeps up with their files: edits, renames, new and deleted files, the links that Kubernetes
 * swaps. An SLO that has errors after a change keeps its last good version; one whose definition is gone, goes.
 */
export async function createDefinitionStore(
  paths: readonly string[],
  options: DefinitionStoreOptions,
): Promise<WatchedDefinitions> {
  const store = new FileDefinitions(paths, options);
  await store.start();
  return store;
}

class FileDefinitions implements WatchedDefinitions {
  private definitions: Definitions = { slos: [], problems: [] };
  private fingerprint = '';
  private readonly listeners = new Set<(definitions: Definitions) => void>();
  private readonly watcher;
  private quiet: NodeJS.Timeout | undefined;
  private poll: NodeJS.Timeout | undefined;
  private reading: Promise<void> = Promise.resolve();

  constructor(
    private readonly paths: readonly string[],
    private readonly options: DefinitionStoreOptions,
  ) {
    this.watcher = watch([...paths], { ignoreInitial: true, atomic: false });
  }

  async start(): Promise<void> {
    const { quietMs = 100, pollMs = 5_000 } = this.options;
    // A folder that must not be listed is told as a problem of the definitions; the poll goes on.
    this.watcher.on('error', () => {});
    const soon = () => {
      clearTimeout(this.quiet);
      this.quiet = setTimeout(() => void this.reload(), quietMs);
    };
    // Some changes never become events of chokidar (a file renamed over another): whatever the system reports is a
    // reason to look, and an unchanged text is no change.
    this.watcher.on('all', soon).on('raw', soon);
    // Read before the watch is set, a change in between would wait for the poll.
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(resolve, 2_000);
      this.watcher.once('ready', () => {
        clearTimeout(giveUp);
        resolve();
      });
    });
    await this.reload();
    this.poll = setInterval(() => void this.reload(), pollMs);
    this.poll.unref();
  }

  current(): Definitions {
    return this.definitions;
  }

  onChange(listener: (definitions: Definitions) => void): () => void {
    // A wrapper, so that the same function may listen twice.
    const own = (definitions: Definitions) => listener(definitions);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /** One reading at a time: an earlier one must not overwrite a later one. */
  reload(): Promise<void> {
    this.reading = this.reading.then(() => this.read());
    return this.reading;
  }

  async close(): Promise<void> {
    clearTimeout(this.quiet);
    clearInterval(this.poll);
    this.listeners.clear();
    await this.watcher.close();
    await this.reading;
  }

  private async read(): Promise<void> {
    const files = await readFiles(this.paths);
    const fingerprint = fingerprintOf(files);
    if (fingerprint === this.fingerprint) return;
    this.fingerprint = fingerprint;
    const read = withFileProblems(readTexts(files.texts, this.options), files);
    this.definitions = withLastGood(read, files, this.definitions.slos);
    for (const listener of this.listeners) listener(this.definitions);
  }
}

/** Adds the last good version of every SLO that cannot be read now, and says so. */
function withLastGood(
  { definitions, failed, broken }: ReadDefinitions,
  { unreadable }: DefinitionFiles,
  before: readonly SloDefinition[],
): Definitions {
  const present = new Set(definitions.slos.map(({ name }) => name));
  const kept = before.filter(({ name, source: { file } }) => {
    if (present.has(name)) return false;
    if (failed.has(name)) return true;
    return file !== null && (broken.has(file) || [...unreadable].some((path) => isWithin(file, path)));
  });
  if (kept.length === 0) return definitions;
  const notes = kept.map(
    ({ name, source: { file } }): Problem => ({
      ...(file === null ? {} : { file }),
      path: '',
      message: `the SLO "${name}" cannot be read now; its last good version stays in force`,
      severity: 'WARNING',
    }),
  );
  return { slos: [...definitions.slos, ...kept], problems: [...definitions.problems, ...notes] };
}

function isWithin(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

function fingerprintOf({ texts, problems }: DefinitionFiles): string {
  return createHash('sha256')
    .update(JSON.stringify([texts, problems]))
    .digest('hex');
}
