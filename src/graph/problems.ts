import type { GraphQLFormattedError } from 'graphql';
import type { SourceError } from '../domain/errors.js';

/** A source's failure and the first path it touched. */
export interface GraphProblem {
  readonly error: SourceError;
  readonly path: readonly (string | number)[];
}

export interface GraphProblems {
  readonly report: (error: SourceError, path: readonly (string | number)[]) => void;
  readonly take: () => readonly GraphProblem[];
}

/** Collects failures, one per (source, cause). */
export function createProblems(): GraphProblems {
  const found = new Map<string, GraphProblem>();
  return {
    report(error, path) {
      const key = causeOf(error);
      if (!found.has(key)) found.set(key, { error, path });
    },
    take() {
      const problems = [...found.values()];
      found.clear();
      return problems;
    },
  };
}

/**
 * The failures of sources that an operation met, as entries of `errors`: append them to those of the execution.
 * Takes them: a second call gives what was reported in between.
 */
export function collectedErrors(context: {
  takeProblems(): readonly GraphProblem[];
}): readonly GraphQLFormattedError[] {
  return context.takeProblems().map(({ error, path }) => ({
    message: error.message,
    path,
    extensions: { code: error.code, retryable: error.retryable, dataSource: error.dataSource },
  }));
}

/** Texts of the same outage differ (refused, reset, breaker open); a refused question is a cause of its own. */
function causeOf(error: SourceError): string {
  return [error.dataSource, error.code, error.reason === 'REJECTED' ? error.message : ''].join('\n');
}
