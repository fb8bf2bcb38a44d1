import { validateHeaderName, validateHeaderValue } from 'node:http';
import { rereadFile } from './reread-file.js';

export type Headers = Readonly<Record<string, string>>;

/**
 * Headers from a file of `Name: value` lines; empty lines and lines that begin with `#` are skipped. The file is read
 * again when it changes, so that credentials can be rotated.
 * @returns a reader that throws an Error which never contains a header's value
 */
export function headersReader(file: string | null): () => Promise<Headers> {
  return file === null ? async () => ({}) : rereadFile(file, parseHeaders);
}

/** @throws Error with the line number, never with its content */
export function parseHeaders(text: string): Headers {
  const headers: Record<string, string> = Object.create(null);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim();
    const value = line.slice(colon + 1).trim();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`line ${index + 1} of the headers file is not "Name: value"`);
    }
    if (FRAMING.has(name.toLowerCase())) {
      throw new Error(`line ${index + 1} of the headers file sets ${name}, which the request needs for itself`);
    }
    headers[name] = value;
  }
  return headers;
}

const FRAMING: ReadonlySet<string> = new Set(['connection', 'content-length', 'content-type', 'transfer-encoding']);
