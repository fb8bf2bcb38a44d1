import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  visit,
} from 'graphql';
import { DEFAULT_FIRST, MAX_FIRST } from '../graph/page-size.js';

/** Values of variables, as they were sent. */
export type GivenVariables = Readonly<Record<string, unknown>> | null | undefined;

/** The most values that the answer to an operation is taken to hold. */
export type Pricer = (operation: OperationDefinitionNode, variables: GivenVariables) => number;

/** Items of a list that has no pages, like the GPUs of a node. */
const LIST_ITEMS = 10;
/** Nodes, and edges, of a graph that has no pages, like who calls whom in a cluster. */
const GRAPH_ITEMS = 500;
/** Beyond this nothing is told apart: what doubles in every fragment stays a number. */
const UNCOUNTABLE = 1e12;

interface Price {
  readonly own: number;
  /** For each item of the page that is selected from. */
  readonly perItem: number;
}

const NOTHING: Price = { own: 0, perItem: 0 };
/** What holds the items of a page. */
const ITEMS: ReadonlySet<string> = new Set(['nodes', 'edges']);

/**
 * Every field counts once for each time it may be answered: as often as the pages around it have items (`first`), and
 * lists without pages are taken to have. Lists of plain values count once; those of series have a bound of their own.
 * Fragments are priced once each, so that exponential spreading is counted and never performed.
 */
export function pricer(schema: GraphQLSchema, document: DocumentNode): Pricer {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const sizing = sizingVariables(document);
  const known = new Map<OperationDefinitionNode, { readonly key: string; readonly cost: number }>();
  return (operation, variables) => {
    const given = withDefaults(operation, variables);
    const key = JSON.stringify(sizing.map((name) => given(name)));
    const last = known.get(operation);
    if (last?.key === key) return last.cost;
    const root = schema.getRootType(operation.operation) ?? undefined;
    const { own } = new Pricing(schema, fragments, given).ofSelections(operation.selectionSet, root);
    known.set(operation, { key, cost: own });
    return own;
  };
}

class Pricing {
  private readonly priced = new Map<string, Price>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly given: (variable: string) => number | null,
  ) {}

  ofSelections({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined): Price {
    let total = NOTHING;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) total = sum(total, this.ofField(selection, type));
      else if (selection.kind === Kind.FRAGMENT_SPREAD) total = sum(total, this.ofFragment(selection.name.value));
      else {
        const condition = selection.typeCondition?.name.value;
        const inner = condition === undefined ? type : this.schema.getType(condition);
        total = sum(total, this.ofSelections(selection.selectionSet, inner));
      }
    }
    return total;
  }

  private ofFragment(name: string): Price {
    const known = this.priced.get(name);
    if (known !== undefined) return known;
    // Stands while it is being priced: a cycle ends here, and validation names it.
    this.priced.set(name, NOTHING);
    const fragment = this.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const price = this.ofSelections(fragment.selectionSet, this.schema.getType(fragment.typeCondition.name.value));
    this.priced.set(name, price);
    return price;
  }

  private ofField(node: FieldNode, parent: GraphQLNamedType | undefined): Price {
    const name = node.name.value;
    const field = fieldOf(parent, name);
    const type = field === undefined ? undefined : getNamedType(field.type);
    if (field === undefined || !isCompositeType(type) || node.selectionSet === undefined) return { own: 1, perItem: 0 };
    const { own, perItem } = this.ofSelections(node.selectionSet, type);
    const page = this.pageOf(node, field);
    const isList = isListOf(field.type);
    const once = least(1 + own + (page ?? GRAPH_ITEMS) * perItem);
    if (!isList) return { own: once, perItem: 0 };
    if (ITEMS.has(name)) return { own: 0, perItem: once };
    const isTypes = parent?.name === '__Schema' && name === 'types';
    const items = isTypes ? Object.keys(this.schema.getTypeMap()).length : (page ?? LIST_ITEMS);
    return { own: least(items * once), perItem: 0 };
  }

  /** Null for a field without pages. A page beyond what a list gives is refused by the list, in its own words. */
  private pageOf(node: FieldNode, { args }: GraphQLField<unknown, unknown>): number | null {
    if (!args.some(({ name }) => name === 'first')) return null;
    const value = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    const first =
      value?.kind === Kind.INT
        ? Number(value.value)
        : value?.kind === Kind.VARIABLE
          ? this.given(value.name.value)
          : null;
    return Math.min(Math.max(first ?? DEFAULT_FIRST, 0), MAX_FIRST);
  }
}

function fieldOf(parent: GraphQLNamedType | undefined, name: string): GraphQLField<unknown, unknown> | undefined {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

function isListOf(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type));
}

/** Variables that say how long a page is. */
function sizingVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Argument({ name, value }) {
      if (name.value === 'first' && value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

/** A variable's whole number; null when it has none. */
function withDefaults(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: GivenVariables,
): (name: string) => number | null {
  return (name) => {
    const given = variables !== null && variables !== undefined && Object.hasOwn(variables, name);
    const value = given ? variables[name] : undefined;
    if (value !== undefined) return typeof value === 'number' ? value : null;
    const fallback = variableDefinitions.find(({ variable }) => variable.name.value === name)?.defaultValue;
    return fallback?.kind === Kind.INT ? Number(fallback.value) : null;
  };
}

function sum(a: Price, b: Price): Price {
  return { own: least(a.own + b.own), perItem: least(a.perItem + b.perItem) };
}

function least(cost: number): number {
  return Math.min(cost, UNCOUNTABLE);
}
