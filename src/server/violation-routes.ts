import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
  isEnumType,
  parse,
} from 'graphql';
import type { Caller } from '../domain/access.js';
import { GatewayError, InputError, StoreError } from '../domain/errors.js';
import type { LogPosition } from '../domain/ports.js';
import { encodeStreamCursor } from '../graph/cursor.js';
import { StreamBookmarkType, StreamResetType, type ViolationStreamItem } from '../graph/violation.type.js';
import type { StreamEntry, ViolationReader } from '../graph/violation-reader.js';
import { ViolationStream } from '../graph/violation-stream.js';
import { asGraphqlError, formatError } from './format-error.js';
import { acceptsEvents, type StreamRouteOptions } from './graphql-stream.js';
import { answer, identify, sendErrors } from './http.js';
import { RETRY_SECONDS } from './places.js';

const DOCUMENT = parse(`subscription ($after: Cursor, $filter: ViolationFilter, $snapshot: Boolean) {
  violations(after: $after, filter: $filter, snapshot: $snapshot) {
    ... on ViolationEvent {
      cursor eventId transition evaluatedAt emittedAt late
      violation {
        id sloName kind severity status startedAt resolvedAt message
        burnRate peakBurnRate budgetConsumed threshold value microservice { namespace name cluster { name } }
      }
    }
    ... on StreamBookmark { cursor snapshotComplete at }
    ... on StreamReset { reason oldestAvailable snapshotFollows }
  }
}`);
/** What stands around an item in an answer without errors. */
const BEFORE = '{"data":{"violations":';
const AFTER = '}}';

const TEXTS = ['slo', 'cluster', 'application', 'microservice'] as const;
/** Parameters that list values of an enum of the graph. */
const LISTS = { severity: 'Severity', kind: 'ViolationKind', status: 'ViolationStatus' } as const;
const TIMES = ['startedAfter', 'startedBefore'] as const;
const MAX_PAGE = 500;
const MAX_WAIT_SECONDS = 60;

/** The stream of violations without GraphQL: server-sent events with ids, and pages of JSON. */
export function serveViolations(app: FastifyInstance, options: StreamRouteOptions): void {
  // Nothing would end the answer to a HEAD.
  app.get('/v1/violations/stream', { exposeHeadRoute: false }, async (request, reply) => {
    const caller = identify(request, reply, options);
    if (caller === null) return reply;
    if (!acceptsEvents(request)) {
      return answer(request, reply, 406, new InputError('This address answers with `text/event-stream`; accept it'));
    }
    const opened = await open(request, caller, ['snapshot'], request.headers['last-event-id'], options);
    if (opened instanceof GatewayError) return answer(request, reply, 400, opened);
    if (opened.source === undefined) return refuse(request, reply, opened.errors);
    const stream = options.streams.open(reply, caller);
    if (stream === null) return reply;
    const shared = options.hub.follow(opened.source, opened, {
      backpressure: stream.backpressure,
      together: stream.together,
      send: (payload, position, item) => stream.send(headOf(item, position), bodyOf(payload)),
    });
    options.metrics.subscribers.inc();
    stream.gone.addEventListener('abort', () => shared.leave());
    if (stream.gone.aborted) shared.leave();
    await shared.ended.catch((error: unknown) => {
      const shown = formatError(asGraphqlError(error), request.id, options.log);
      stream.send('event: error\ndata: ', JSON.stringify(shown));
    });
    options.metrics.subscribers.dec();
    stream.end();
    return reply;
  });

  app.get('/v1/violations', async (request, reply) => {
    const caller = identify(request, reply, options);
    if (caller === null) return reply;
    const { limit = `${MAX_PAGE}`, wait = '0' } = request.query as Record<string, string>;
    const opened = await open(request, caller, ['limit', 'wait'], undefined, options);
    if (opened instanceof GatewayError) return answer(request, reply, 400, opened);
    if (opened.source === undefined) return refuse(request, reply, opened.errors);
    const [size, seconds] = [Number(limit), Number(wait)];
    if (!(Number.isInteger(size) && size >= 1 && size <= MAX_PAGE)) {
      return answer(request, reply, 400, new InputError(`limit: a whole number within 1..${MAX_PAGE}`));
    }
    if (wait === '' || !(seconds >= 0 && seconds <= MAX_WAIT_SECONDS)) {
      return answer(request, reply, 400, new InputError(`wait: seconds within 0..${MAX_WAIT_SECONDS}`));
    }
    const { feed } = opened.source;
    const { first, reader } = opened.source.takeApart();
    const reset = first.find(({ item }) => item instanceof StreamResetType)?.item;
    if (reset instanceof StreamResetType) return reply.code(410).send(expired(reset));
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const entries = await readPage(first, reader, feed, seconds * 1_000, [gone.signal, options.streams.closing]);
    const lost = entries.find(({ item }) => item instanceof StreamResetType)?.item;
    if (lost instanceof StreamResetType) return reply.code(410).send(expired(lost));
    if (reader.failing) {
      const failure = new StoreError('the store did not answer; ask again with the same cursor', true);
      return refuse(request, reply, [formatError(asGraphqlError(failure), request.id, options.log)]);
    }
    const events = entries.filter(({ item }) => !(item instanceof StreamBookmarkType));
    const { oldest } = await reader.options.store.position();
    const page = events.slice(0, cutOf(events, size, oldest));
    const bodies = await Promise.all(page.map((entry) => options.hub.payload(opened, entry)));
    const isCut = events.length > page.length;
    const cursor = encodeStreamCursor((isCut ? page.at(-1)?.position : undefined) ?? reader.position);
    const hasMore = isCut || entries.length >= MAX_PAGE;
    return reply
      .header('cache-control', 'no-store')
      .type('application/json; charset=utf-8')
      .send(`{"events":[${bodies.map(bodyOf).join(',')}],"cursor":${JSON.stringify(cursor)},"hasMore":${hasMore}}`);
  });
}

/** Bad input, or a store that is away for a while: which of the two decides whether asking again helps. */
function refuse(request: FastifyRequest, reply: FastifyReply, errors: readonly GraphQLFormattedError[]): FastifyReply {
  const codes = errors.map(({ extensions }) => extensions?.code);
  if (codes.includes('STORE_UNAVAILABLE')) {
    return sendErrors(request, reply.header('retry-after', `${RETRY_SECONDS}`), 503, errors);
  }
  return sendErrors(request, reply, codes.includes('INTERNAL_SERVER_ERROR') ? 500 : 400, errors);
}

/**
 * How many events a page has. What is open may be older than the log is kept: nobody can go on after such an event, so a
 * page does not end with one that has others behind it.
 */
function cutOf(events: readonly StreamEntry[], size: number, oldest: number): number {
  let cut = size;
  while (cut < events.length && (events[cut - 1] as StreamEntry).position.seq < oldest - 1) cut += 1;
  return cut;
}

interface Opened {
  readonly args: ExecutionArgs;
  readonly caller: Caller;
  readonly source: ViolationStream;
}

/** The stream that a request asks for, or what is wrong with it. */
async function open(
  request: FastifyRequest,
  caller: Caller,
  others: readonly string[],
  lastEventId: string | string[] | undefined,
  { createContext, schema, log }: StreamRouteOptions,
): Promise<Opened | GatewayError | { readonly source?: undefined; readonly errors: readonly GraphQLFormattedError[] }> {
  const variableValues = variablesOf(request.query as Record<string, unknown>, others, schema);
  if (variableValues instanceof GatewayError) return variableValues;
  // Whoever reconnects has read further than the address says.
  if (typeof lastEventId === 'string' && lastEventId !== '') variableValues.after = lastEventId;
  const args: ExecutionArgs = { schema, document: DOCUMENT, variableValues };
  const signal = new AbortController().signal;
  const contextValue = createContext({ caller, signal, cache: false });
  const source = await createSourceEventStream({ ...args, contextValue });
  if (source instanceof ViolationStream) return { args, caller, source };
  const errors = 'errors' in source ? (source.errors ?? []) : [];
  return { errors: errors.map((error) => formatError(error, request.id, log)) };
}

function variablesOf(
  query: Record<string, unknown>,
  others: readonly string[],
  schema: GraphQLSchema,
): Record<string, unknown> | InputError {
  const lists = Object.keys(LISTS) as (keyof typeof LISTS)[];
  const known: readonly string[] = ['after', ...TEXTS, ...lists, ...TIMES, ...others];
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown !== undefined) return new InputError(`${unknown}: unknown parameter; there are ${known.join(', ')}`);
  const filter: Record<string, unknown> = {};
  for (const name of TEXTS) if (query[name] !== undefined) filter[name] = { in: [query[name]].flat() };
  for (const name of lists) {
    if (query[name] === undefined) continue;
    const values = [query[name]].flat().flatMap(splitList);
    const allowed = valuesOf(schema, LISTS[name]);
    const wrong = values.find((value) => !allowed.includes(value));
    if (wrong !== undefined) return new InputError(`${name}: "${wrong}" is none of ${allowed.join(', ')}`);
    filter[name] = values;
  }
  for (const name of TIMES) if (query[name] !== undefined) filter[name] = query[name];
  const { after, snapshot } = query;
  if (snapshot !== undefined && snapshot !== 'true' && snapshot !== 'false') {
    return new InputError('snapshot: true or false');
  }
  return {
    filter,
    snapshot: snapshot !== 'false',
    ...(after === undefined || after === '' ? {} : { after }),
  };
}

function splitList(value: unknown): readonly string[] {
  return String(value).toUpperCase().split(',');
}

function valuesOf(schema: GraphQLSchema, name: string): readonly string[] {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
}

/** What there is to read, or will be before the time is up. */
async function readPage(
  first: readonly StreamEntry[],
  reader: ViolationReader,
  feed: ViolationStream['feed'],
  waitMs: number,
  /** Whichever is aborted ends the wait. */
  ends: readonly AbortSignal[],
): Promise<readonly StreamEntry[]> {
  const entries = [...first];
  const deadline = performance.now() + waitMs;
  let woken = true;
  let wake = () => {};
  const rouse = () => {
    woken = true;
    wake();
  };
  const stopListening = feed.onAppend(rouse);
  for (const end of ends) end.addEventListener('abort', rouse);
  const timer = setTimeout(rouse, waitMs);
  const isEvent = ({ item }: StreamEntry) => !(item instanceof StreamBookmarkType);
  try {
    for (;;) {
      woken = false;
      const { entries: read, more } = await reader.read();
      entries.push(...read);
      if (entries.filter(isEvent).length > 0 && (!more || entries.length >= MAX_PAGE)) return entries;
      if (more) continue;
      if (ends.some(({ aborted }) => aborted) || performance.now() >= deadline) return entries;
      if (!woken) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    clearTimeout(timer);
    stopListening();
    for (const end of ends) end.removeEventListener('abort', rouse);
  }
}

function headOf(item: ViolationStreamItem, position: LogPosition): string {
  // Who comes back in the middle of what follows a reset is told so again.
  if (item instanceof StreamResetType) return 'event: reset\ndata: ';
  const event = item instanceof StreamBookmarkType ? 'bookmark' : 'violation';
  return `id: ${encodeStreamCursor(position)}\nevent: ${event}\ndata: `;
}

function bodyOf(payload: Buffer): Buffer {
  const isPlain = payload.subarray(0, BEFORE.length).equals(Buffer.from(BEFORE));
  return isPlain ? payload.subarray(BEFORE.length, payload.length - AFTER.length) : payload;
}

function expired({ reason, oldestAvailable }: StreamResetType) {
  const message =
    reason === 'EXPIRED'
      ? 'after: events behind this cursor are no longer kept; ask without `after` for what is open'
      : 'after: this cursor is of another store; ask without `after` for what is open';
  return { errors: [{ message, extensions: { code: `CURSOR_${reason}`, retryable: false } }], oldestAvailable };
}
