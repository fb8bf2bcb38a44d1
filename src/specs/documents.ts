import { isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Problem } from '../domain/errors.js';
import { SpecNode } from './spec-node.js';

/** One definition of a file. */
export interface SpecDocument {
  readonly root: SpecNode;
  /** As written. */
  readonly text: string;
  readonly problems: Problem[];
}

export interface SpecTexts {
  readonly documents: readonly SpecDocument[];
  /** Problems that belong to no document. */
  readonly problems: readonly Problem[];
}

/** A definition file is small; a larger one is something else. */
const MAX_CHARACTERS = 4 << 20;

/** The documents of a text: a stream of YAML documents, lists of them, or JSON. One that is no YAML stops only itself. */
export function readDocuments(file: string | null, text: string, isStrict: boolean): SpecTexts {
  const place = file === null ? {} : { file };
  if (text.length > MAX_CHARACTERS) {
    const message = `expected a definition file of up to 4 MiB, got ${text.length} characters; split it`;
    return { documents: [], problems: [{ ...place, path: '', message, severity: 'ERROR' }] };
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent', merge: false });
  const problems: Problem[] = [];
  const documents: SpecDocument[] = [];
  // An empty stream is an empty list with a property.
  for (const document of 'empty' in parsed ? [] : parsed) {
    if (document.errors.length > 0) {
      for (const { pos, message } of document.errors.slice(0, 5)) {
        const { line, col } = lines.linePos(Math.min(pos[0], text.length));
        problems.push({ ...place, line, column: col, path: '', message: `not YAML: ${message}`, severity: 'ERROR' });
      }
      continue;
    }
    const { contents } = document;
    const roots = isSeq(contents) ? contents.items.map((node, index) => ({ node, path: `[${index}]` })) : [];
    if (!isSeq(contents) && contents !== null) roots.push({ node: contents, path: '' });
    for (const { node, path } of roots) {
      const found: Problem[] = [];
      const root = new SpecNode({ file, text, lines, document, problems: found, isStrict }, node, path);
      if (path === '' && root.isEmpty) continue;
      const [start, end] = root.node?.range ?? [0, 0];
      documents.push({ root, text: text.slice(start, end), problems: found });
    }
  }
  return { documents, problems };
}
