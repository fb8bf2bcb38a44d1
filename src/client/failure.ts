/** Why a stream was interrupted, in words; `fatal` when trying again cannot help. */
export interface Failure {
  readonly reason: string;
  readonly fatal: boolean;
}

/** Codes of errors that the same request meets again and again, unless the server says `retryable`. */
const FATAL_CODES = new Set([
  'BAD_INPUT',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'LIMIT_EXCEEDED',
  'UNAUTHENTICATED',
]);
/** Close codes that do so: bad request, no token, no common protocol. A token that was refused (4403) may be replaced. */
const FATAL_CLOSES = new Set([4400, 4401, 4406]);

interface GraphqlError {
  readonly message: string;
  readonly extensions?: { readonly code?: unknown; readonly retryable?: unknown } | undefined;
}

/** Of what graphql-ws gives: errors of GraphQL, a close event, or an error of the connection. */
export function failureOf(error: unknown): Failure {
  if (Array.isArray(error)) return failureOfErrors(error as readonly GraphqlError[]);
  const { code, reason, message } = (error ?? {}) as { code?: unknown; reason?: unknown; message?: unknown };
  if (typeof code === 'number') {
    const because = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
    return { reason: `the connection was closed (${code})${because}`, fatal: FATAL_CLOSES.has(code) };
  }
  return { reason: typeof message === 'string' && message !== '' ? message : 'the connection failed', fatal: false };
}

export function failureOfErrors(errors: readonly GraphqlError[]): Failure {
  const fatal = errors.some(
    ({ extensions }) => FATAL_CODES.has(String(extensions?.code)) && extensions?.retryable !== true,
  );
  const texts = errors.map(({ message, extensions }) => {
    return extensions?.code === undefined ? message : `${String(extensions.code)}: ${message}`;
  });
  return { reason: texts.join('; '), fatal };
}
