import { type DocumentNode, GraphQLError, getOperationAST, type OperationTypeNode } from 'graphql';
import type { GivenVariables } from './cost.js';
import type { Gate } from './limits.js';

/** A document within the bounds, and what kind of operation of it is meant; or why it may not be executed. */
export type AdmittedOperation =
  | { readonly document: DocumentNode; readonly type: OperationTypeNode; readonly errors?: undefined }
  | { readonly document?: undefined; readonly errors: readonly GraphQLError[] };

export function admitOperation(
  gate: Gate,
  query: string,
  operationName: string | null | undefined,
  variables: GivenVariables,
): AdmittedOperation {
  const { document, errors } = gate.admit(query, variables);
  if (document === undefined) return { errors };
  const type = getOperationAST(document, operationName)?.operation;
  if (type !== undefined) return { document, type };
  const message = operationName == null ? 'Must provide an operation' : 'Unknown operation named';
  return { errors: [new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })] };
}
