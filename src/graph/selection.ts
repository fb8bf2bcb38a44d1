import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** What tells which fields a selection holds. */
export interface SelectionContext {
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode | undefined>>;
  /** What `@skip` and `@include` read; null takes all there is, whatever they say. */
  readonly variableValues: Readonly<Record<string, unknown>> | null;
}

/**
 * Fields of a selection, fragments spread out; those that directives leave out, and `__typename`, are absent.
 * @param type of what is selected from: fragments on other types are passed over
 */
export function fieldsOf(
  context: SelectionContext,
  selections: SelectionSetNode | undefined,
  type?: GraphQLObjectType,
): readonly FieldNode[] {
  return (selections?.selections ?? []).flatMap((selection): readonly FieldNode[] => {
    if (isLeftOut(context, selection)) return [];
    if (selection.kind === Kind.FIELD) return selection.name.value === '__typename' ? [] : [selection];
    const part = selection.kind === Kind.INLINE_FRAGMENT ? selection : context.fragments[selection.name.value];
    return part === undefined || isOfAnother(type, part) ? [] : fieldsOf(context, part.selectionSet, type);
  });
}

function isOfAnother(
  type: GraphQLObjectType | undefined,
  { typeCondition }: InlineFragmentNode | FragmentDefinitionNode,
): boolean {
  const name = typeCondition?.name.value;
  if (type === undefined || name === undefined || name === type.name) return false;
  return type.getInterfaces().every((one) => one.name !== name);
}

function isLeftOut({ variableValues }: SelectionContext, selection: SelectionNode): boolean {
  if (variableValues === null || selection.directives?.length === 0) return false;
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.if === true ||
    getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.if === false
  );
}
