import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Scalar } from 'yaml';
import type { Place, Problem } from '../domain/errors.js';
import { fileOffset } from './scalar-place.js';
import { suggestion } from './suggestion.js';

/** What the nodes of one document share: where they stand, and where their problems go. */
export interface SpecSource {
  readonly file: string | null;
  readonly text: string;
  readonly lines: LineCounter;
  readonly document: Document;
  readonly problems: Problem[];
  /** Whether what OpenSLO's own validator refuses is refused, or let pass with a warning. */
  readonly isStrict: boolean;
}

/** A place that is known. */
export interface FoundPlace extends Place {
  readonly line: number;
  readonly column: number;
}

/** A value in a definition that knows its place and tells what is wrong with it. Null answers have been reported. */
export class SpecNode {
  readonly node: Node | null;

  constructor(
    readonly source: SpecSource,
    node: unknown,
    readonly path: string,
    /** Where it would stand, for a value that is not there. */
    private readonly fallbackOffset = 0,
  ) {
    const resolved = isAlias(node) ? (node.resolve(source.document) ?? null) : node;
    this.node = (resolved as Node | null | undefined) ?? null;
  }

  get isStrict(): boolean {
    return this.source.isStrict;
  }

  /** Absent, or present without a value; an empty text is none, as for OpenSLO's own reader. */
  get isEmpty(): boolean {
    return this.node === null || (isScalar(this.node) && (this.node.value === null || this.node.value === ''));
  }

  get isMapping(): boolean {
    return isMap(this.node);
  }

  /** The value of a scalar; undefined for lists and mappings. */
  get scalar(): unknown {
    return isScalar(this.node) ? this.node.value : undefined;
  }

  /** The scalar's digits as they were written: `0.9990`. */
  get written(): string {
    return isScalar(this.node) ? (this.node.source ?? String(this.node.value)) : '';
  }

  /** The place of the value, or of a character inside a text. */
  place(offset?: number): FoundPlace {
    const { file, text, lines } = this.source;
    const start =
      offset !== undefined && isScalar(this.node)
        ? fileOffset(text, this.node as Scalar, offset)
        : (this.node?.range?.[0] ?? this.fallbackOffset);
    const { line, col } = lines.linePos(start);
    return { ...(file === null ? {} : { file }), line, column: col };
  }

  report(message: string, severity: Problem['severity'] = 'ERROR'): null {
    this.source.problems.push({ ...this.place(), path: this.path, message, severity });
    return null;
  }

  /** Reports what OpenSLO refuses and people write: an error, or a warning where it is let pass, saying what is taken. */
  deviation(message: string): void {
    this.report(message, this.isStrict ? 'ERROR' : 'WARNING');
  }

  /** Reports what was expected and what came. */
  expected(what: string, advice = ''): null {
    return this.report(`expected ${what}, got ${this.describe()}${advice === '' ? '' : `; ${advice}`}`);
  }

  /** The fields of a mapping; unknown ones are reported, as errors where `severity` does not say otherwise. */
  fields(
    known: readonly string[],
    what: string,
    severity: (fields: SpecFields) => Problem['severity'] = () => 'ERROR',
  ): SpecFields | null {
    const fields = this.anyFields(what);
    if (fields === null) return null;
    for (const [name, field] of fields.all()) {
      if (known.includes(name)) continue;
      const advice =
        name === '<<' ? 'merge keys are not read: repeat the fields' : suggestion(name, known, 'fields here');
      field.key.report(`unknown field "${name}"; ${advice}`, severity(fields));
    }
    return fields;
  }

  /** The fields of a mapping with any names. */
  anyFields(what: string): SpecFields | null {
    if (!isMap(this.node)) return this.expected(what);
    const found = new Map<string, { readonly key: SpecNode; readonly value: SpecNode }>();
    for (const { key, value } of this.node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const path = this.child(name);
      const keyNode = new SpecNode(this.source, key, path);
      const offset = (key as Node | null)?.range?.[0] ?? this.fallbackOffset;
      found.set(name, { key: keyNode, value: new SpecNode(this.source, value, path, offset) });
    }
    return new SpecFields(this, found);
  }

  items(what: string): readonly SpecNode[] | null {
    if (!isSeq(this.node)) return this.expected(what);
    const offset = this.node.range?.[0] ?? 0;
    return this.node.items.map((item, index) => new SpecNode(this.source, item, `${this.path}[${index}]`, offset));
  }

  /** A text that is not empty. */
  string(what: string, advice = ''): string | null {
    const { scalar } = this;
    return typeof scalar === 'string' && scalar.trim() !== '' ? scalar : this.expected(what, advice);
  }

  /** A text; a number or a switch is let pass as one where OpenSLO is not taken strictly. */
  text(): string | null {
    const { scalar, written } = this;
    if (typeof scalar === 'string') return scalar;
    const isPlain = typeof scalar === 'number' || typeof scalar === 'boolean';
    if (!isPlain || this.isStrict)
      return this.expected('a text', written === '' ? '' : `write it in quotes: "${written}"`);
    this.report(`${written} is taken as the text "${written}"; write it in quotes`, 'WARNING');
    return written;
  }

  boolean(): boolean | null {
    return typeof this.scalar === 'boolean' ? this.scalar : this.expected('true or false');
  }

  number(what: string): number | null {
    const { scalar } = this;
    if (typeof scalar === 'number' && Number.isFinite(scalar)) return scalar;
    return this.expected(what, typeof scalar === 'string' ? 'write it without quotes' : '');
  }

  oneOf<T extends string>(values: readonly T[]): T | null {
    const { scalar } = this;
    const found = values.find((value) => value === scalar);
    if (found !== undefined) return found;
    const advice = typeof scalar === 'string' ? suggestion(scalar, values, '') : '';
    return this.expected(`one of ${values.join(', ')}`, advice.startsWith('did you') ? advice : '');
  }

  describe(): string {
    const { scalar } = this;
    if (this.isEmpty) return 'nothing';
    if (isSeq(this.node)) return 'a list';
    if (isMap(this.node)) return 'a mapping';
    if (typeof scalar !== 'string') return `${typeof scalar} ${this.written}`;
    return `"${scalar.length > 80 ? `${scalar.slice(0, 80)}…` : scalar}"`;
  }

  private child(name: string): string {
    const part = /^[\w-]+$/.test(name) ? `.${name}` : `["${name}"]`;
    return this.path === '' ? part.replace(/^\./, '') : `${this.path}${part}`;
  }
}

/** The fields of a mapping. */
export class SpecFields {
  constructor(
    readonly owner: SpecNode,
    private readonly found: ReadonlyMap<string, { readonly key: SpecNode; readonly value: SpecNode }>,
  ) {}

  all(): IterableIterator<[string, { readonly key: SpecNode; readonly value: SpecNode }]> {
    return this.found.entries();
  }

  /** Where a field's name stands, or the mapping when it is not there. */
  key(name: string): SpecNode {
    return this.found.get(name)?.key ?? this.owner;
  }

  /** A field with a value, or null; nothing is reported. */
  get(name: string): SpecNode | null {
    const value = this.found.get(name)?.value;
    return value === undefined || value.isEmpty ? null : value;
  }

  /** A field with a value; its absence is reported at the mapping. */
  require(name: string, what: string): SpecNode | null {
    const value = this.get(name);
    if (value !== null) return value;
    const empty = this.found.get(name);
    if (empty !== undefined) return empty.key.report(`"${name}" has no value; expected ${what}`);
    return this.owner.report(`"${name}" is missing; expected ${what}`);
  }

  /** Exactly one of the names must be there: its name and value. */
  exactlyOne<T extends string>(
    names: readonly T[],
    what: string,
  ): { readonly name: T; readonly value: SpecNode } | null {
    const there = names.filter((name) => this.get(name) !== null);
    const list = names.map((name) => `"${name}"`).join(' or ');
    const [first, second] = there;
    if (first === undefined) return this.owner.report(`one of ${list} is missing; expected ${what}`);
    if (second !== undefined) return this.key(second).report(`expected one of ${list}, got both; remove one of them`);
    return { name: first, value: this.get(first) as SpecNode };
  }
}
