/** Every public error code. A code is never renamed: clients branch on it. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'SPEC_INVALID'
  | 'SOURCE_UNAVAILABLE'
  | 'SOURCE_TIMEOUT'
  | 'SOURCE_REJECTED'
  | 'STORE_UNAVAILABLE'
  | 'NOTIFY_UNAVAILABLE'
  | 'NOTIFY_REJECTED'
  | 'NOT_FOUND'
  | 'BAD_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LIMIT_EXCEEDED';

/** An expected failure: its code is public, `retryable` says whether asking again may help, the cause is kept. */
export class GatewayError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly retryable = false,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** A place in a text file; lines and columns start at 1. */
export interface Place {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** Something wrong in a configuration or definition: where, what was expected, what came, what to do. */
export interface Problem extends Place {
  /** Path of the field, `spec.objectives[0].target`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
  readonly severity: 'ERROR' | 'WARNING';
}

/** `slograph.yaml:12:7 clusters[0].url: message` */
export function problemText(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return [place, problem.path === '' ? '' : `${problem.path}:`, problem.message]
    .filter((part) => part !== '')
    .join(' ');
}

/** The configuration cannot be used; all problems at once. */
export class ConfigError extends GatewayError {
  constructor(readonly problems: readonly Problem[]) {
    super('CONFIG_INVALID', problems.map(problemText).join('\n'));
  }
}

/** A data source did not answer, answered too late, or refused the question. `query` is for the log, never for a client. */
export class SourceError extends GatewayError {
  constructor(
    readonly reason: 'UNAVAILABLE' | 'TIMEOUT' | 'REJECTED',
    /** Name of the data source, as in configuration. */
    readonly dataSource: string,
    message: string,
    readonly query = '',
    cause?: unknown,
  ) {
    super(`SOURCE_${reason}`, `${dataSource}: ${message}`, reason !== 'REJECTED', cause);
  }
}

/** The store of violations cannot be read or written. */
export class StoreError extends GatewayError {
  constructor(message: string, retryable: boolean, cause?: unknown) {
    super('STORE_UNAVAILABLE', message, retryable, cause);
  }
}

/** A receiver of notifications did not take one. */
export class NotifyError extends GatewayError {
  constructor(reason: 'UNAVAILABLE' | 'REJECTED', message: string, cause?: unknown) {
    super(`NOTIFY_${reason}`, message, reason === 'UNAVAILABLE', cause);
  }
}

/** An argument outside what its description allows. */
export class InputError extends GatewayError {
  constructor(message: string) {
    super('BAD_INPUT', message);
  }
}

/** What was named is not there, or the caller may not see it: which of the two is never said. */
export class NotFoundError extends GatewayError {
  constructor(message: string) {
    super('NOT_FOUND', message);
  }
}

/** The caller is unknown, or known and not allowed. */
export class AccessError extends GatewayError {
  constructor(code: 'UNAUTHENTICATED' | 'FORBIDDEN', message: string) {
    super(code, message);
  }
}

/** A bound on depth, size, count or cost was passed. */
export class LimitError extends GatewayError {
  constructor(message: string) {
    super('LIMIT_EXCEEDED', message);
  }
}
