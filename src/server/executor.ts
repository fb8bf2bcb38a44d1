import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  isInputObjectType,
  isInputType,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromASTUntyped,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { schemaFor } from '../graph/plain-items.js';

/** What runs operations: code compiled for each document, or graphql-js, which is the reference. */
export type ExecutorName = 'graphql-jit' | 'graphql-js';

/** An operation that may be executed. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** @param root what the fields of the operation's own type are resolved from: the event of a subscription */
export type Execute = (context: unknown, root?: unknown) => Promise<ExecutionResult> | ExecutionResult;

/** Looks at an operation once; what it gives executes it, as often as wanted. */
export type Executor = (operation: Operation) => Execute;

export function createExecutor(schema: GraphQLSchema, name: ExecutorName): Executor {
  const interpret: Executor =
    ({ document, operationName, variables }) =>
    (contextValue, rootValue) =>
      execute({ schema, document, operationName, variableValues: variables, contextValue, rootValue });
  if (name === 'graphql-js') return interpret;
  // A document that was admitted before is the same object again.
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | null>>();

  function compile(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const byName = compiled.get(document) ?? new Map<string, CompiledQuery | null>();
    compiled.set(document, byName);
    const known = byName.get(operationName ?? '');
    if (known !== undefined) return known;
    const made = compileQuery(schemaFor(schema, document, operationName), document, operationName ?? undefined);
    const query = isCompiledQuery(made) ? made : null;
    byName.set(operationName ?? '', query);
    return query;
  }

  return (given) => {
    const { document, operationName = null, variables } = given;
    const operation = getOperationAST(document, operationName);
    // What is wrong with a request is told in the words of the reference.
    if (operation == null || hasWrongVariables(schema, operation.variableDefinitions, variables)) {
      return interpret(given);
    }
    const query = hasUnfitVariables(schema, operation.variableDefinitions) ? null : compile(document, operationName);
    if (query === null) return interpret(given);
    const values = withDefaults(operation.variableDefinitions, variables);
    return async (context, root) => {
      const result: ExecutionResult = await query.query(root, context, values);
      return result.errors === undefined ? result : { ...result, errors: result.errors.map(plainError) };
    };
  };
}

function hasWrongVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[] | undefined,
  variables: Operation['variables'],
): boolean {
  if (definitions === undefined || definitions.length === 0) return false;
  return getVariableValues(schema, definitions, variables ?? {}).errors !== undefined;
}

/** Compiling never ends for a variable of an input type that contains itself, and loses one called `__proto__`. */
function hasUnfitVariables(schema: GraphQLSchema, definitions: readonly VariableDefinitionNode[] = []): boolean {
  return definitions.some(({ type: node, variable }) => {
    const type = typeFromAST(schema, node);
    return variable.name.value === '__proto__' || (isInputType(type) && containsItself(type, []));
  });
}

function containsItself(type: GraphQLInputType, around: readonly GraphQLInputType[]): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return false;
  return (
    around.includes(named) ||
    Object.values(named.getFields()).some((field) => containsItself(field.type, [...around, named]))
  );
}

/** Compiled code takes a variable that must not be null for missing although it has a default. */
function withDefaults(
  definitions: readonly VariableDefinitionNode[] = [],
  variables: Operation['variables'],
): Readonly<Record<string, unknown>> {
  // Without a prototype: a variable may be called `constructor`.
  const given: Record<string, unknown> = Object.assign(Object.create(null), variables);
  for (const { variable, defaultValue } of definitions) {
    const { value: name } = variable.name;
    if (defaultValue !== undefined && given[name] === undefined) given[name] = valueFromASTUntyped(defaultValue);
  }
  return given;
}

/** Compiled code makes errors that lack what a GraphQLError always has. */
function plainError(error: GraphQLError): GraphQLError {
  const { message, path, originalError, locations } = error;
  const plain = new GraphQLError(message, {
    ...(path === undefined ? {} : { path }),
    originalError: originalError ?? new Error(message),
  });
  return locations === undefined
    ? plain
    : Object.defineProperty(plain, 'locations', { value: locations, enumerable: true });
}
