import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Place } from '../domain/errors.js';
import type { SettingPath } from './setting-tree.js';

/** A YAML file with the places of what it says. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly problems: readonly (Place & { readonly message: string })[];
  /** Where a setting's value stands, or the nearest thing around it that is written. */
  placeOf(path: SettingPath): Place;
  /** Where the key itself stands. */
  placeOfKey(path: SettingPath): Place;
}

export function readDocument(file: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    ...placeAt(error.pos[0]),
    message: `not valid YAML: ${error.message}`,
  }));
  return {
    value: problems.length > 0 ? null : readValue(document, problems, placeAt),
    problems,
    placeOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return placeAt(node.range[0]);
      }
      return { file, line: 1, column: 1 };
    },
    placeOfKey(path) {
      const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
      const pair = isMap(parent)
        ? parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === path.at(-1))
        : undefined;
      const key = pair?.key;
      return isNode(key) && key.range ? placeAt(key.range[0]) : this.placeOf(path);
    },
  };
}

function readValue(
  document: Document,
  problems: (Place & { message: string })[],
  placeAt: (offset: number) => Place,
): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    problems.push({ ...placeAt(0), message: `not valid YAML: ${(error as Error).message}` });
    return null;
  }
}
