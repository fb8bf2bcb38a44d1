import type { Server } from 'node:http';
import {
  ApolloServer,
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type GraphQLRequestContext,
  HeaderMap,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import type { GraphContext } from '../graph/context.js';
import { collectedErrors } from '../graph/problems.js';
import { createExecutor, type Executor, type Operation } from './executor.js';
import { formatError } from './format-error.js';
import type { Metrics, OperationType, Outcome } from './metrics.js';
import type { OperationOptions } from './operations.js';

type GatewayInterface = NonNullable<ApolloServerOptionsWithGateway<GraphContext>['gateway']>;

export interface ApolloOptions extends OperationOptions {
  readonly httpServer: Server;
  readonly maxTokens: number;
  /** How long requests in flight may take once the server stops. */
  readonly graceMs: number;
}

/** Apollo without anything that calls home, caches, or instruments every field. */
export function createApollo(options: ApolloOptions): ApolloServer<GraphContext> {
  const { schema, log, maxTokens, httpServer, graceMs } = options;
  // Apollo's hook for formatting knows the error and not the request it belongs to.
  const requestIds = new WeakMap<object, string>();
  const execution = executing(schema, createExecutor(schema, options.executor ?? 'graphql-jit'));
  return new ApolloServer<GraphContext>({
    gateway: execution.gateway,
    logger: log,
    nodeEnv: 'production',
    introspection: true,
    csrfPrevention: true,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens },
    formatError: (_, error) => {
      const { graphqlError, requestId } = traced(error, requestIds);
      return formatError(graphqlError, requestId, log);
    },
    plugins: [
      // The default cache-control plugin resolves every field through a hook: 1.6 times slower (apollo-server #7980).
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: graceMs }),
      execution.plugin,
      answerPlugin(options.metrics, requestIds),
    ],
  });
}

/**
 * Apollo takes an executor of one's own from what it calls a gateway, and formats the errors of its answers. For each
 * call it makes an object literal with an accessor, whose hidden class keeps the whole request in memory until the old
 * generation is collected. So answers without errors are given where Apollo asks whether one is known already.
 */
function executing(schema: GraphQLSchema, executor: Executor) {
  const failed = new WeakMap<object, Promise<ExecutionResult>>();
  const executed = async (operation: Operation, context: unknown) => executor(operation)(context);
  const gateway: GatewayInterface = {
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => {};
    },
    load: async () => ({
      executor: async ({ document, operationName, request, context }) =>
        failed.get(context) ?? executed({ document, operationName, variables: request.variables }, context),
    }),
    stop: async () => {},
  };
  const plugin: ApolloServerPlugin<GraphContext> = {
    async requestDidStart() {
      return {
        async responseForOperation({ document, operationName, request, contextValue }) {
          const answer = executed({ document, operationName, variables: request.variables }, contextValue);
          const { data = null, errors } = await answer.catch(() => FAILED);
          if (errors === undefined) {
            return {
              http: { headers: new HeaderMap() },
              body: { kind: 'single', singleResult: { data } },
            };
          }
          failed.set(contextValue, answer);
          return null;
        },
      };
    },
  };
  return { gateway, plugin };
}

const FAILED: ExecutionResult = { errors: [] };

function traced(
  error: unknown,
  requestIds: WeakMap<object, string>,
): { graphqlError: GraphQLError; requestId: string } {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return {
    graphqlError:
      originalError instanceof GraphQLError
        ? originalError
        : new GraphQLError(originalError.message, { originalError }),
    requestId: requestIds.get(originalError) ?? '-',
  };
}

/** Completes answers: failures of sources into `errors`, the plan into `extensions` where it was asked for. */
function answerPlugin(metrics: Metrics, requestIds: WeakMap<object, string>): ApolloServerPlugin<GraphContext> {
  return {
    async requestDidStart() {
      const startedAtMs = performance.now();
      return {
        async didEncounterErrors({ errors, request }) {
          const requestId = request.http?.headers.get('x-request-id') ?? '-';
          for (const error of errors) requestIds.set(error, requestId);
        },
        async didResolveOperation({ operation }) {
          if (operation?.operation === 'subscription') throw overWebSocketOnly();
        },
        async willSendResponse(request) {
          complete(request);
          metrics.operation(typeOf(request), outcomeOf(request), (performance.now() - startedAtMs) / 1_000);
        },
      };
    },
  };
}

function complete({ response, contextValue, request }: GraphQLRequestContext<GraphContext>): void {
  if (response.body?.kind !== 'single') return;
  const { singleResult } = response.body;
  const failures = collectedErrors(contextValue);
  if (failures.length > 0) singleResult.errors = [...(singleResult.errors ?? []), ...failures];
  if (request.http?.headers.get('x-slograph-plan') === '1') {
    singleResult.extensions = { ...singleResult.extensions, plan: contextValue.plan };
  }
}

function overWebSocketOnly(): GraphQLError {
  return new GraphQLError(
    'Subscriptions are served over WebSocket (protocol graphql-transport-ws) at this address, and as server-sent events at /graphql/stream',
    {
      extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: new HeaderMap([['allow', 'GET, POST']]) } },
    },
  );
}

function typeOf({ operation }: GraphQLRequestContext<GraphContext>): OperationType {
  return operation?.operation ?? 'unknown';
}

function outcomeOf({ response, operation }: GraphQLRequestContext<GraphContext>): Outcome {
  const result = response.body?.kind === 'single' ? response.body.singleResult : undefined;
  if (result?.errors === undefined || result.errors.length === 0) return 'ok';
  if (operation === undefined || result.data === undefined) return 'refused';
  return result.data === null ? 'error' : 'partial';
}
