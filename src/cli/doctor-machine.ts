import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Finding } from '../domain/finding.js';

/** The log of violations grows by kilobytes a day; below this the disk is the trouble, not the log. */
const MIN_FREE_BYTES = 100 * 2 ** 20;
/** Every connection takes one, a stream for as long as it lasts. */
const MIN_DESCRIPTORS = 4_096;

const bare = { level: 'OK', cluster: null, advice: null, fields: [] } as const;

/** Whether the store could be written. Leaves nothing behind, and does not disturb a gateway that uses it. */
export function storeFindings(path: string): readonly Finding[] {
  const folder = nearestFolder(dirname(resolve(path)));
  try {
    if (existsSync(path)) {
      if (!statSync(path).isFile()) throw new Error(`${path} is not a file`);
      accessSync(path, constants.R_OK | constants.W_OK);
    }
    // Permissions do not tell of a disk that is mounted for reading.
    rmdirSync(mkdtempSync(join(folder, '.slograph-doctor-')));
  } catch (error) {
    const message = `the store ${path} cannot be written: ${(error as Error).message}`;
    const advice = 'let this user write to its folder, or set store.path';
    return [{ ...bare, topic: 'store', level: 'ERROR', message, advice }];
  }
  const { bavail, bsize } = statfsSync(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes < MIN_FREE_BYTES) {
    const message = `the store ${path} can be written, and its disk has ${Math.floor(freeBytes / 2 ** 20)} MiB left`;
    return [{ ...bare, topic: 'store', level: 'WARNING', message, advice: 'make room, or set store.path' }];
  }
  return [{ ...bare, topic: 'store', message: `the store ${path} can be written` }];
}

/** Whether a PostgreSQL could be the store; `probe` gives its name or says what is wrong. */
export async function postgresFinding(probe: Promise<string>): Promise<Finding> {
  try {
    return { ...bare, topic: 'store', message: `the store ${await probe} answers, and this user may write to it` };
  } catch (error) {
    const [message = '', advice = null] = (error as Error).message.split('; ');
    return { ...bare, topic: 'store', level: 'ERROR', message, advice };
  }
}

/** How many connections and files this process may have open. */
export function descriptorFinding(limit: number | null = descriptorLimit()): Finding {
  if (limit === null) {
    return {
      ...bare,
      topic: 'process',
      message: 'the number of open files is not limited, or the system does not say',
    };
  }
  if (limit >= MIN_DESCRIPTORS) return { ...bare, topic: 'process', message: `${limit} files may be open at once` };
  const message = `only ${limit} files may be open at once: every client of a stream takes one`;
  const advice = `raise it: ulimit -n ${MIN_DESCRIPTORS}, or LimitNOFILE= of its unit`;
  return { ...bare, topic: 'process', level: 'WARNING', message, advice };
}

function descriptorLimit(): number | null {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
  };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isFinite(limit) ? limit : null;
}

function nearestFolder(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent);
}
