import type { Socket } from 'node:net';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type OperationTypeNode,
} from 'graphql';
import { type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Caller } from '../domain/access.js';
import { AccessError, InputError, LimitError } from '../domain/errors.js';
import type { GraphContext } from '../graph/context.js';
import { admitOperation } from './admission.js';
import type { Authenticator } from './auth.js';
import { asGraphqlError, formatError } from './format-error.js';
import type { Hub, Subscription } from './hub.js';
import type { Receiver } from './latest-group.js';
import type { Outcome } from './metrics.js';
import type { OperationOptions } from './operations.js';
import { type Place, TRY_AGAIN_LATER } from './places.js';
import { shownResult, withPlan } from './shown-result.js';
import type { Backpressure } from './sink.js';
import { writeText } from './text-frame.js';

/** One WebSocket and what runs on it. */
export interface SocketSession {
  readonly socket: WebSocket;
  /** What the socket writes to. */
  readonly transport: Socket;
  readonly place: Place;
  /** Id of the upgrade request. */
  readonly requestId: string;
  /** That of the upgrade request, until the connection parameters give another. */
  authorization: string | undefined;
  caller: Caller | null;
  readonly operations: Map<string, SocketOperation>;
  readonly backpressure: Backpressure;
  /** Writes of an act leave together. */
  together(act: () => void): void;
}

/** An operation on its way. It is what graphql-ws takes for the context; each answer has a real one of its own. */
export interface SocketOperation {
  readonly session: SocketSession;
  /** The client's own name for it. */
  readonly id: string;
  readonly type: OperationTypeNode;
  readonly caller: Caller;
  readonly requestId: string;
  readonly controller: AbortController;
  readonly startedAtMs: number;
  /** Asked for by `extensions: { plan: true }`, as by a header over HTTP. */
  readonly wantsPlan: boolean;
  context: GraphContext | null;
  outcome: Outcome;
}

export interface SocketOperationOptions extends OperationOptions {
  readonly authenticator: Authenticator;
  readonly hub: Hub;
  readonly maxSubscriptionsPerSocket: number;
  /** Called when an operation has said its last word. */
  readonly onEnd: () => void;
}

const CLOSING_BRACE = Buffer.from('}');

type SocketContext = Context<Record<string, unknown> | undefined, SocketSession>;

/**
 * The protocol graphql-transport-ws over the same pipeline as HTTP: bounds, rules, contexts, errors. Queries and
 * mutations are answered too, as the protocol asks.
 */
export function createSocketOperations(options: SocketOperationOptions): Server<SocketSession> {
  const { log, metrics } = options;
  return makeServer<Record<string, unknown> | undefined, SocketSession>({
    connectionInitWaitTimeout: 10_000,
    onConnect: (context) => connect(context, options.authenticator),
    onSubscribe: (context, id, payload) => {
      try {
        return admit(context, id, payload, options);
      } catch (error) {
        return [asGraphqlError(error)];
      }
    },
    execute: async (args) => {
      const operation = operationOf(args);
      operation.context = contextFor(operation, options, true);
      const result = await execute({ ...args, contextValue: operation.context });
      return operation.wantsPlan ? withPlan(result, operation.context) : result;
    },
    subscribe: (args) => subscribe(args, options),
    onNext: (_context, _id, _payload, args, result) => {
      const operation = operationOf(args);
      const shown = shownResult(result, operation.context, operation.requestId, log);
      if (shown.errors !== undefined) operation.outcome = result.data == null ? 'error' : 'partial';
      return shown;
    },
    onError: ({ extra }, id, _payload, errors) => {
      const operation = extra.operations.get(id);
      if (operation === undefined) metrics.operation('unknown', 'refused', 0);
      else operation.outcome = 'error';
      if (operation !== undefined) end(extra, id, options);
      return errors.map((error) => formatError(error, `${extra.requestId}/${id}`, log));
    },
    onComplete: ({ extra }, id) => end(extra, id, options),
    onClose: ({ extra }) => {
      for (const id of [...extra.operations.keys()]) end(extra, id, options);
    },
  });
}

function connect({ extra, connectionParams }: SocketContext, authenticator: Authenticator): boolean {
  const given = Object.entries(connectionParams ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (typeof given === 'string') extra.authorization = given;
  try {
    const caller = authenticator.callerOf(extra.authorization);
    if (!extra.place.giveTo(caller)) {
      extra.socket.close(
        TRY_AGAIN_LATER,
        'This caller has as many connections as it may; close some or come back later',
      );
      return false;
    }
    extra.caller = caller;
    return true;
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    // Stock clients give up at 4401 (there is no token to try) and come back after 4403 (a token may be replaced).
    if (extra.authorization === undefined) extra.socket.close(4401, error.message);
    else extra.socket.close(4403, error.message);
    return false;
  }
}

function admit(
  { extra, subscriptions }: SocketContext,
  id: string,
  payload: SubscribePayload,
  { schema, gate, metrics, maxSubscriptionsPerSocket }: SocketOperationOptions,
): ExecutionArgs | readonly GraphQLError[] {
  // `subscriptions` counts this one, and forgets what the client has completed; what still runs then is bounded as well.
  if (
    Object.keys(subscriptions).length > maxSubscriptionsPerSocket ||
    extra.operations.size >= 2 * maxSubscriptionsPerSocket
  ) {
    throw new LimitError(`${maxSubscriptionsPerSocket} operations run on this socket already; more are not allowed`);
  }
  // What the client gave up while it began still runs: another of its name would be taken for it, and never end.
  if (extra.operations.has(id)) throw new InputError(`id: the operation ${id} has not ended yet; give each a new one`);
  const admitted = admitOperation(gate, payload.query, payload.operationName, payload.variables);
  if (admitted.document === undefined) return admitted.errors;
  const { document, type } = admitted;
  const operation: SocketOperation = {
    session: extra,
    id,
    type,
    caller: extra.caller as Caller,
    requestId: `${extra.requestId}/${id}`,
    controller: new AbortController(),
    startedAtMs: performance.now(),
    wantsPlan: payload.extensions?.plan === true,
    context: null,
    outcome: 'ok',
  };
  extra.operations.set(id, operation);
  if (type === 'subscription') metrics.subscribers.inc();
  return {
    schema,
    document,
    operationName: payload.operationName,
    variableValues: payload.variables,
    contextValue: operation,
  };
}

/** graphql-js' subscribe would keep the first context for every event; here each event is asked with new loaders. */
async function subscribe(
  args: ExecutionArgs,
  options: SocketOperationOptions,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const operation = operationOf(args);
  const source = await createSourceEventStream({ ...args, contextValue: contextFor(operation, options, false) });
  if (!(Symbol.asyncIterator in source)) return source;
  const { signal } = operation.controller;
  const shared = options.hub.subscribe(source, { args, caller: operation.caller }, new SocketSubscriber(operation));
  if (shared !== null) {
    onceAborted(signal, () => shared.leave());
    return silentAnswers(shared);
  }
  const events = source[Symbol.asyncIterator]();
  onceAborted(signal, () => void events.return?.());
  // No async generator: its return() would wait for the next event, which may be days away.
  const answers: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => answers,
    async next() {
      const event = await events.next();
      if (event.done === true) return { done: true, value: undefined };
      operation.context = contextFor(operation, options, true);
      const value = await execute({ ...args, rootValue: event.value, contextValue: operation.context });
      return { done: false, value };
    },
    async return() {
      operation.controller.abort();
      return { done: true, value: undefined };
    },
  };
  return answers;
}

/** Also of an operation that was over before its source was there. */
function onceAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}

/** Messages differ by the client's name for the operation; the rest is the same bytes for everybody. */
class SocketSubscriber implements Receiver {
  readonly backpressure: Backpressure;
  readonly together: SocketSession['together'];
  private readonly socket: WebSocket;
  private readonly transport: Socket;
  private readonly head: Buffer;

  constructor({ id, session }: SocketOperation) {
    this.backpressure = session.backpressure;
    this.together = session.together;
    this.socket = session.socket;
    this.transport = session.transport;
    this.head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  }

  send(payload: Buffer): void {
    const { socket } = this;
    if (socket.readyState === socket.OPEN) writeText(this.transport, this.head, payload, CLOSING_BRACE);
  }
}

/** What the protocol waits on while the hub does the sending: it ends, or fails, when the subscription does. */
function silentAnswers({ ended, leave }: Subscription): AsyncIterableIterator<ExecutionResult> {
  const answers: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => answers,
    async next() {
      await ended;
      return { done: true, value: undefined };
    },
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
  return answers;
}

function end(session: SocketSession, id: string, { metrics, onEnd }: SocketOperationOptions): void {
  const operation = session.operations.get(id);
  if (operation === undefined) return;
  session.operations.delete(id);
  operation.controller.abort();
  if (operation.type === 'subscription') metrics.subscribers.dec();
  metrics.operation(operation.type, operation.outcome, (performance.now() - operation.startedAtMs) / 1_000);
  onEnd();
}

function contextFor(operation: SocketOperation, { createContext }: OperationOptions, cache: boolean): GraphContext {
  return createContext({ caller: operation.caller, signal: operation.controller.signal, cache });
}

function operationOf(args: ExecutionArgs): SocketOperation {
  return args.contextValue as SocketOperation;
}
