import { randomUUID } from 'node:crypto';
import type { ExecutionArgs } from 'graphql';
import type { Caller } from '../domain/access.js';
import { SloStatusStream } from '../graph/slo-status-stream.js';
import type { StreamEntry } from '../graph/violation-reader.js';
import { ViolationStream } from '../graph/violation-stream.js';
import { createExecutor, type Execute } from './executor.js';
import { hubKey } from './hub-key.js';
import { LatestGroup, type Receiver } from './latest-group.js';
import { type End, LogGroup, type Subscriber } from './log-group.js';
import type { OperationOptions } from './operations.js';
import { createPayloads, type Payload } from './payloads.js';
import { shownResult } from './shown-result.js';

export interface SharedOperation {
  readonly args: ExecutionArgs;
  readonly caller: Caller;
}

export interface Subscription {
  /** Rejects when the subscription failed. */
  readonly ended: Promise<void>;
  leave(): void;
}

/** Executes and serialises once per event for all equal subscriptions, over whatever transport they came. */
export interface Hub {
  /** Serves a source that can be shared; null for any other, which is the asker's to iterate. */
  subscribe(source: AsyncIterable<unknown>, operation: SharedOperation, receiver: Receiver): Subscription | null;
  /** The same of violations, for who wants to know where in the log each answer stands. */
  follow(source: ViolationStream, operation: SharedOperation, subscriber: Subscriber): Subscription;
  /** The answer to an entry of a stream of violations, made now or at hand. */
  payload(operation: SharedOperation, entry: StreamEntry): Promise<Buffer>;
}

/** Answers about states are of use until the next evaluation. */
const MAX_STATUS_BYTES = 33_554_432;

export function createHub(options: OperationOptions): Hub {
  const groups = new Map<string, LogGroup>();
  const payloads = createPayloads();
  const latestGroups = new Map<string, LatestGroup>();
  const latestPayloads = createPayloads(MAX_STATUS_BYTES);
  let latestMade = 0;
  const prepare = createExecutor(options.schema, options.executor ?? 'graphql-jit');

  /** Makes the operation's answer to one item, in a context of its own. */
  function answering({ args, caller }: SharedOperation, signal: AbortSignal): (item: unknown) => Promise<Payload> {
    const { document, operationName, variableValues: variables } = args;
    let execute: Execute | null = null;
    return async (item) => {
      execute ??= prepare({ document, operationName, variables });
      const context = options.createContext({ caller, signal, cache: true });
      const result = await execute(context, item);
      const shown = shownResult(result, context, result.errors === undefined ? '' : randomUUID(), options.log);
      return { bytes: bytesOf(JSON.stringify(shown)), lasting: shown.errors === undefined };
    };
  }

  function groupOf(stream: ViolationStream, operation: SharedOperation): LogGroup {
    const key = keyOf(operation);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const controller = new AbortController();
    const group: LogGroup = new LogGroup({
      key,
      payloads,
      stream,
      signal: controller.signal,
      execute: answering(operation, controller.signal),
      onEmpty() {
        if (groups.get(key) === group) groups.delete(key);
        controller.abort();
      },
    });
    groups.set(key, group);
    return group;
  }

  function latestGroupOf(stream: SloStatusStream, operation: SharedOperation): LatestGroup {
    const key = keyOf(operation);
    const statuses = stream.takeApart();
    const known = latestGroups.get(key);
    if (known !== undefined) return known;
    const controller = new AbortController();
    latestMade += 1;
    const group: LatestGroup = new LatestGroup({
      key: `${key} ${latestMade}`,
      payloads: latestPayloads,
      statuses,
      signal: controller.signal,
      execute: answering(operation, controller.signal),
      onEmpty() {
        if (latestGroups.get(key) === group) latestGroups.delete(key);
        controller.abort();
      },
    });
    latestGroups.set(key, group);
    return group;
  }

  function follow(source: ViolationStream, operation: SharedOperation, subscriber: Subscriber) {
    const group = groupOf(source, operation);
    const { first, reader } = source.takeApart();
    return joined((end) => group.join(subscriber, end, first, reader));
  }

  return {
    follow,
    async payload(operation, { item, key }) {
      const { signal } = new AbortController();
      const make = () => answering(operation, signal)(item);
      return key === null ? (await make()).bytes : payloads.of(`${keyOf(operation)} ${key}`, make, signal);
    },
    subscribe(source, operation, receiver) {
      if (source instanceof ViolationStream) return follow(source, operation, receiver);
      if (!(source instanceof SloStatusStream)) return null;
      const group = latestGroupOf(source, operation);
      return joined((end) => group.join(receiver, end));
    },
  };
}

function joined(join: (end: End) => { leave(): void }): Subscription {
  const { promise: ended, resolve, reject } = deferred();
  const membership = join((error) => (error === undefined ? resolve() : reject(error)));
  return {
    ended,
    leave() {
      membership.leave();
      resolve();
    },
  };
}

function keyOf({ args, caller }: SharedOperation): string {
  const { document, operationName, variableValues: variables } = args;
  return hubKey({ document, operationName, variables, caller });
}

/** In memory of its own: a part of the pool that small buffers share would keep all of that for as long as it is kept. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  // Whoever left before does not hear of it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
