import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  print,
  type SelectionSetNode,
} from 'graphql';
import { isFetchedByLists, itemOf, wishesBelow } from './wishes.js';

/** Makers of the schemas that `withPlainItems` gives, by the schema that each stands in for. */
const standIns = new WeakMap<GraphQLSchema, () => GraphQLSchema>();

/** @param make is called for the first operation that is compiled, if ever one is */
export function standInFor(schema: GraphQLSchema, make: () => GraphQLSchema): void {
  let made: GraphQLSchema | null = null;
  standIns.set(schema, () => {
    made ??= make();
    return made;
  });
}

/**
 * The schema to compile an operation for: where lists fetch all figures and facts that it selects of items, the one in
 * which these are properties.
 */
export function schemaFor(schema: GraphQLSchema, document: DocumentNode, operationName: string | null): GraphQLSchema {
  const plain = standIns.get(schema)?.();
  return plain !== undefined && isAllFetched(plain, document, operationName) ? plain : schema;
}

function isAllFetched(schema: GraphQLSchema, document: DocumentNode, operationName: string | null): boolean {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (operation == null || root == null) return false;
  return new Walk(schema, document).isFetchedBelow(root, operation.selectionSet);
}

/** A walk through all that an operation may select, whatever its directives say. */
class Walk {
  private readonly context: { fragments: Record<string, FragmentDefinitionNode>; variableValues: null };
  /** Arguments of fetched fields: a property has room for one answer. */
  private readonly args = new Map<string, string>();

  constructor(
    private readonly schema: GraphQLSchema,
    { definitions }: DocumentNode,
  ) {
    const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
    for (const definition of definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    }
    this.context = { fragments, variableValues: null };
  }

  /** Whether every figure and fact below is fetched by a list; `inList`: one has fetched what is selected here. */
  isFetchedBelow(type: GraphQLNamedType, { selections }: SelectionSetNode, inList = false): boolean {
    return selections.every((selection) => {
      if (selection.kind === Kind.FIELD) return this.isFetched(type, selection, inList);
      const part = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.context.fragments[selection.name.value];
      if (part === undefined) return false;
      const name = part.typeCondition?.name.value;
      const narrowed = name === undefined ? type : this.schema.getType(name);
      return narrowed !== undefined && this.isFetchedBelow(narrowed, part.selectionSet, inList);
    });
  }

  private isFetched(type: GraphQLNamedType, node: FieldNode, inList: boolean): boolean {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
    // What tells of the schema itself stands in no type.
    if (field === undefined) return true;
    // Types of which there are no lists keep their resolvers.
    const isProperty = isObjectType(type) && field.resolve === undefined && isFetchedByLists(type, field);
    if (isProperty && !(inList && this.isAlike(type, node))) return false;
    if (node.selectionSet === undefined) return true;
    const item = itemOf(field);
    const isList = item !== null && !wishesBelow(this.context, [node], item).leadsOn;
    return this.isFetchedBelow(getNamedType(field.type), node.selectionSet, inList || isList);
  }

  /** Whether the arguments of a field are those with which it was met before. */
  private isAlike(type: GraphQLObjectType, node: FieldNode): boolean {
    const name = `${type.name}.${node.name.value}`;
    const args = (node.arguments ?? []).map(print).sort().join();
    const known = this.args.get(name) ?? args;
    this.args.set(name, known);
    return known === args;
  }
}
