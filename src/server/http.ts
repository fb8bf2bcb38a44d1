import { randomUUID } from 'node:crypto';
import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import compress from '@fastify/compress';
import cors from '@fastify/cors';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Caller } from '../domain/access.js';
import { AccessError, GatewayError, LimitError } from '../domain/errors.js';
import type { GraphContext } from '../graph/context.js';
import type { Authenticator } from './auth.js';
import type { GivenVariables } from './cost.js';
import type { OperationOptions } from './operations.js';
import { type OriginRules, refusedOrigin } from './origin.js';

export interface HttpOptions extends OperationOptions {
  readonly origins: OriginRules;
  readonly maxBodyBytes: number;
  readonly authenticator: Authenticator;
}

const GRAPHQL_RESPONSE = 'application/graphql-response+json; charset=utf-8';

/** The HTTP side without its routes: who may speak at all, and how a request that never became an operation is answered. */
export function createHttp({ origins, maxBodyBytes, log, metrics }: HttpOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
  });
  app.addHook('onRequest', async (request, reply) => {
    // The header carries the id on into Apollo, whatever the client wrote there.
    request.headers['x-request-id'] = request.id;
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    const refusal = refusedOrigin(request.headers, origins);
    if (refusal === null) return;
    return answer(request, reply, 403, new GatewayError('FORBIDDEN', refusal));
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, id: requestId } = request;
    log.debug(
      { requestId, method, path: url.split('?')[0], status: reply.statusCode, ms: reply.elapsedTime },
      'answered',
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      metrics.operation('unknown', 'refused', 0);
      return answer(request, reply, 413, new LimitError(`The body has more than ${maxBodyBytes} bytes`));
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return send(request, reply, status, error.message, { code: 'BAD_REQUEST', retryable: false });
    log.error({ requestId: request.id, err: error }, 'a request failed unexpectedly');
    return send(request, reply, 500, `Internal server error; its cause is in the log under request ${request.id}`, {
      code: 'INTERNAL_SERVER_ERROR',
      retryable: false,
      requestId: request.id,
    });
  });
  app.setNotFoundHandler((request, reply) =>
    send(request, reply, 404, `${request.method} ${request.url.split('?')[0]} is not served here`, {
      code: 'NOT_FOUND',
      retryable: false,
    }),
  );
  return app;
}

/** POST and GET at /graphql: from the caller and the bounds to Apollo. */
export async function serveGraphql(
  app: FastifyInstance,
  apollo: ApolloServer<GraphContext>,
  options: HttpOptions,
): Promise<void> {
  const { createContext, gate, log, metrics, origins } = options;
  const callers = new WeakMap<FastifyRequest, Caller>();
  await app.register(compress, { global: true, encodings: ['gzip'], threshold: 1_024, zlibOptions: { level: 1 } });
  await app.register(cors, {
    origin: [...origins.allowedOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['content-type', 'authorization', 'apollo-require-preflight', 'x-slograph-plan', 'last-event-id'],
    exposedHeaders: ['x-request-id'],
    maxAge: 600,
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    onRequest: async (request, reply) => {
      // Who opens the address in a browser wants the editor, and would be told about forged requests instead.
      if (isVisit(request)) return reply.redirect('/graphiql/');
      const caller = identify(request, reply, options);
      if (caller === null) return reply;
      callers.set(request, caller);
    },
    preHandler: async (request, reply) => {
      const asked = askedBy(request);
      const refusal = asked === null ? null : gate.refusal(asked.query, asked.variables);
      if (refusal === null) return;
      metrics.operation('unknown', 'refused', 0);
      return answer(request, reply, 400, refusal);
    },
    handler: fastifyApolloHandler<GraphContext>(apollo, {
      context: async (request, reply) =>
        createContext({ caller: callers.get(request) as Caller, signal: goneSignal(reply, log), cache: true }),
    }),
  });
}

/** Who asks; null when nobody is known, or may not read, and the answer says so. */
export function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  { authenticator, metrics }: Pick<HttpOptions, 'authenticator' | 'metrics'>,
): Caller | null {
  try {
    return authenticator.callerOf(request.headers.authorization);
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    metrics.operation('unknown', 'refused', 0);
    if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
    answer(request, reply, error.code === 'FORBIDDEN' ? 403 : 401, error);
    return null;
  }
}

function isVisit({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && url === '/graphql' && /\btext\/html\b/.test(headers.accept ?? '');
}

/** Null where Apollo says what is missing. */
function askedBy({ method, query, body }: FastifyRequest): { query: string; variables: GivenVariables } | null {
  const given = ((method === 'GET' ? query : body) ?? {}) as { query?: unknown; variables?: unknown };
  if (typeof given.query !== 'string') return null;
  const variables = method === 'GET' ? parsedJson(given.variables) : given.variables;
  const isGiven = typeof variables === 'object' && variables !== null;
  return { query: given.query, variables: isGiven ? (variables as GivenVariables) : null };
}

/** Null where there is none, undefined where it is no JSON. */
export function parsedJson(text: unknown): unknown {
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/** Aborted when the client hangs up before its answer is written. */
function goneSignal({ raw, request }: FastifyReply, log: Logger): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (raw.writableFinished) return;
    log.debug({ requestId: request.id }, 'the client went away before its answer');
    controller.abort();
  });
  return controller.signal;
}

export function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  error: GatewayError,
): FastifyReply {
  return send(request, reply, status, error.message, { code: error.code, retryable: error.retryable });
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  message: string,
  extensions: Record<string, unknown>,
): FastifyReply {
  return sendErrors(request, reply, status, [{ message, extensions }]);
}

export function sendErrors(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  errors: readonly unknown[],
): FastifyReply {
  const accepts = request.headers.accept?.includes('application/graphql-response+json') === true;
  return reply
    .code(status)
    .type(accepts ? GRAPHQL_RESPONSE : 'application/json; charset=utf-8')
    .send(JSON.stringify({ errors }));
}
