import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  type VariableDefinitionNode,
  valueFromASTUntyped,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

/** What runs operations: code compiled for each document, or graphql-js, which is the reference. */
export type ExecutorName = 'graphql-jit' | 'graphql-js';

/** An operation that may be executed. */
export interface Execution {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: unknown;
}

export type Executor = (execution: Execution) => Promise<ExecutionResult>;

export function createExecutor(schema: GraphQLSchema, name: ExecutorName): Executor {
  const interpret: Executor = async ({ document, operationName, variables, context }) =>
    execute({
      schema,
      document,
      contextValue: context,
      ...(operationName == null ? {} : { operationName }),
      ...(variables == null ? {} : { variableValues: variables }),
    });
  if (name === 'graphql-js') return interpret;
  // A document that was admitted before is the same object again.
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | null>>();

  function compile(document: DocumentNode, operationName: string | null): CompiledQuery | null {
    const byName = compiled.get(document) ?? new Map<string, CompiledQuery | null>();
    compiled.set(document, byName);
    const known = byName.get(operationName ?? '');
    if (known !== undefined) return known;
    const made = compileQuery(schema, document, operationName ?? undefined);
    const query = isCompiledQuery(made) ? made : null;
    byName.set(operationName ?? '', query);
    return query;
  }

  return async (execution) => {
    const { document, operationName = null, variables, context } = execution;
    const operation = getOperationAST(document, operationName);
    // What is wrong with a request is told in the words of the reference.
    if (operation == null || hasWrongVariables(schema, operation.variableDefinitions, variables)) {
      return interpret(execution);
    }
    const query = compile(document, operationName);
    if (query === null) return interpret(execution);
    const given = withDefaults(operation.variableDefinitions, variables);
    const result: ExecutionResult = await query.query(undefined, context, given);
    return result.errors === undefined ? result : { ...result, errors: result.errors.map(plainError) };
  };
}

function hasWrongVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[] | undefined,
  variables: Execution['variables'],
): boolean {
  if (definitions === undefined || definitions.length === 0) return false;
  return getVariableValues(schema, definitions, variables ?? {}).errors !== undefined;
}

/** Compiled code takes a variable that must not be null for missing although it has a default. */
function withDefaults(
  definitions: readonly VariableDefinitionNode[] = [],
  variables: Execution['variables'],
): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = { ...variables };
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
