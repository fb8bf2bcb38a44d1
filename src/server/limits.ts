import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { LimitError } from '../domain/errors.js';

/** Bounds on what a client may send, the same on every transport. */
export interface Limits {
  /** Levels of fields, fragments spread out. Introspection has a bound of its own. */
  readonly maxDepth: number;
  /** Tokens of a document, and fields of an operation once its fragments are spread out. */
  readonly maxTokens: number;
  /** Fields renamed, or selected again in the same selection, once fragments are spread out. */
  readonly maxAliases: number;
}

/** A document that may be executed, or why it may not. */
export type Admission =
  | { readonly document: DocumentNode; readonly errors?: undefined }
  | { readonly document?: undefined; readonly errors: readonly GraphQLError[] };

/** Decides which documents may be executed; verdicts are kept by text. */
export interface Gate {
  /** The bound that a text passes, or null; what is wrong with its syntax is said by `admit`. */
  refusal(source: string): LimitError | null;
  /** Parsed, within the bounds, and valid for the schema. */
  admit(source: string): Admission;
}

/** GraphiQL asks for types seven wrappings deep, below `__schema.types.fields.args.type`. */
const MAX_INTROSPECTION_DEPTH = 20;
/** Verdicts kept; the oldest goes first. */
const KEPT = 1_000;
const UNCOUNTABLE = 1e9;

interface Size {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
  readonly aliases: number;
}

/** The one list of rules, in the order in which they are told. */
const rules: readonly ((size: Size, limits: Limits) => string | null)[] = [
  ({ depth }, { maxDepth }) =>
    depth > maxDepth ? `The operation is ${depth} levels deep; ${maxDepth} are allowed` : null,
  ({ introspectionDepth }) =>
    introspectionDepth > MAX_INTROSPECTION_DEPTH
      ? `The introspection is ${introspectionDepth} levels deep; ${MAX_INTROSPECTION_DEPTH} are allowed`
      : null,
  ({ aliases }, { maxAliases }) =>
    aliases > maxAliases
      ? `The operation has ${count(aliases)} aliases and repeated fields; ${maxAliases} are allowed`
      : null,
  ({ fields }, { maxTokens }) =>
    fields > maxTokens
      ? `The operation has ${count(fields)} fields once its fragments are spread out; ${maxTokens} are allowed`
      : null,
];

export function createGate(schema: GraphQLSchema, limits: Limits): Gate {
  const bounded = remember((source: string) => bound(source, limits));
  const admitted = remember((source: string): Admission => {
    const { document, refusal, syntaxError } = bounded(source);
    if (refusal !== null) return { errors: [new GraphQLError(refusal.message, { originalError: refusal })] };
    if (document === null) return { errors: [syntaxError] };
    const errors = validate(schema, document);
    return errors.length > 0
      ? { errors: errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) }
      : { document };
  });
  return { refusal: (source) => bounded(source).refusal, admit: admitted };
}

type Bounded =
  | { readonly document: DocumentNode; readonly refusal: LimitError | null; readonly syntaxError?: undefined }
  | { readonly document: null; readonly refusal: LimitError; readonly syntaxError?: undefined }
  | { readonly document: null; readonly refusal: null; readonly syntaxError: GraphQLError };

function bound(source: string, limits: Limits): Bounded {
  try {
    const document = parse(source, { maxTokens: limits.maxTokens });
    return { document, refusal: passedBound(document, limits) };
  } catch (error) {
    if (error instanceof GraphQLError) {
      if (!/contains more tha[nt] \d+ tokens/.test(error.message)) {
        return { document: null, refusal: null, syntaxError: coded(error, 'GRAPHQL_PARSE_FAILED') };
      }
      return { document: null, refusal: new LimitError(`The document has more than ${limits.maxTokens} tokens`) };
    }
    // A stack that overflows while parsing is nesting that only a generous token limit lets through.
    if (error instanceof RangeError)
      return { document: null, refusal: new LimitError('The document is nested too deeply') };
    throw error;
  }
}

function passedBound(document: DocumentNode, limits: Limits): LimitError | null {
  const sizeOf = measurer(document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = sizeOf(definition.selectionSet);
    for (const rule of rules) {
      const message = rule(size, limits);
      if (message !== null) return new LimitError(message);
    }
  }
  return null;
}

/** Sizes of selections. Each fragment is measured once, so that exponential spreading is counted and never performed. */
function measurer(document: DocumentNode): (selections: SelectionSetNode) => Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const nothing: Size = { depth: 0, introspectionDepth: 0, fields: 0, aliases: 0 };
  const measured = new Map<string, Size>();

  const ofFragment = (name: string): Size => {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // Stands while it is being measured: a cycle ends here, and validation names it.
    measured.set(name, nothing);
    const fragment = fragments.get(name);
    const size = fragment === undefined ? nothing : ofSelections(fragment.selectionSet, new Set());
    measured.set(name, size);
    return size;
  };

  /** `names` are the response names of the selection so far; inline fragments share those of their parent. */
  const ofSelections = (selectionSet: SelectionSetNode, names: Set<string>): Size => {
    let total = nothing;
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        total = sum(total, ofFragment(selection.name.value));
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        total = sum(total, ofSelections(selection.selectionSet, names));
      } else {
        const name = selection.alias?.value ?? selection.name.value;
        const counted = selection.alias !== undefined || names.has(name) ? 1 : 0;
        names.add(name);
        const below = selection.selectionSet ? ofSelections(selection.selectionSet, new Set()) : nothing;
        total = sum(total, around(below, selection.name.value, counted));
      }
    }
    return total;
  };
  return (selections) => ofSelections(selections, new Set());
}

function around(below: Size, field: string, aliases: number): Size {
  const introspects = field === '__schema' || field === '__type';
  return {
    depth: introspects ? 1 : below.depth + 1,
    introspectionDepth: introspects ? below.depth + 1 : below.introspectionDepth,
    fields: below.fields + 1,
    aliases: below.aliases + aliases,
  };
}

function sum(a: Size, b: Size): Size {
  return {
    depth: Math.max(a.depth, b.depth),
    introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
    fields: Math.min(a.fields + b.fields, UNCOUNTABLE),
    aliases: Math.min(a.aliases + b.aliases, UNCOUNTABLE),
  };
}

function count(amount: number): string {
  return amount >= UNCOUNTABLE ? 'countless' : String(amount);
}

function coded(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions, extensions } = error;
  return new GraphQLError(error.message, {
    ...(nodes === undefined ? {} : { nodes }),
    ...(source === undefined ? {} : { source }),
    ...(positions === undefined ? {} : { positions }),
    extensions: { ...extensions, code },
  });
}

/** Long texts are answered and not kept, so that what is kept stays small. */
function remember<T>(decide: (source: string) => T): (source: string) => T {
  const kept = new Map<string, T>();
  return (source) => {
    const known = kept.get(source);
    if (known !== undefined) {
      kept.delete(source);
      kept.set(source, known);
      return known;
    }
    const verdict = decide(source);
    if (source.length <= 16_384) {
      kept.set(source, verdict);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
    }
    return verdict;
  };
}
