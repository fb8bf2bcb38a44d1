import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { encodeStreamCursor } from '../../../src/graph/cursor.js';
import { collect } from '../../support/gateway.js';
import { until } from '../../support/until.js';
import { type StreamServer, startStreamServer } from './stream-server.js';

const DOCUMENT = `subscription ($after: Cursor, $filter: ViolationFilter) {
  violations(after: $after, filter: $filter) {
    __typename
    ... on ViolationEvent { cursor eventId violation { sloName message } }
    ... on StreamBookmark { cursor snapshotComplete }
    ... on StreamReset { reason }
  }
}`;

interface Item {
  readonly violations: {
    readonly __typename: string;
    readonly cursor: string;
    readonly eventId?: string;
    readonly snapshotComplete?: boolean;
  };
}

function subscribe(client: ReturnType<StreamServer['client']>, variables: Record<string, unknown> = {}) {
  const { seen, errors, stop } = collect<Item>(client, { query: DOCUMENT, variables });
  const items = () => seen.map(({ violations }) => violations);
  return {
    items,
    errors,
    stop,
    events: () => items().flatMap(({ eventId }) => eventId ?? []),
    caughtUp: () => until('the bookmark', () => items().some(({ snapshotComplete }) => snapshotComplete === true)),
  };
}

const opened = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `v${from + i}/opened`);

describe('equal subscriptions', () => {
  it('are executed once for an event, whatever cursor each began with, and others are not mixed up with them', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' });
    const client = server.client();
    const first = subscribe(client);
    await first.caughtUp();
    const [{ cursor = '' } = {}] = first.items();
    const equal = [
      first,
      ...Array.from({ length: 9 }, (_, i) => subscribe(client, i % 2 === 0 ? {} : { after: cursor })),
    ];
    const other = subscribe(client, { filter: { slo: { eq: 'another' } } });
    await Promise.all([...equal, other].map(({ caughtUp }) => caughtUp()));
    const before = server.requests.length;
    await server.append({ id: 'v2' });
    await until('the event', () => equal.every(({ events }) => events().includes('v2/opened')));
    expect(server.requests.length - before).toBe(1);
    await server.append({ id: 'v3', slo: 'another' });
    await until('the event', () => [...equal, other].every(({ events }) => events().includes('v3/opened')));
    expect(server.requests.length - before).toBe(3);
    expect(other.events()).toEqual(['v3/opened']);
    for (const [index, { events }] of equal.entries()) {
      expect(events()).toEqual(opened(index > 0 && index % 2 === 0 ? 2 : 1, 3));
    }
  });

  it('are not equal when their callers may see different things', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    writeFileSync(
      tokensFile,
      `- { name: a, token: a-secret, namespaces: [a] }\n- { name: b, token: b-secret, namespaces: [b] }\n`,
    );
    const server = await startStreamServer({ tokensFile });
    const streams = ['a', 'b'].map((name) => subscribe(server.client({ authorization: `Bearer ${name}-secret` })));
    await Promise.all(streams.map(({ caughtUp }) => caughtUp()));
    await server.append(
      { id: 'v1', microservice: { namespace: 'a', name: 'x' } },
      { id: 'v2', microservice: { namespace: 'b', name: 'x' } },
      { id: 'v3', microservice: { namespace: 'a', name: 'x' } },
      { id: 'v4', microservice: { namespace: 'b', name: 'x' } },
    );
    await until('the last event', () => streams.every(({ events }) => events().length === 2));
    expect(streams.map(({ events }) => events())).toEqual([
      ['v1/opened', 'v3/opened'],
      ['v2/opened', 'v4/opened'],
    ]);
  });

  it('miss nothing and get nothing twice, whenever they join a log that is being appended to', async () => {
    const server = await startStreamServer();
    const client = server.client();
    const all = subscribe(client);
    await all.caughtUp();
    const streams: ReturnType<typeof subscribe>[] = [all];
    for (let id = 1; id <= 60; id += 1) {
      const append = server.append({ id: `v${id}` });
      if (id % 2 === 0) {
        const after = all.items().at(-1)?.cursor;
        streams.push(subscribe(client, { after }));
      }
      if (id % 7 === 0) streams[1]?.stop();
      await append;
    }
    const kept = streams.filter((_, index) => index !== 1);
    await until('the last event', () => kept.every(({ events }) => events().includes('v60/opened')));
    for (const { events, errors } of kept) {
      const seen = events();
      expect(errors).toEqual([]);
      expect(seen).toEqual(opened(61 - seen.length, 60));
    }
    expect(all.events()).toHaveLength(60);
  });
});

describe('an operation that was given up while it began', () => {
  it('is not followed by another of its name, and leaves nothing behind', async () => {
    const server = await startStreamServer();
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const seen: { readonly type: string; readonly id?: string }[] = [];
    socket.on('message', (data) => seen.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    const send = (message: unknown) => socket.send(JSON.stringify(message));
    send({ type: 'connection_init' });
    await until('the acknowledgement', () => seen.length === 1);
    const subscribeAs = (id: string) => send({ type: 'subscribe', id, payload: { query: DOCUMENT } });
    subscribeAs('a');
    send({ type: 'complete', id: 'a' });
    subscribeAs('a');
    subscribeAs('b');
    await until('the bookmark of the last', () => seen.some(({ type, id }) => type === 'next' && id === 'b'));
    await server.append({ id: 'v1' });
    await until('the event', () => seen.filter(({ type, id }) => type === 'next' && id === 'b').length === 2);
    expect(seen.filter(({ id }) => id === 'a').map(({ type }) => type)).toEqual(['error', 'complete']);
  });
});

describe('a consumer that the server keeps the place of', () => {
  const ack = (consumer: string, cursor: string | undefined) => ({
    query: 'mutation ($consumer: String!, $cursor: Cursor!) { ackViolations(consumer: $consumer, cursor: $cursor) }',
    variables: { consumer, cursor },
  });
  const consume = (client: ReturnType<StreamServer['client']>, consumer: string) =>
    collect<Item>(client, {
      query: `subscription ($consumer: String) { violations(consumer: $consumer) {
        __typename ... on ViolationEvent { cursor eventId } ... on StreamBookmark { cursor snapshotComplete }
      } }`,
      variables: { consumer },
    });

  it('goes on after what it acknowledged last, never back, and apart from other names', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' }, { id: 'v2' }, { id: 'v3' });
    const first = consume(server.client(), 'pager');
    await until('the bookmark', () => first.seen.length === 4);
    const [one, two] = first.seen.map(({ violations: { cursor } }) => cursor);
    first.stop();
    for (const cursor of [two, one]) {
      expect(await (await server.post(ack('pager', cursor))).json()).toEqual({ data: { ackViolations: true } });
    }
    await server.append({ id: 'v4' });
    const second = consume(server.client(), 'pager');
    await until('the bookmark', () => second.seen.length === 3);
    expect(second.seen.map(({ violations }) => violations.eventId)).toEqual(['v3/opened', 'v4/opened', undefined]);
    const other = consume(server.client(), 'chat');
    await until('the bookmark', () => other.seen.length === 5);
  });

  it.each([
    ['', 'head', 'consumer: a name of 1 to 200 characters'],
    ['a\u0000b', 'head', 'consumer: a name of 1 to 200 characters, none of them NUL'],
    ['pager', 'forged', 'cursor: this is not a cursor; pass one that an answer gave'],
    ['pager', encodeStreamCursor({ epoch: 'another', seq: 1 }), 'cursor: it is of another store'],
  ])('is refused as %j at %j', async (consumer, cursor, message) => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' });
    const info = await server.post({ query: '{ streamInfo { epoch oldest head retention } }' });
    const { data } = (await info.json()) as { data: { streamInfo: { epoch: string; head: string; oldest: string } } };
    const { epoch, head, oldest } = data.streamInfo;
    expect(head).toBe(encodeStreamCursor({ epoch, seq: 1 }));
    expect(oldest).toBe(encodeStreamCursor({ epoch, seq: 0 }));
    const answer = await server.post(ack(consumer, cursor === 'head' ? head : cursor));
    const { errors } = (await answer.json()) as { errors: { message: string }[] };
    expect(errors[0]?.message).toContain(message);
  });
});

describe('a reader that stalls', () => {
  it('is closed with its cursor, which leads on without a gap, and delays nobody else', async () => {
    const server = await startStreamServer({ maxStallMs: 500 });
    const fast = subscribe(server.client());
    await fast.caughtUp();
    const slow = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => slow.terminate());
    const got: string[] = [];
    slow.on('message', (data) => {
      const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { data: Item } };
      if (type === 'connection_ack') {
        slow.send(JSON.stringify({ id: 's', type: 'subscribe', payload: { query: DOCUMENT } }));
      }
      const { eventId, snapshotComplete } = payload?.data.violations ?? {};
      if (eventId !== undefined) got.push(eventId);
      if (snapshotComplete === true) slow.pause();
    });
    await once(slow, 'open');
    slow.send(JSON.stringify({ type: 'connection_init' }));
    await until('the slow reader to stall', () => slow.isPaused);
    const message = 'x'.repeat(200_000);
    const total = 80;
    for (let id = 1; id <= total; id += 1) {
      await server.append({ id: `v${id}`, message });
      if (id % 8 === 0) await until('the fast reader', () => fast.events().length === id);
    }
    const closed = once(slow, 'close') as Promise<[number, Buffer]>;
    await until('the stall to last too long', () => server.logged().includes('stopped reading'));
    slow.resume();
    const [code, reason] = await closed;
    expect(code).toBe(4510);
    const cursor = /^slow consumer, resume with your cursor (\S+)$/.exec(reason.toString())?.[1];
    expect(got.length).toBeGreaterThan(0);
    expect(got.length).toBeLessThan(total);
    const resumed = subscribe(server.client(), { after: cursor });
    await resumed.caughtUp();
    expect([...got, ...resumed.events()]).toEqual(opened(1, total));
  });

  it('that reads again in time goes on where it was, on the same socket', async () => {
    const server = await startStreamServer();
    const slow = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => slow.terminate());
    const got: string[] = [];
    slow.on('message', (data) => {
      const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { data: Item } };
      if (type === 'connection_ack') {
        slow.send(JSON.stringify({ id: 's', type: 'subscribe', payload: { query: DOCUMENT } }));
      }
      const { eventId, snapshotComplete } = payload?.data.violations ?? {};
      if (eventId !== undefined) got.push(eventId);
      if (snapshotComplete === true && got.length === 0) slow.pause();
    });
    await once(slow, 'open');
    slow.send(JSON.stringify({ type: 'connection_init' }));
    await until('the slow reader to stall', () => slow.isPaused);
    const message = 'x'.repeat(200_000);
    for (let id = 1; id <= 60; id += 1) await server.append({ id: `v${id}`, message });
    slow.resume();
    await until('all events', () => got.length >= 60);
    expect(got).toEqual(opened(1, 60));
    expect(slow.readyState).toBe(WebSocket.OPEN);
  });
});
