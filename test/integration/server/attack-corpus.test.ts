import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { encodeStreamCursor } from '../../../src/graph/cursor.js';
import { until } from '../../support/until.js';
import { type StreamServer, startStreamServer } from './stream-server.js';

interface Refusal {
  readonly errors: readonly { readonly extensions: { readonly code: string } }[];
}

interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** How a document is sent over each transport, and the code of the refusal that comes back. */
const transports: Readonly<
  Record<string, (server: StreamServer, operation: Operation) => Promise<string | undefined>>
> = {
  'POST /graphql': async (server, operation) => {
    const response = await server.post(operation);
    expect(response.status).toBe(400);
    return codeOf((await response.json()) as Refusal);
  },
  'GET /graphql': async ({ url }, operation) => {
    const response = await fetch(`${url}/graphql?${searchOf(operation)}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(response.status).toBe(400);
    return codeOf((await response.json()) as Refusal);
  },
  WebSocket: async (server, operation) => {
    const { socket, messages } = await opened(server);
    socket.send(JSON.stringify({ type: 'subscribe', id: 'attack', payload: operation }));
    const answer = await until('an answer', () => messages.find(({ id }) => id === 'attack'));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    // What is refused only when it is carried out is an answer like others.
    return codeOf((answer.type === 'error' ? { errors: answer.payload } : answer.payload) as Refusal);
  },
  'POST /graphql/stream': async ({ url }, operation) =>
    streamed(await fetch(`${url}/graphql/stream`, posted(operation))),
  'GET /graphql/stream': async ({ url }, operation) =>
    streamed(await fetch(`${url}/graphql/stream?${searchOf(operation)}`)),
};
const everywhere = Object.keys(transports);
const streams = everywhere.filter((name) => !name.endsWith(' /graphql'));

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');
const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 'x');

const corpus: readonly (readonly [string, Operation, string, readonly string[]])[] = [
  ['depth', { query: `{ ${'a { '.repeat(100)} a ${'} '.repeat(100)} }` }, 'LIMIT_EXCEEDED', everywhere],
  ['aliases', { query: `{ ${times(200, (n) => `a${n}: __typename`)} }` }, 'LIMIT_EXCEEDED', everywhere],
  ['tokens', { query: `{ ${times(2_000, () => 'a')} }` }, 'LIMIT_EXCEEDED', everywhere],
  [
    'exponential fragments',
    {
      query: `{ ...F0 } ${times(40, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F40 on Query { __typename }`,
    },
    'LIMIT_EXCEEDED',
    everywhere,
  ],
  [
    'endless introspection',
    { query: `{ __schema { types { ${'fields { type { '.repeat(12)} name ${'} } '.repeat(12)} } } }` },
    'LIMIT_EXCEEDED',
    everywhere,
  ],
  [
    'pages in pages',
    { query: `{ ${'slos(first: 5000) { nodes { violations(first: 5000) { nodes { '}id ${'} } '.repeat(2)} }` },
    'LIMIT_EXCEEDED',
    everywhere,
  ],
  [
    'pages as long as a variable says',
    {
      query: 'query ($n: Int) { slos(first: $n) { nodes { violations(first: $n) { nodes { id } } } } }',
      variables: { n: 5_000 },
    },
    'LIMIT_EXCEEDED',
    everywhere,
  ],
  [
    'variables that nobody declared, nested deeply',
    { query: '{ __typename }', variables: { f: nested(2_000) } },
    'LIMIT_EXCEEDED',
    ['POST /graphql', 'WebSocket', 'POST /graphql/stream'],
  ],
  [
    'cyclic fragments',
    { query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' },
    'GRAPHQL_VALIDATION_FAILED',
    everywhere,
  ],
  ['a field that is none', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED', everywhere],
  ['no GraphQL', { query: '\u0000{{{' }, 'GRAPHQL_PARSE_FAILED', everywhere],
  [
    'two subscriptions in one',
    { query: 'subscription { a: violations { __typename } b: violations { __typename } }' },
    'GRAPHQL_VALIDATION_FAILED',
    streams,
  ],
  [
    'an operation that is not told from another',
    { query: 'query A { __typename } query B { __typename }' },
    'OPERATION_RESOLUTION_FAILURE',
    everywhere,
  ],
  ...['forged', '', 'WyJzMSJd', encodeStreamCursor({ epoch: 'x', seq: 1 }).slice(1)].map(
    (after) =>
      [
        `the forged cursor ${JSON.stringify(after)}`,
        { query: 'subscription ($after: Cursor) { violations(after: $after) { __typename } }', variables: { after } },
        'BAD_INPUT',
        streams,
      ] as const,
  ),
  [
    'a filter value that is none',
    {
      query: 'subscription ($f: ViolationFilter) { violations(filter: $f) { __typename } }',
      variables: { f: { severity: ['LOUD'] } },
    },
    'BAD_USER_INPUT',
    streams,
  ],
  [
    'a variable that is nested deeply',
    {
      query: 'subscription ($f: ViolationFilter) { violations(filter: $f) { __typename } }',
      variables: { f: nested(1_000) },
    },
    'LIMIT_EXCEEDED',
    everywhere,
  ],
  [
    'a consumer without a name',
    { query: 'subscription { violations(consumer: " ") { __typename } }' },
    'BAD_INPUT',
    streams,
  ],
];

describe.each(corpus)('%s', (_name, operation, code, over) => {
  it(`is answered with ${code} over ${over.join(', ')}, and disturbs nobody`, async () => {
    const server = await startStreamServer();
    const served = await neighbours(server);
    for (const name of over) expect([name, await transports[name]?.(server, operation)]).toEqual([name, code]);
    await served();
  });
});

describe('what is no operation', () => {
  it('ends with 413, 431 or 1009 when it is too long', async () => {
    const server = await startStreamServer();
    const served = await neighbours(server);
    const long = { query: `{ __typename # ${'x'.repeat(1_000_000)}\n}` };
    expect((await server.post(long)).status).toBe(413);
    expect((await fetch(`${server.url}/graphql/stream`, posted(long))).status).toBe(413);
    for (const path of ['/graphql/stream', '/v1/violations', '/v1/violations/stream']) {
      expect((await fetch(`${server.url}${path}?after=${'x'.repeat(100_000)}`)).status).toBe(431);
    }
    expect(await closedWith(server, JSON.stringify({ type: 'subscribe', id: '1', payload: long }))).toBe(1009);
    await served();
  });

  it.each([
    ['no JSON', 'hello', 400, 4400],
    ['bytes', Buffer.from([0, 255, 1, 254]), 400, 4400],
    ['null', 'null', 400, 4400],
    ['no document', '{"type":"subscribe","id":"1","payload":{}}', 400, 4400],
    [
      'variables that are a list',
      '{"type":"subscribe","id":"1","query":"{ a }","variables":[1],"payload":{"query":"{ a }","variables":[1]}}',
      400,
      4400,
    ],
  ])('is refused when it is %s', async (_name, body, status, closeCode) => {
    const server = await startStreamServer();
    const served = await neighbours(server);
    for (const path of ['/graphql', '/graphql/stream']) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      expect([path, (await fetch(`${server.url}${path}`, init)).status]).toEqual([path, status]);
    }
    expect(await closedWith(server, body)).toBe(closeCode);
    await served();
  });

  it.each(['after=forged', 'after=a&after=b', 'severity=LOUD', 'startedAfter=yesterday', '__proto__=1', 'nothing=1'])(
    'is refused with 400 as /v1/violations?%s',
    async (search) => {
      const server = await startStreamServer();
      const served = await neighbours(server);
      for (const path of ['/v1/violations', '/v1/violations/stream']) {
        const response = await fetch(`${server.url}${path}?${search}`);
        expect([path, response.status]).toEqual([path, 400]);
        expect(codeOf((await response.json()) as Refusal)).toMatch(/^BAD_(USER_)?INPUT$/);
      }
      await served();
    },
  );
});

/** Everything that can be asked for by a request of HTTP. */
const requests = [
  ['POST', '/graphql'],
  ['GET', '/graphql?query={__typename}'],
  ['POST', '/graphql/stream'],
  ['GET', '/graphql/stream?query={__typename}'],
  ['GET', '/v1/violations'],
  ['GET', '/v1/violations/stream'],
] as const;

describe('who may not ask', () => {
  it.each(['https://evil.example', 'null'])('is a page of %s, over every transport', async (origin) => {
    const server = await startStreamServer();
    const served = await neighbours(server);
    for (const [method, path] of requests) {
      expect([path, (await asked(server, method, path, { origin })).status]).toEqual([path, 403]);
    }
    const [, response] = await once(
      new WebSocket(address(server), 'graphql-transport-ws', { origin }),
      'unexpected-response',
    );
    expect(response.statusCode).toBe(403);
    await served();
  });

  it('is nobody whose token is missing or wrong, over every transport', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    writeFileSync(tokensFile, '- { name: ops, token: secret }\n');
    const server = await startStreamServer({ tokensFile });
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic secret' }]) {
      for (const [method, path] of requests) {
        expect([path, (await asked(server, method, path, headers)).status]).toEqual([path, 401]);
      }
      const socket = new WebSocket(address(server), 'graphql-transport-ws', { headers });
      await once(socket, 'open');
      socket.send('{"type":"connection_init"}');
      expect((await once(socket, 'close'))[0]).toBe('authorization' in headers ? 4403 : 4401);
    }
  });
});

describe('a query or mutation', () => {
  it('is answered over WebSocket and server-sent events as over HTTP; a GET changes nothing', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' });
    const { socket, messages } = await opened(server);
    const info = await server.post({ query: '{ streamInfo { head } }' });
    const { data } = (await info.json()) as { data: { streamInfo: { head: string } } };
    const query = `mutation { ackViolations(consumer: "pager", cursor: "${data.streamInfo.head}") }`;
    for (const path of ['/graphql', '/graphql/stream']) {
      expect((await asked(server, 'GET', `${path}?${searchOf({ query })}`, {})).status).toBe(405);
    }
    const done = { data: { ackViolations: true } };
    socket.send(JSON.stringify({ type: 'subscribe', id: 'm', payload: { query } }));
    expect((await until('the answer', () => messages.find(({ id }) => id === 'm'))).payload).toEqual(done);
    const response = await fetch(`${server.url}/graphql/stream`, posted({ query }));
    expect(await response.text()).toBe(`event: next\ndata: ${JSON.stringify(done)}\n\nevent: complete\ndata:\n\n`);
  });
});

describe('a thousand subscriptions', () => {
  it('on one socket are refused beyond its bound, one by one, and leave nothing behind when it is cut', async () => {
    const server = await startStreamServer();
    const served = await neighbours(server);
    const { socket, messages } = await opened(server);
    const query = 'subscription { violations { __typename } }';
    for (let n = 0; n < 1_000; n += 1)
      socket.send(JSON.stringify({ type: 'subscribe', id: `s${n}`, payload: { query } }));
    await until('all answers', () => messages.length >= 1_001);
    const refused = messages.filter(({ type }) => type === 'error');
    expect(new Set(refused.map(({ payload }) => codeOf({ errors: payload as Refusal['errors'] })))).toEqual(
      new Set(['LIMIT_EXCEEDED']),
    );
    expect(refused).toHaveLength(950);
    socket.terminate();
    await until('its subscriptions to end', async () => (await subscribers(server)) === 2);
    await served();
  });
});

function codeOf({ errors }: Refusal): string | undefined {
  return errors[0]?.extensions.code;
}

function posted(operation: Operation) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(operation) };
}

function searchOf({ query, variables = {} }: Operation): URLSearchParams {
  return new URLSearchParams({ query, variables: JSON.stringify(variables) });
}

/** A refusal is said in the stream, which ends. */
async function streamed(response: Response): Promise<string | undefined> {
  expect(response.status).toBe(200);
  const [, text = ''] = /^event: next\ndata: (.*)\n\nevent: complete\ndata:\n\n$/.exec(await response.text()) ?? [];
  return codeOf(JSON.parse(text) as Refusal);
}

/** Not by fetch, which lets nobody choose an origin. */
async function asked({ url }: StreamServer, method: string, path: string, headers: Record<string, string>) {
  const sent = { 'apollo-require-preflight': '1', 'content-type': 'application/json', ...headers };
  const request = httpRequest(`${url}${path.replace('{__typename}', '%7B__typename%7D')}`, { method, headers: sent });
  request.end(method === 'POST' ? '{"query":"{ __typename }"}' : undefined);
  const [response] = await once(request, 'response');
  response.destroy();
  return { status: response.statusCode as number };
}

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

function address({ url }: StreamServer): string {
  return `${url.replace('http', 'ws')}/graphql`;
}

async function opened(server: StreamServer) {
  const socket = new WebSocket(address(server), 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(data.toString()) as Message));
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await until('the acknowledgement', () => messages.length === 1);
  return { socket, messages };
}

async function closedWith(server: StreamServer, frame: string | Buffer): Promise<number> {
  const { socket } = await opened(server);
  socket.send(frame);
  const [code] = await once(socket, 'close');
  return code as number;
}

async function subscribers({ url }: StreamServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^slograph_stream_subscribers (\d+)$/m.exec(text)?.[1]);
}

/** Two who follow, over WebSocket and server-sent events: each gets the next event, once, whatever others did. */
async function neighbours(server: StreamServer): Promise<() => Promise<void>> {
  const { socket, messages } = await opened(server);
  const query = 'subscription { violations { ... on ViolationEvent { eventId } } }';
  socket.send(JSON.stringify({ type: 'subscribe', id: 'n', payload: { query } }));
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${server.url}/v1/violations/stream`, { signal: controller.signal });
  let text = '';
  void (async () => {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString();
  })().catch(() => {});
  await until('the bookmarks', () => messages.length === 2 && text.includes('event: bookmark'));
  return async () => {
    await server.append({ id: 'later' });
    await until('the event', () => messages.length === 3 && text.includes('later/opened'));
    expect(messages[2]?.payload).toEqual({ data: { violations: { eventId: 'later/opened' } } });
    expect(text.split('later/opened')).toHaveLength(2);
    expect(server.logged()).not.toContain('INTERNAL_SERVER_ERROR');
  };
}
