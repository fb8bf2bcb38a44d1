import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  createSourceEventStream,
  type ExecutionArgs,
  execute,
  type GraphQLError,
  type OperationTypeNode,
} from 'graphql';
import type { Caller } from '../domain/access.js';
import { InputError } from '../domain/errors.js';
import { admitOperation } from './admission.js';
import type { EventStream, EventStreams } from './event-stream.js';
import { asGraphqlError, formatError } from './format-error.js';
import { answer, type HttpOptions, identify, parsedJson } from './http.js';
import type { Hub } from './hub.js';
import { shownResult, withPlan } from './shown-result.js';

export interface StreamRouteOptions extends HttpOptions {
  readonly hub: Hub;
  readonly streams: EventStreams;
}

interface Parameters {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

const NEXT = 'event: next\ndata: ';
const COMPLETE = 'event: complete\ndata:';

/**
 * GraphQL over server-sent events, one operation per connection: the "distinct connections mode" of
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. The same bounds, rules and groups as over WebSocket.
 */
export function serveGraphqlStream(app: FastifyInstance, options: StreamRouteOptions): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    // Nothing would end the answer to it.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const caller = identify(request, reply, options);
      if (caller === null) return reply;
      if (!acceptsEvents(request)) {
        return answer(request, reply, 406, new InputError('This address answers with `text/event-stream`; accept it'));
      }
      const parameters = parametersOf(request);
      if (parameters === null) {
        return answer(request, reply, 400, new InputError('Send `query`, and `variables` as an object, if any'));
      }
      const admitted = admitOperation(options.gate, parameters.query, parameters.operationName, parameters.variables);
      if (admitted.document === undefined) return refuse(reply, request, caller, admitted.errors, options);
      if (admitted.type === 'mutation' && request.method === 'GET') {
        reply.header('allow', 'POST');
        return answer(request, reply, 405, new InputError('Mutations are sent by POST'));
      }
      const { operationName, variables: variableValues } = parameters;
      const args = { schema: options.schema, document: admitted.document, operationName, variableValues };
      const stream = options.streams.open(reply, caller);
      if (stream === null) return reply;
      await serve(args, admitted.type, caller, stream, request, options);
      return reply;
    },
  });
}

function refuse(
  reply: FastifyReply,
  request: FastifyRequest,
  caller: Caller,
  errors: readonly GraphQLError[],
  { metrics, log, streams }: StreamRouteOptions,
): FastifyReply {
  metrics.operation('unknown', 'refused', 0);
  const stream = streams.open(reply, caller);
  if (stream === null) return reply;
  stream.send(NEXT, JSON.stringify({ errors: errors.map((error) => formatError(error, request.id, log)) }));
  stream.send(COMPLETE, '');
  stream.end();
  return reply;
}

async function serve(
  args: ExecutionArgs,
  type: OperationTypeNode,
  caller: Caller,
  stream: EventStream,
  request: FastifyRequest,
  options: StreamRouteOptions,
): Promise<void> {
  const { metrics, log } = options;
  const startedAtMs = performance.now();
  const isStream = type === 'subscription';
  let failed = false;
  const send = (data: Buffer | string) => stream.send(NEXT, data);
  if (isStream) metrics.subscribers.inc();
  try {
    if (isStream) await follow(args, caller, stream, request, options);
    else {
      const context = options.createContext({ caller, signal: stream.gone, cache: true });
      const result = await execute({ ...args, contextValue: context });
      const wantsPlan = request.headers['x-slograph-plan'] === '1';
      const answered = wantsPlan ? withPlan(result, context) : result;
      send(JSON.stringify(shownResult(answered, context, request.id, log)));
    }
  } catch (error) {
    failed = true;
    send(JSON.stringify({ errors: [formatError(asGraphqlError(error), request.id, log)] }));
  }
  if (isStream) metrics.subscribers.dec();
  metrics.operation(type, failed ? 'error' : 'ok', (performance.now() - startedAtMs) / 1_000);
  if (stream.gone.aborted) return;
  stream.send(COMPLETE, '');
  stream.end();
}

/** Resolves when the subscription has ended or the client is gone. */
async function follow(
  args: ExecutionArgs,
  caller: Caller,
  stream: EventStream,
  { id: requestId }: FastifyRequest,
  { createContext, hub, log }: StreamRouteOptions,
): Promise<void> {
  const signal = stream.gone;
  const contextValue = createContext({ caller, signal, cache: false });
  const source = await createSourceEventStream({ ...args, contextValue });
  const send = (data: Buffer | string) => stream.send(NEXT, data);
  if (!(Symbol.asyncIterator in source)) return send(JSON.stringify(shownResult(source, null, requestId, log)));
  const { backpressure, together } = stream;
  const shared = hub.subscribe(source, { args, caller }, { backpressure, together, send });
  if (shared !== null) {
    signal.addEventListener('abort', () => shared.leave());
    if (signal.aborted) shared.leave();
    return shared.ended;
  }
  signal.addEventListener('abort', () => void (source as AsyncGenerator).return?.(undefined));
  for await (const rootValue of source) {
    const context = createContext({ caller, signal, cache: true });
    const result = await execute({ ...args, rootValue, contextValue: context });
    send(JSON.stringify(shownResult(result, context, requestId, log)));
    if (backpressure.isFull()) await backpressure.room('');
  }
}

export function acceptsEvents({ headers: { accept = '*/*' } }: FastifyRequest): boolean {
  return /text\/event-stream|text\/\*|\*\/\*/.test(accept);
}

function parametersOf({ method, query, body }: FastifyRequest): Parameters | null {
  const given = (method === 'GET' ? query : body) as Record<string, unknown> | null | undefined;
  if (typeof given !== 'object' || given === null || typeof given.query !== 'string') return null;
  const variables = method === 'GET' ? parsedJson(given.variables) : (given.variables ?? null);
  if (typeof variables !== 'object' || Array.isArray(variables)) return null;
  const { operationName = null } = given;
  if (operationName !== null && typeof operationName !== 'string') return null;
  return { query: given.query, operationName: operationName || null, variables: variables as Parameters['variables'] };
}
