import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeStreamCursor } from '../../../src/graph/cursor.js';
import { until } from '../../support/until.js';
import { startStreamServer } from './stream-server.js';

interface Message {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** Reads server-sent events as they come. */
async function events(url: string, init: RequestInit = {}) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(url, { signal: controller.signal, ...init });
  const messages: Message[] = [];
  let comments = 0;
  let ended = false;
  void (async () => {
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        if (block.startsWith(':')) comments += 1;
        else messages.push(Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2))));
      }
    }
    ended = true;
  })().catch(() => {});
  return {
    response,
    messages,
    comments: () => comments,
    ended: () => ended,
    leave: () => controller.abort(),
    bodies: () => messages.map(({ data = '' }) => (data === '' ? null : (JSON.parse(data) as Record<string, unknown>))),
  };
}

const SUBSCRIPTION = 'subscription { violations { __typename ... on ViolationEvent { eventId } } }';

describe('GraphQL over server-sent events', () => {
  it('answers a subscription by POST and GET, uncompressed, with heartbeats, from the same execution', async () => {
    const server = await startStreamServer({ keepAliveMs: 20 });
    const accept = 'text/event-stream';
    const posted = await events(`${server.url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, 'accept-encoding': 'gzip' },
      body: JSON.stringify({ query: SUBSCRIPTION }),
    });
    const got = await events(`${server.url}/graphql/stream?${new URLSearchParams({ query: SUBSCRIPTION })}`);
    expect(posted.response.status).toBe(200);
    expect(posted.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(posted.response.headers.get('content-encoding')).toBeNull();
    await until('both bookmarks', () => [posted, got].every(({ messages }) => messages.length === 1));
    const before = server.requests.length;
    await server.append({ id: 'v1' });
    await until('both events', () => [posted, got].every(({ messages }) => messages.length === 2));
    expect(server.requests.length - before).toBe(1);
    expect(posted.messages[1]).toEqual({
      event: 'next',
      data: '{"data":{"violations":{"__typename":"ViolationEvent","eventId":"v1/opened"}}}',
    });
    expect(got.messages).toEqual(posted.messages);
    await until('a heartbeat', () => posted.comments() > 0);
  });

  it('answers a query once and completes', async () => {
    const { url } = await startStreamServer();
    const { messages, ended } = await events(`${url}/graphql/stream?query={__typename}`);
    await until('the end', ended);
    expect(messages).toEqual([
      { event: 'next', data: '{"data":{"__typename":"Query"}}' },
      { event: 'complete', data: '' },
    ]);
  });

  it('ends behind the last event when the gateway stops', async () => {
    const server = await startStreamServer();
    const stream = await events(`${server.url}/graphql/stream?${new URLSearchParams({ query: SUBSCRIPTION })}`);
    await until('the bookmark', () => stream.messages.length === 1);
    await server.append({ id: 'v1' });
    await until('the event', () => stream.messages.length === 2);
    await server.server.stop();
    await until('the end', stream.ended);
  });
});

describe('GET /v1/violations/stream', () => {
  it('sends what is open, a bookmark, then events with ids, and goes on after the last id', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' }, { id: 'other', slo: 'another' });
    const url = `${server.url}/v1/violations/stream?slo=detector-latency&severity=PAGE,TICKET`;
    const first = await events(url);
    await until('the bookmark', () => first.messages.length === 2);
    await server.append({ id: 'v2' });
    await until('the event', () => first.messages.length === 3);
    expect(first.messages.map(({ event }) => event)).toEqual(['violation', 'bookmark', 'violation']);
    expect(first.bodies()[2]).toMatchObject({
      eventId: 'v2/opened',
      cursor: first.messages[2]?.id,
      transition: 'OPENED',
      violation: {
        ...{ sloName: 'detector-latency', severity: 'PAGE', status: 'OPEN' },
        microservice: { namespace: 'crosswalk', name: 'detector', cluster: { name: 'edge' } },
      },
    });
    first.leave();
    await server.append({ id: 'v3' });
    const resumed = await events(url, { headers: { 'last-event-id': first.messages[1]?.id ?? '' } });
    await until('the bookmark', () => resumed.messages.length === 3);
    expect(resumed.bodies().map((body) => body?.eventId)).toEqual(['v2/opened', 'v3/opened', undefined]);
  });

  it('says so when it cannot go on from a cursor, and sends what is open', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' });
    const after = encodeStreamCursor({ epoch: 'another', seq: 7 });
    const { messages } = await events(`${server.url}/v1/violations/stream?after=${after}`);
    await until('the bookmark', () => messages.length === 3);
    expect(messages.map(({ event }) => event)).toEqual(['reset', 'violation', 'bookmark']);
    expect(messages[0]?.data).toContain('EPOCH_CHANGED');
  });

  it.each([
    ['after=forged', 400, 'BAD_INPUT'],
    ['severity=LOUD', 400, 'BAD_INPUT'],
    ['startedAfter=noon', 400, 'BAD_USER_INPUT'],
    ['color=red', 400, 'BAD_INPUT'],
    ['snapshot=maybe', 400, 'BAD_INPUT'],
  ])('refuses %s with %i', async (query, status, code) => {
    const { url } = await startStreamServer();
    for (const path of ['/v1/violations/stream', '/v1/violations']) {
      if (path === '/v1/violations' && query.startsWith('snapshot')) continue;
      const response = await fetch(`${url}${path}?${query}`);
      expect(response.status).toBe(status);
      const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect(errors[0]?.extensions.code).toBe(code);
    }
  });
});

describe('a store that is away', () => {
  it.each(['/v1/violations', '/v1/violations/stream'])('is told at %s, and when to ask again', async (path) => {
    const server = await startStreamServer();
    await server.store.close();
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors[0]?.extensions.code).toBe('STORE_UNAVAILABLE');
  });
});

describe('GET /v1/violations', () => {
  interface Page {
    readonly events: readonly { readonly eventId: string }[];
    readonly cursor: string;
    readonly hasMore: boolean;
  }
  const page = async (url: string) => (await (await fetch(url)).json()) as Page;
  const ids = ({ events }: Page) => events.map(({ eventId }) => eventId);

  it('does not end a page with an open violation that is older than the log', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' }, { id: 'v2' }, { id: 'v3' }, { id: 'v4' });
    await server.store.prune({ beforeMs: 0, maxEvents: 1 });
    const url = `${server.url}/v1/violations?limit=1`;
    const first = await page(url);
    expect(ids(first)).toEqual(['v1/opened', 'v2/opened', 'v3/opened']);
    expect(first.hasMore).toBe(true);
    expect(ids(await page(`${url}&after=${first.cursor}`))).toEqual(['v4/opened']);
  });

  it('takes severities in small letters, and says which there are', async () => {
    const { url, append } = await startStreamServer();
    await append({ id: 'v1', severity: 'PAGE' }, { id: 'v2', severity: 'TICKET' });
    expect(ids(await page(`${url}/v1/violations?severity=page`))).toEqual(['v1/opened']);
    const { errors } = (await (await fetch(`${url}/v1/violations?severity=loud`)).json()) as {
      errors: { message: string }[];
    };
    expect(errors[0]?.message).toBe('severity: "LOUD" is none of PAGE, TICKET, INFO');
  });

  it('pages through the log by cursors and waits for what is next', async () => {
    const server = await startStreamServer();
    const url = `${server.url}/v1/violations`;
    const start = await page(url);
    expect(start).toMatchObject({ events: [], hasMore: false });
    await server.append({ id: 'v1' }, { id: 'v2' }, { id: 'v3' });
    const one = await page(`${url}?after=${start.cursor}&limit=2`);
    expect([ids(one), one.hasMore]).toEqual([['v1/opened', 'v2/opened'], true]);
    const two = await page(`${url}?after=${one.cursor}&limit=2`);
    expect([ids(two), two.hasMore]).toEqual([['v3/opened'], false]);
    const waiting = page(`${url}?after=${two.cursor}&wait=30`);
    await server.append({ id: 'v4' });
    expect(ids(await waiting)).toEqual(['v4/opened']);
    expect(ids(await page(url))).toEqual(['v1/opened', 'v2/opened', 'v3/opened', 'v4/opened']);
  });

  it('that waits is answered with what there is when the gateway stops, and does not hold it up', async () => {
    const server = await startStreamServer({ shutdownGraceMs: 600_000 });
    const { cursor } = await page(`${server.url}/v1/violations`);
    const before = server.requests.length;
    const waiting = page(`${server.url}/v1/violations?after=${cursor}&wait=60`);
    await until('the request', () => server.requests.length > before);
    await server.server.stop();
    expect(await waiting).toEqual({ events: [], cursor, hasMore: false });
  });

  it('answers 410 with the oldest cursor there is for one that cannot be gone on from', async () => {
    const server = await startStreamServer();
    await server.append({ id: 'v1' });
    const after = encodeStreamCursor({ epoch: 'another', seq: 7 });
    const response = await fetch(`${server.url}/v1/violations?after=${after}`);
    expect(response.status).toBe(410);
    const { oldestAvailable } = (await response.json()) as { oldestAvailable: string };
    expect(ids(await page(`${server.url}/v1/violations?after=${oldestAvailable}`))).toEqual(['v1/opened']);
  });
});

describe('a stream of server-sent events', () => {
  it.each(['/v1/violations/stream', `/graphql/stream?${new URLSearchParams({ query: SUBSCRIPTION })}`])(
    'ends when its token does, and no other does: %s',
    async (path) => {
      const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const tokensFile = join(folder, 'tokens.yaml');
      const edge = '- { name: edge, token: edge-secret }\n';
      const hand = (scope: string) => `- { name: hand, token: hand-secret${scope} }\n`;
      writeFileSync(tokensFile, `${edge}${hand('')}- { name: ops, token: ops-secret }\n`);
      const server = await startStreamServer({ tokensFile });
      const streamOf = (name: string) =>
        events(`${server.url}${path}`, { headers: { authorization: `Bearer ${name}-secret` } });
      const [kept, lessened, revoked] = await Promise.all([streamOf('edge'), streamOf('hand'), streamOf('ops')]);
      await until('the bookmarks', () => [kept, lessened, revoked].every(({ messages }) => messages.length === 1));
      writeFileSync(tokensFile, `${edge}${hand(', namespaces: [none]')}`);
      await until('the others to end', () => lessened.ended() && revoked.ended());
      await server.append({ id: 'v1' });
      await until('the event', () => kept.messages.length === 2);
      expect([lessened, revoked].map(({ messages }) => messages.length)).toEqual([1, 1]);
    },
  );
});

it('a HEAD request follows nothing', async () => {
  const { url } = await startStreamServer();
  for (const path of ['/v1/violations/stream', '/graphql/stream?query={__typename}']) {
    const response = await fetch(`${url}${path}`, { method: 'HEAD' });
    expect([path, response.status]).toEqual([path, 404]);
  }
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('slograph_stream_subscribers 0');
});
