import 'reflect-metadata';
import {
  GraphQLFloat,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { InputError, SourceError } from '../../../src/domain/errors.js';
import type { GraphContext } from '../../../src/graph/context.js';
import { createLog } from '../../../src/server/log.js';
import { createMetrics } from '../../../src/server/metrics.js';
import type { OperationRequest } from '../../../src/server/operations.js';
import { type GatewayServer, type ServerOptions, startServer } from '../../../src/server/server.js';

/** A gate that a test opens: what waits for it is in flight. */
export interface Latch {
  readonly opened: Promise<void>;
  open(): void;
  /** Resolves once somebody waits. */
  readonly reached: Promise<void>;
  wait(): Promise<void>;
}

export function latch(): Latch {
  let open = () => {};
  let reach = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return {
    opened,
    reached,
    open: () => open(),
    wait() {
      reach();
      return opened;
    },
  };
}

/** An answer of /graphql; a test asserts what is really there. */
export interface Answer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export async function answerOf(response: Response | Promise<Response>): Promise<Answer> {
  return (await (await response).json()) as Answer;
}

/** The server over a schema whose fields do what a test needs: wait, fail, count, stream. */
export interface TestServer {
  readonly server: GatewayServer;
  readonly url: string;
  readonly slow: Latch;
  /** What was asked of the graph: one for every context made. */
  readonly requests: OperationRequest[];
  readonly aborted: Promise<void>;
  logged(): string;
  emit(tick: number): void;
  readonly openStreams: () => number;
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  client(connectionParams?: Record<string, unknown>): Client;
}

export async function startTestServer(overrides: Partial<ServerOptions> = {}): Promise<TestServer> {
  const slow = latch();
  const ticks = new Ticks();
  const requests: OperationRequest[] = [];
  let text = '';
  let abort = () => {};
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
  });
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    allowedOrigins: ['https://ops.example'],
    tokensFile: null,
    insecure: false,
    limits: {
      maxDepth: 10,
      maxTokens: 1_000,
      maxAliases: 20,
      maxCost: 1_000_000,
      maxBodyBytes: 262_144,
      maxSubscriptionsPerSocket: 5,
      maxConnections: 20_000,
      maxConnectionsPerCaller: 10_000,
    },
    shutdownGraceMs: 10_000,
    schema: schemaOf(slow, ticks),
    createContext: (request) => {
      requests.push(request);
      request.signal.addEventListener('abort', abort);
      return contextOf(request);
    },
    unready: async () => [],
    log: createLog({
      level: 'debug',
      destination: {
        write: (line) => {
          text += line;
        },
      },
    }),
    metrics: createMetrics('0.0.0-test'),
    ...overrides,
  });
  let stopped = false;
  const stop = () => {
    stopped = true;
    slow.open();
    return server.stop();
  };
  onTestFinished(async () => {
    if (!stopped) await stop();
  });
  return {
    server: {
      ...server,
      stop() {
        stopped = true;
        return server.stop();
      },
    },
    url: server.url,
    slow,
    requests,
    aborted,
    logged: () => text,
    emit: (tick) => ticks.emit(tick),
    openStreams: () => ticks.open,
    post: (body, headers = {}) =>
      fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    client(connectionParams = {}) {
      const client = createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams,
        retryAttempts: 0,
      });
      onTestFinished(async () => void (await client.dispose()));
      return client;
    },
  };
}

/** A source of events that ends at once when its reader leaves. */
class Ticks {
  open = 0;
  readonly #readers = new Set<(result: IteratorResult<number>) => void>();

  emit(value: number): void {
    for (const give of [...this.#readers]) give({ done: false, value });
  }

  subscribe(): AsyncIterableIterator<number> {
    this.open += 1;
    let give: ((result: IteratorResult<number>) => void) | undefined;
    const iterator: AsyncIterableIterator<number> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () =>
        new Promise((resolve) => {
          give = (result) => {
            this.#readers.delete(give as never);
            resolve(result);
          };
          this.#readers.add(give);
        }),
      return: async () => {
        this.open -= 1;
        give?.({ done: true, value: undefined });
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }
}

function contextOf({ caller, signal }: OperationRequest): GraphContext {
  const problems: { error: SourceError; path: readonly (string | number)[] }[] = [];
  return {
    caller,
    signal,
    nowMs: 0,
    gridMs: 5_000,
    plan: [{ promql: 'up', dataSource: 'edge', cached: false, durationMs: 1, samples: 1, entities: 1 }],
    report: (error: SourceError, path: readonly (string | number)[]) => void problems.push({ error, path }),
    takeProblems: () => problems.splice(0),
  } as unknown as GraphContext;
}

function schemaOf(slow: Latch, ticks: Ticks): GraphQLSchema {
  const thing: GraphQLObjectType = new GraphQLObjectType({
    name: 'Thing',
    fields: () => ({
      name: { type: GraphQLString, resolve: () => 'thing' },
      self: { type: thing, resolve: () => ({}) },
      all: { type: new GraphQLList(thing), resolve: () => [{}, {}] },
    }),
  });
  const query = new GraphQLObjectType<unknown, GraphContext>({
    name: 'Query',
    fields: {
      hello: { type: GraphQLString, resolve: () => 'world' },
      caller: { type: GraphQLString, resolve: (_root, _args, { caller }) => caller.name },
      thing: { type: thing, resolve: () => ({}) },
      double: {
        type: GraphQLInt,
        args: { of: { type: new GraphQLNonNull(GraphQLInt) } },
        resolve: (_, { of }) => of * 2,
      },
      slow: {
        type: GraphQLString,
        resolve: async () => {
          await slow.wait();
          return 'done';
        },
      },
      bug: {
        type: GraphQLString,
        resolve: () => {
          throw new Error('password=hunter2');
        },
      },
      badInput: {
        type: GraphQLString,
        resolve: () => {
          throw new InputError('first must be within 1..5000');
        },
      },
      source: {
        type: GraphQLFloat,
        resolve: (_root, _args, context) => {
          context.report(new SourceError('UNAVAILABLE', 'edge', 'connection refused', 'up{secret="x"}'), ['source']);
          return null;
        },
      },
    },
  });
  const subscription = new GraphQLObjectType<number, GraphContext>({
    name: 'Subscription',
    fields: {
      tick: { type: GraphQLInt, subscribe: () => ticks.subscribe(), resolve: (value) => value },
      source: {
        type: GraphQLFloat,
        subscribe: () => ticks.subscribe(),
        resolve: (_root, _args, context) => {
          context.report(new SourceError('UNAVAILABLE', 'edge', 'connection refused'), ['source']);
          return null;
        },
      },
      refused: {
        type: GraphQLInt,
        subscribe: () => {
          throw new InputError('the cursor is not one of this stream');
        },
      },
    },
  });
  return new GraphQLSchema({ query, subscription });
}
