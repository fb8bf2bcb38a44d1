import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Caller } from '../domain/access.js';
import type { GraphContext } from '../graph/context.js';
import type { ExecutorName } from './executor.js';
import type { Gate } from './limits.js';
import type { Metrics } from './metrics.js';

/** Who asks, and until when the answer is wanted. */
export interface OperationRequest {
  readonly caller: Caller;
  /** Aborted when the asker has gone away. */
  readonly signal: AbortSignal;
  /** False where the context outlives one answer: the source of a subscription. */
  readonly cache: boolean;
}

/** What both transports need to answer an operation. */
export interface OperationOptions {
  readonly schema: GraphQLSchema;
  readonly gate: Gate;
  /** Default graphql-jit. */
  readonly executor?: ExecutorName;
  /** A context of its own for every answer, so that each sees new numbers. */
  readonly createContext: (request: OperationRequest) => GraphContext;
  readonly log: Logger;
  readonly metrics: Metrics;
}
