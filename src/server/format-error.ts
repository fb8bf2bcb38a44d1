import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { GatewayError, SourceError } from '../domain/errors.js';

/** Codes of Apollo's own errors: their messages are made for clients. */
const shownCodes: ReadonlySet<unknown> = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);

/**
 * The one place that decides what a client may read of an error. An expected failure shows its message, its code and
 * whether asking again may help; anything else is a bug: masked, and whole in the log under the request's id.
 */
export function formatError(error: GraphQLError, requestId: string, log: Logger): GraphQLFormattedError {
  const cause = expectedCause(error);
  const { message, path, locations } = error.toJSON();
  const place = { ...(locations === undefined ? {} : { locations }), ...(path === undefined ? {} : { path }) };
  if (cause !== null) {
    if (cause instanceof SourceError) log.warn({ requestId, err: cause }, 'a data source failed');
    return {
      message: cause.message,
      ...place,
      extensions: { ...publicExtensions(error), code: cause.code, retryable: cause.retryable },
    };
  }
  if (shownCodes.has(error.extensions.code) || isRequestFault(error)) {
    const code = error.extensions.code ?? 'BAD_USER_INPUT';
    return { message, ...place, extensions: { ...publicExtensions(error), code, retryable: false } };
  }
  log.error({ requestId, err: error.originalError ?? error, path: error.path }, 'an operation failed unexpectedly');
  return {
    message: `Internal server error; its cause is in the log under request ${requestId}`,
    ...place,
    extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId },
  };
}

/** An error of ours as a GraphQL error without a place. */
export function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

/** What graphql-js wraps, it wraps as often as the error passes through it. */
function expectedCause(error: GraphQLError): GatewayError | null {
  let cause: unknown = error;
  for (let level = 0; level < 5 && cause instanceof GraphQLError; level += 1) cause = cause.originalError;
  return cause instanceof GatewayError ? cause : null;
}

/** graphql-js' own words about variables and operation names: no place in the answer, nothing thrown by a resolver. */
function isRequestFault(error: GraphQLError): boolean {
  return error.path === undefined && isOwnWord(error.originalError) && error.extensions.code === undefined;
}

/** A value that is no value of its type is told by an error within an error, both of graphql-js. */
function isOwnWord(cause: Error | undefined): boolean {
  return cause === undefined || (cause instanceof GraphQLError && isOwnWord(cause.originalError));
}

function publicExtensions(error: GraphQLError): Record<string, unknown> {
  const { stacktrace, http, ...shown } = error.extensions;
  return shown;
}
