import type { ExecutionResult, FormattedExecutionResult, GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { GraphContext } from '../graph/context.js';
import { collectedErrors } from '../graph/problems.js';
import { formatError } from './format-error.js';

/** What execution made, also as graphql-ws hands it on. */
interface Answered {
  readonly data?: FormattedExecutionResult['data'] | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
  readonly extensions?: FormattedExecutionResult['extensions'] | undefined;
}

/** An answer as a client may read it: its errors formatted, failures of sources among them. */
export function shownResult(
  { data, errors = [], extensions }: Answered,
  context: GraphContext | null,
  requestId: string,
  log: Logger,
): FormattedExecutionResult {
  const shown = [
    ...errors.map((error) => formatError(error, requestId, log)),
    ...(context === null ? [] : collectedErrors(context)),
  ];
  return {
    ...(shown.length > 0 ? { errors: shown } : {}),
    ...(data === undefined ? {} : { data }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}

/** With every PromQL that was sent for it or found answered. */
export function withPlan(result: ExecutionResult, { plan }: GraphContext): ExecutionResult {
  return { ...result, extensions: { ...result.extensions, plan } };
}
