import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, ExecutionResult } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { startTestServer } from './test-server.js';

const ask = (client: Client, query: string) => client.iterate({ query }).next() as Promise<{ value: ExecutionResult }>;

describe('GraphQL over WebSocket', () => {
  it('streams, each event with a context of its own, and ends the source as soon as the client leaves', async () => {
    const { client, emit, openStreams, requests } = await startTestServer();
    const stream = client().iterate({ query: 'subscription { tick }' });
    const first = stream.next();
    await until('the subscription', () => openStreams() === 1);
    emit(1);
    expect((await first).value).toEqual({ data: { tick: 1 } });
    const second = stream.next();
    emit(2);
    expect((await second).value).toEqual({ data: { tick: 2 } });
    // One for the source, which must not keep what it read, and one for each event.
    expect(requests.map(({ cache }) => cache)).toEqual([false, true, true]);
    await stream.return?.();
    await until('the source to end', () => openStreams() === 0);
    expect(requests.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it('ends the sources of a client that is gone without a word', async () => {
    const { url, openStreams } = await startTestServer();
    const socket = await opened(url);
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: 'subscription { tick }' } }));
    await until('the subscription', () => openStreams() === 1);
    socket.terminate();
    await until('the source to end', () => openStreams() === 0);
  });

  it('appends failures of sources to the errors of every event', async () => {
    const { client, emit, openStreams } = await startTestServer();
    const stream = client().iterate({ query: 'subscription { source }' });
    const failure = {
      message: 'edge: connection refused',
      path: ['source'],
      extensions: { code: 'SOURCE_UNAVAILABLE', retryable: true, dataSource: 'edge' },
    };
    for (const tick of [1, 2]) {
      const item = stream.next();
      await until('the subscription', () => openStreams() === 1);
      emit(tick);
      expect((await item).value).toEqual({ data: { source: null }, errors: [failure] });
    }
  });

  it('answers queries as HTTP does, errors included', async () => {
    const { client, logged } = await startTestServer();
    const socket = client();
    expect((await ask(socket, '{ hello caller }')).value).toEqual({ data: { hello: 'world', caller: 'local' } });
    const { value } = await ask(socket, '{ hello bug badInput source }');
    expect(value.errors?.map(({ extensions }) => extensions?.code)).toEqual([
      'INTERNAL_SERVER_ERROR',
      'BAD_INPUT',
      'SOURCE_UNAVAILABLE',
    ]);
    expect(JSON.stringify(value)).not.toContain('hunter2');
    expect(logged()).toContain('hunter2');
    const refused = await ask(socket, 'subscription { refused }');
    expect(refused.value.errors?.[0]?.extensions).toEqual({ code: 'BAD_INPUT', retryable: false });
    await expect(ask(socket, '{ nothing }')).rejects.toMatchObject([
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ]);
    await expect(ask(socket, 'query a { hello } query b { hello }')).rejects.toMatchObject([
      { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } },
    ]);
  });

  it('tells what was sent for a query to whoever asks, here and over server-sent events', async () => {
    const { client, url } = await startTestServer();
    const socket = client();
    const asked = (await socket.iterate({ query: '{ hello }', extensions: { plan: true } }).next()) as {
      value: ExecutionResult;
    };
    expect(asked.value).toEqual({
      data: { hello: 'world' },
      extensions: { plan: [expect.objectContaining({ promql: 'up', dataSource: 'edge' })] },
    });
    expect((await ask(socket, '{ hello }')).value).toEqual({ data: { hello: 'world' } });
    for (const plan of ['1', '0']) {
      const response = await fetch(`${url}/graphql/stream?query={hello}`, { headers: { 'x-slograph-plan': plan } });
      const [, text = ''] = /^data: (.*)$/m.exec(await response.text()) ?? [];
      expect(JSON.parse(text)).toEqual(plan === '1' ? asked.value : { data: { hello: 'world' } });
    }
  });

  it('asks a silent client whether it lives, and keeps one that answers', async () => {
    const { url } = await startTestServer({ keepAliveMs: 50 });
    const socket = await opened(url);
    await once(socket, 'ping');
    await once(socket, 'ping');
    await once(socket, 'ping');
    const dead = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { autoPong: false });
    const [code] = await once(dead, 'close');
    expect(code).toBe(1006);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('who may open a socket', () => {
  it('is not a page of another origin', async () => {
    const { url } = await startTestServer();
    await expect(opened(url, { origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(opened(url, { origin: 'null' })).rejects.toThrow('403');
    await expect(opened(url, { headers: { host: 'evil.example' } })).rejects.toThrow('403');
    await opened(url, { origin: url });
    await opened(url, { origin: 'https://ops.example' });
    await opened(url);
  });

  it('is the bearer of a token, in the header or the parameters, for as long as the token is good', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    const edge = '- { name: edge, token: edge-secret }\n';
    const hand = (rights: string) => `- { name: hand, token: hand-secret, rights: [${rights}] }\n`;
    writeFileSync(tokensFile, `- { name: ops, token: first-secret }\n${edge}${hand('read, promql')}`);
    const { client, url } = await startTestServer({ tokensFile });

    await expect(ask(client(), '{ caller }')).rejects.toMatchObject({ code: 4401 });
    await expect(ask(client({ authorization: 'Bearer wrong' }), '{ caller }')).rejects.toMatchObject({ code: 4403 });
    const ops = client({ Authorization: 'Bearer first-secret' });
    expect((await ask(ops, '{ caller }')).value).toEqual({ data: { caller: 'ops' } });

    const revoked = await opened(url, { headers: { authorization: 'Bearer first-secret' } });
    const kept = await opened(url, { headers: { authorization: 'Bearer edge-secret' } });
    const lessened = await opened(url, { headers: { authorization: 'Bearer hand-secret' } });
    const closes = [once(revoked, 'close'), once(lessened, 'close')];
    writeFileSync(tokensFile, `- { name: ops, token: second-secret }\n${edge}${hand('read')}`);
    for (const close of closes) expect((await close)[0]).toBe(4403);
    expect(kept.readyState).toBe(WebSocket.OPEN);
  });

  it('finds no socket beside the path of the graph', async () => {
    const { url } = await startTestServer();
    await expect(once(new WebSocket(`${url.replace('http', 'ws')}/elsewhere`), 'open')).rejects.toThrow('404');
  });
});

/** A bare socket past its handshake. */
async function opened(
  url: string,
  options: { origin?: string; headers?: Record<string, string> } = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const acknowledged = once(socket, 'message');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await acknowledged;
  return socket;
}
