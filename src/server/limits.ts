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
import { type GivenVariables, pricer } from './cost.js';

/** Bounds on what a client may send, the same on every transport. */
export interface Limits {
  /** Levels of fields, fragments spread out. Introspection has a bound of its own. */
  readonly maxDepth: number;
  /** Tokens of a document, and fields of an operation once its fragments are spread out. */
  readonly maxTokens: number;
  /** Fields renamed, or selected again in the same selection, once fragments are spread out. */
  readonly maxAliases: number;
  /** Values that an answer may hold, as told by the document and the variables that say how long pages are. */
  readonly maxCost: number;
}

/** A document that may be executed, or why it may not. */
export type Admission =
  | { readonly document: DocumentNode; readonly errors?: undefined }
  | { readonly document?: undefined; readonly errors: readonly GraphQLError[] };

/** Decides which operations may be executed; what a document says by itself is kept by its text. */
export interface Gate {
  /** The bound that an operation passes, or null; what is wrong with its syntax is said by `admit`. */
  refusal(source: string, variables?: GivenVariables): LimitError | null;
  /** Parsed, within the bounds, and valid for the schema. */
  admit(source: string, variables?: GivenVariables): Admission;
}

/** GraphiQL asks for types seven wrappings deep, below `__schema.types.fields.args.type`. */
const MAX_INTROSPECTION_DEPTH = 20;
/** Lists and objects in one another; filters are a few levels deep. */
const MAX_VARIABLE_DEPTH = 20;
/** Verdicts kept; the oldest goes first. */
const KEPT = 1_000;
const UNCOUNTABLE = 1e9;

interface Size {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
  readonly aliases: number;
}

/** All that the rules look at. */
interface Asked extends Size {
  readonly cost: number;
  readonly variables: GivenVariables;
}

/** The one list of rules, in the order in which they are told. */
const rules: readonly ((asked: Asked, limits: Limits) => string | null)[] = [
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
  ({ variables }) =>
    isNestedDeeper(variables, MAX_VARIABLE_DEPTH)
      ? `The variables are nested more than ${MAX_VARIABLE_DEPTH} levels deep`
      : null,
  ({ cost }, { maxCost }) =>
    cost > maxCost
      ? `The answer may hold ${count(cost)} values; ${maxCost} are allowed: ask for shorter pages (first), or in several operations`
      : null,
];

export function createGate(schema: GraphQLSchema, limits: Limits): Gate {
  const read = remember((source: string) => readDocument(source, schema, limits));
  const validated = remember((source: string): Admission => {
    const { document } = read(source) as { readonly document: DocumentNode };
    const errors = validate(schema, document);
    return errors.length > 0
      ? { errors: errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) }
      : { document };
  });
  const refusal = (source: string, variables: GivenVariables) => read(source).refusal(variables);
  return {
    refusal,
    admit(source, variables) {
      const { syntaxError } = read(source);
      if (syntaxError !== undefined) return { errors: [syntaxError] };
      const passed = refusal(source, variables);
      if (passed === null) return validated(source);
      return { errors: [new GraphQLError(passed.message, { originalError: passed })] };
    },
  };
}

/** A document and what becomes of it; without one it is refused, or is none. */
interface Read {
  readonly document: DocumentNode | null;
  readonly syntaxError?: GraphQLError;
  refusal(variables: GivenVariables): LimitError | null;
}

function readDocument(source: string, schema: GraphQLSchema, limits: Limits): Read {
  const refused = (message: string): Read => ({ document: null, refusal: () => new LimitError(message) });
  try {
    const document = parse(source, { maxTokens: limits.maxTokens });
    const askedBy = asking(document, schema);
    return { document, refusal: (variables) => passedBound(askedBy(variables), limits) };
  } catch (error) {
    if (error instanceof GraphQLError) {
      if (/contains more tha[nt] \d+ tokens/.test(error.message)) {
        return refused(`The document has more than ${limits.maxTokens} tokens`);
      }
      return { document: null, syntaxError: coded(error, 'GRAPHQL_PARSE_FAILED'), refusal: () => null };
    }
    // A stack that overflows while parsing is nesting that only a generous token limit lets through.
    if (error instanceof RangeError) return refused('The document is nested too deeply');
    throw error;
  }
}

/** What each operation of a document asks for. */
function asking(document: DocumentNode, schema: GraphQLSchema): (variables: GivenVariables) => readonly Asked[] {
  const sizeOf = measurer(document);
  const costOf = pricer(schema, document);
  const operations = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => ({ operation, size: sizeOf(operation.selectionSet) }));
  return (variables) =>
    operations.map(({ operation, size }) => ({ ...size, cost: costOf(operation, variables), variables }));
}

function passedBound(operations: readonly Asked[], limits: Limits): LimitError | null {
  for (const asked of operations) {
    for (const rule of rules) {
      const message = rule(asked, limits);
      if (message !== null) return new LimitError(message);
    }
  }
  return null;
}

/** Level by level: what is nested without end must not be followed to its end. */
function isNestedDeeper(value: unknown, maxDepth: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((inner) =>
      typeof inner === 'object' && inner !== null
        ? Object.values(inner).filter((part) => typeof part === 'object' && part !== null)
        : [],
    );
  }
  return false;
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
