import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { answerOf, startTestServer, type TestServer } from './test-server.js';

/** What an attacker sends as a document, and the code that answers it. */
const documents = [
  ['depth bomb', `{ thing { ${'self { '.repeat(100)}name ${'} '.repeat(101)}}`, 'LIMIT_EXCEEDED'],
  ['alias bomb', `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: hello`).join(' ')} }`, 'LIMIT_EXCEEDED'],
  ['field bomb', `{ ${'hello '.repeat(900)} }`, 'LIMIT_EXCEEDED'],
  ['token bomb', `{ ${'hello '.repeat(20_000)} }`, 'LIMIT_EXCEEDED'],
  ['directive bomb', `{ hello ${'@x '.repeat(20_000)} }`, 'LIMIT_EXCEEDED'],
  [
    'exponential fragments',
    `{ thing { ...F0 } } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on Thing { a: self { ...F${n + 1} } b: self { ...F${n + 1} } }`).join(' ')} fragment F40 on Thing { name }`,
    'LIMIT_EXCEEDED',
  ],
  [
    'cyclic fragments',
    '{ thing { ...A } } fragment A on Thing { self { ...B } } fragment B on Thing { self { ...A } }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'endless introspection',
    `{ __schema { types { ${'fields { type { '.repeat(30)} name ${'} } '.repeat(30)} } } }`,
    'LIMIT_EXCEEDED',
  ],
  ['nested list values', `{ double(of: ${'['.repeat(700)}${']'.repeat(700)}) }`, 'LIMIT_EXCEEDED'],
  ['no document', '   ', 'GRAPHQL_PARSE_FAILED'],
] as const;

describe.each(documents)('a %s', (_name, query, code) => {
  it('is answered over HTTP and WebSocket alike, is not executed, and disturbs nobody', async () => {
    const server = await startTestServer();
    const neighbour = await opened(server);
    const http = await server.post({ query });
    expect(http.status).toBe(400);
    expect((await answerOf(http)).errors[0]?.extensions.code).toBe(code);

    const attacker = await opened(server);
    const answers = messages(attacker);
    send(attacker, query);
    expect(await answers(1)).toMatchObject([{ type: 'error', payload: [{ extensions: { code } }] }]);
    expect(server.requests.filter(({ cache }) => !cache)).toEqual([]);
    await expectServed(server, neighbour);
  });
});

describe('what is no document at all', () => {
  it('ends with 413 over HTTP and 1009 over WebSocket when it is too long', async () => {
    const server = await startTestServer();
    const neighbour = await opened(server);
    const query = `{ hello # ${'x'.repeat(1_000_000)}\n}`;
    const http = await server.post({ query });
    expect(http.status).toBe(413);
    expect((await answerOf(http)).errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
    const attacker = await opened(server);
    send(attacker, query);
    expect(await closeCode(attacker)).toBe(1009);
    await expectServed(server, neighbour);
  });

  it.each([
    ['no JSON', 'hello'],
    ['bytes', Buffer.from([0, 255, 1, 254])],
    ['no message of the protocol', '{"type":"attack"}'],
    ['a subscription without a document', '{"type":"subscribe","id":"1","payload":{}}'],
    ['variables that are a list', '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[1]}}'],
  ])('closes the socket that sent %s with 4400, and no other', async (_name, frame) => {
    const server = await startTestServer();
    const neighbour = await opened(server);
    const attacker = await opened(server);
    attacker.send(frame);
    expect(await closeCode(attacker)).toBe(4400);
    await expectServed(server, neighbour);
  });

  it('closes a socket that asks before it has said who it is', async () => {
    const server = await startTestServer();
    const socket = new WebSocket(address(server), 'graphql-transport-ws');
    await once(socket, 'open');
    send(socket, '{ hello }');
    expect(await closeCode(socket)).toBe(4401);
  });

  it('closes a socket that does not speak the protocol', async () => {
    const server = await startTestServer();
    expect(await closeCode(new WebSocket(address(server)))).toBe(4406);
  });

  it('lets a socket run a few operations at once, refuses the others one by one, and goes on', async () => {
    const server = await startTestServer();
    const greedy = await opened(server);
    const answers = messages(greedy);
    for (let index = 0; index < 1_000; index += 1) send(greedy, 'subscription { tick }', `s${index}`);
    const refused = await answers(995);
    expect(new Set(refused.map(({ payload }) => payload?.[0]?.extensions.code))).toEqual(new Set(['LIMIT_EXCEEDED']));
    expect(server.openStreams()).toBe(5);
    greedy.send(JSON.stringify({ type: 'complete', id: 's0' }));
    const hello = messages(greedy);
    send(greedy, '{ hello }', 'again');
    expect(await hello(1)).toMatchObject([{ type: 'next', id: 'again' }]);
  });

  it('no longer reads a socket that sends pings and does not read the answers', async () => {
    const server = await startTestServer();
    const neighbour = await opened(server);
    const deaf = await opened(server);
    deaf.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(8_000) } });
    // What the kernel's buffers take is some megabytes; beyond them the sender's own queue grows, and not the gateway's.
    await until('the sender to be held back', () => {
      for (let sent = 0; sent < 2_000; sent += 1) deaf.send(ping);
      return deaf.bufferedAmount > 20_000_000;
    });
    await expectServed(server, neighbour);
    const before = deaf.bufferedAmount;
    await expectServed(server, neighbour);
    expect(deaf.bufferedAmount).toBe(before);
    deaf.resume();
    await until('the sender to be read again', () => deaf.bufferedAmount < before);
  });

  it('ends requests with headers or types that make no sense with 4xx', async () => {
    const server = await startTestServer();
    const get = (path: string) => fetch(`${server.url}${path}`, { headers: { 'apollo-require-preflight': '1' } });
    expect((await get('/graphql')).status).toBe(400);
    expect((await get('/graphql?query=%7B%20hello%20%7D&variables=%7B')).status).toBe(400);
    expect((await get('/graphiql/../../package.json')).status).toBe(404);
    expect((await get('/graphiql/%2e%2e/%2e%2e/package.json')).status).toBe(404);
    expect((await server.post({ query: '{ hello }' }, { 'content-type': 'application/xml' })).status).toBe(415);
    expect((await server.post('null')).status).toBe(400);
    expect((await server.post({ query: { a: 1 } })).status).toBe(400);
    expect((await server.post({ query: '{ hello }', variables: 'x' })).status).toBe(400);
  });
});

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: readonly { readonly extensions: { readonly code: string } }[];
}

function address({ url }: TestServer): string {
  return `${url.replace('http', 'ws')}/graphql`;
}

async function opened(server: TestServer): Promise<WebSocket> {
  const socket = new WebSocket(address(server), 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const acknowledged = once(socket, 'message');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await acknowledged;
  return socket;
}

function send(socket: WebSocket, query: string, id = '1'): void {
  socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query } }));
}

/** Collects from now on; resolves with the first `count` messages. */
function messages(socket: WebSocket): (count: number) => Promise<readonly Message[]> {
  const seen: Message[] = [];
  let notify = () => {};
  socket.on('message', (data) => {
    seen.push(JSON.parse(data.toString()) as Message);
    notify();
  });
  return (count) =>
    new Promise((resolve) => {
      notify = () => {
        if (seen.length >= count) resolve(seen.slice(0, count));
      };
      notify();
    });
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close');
  return code as number;
}

/** Another client is served as if nothing had happened. */
async function expectServed(server: TestServer, neighbour: WebSocket): Promise<void> {
  const answers = messages(neighbour);
  send(neighbour, '{ hello }');
  expect(await answers(2)).toMatchObject([
    { type: 'next', payload: { data: { hello: 'world' } } },
    { type: 'complete' },
  ]);
  expect((await server.post({ query: '{ hello }' })).status).toBe(200);
}
