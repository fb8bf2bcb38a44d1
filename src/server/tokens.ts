import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type Caller, type Right, scopeOf } from '../domain/access.js';
import { ConfigError, type Problem } from '../domain/errors.js';

/** Who may call. */
export interface TokenTable {
  /** Whom a token stands for, or null. Takes as long for a wrong token as for a right one. */
  callerOf(token: string): Caller | null;
}

const rights = ['read', 'acknowledge', 'correct', 'promql'] as const satisfies readonly Right[];

const text = () => z.string('expected a text').min(1, 'expected a text, got an empty one');
const names = () => z.array(text(), 'expected a list of names');
const keys = {
  name: z.string('expected a name').min(1, 'expected a name'),
  token: z.string('expected a text; put it in quotes').regex(/^\S+$/, 'expected a text without spaces').optional(),
  tokenSha256: z
    .string('expected 64 hexadecimal digits in quotes')
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .optional(),
  /** Absent: all. */
  clusters: names().optional(),
  namespaces: names().optional(),
  rights: z
    .array(z.enum(rights, `expected one of ${rights.join(', ')}`), 'expected a list of rights')
    .default(['read']),
};
const entrySchema = z
  .strictObject(keys, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `unknown key; known here: ${Object.keys(keys).join(', ')}`
        : 'expected a map like { name: ops, token: ... }',
  })
  .refine(({ token, tokenSha256 }) => (token === undefined) !== (tokenSha256 === undefined), {
    error: 'give either `token` or `tokenSha256`',
  });
const fileSchema = z.array(entrySchema, 'expected a list of { name, token, clusters, namespaces, rights }');
type Entry = z.infer<typeof entrySchema>;

/**
 * Reads a file of bearer tokens, YAML or JSON: a list of `{ name, token | tokenSha256, clusters, namespaces, rights }`.
 * @throws ConfigError with all problems and their places
 */
export function readTokens(file: string): TokenTable {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `the tokens file cannot be read: ${(error as Error).message}`;
    throw new ConfigError([{ file, path: '', message, severity: 'ERROR' }]);
  }
  return parseTokens(text, file);
}

/** @throws ConfigError with all problems and their places; a message never repeats a token */
export function parseTokens(text: string, file: string): TokenTable {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = (path: readonly PropertyKey[], message: string, offset = offsetOf(document, path)): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: pathText(path), message, severity: 'ERROR' };
  };
  if (document.errors.length > 0) {
    // The parser's message goes on with the line itself, which may hold a token.
    throw new ConfigError(
      document.errors.map((error) => problem([], `not valid YAML or JSON (${error.code})`, error.pos[0])),
    );
  }
  const parsed = fileSchema.safeParse(document.toJS());
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map(({ path, message, ...issue }) =>
        problem(issue.code === 'unrecognized_keys' ? [...path, ...issue.keys.slice(0, 1)] : path, message),
      ),
    );
  }
  const repeats = [
    ...repeatsOf(parsed.data.map(({ name }) => name)).map((at) => problem([at, 'name'], 'this name is given twice')),
    // Whose scope would count is not for the order of the file to say.
    ...repeatsOf(parsed.data.map((entry) => digestOf(entry).toString('hex'))).map((at) =>
      problem([at], 'this token is given to another name as well; give each a token of its own'),
    ),
  ];
  if (repeats.length > 0) throw new ConfigError(repeats);
  return createTokenTable(parsed.data);
}

/** Where a value stands that stood before. */
function repeatsOf(values: readonly string[]): readonly number[] {
  return values.flatMap((value, at) => (values.indexOf(value) < at ? [at] : []));
}

function createTokenTable(entries: readonly Entry[]): TokenTable {
  const known = entries.map(({ name, clusters, namespaces, rights, ...entry }) => ({
    digest: digestOf(entry),
    caller: { name, scope: scopeOf(clusters ?? null, namespaces ?? null), rights: new Set<Right>(rights) },
  }));
  return {
    callerOf(token) {
      const digest = sha256(token);
      let found: Caller | null = null;
      // Equal lengths, every entry every time: the answer's time says nothing about what was nearly right.
      for (const entry of known) if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
      return found;
    },
  };
}

function digestOf({ token, tokenSha256 }: Pick<Entry, 'token' | 'tokenSha256'>): Buffer {
  return tokenSha256 === undefined ? sha256(token as string) : Buffer.from(tokenSha256, 'hex');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Where a path begins in the text; the nearest parent that is there, for a key that is missing. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent = length === 0 ? undefined : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === String(path[length - 1])) : undefined;
    const node = pair?.key ?? (length === 0 ? document.contents : document.getIn(path.slice(0, length), true));
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );
}
