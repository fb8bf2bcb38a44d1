import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Problem } from '../domain/errors.js';
import type { Definitions } from '../domain/slo.js';
import type { DefinitionOptions } from './library.js';
import { type DefinitionText, type ReadDefinitions, readTexts } from './openslo.js';

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const MAX_FILES = 10_000;
const MAX_BYTES = 16 << 20;

/** The texts of definition files in the order of their names, and what could not be read. */
export interface DefinitionFiles {
  readonly texts: readonly DefinitionText[];
  readonly problems: readonly Problem[];
  /** Files and folders that are there but could not be read. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * Reads definitions from files and folders. A folder is read with all below it: `.yaml`, `.yml` and `.json`, without
 * names that begin with a dot. What cannot be read is a problem, never an exception.
 */
export async function readDefinitions(paths: readonly string[], options: DefinitionOptions): Promise<Definitions> {
  const files = await readFiles(paths);
  return withFileProblems(readTexts(files.texts, options), files).definitions;
}

/** Puts the problems of files before those of what is in them. */
export function withFileProblems(read: ReadDefinitions, { problems }: DefinitionFiles): ReadDefinitions {
  const { slos, problems: own } = read.definitions;
  return { ...read, definitions: { slos, problems: [...problems, ...own] } };
}

export async function readFiles(paths: readonly string[]): Promise<DefinitionFiles> {
  const collector = new Collector();
  for (const path of paths) await collector.visit(path, true);
  return { texts: collector.texts, problems: collector.problems, unreadable: collector.unreadable };
}

class Collector {
  readonly texts: DefinitionText[] = [];
  readonly problems: Problem[] = [];
  readonly unreadable = new Set<string>();
  /** Real paths: a file is read once, and a loop of links ends. */
  private readonly seen = new Set<string>();

  async visit(path: string, isNamed: boolean): Promise<void> {
    try {
      const real = await realpath(path);
      if (this.seen.has(real)) return;
      const facts = await stat(real);
      if (!facts.isDirectory() && !isNamed && !EXTENSIONS.includes(extname(path).toLowerCase())) return;
      this.seen.add(real);
      if (facts.isDirectory()) await this.visitFolder(path);
      else if (facts.isFile()) await this.readText(path, facts.size);
      else this.report(path, 'is neither a file nor a folder; name a file of definitions');
    } catch (error) {
      // A file that goes away while a folder is read is no longer part of it.
      if (!isNamed && codeOf(error) === 'ENOENT') return;
      this.unreadable.add(path);
      const advice =
        codeOf(error) === 'ENOENT' ? 'there is no such file or folder; create it, or mend the path' : adviceOf(error);
      this.report(path, advice);
    }
  }

  private async visitFolder(path: string): Promise<void> {
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    for (const name of names) await this.visit(join(path, name), false);
  }

  private async readText(path: string, bytes: number): Promise<void> {
    if (this.texts.length >= MAX_FILES) return this.report(path, `is beyond the first ${MAX_FILES} files and not read`);
    if (bytes > MAX_BYTES) return this.report(path, `is no file of definitions: it has ${bytes} bytes; split it`);
    const content = await readFile(path);
    try {
      this.texts.push({ file: path, text: new TextDecoder('utf-8', { fatal: true }).decode(content) });
    } catch {
      this.unreadable.add(path);
      this.report(path, 'is not UTF-8 text; save it as UTF-8');
    }
  }

  private report(file: string, message: string): void {
    this.problems.push({ file, path: '', message, severity: 'ERROR' });
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}

function adviceOf(error: unknown): string {
  if (codeOf(error) === 'EACCES') return 'must not be read by this user; allow it';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
