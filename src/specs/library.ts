import type { Problem } from '../domain/errors.js';
import type { Unit } from '../domain/metric.js';
import { nearest } from '../domain/nearest.js';
import type { SliCompiler } from '../domain/ports.js';
import type { SliCategory } from '../domain/slo.js';
import { type Envelope, type Kind, kinds } from './envelope.js';
import type { SpecNode } from './spec-node.js';

export interface DefinitionOptions {
  /** Names of the configured clusters. */
  readonly clusters: readonly string[];
  /** The compiler's check; its places are lines and columns inside the query's text. */
  readonly checkSli: SliCompiler['check'];
  /** Whether what OpenSLO's own validator refuses is refused; by default it is let pass with a warning where it can be. */
  readonly strict?: boolean;
  /** What a template measures; null when there is no such template. */
  readonly templateInfo?: (name: string) => { readonly category: SliCategory; readonly unit: Unit | null } | null;
}

/** All definitions of all files, by kind and name, so that they may refer to each other. */
export class Library {
  private readonly entries: ReadonlyMap<Kind, Map<string, Envelope>> = new Map(
    kinds.map((kind) => [kind, new Map<string, Envelope>()]),
  );
  private readonly read = new Map<Envelope, unknown>();

  constructor(readonly options: DefinitionOptions) {}

  /** Adds a definition; a second one of the same kind and name is refused, with both places. */
  add(envelope: Envelope): boolean {
    const { kind, metadata, document } = envelope;
    const byName = this.entries.get(kind);
    if (metadata.name === null || byName === undefined) return false;
    const first = byName.get(metadata.name);
    if (first === undefined) {
      byName.set(metadata.name, envelope);
      return true;
    }
    const one = placeText(first.document.root);
    const other = placeText(document.root);
    document.root.report(
      `the ${kind} "${metadata.name}" is defined twice: at ${one} and again at ${other}; the one at ${one} counts: rename or remove one of them`,
    );
    return false;
  }

  names(kind: Kind): readonly string[] {
    return [...(this.entries.get(kind)?.keys() ?? [])];
  }

  of(kind: Kind): readonly Envelope[] {
    return [...(this.entries.get(kind)?.values() ?? [])];
  }

  get(kind: Kind, name: string): Envelope | null {
    return this.entries.get(kind)?.get(name) ?? null;
  }

  /** The definition that a reference names, or null with a problem at the reference. */
  resolve(kind: Kind, reference: SpecNode): Envelope | null {
    const name = reference.string(`the name of a ${kind}`);
    if (name === null) return null;
    const found = this.get(kind, name);
    if (found !== null) return found;
    const near = nearest(name, this.names(kind));
    return reference.report(
      `there is no ${kind} "${name}"; ${near === null ? `define it in one of the definition files` : `did you mean "${near}"?`}`,
    );
  }

  /** Reads a shared definition once, however often it is referred to. */
  once<T>(envelope: Envelope, read: (envelope: Envelope) => T): T {
    if (!this.read.has(envelope)) this.read.set(envelope, read(envelope));
    return this.read.get(envelope) as T;
  }
}

/** `slos/a.yaml:3` */
export function placeText(node: SpecNode): string {
  const { file, line } = node.place();
  return file === undefined ? `line ${line}` : `${file}:${line}`;
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'ERROR');
}
