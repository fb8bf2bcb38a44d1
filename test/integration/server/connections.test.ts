import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { type StreamServer, startStreamServer } from './stream-server.js';

type Limits = Partial<NonNullable<Parameters<typeof startStreamServer>[0]>['limits']>;

function withLimits(limits: Limits, tokensFile: string | null = null): Promise<StreamServer> {
  const others = { maxDepth: 10, maxTokens: 1_000, maxAliases: 20, maxCost: 1_000_000, maxBodyBytes: 262_144 };
  const all = { maxSubscriptionsPerSocket: 50, maxConnections: 100, maxConnectionsPerCaller: 100 };
  return startStreamServer({ tokensFile, limits: { ...others, ...all, ...limits } });
}

function tokensOf(...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tokensFile = join(folder, 'tokens.yaml');
  writeFileSync(tokensFile, names.map((name) => `- { name: ${name}, token: ${name}-secret }\n`).join(''));
  return tokensFile;
}

const bearer = (name: string) => ({ authorization: `Bearer ${name}-secret` });

/** A socket that was acknowledged, or the code it was closed with, or the status of its refused upgrade. */
async function connect({ url }: StreamServer, headers: Record<string, string> = {}): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  socket.on('error', () => {});
  const outcome = await new Promise<WebSocket | number>((resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    socket.on('message', () => resolve(socket));
    socket.on('close', (code) => resolve(code));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
  return outcome;
}

async function openEvents({ url }: StreamServer, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${url}/v1/violations/stream`, { headers, signal: controller.signal });
  return { response, leave: () => controller.abort() };
}

describe('connections beyond the limit of all', () => {
  it('are refused with 503 over either transport, until one has ended', async () => {
    const server = await withLimits({ maxConnections: 2 });
    const socket = await connect(server);
    const stream = await openEvents(server);
    expect(socket).toBeInstanceOf(WebSocket);
    expect(stream.response.status).toBe(200);
    expect(await connect(server)).toBe(503);
    const { response } = await openEvents(server);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'LIMIT_EXCEEDED', retryable: true } }],
    });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('slograph_connections 2\n');
    expect(metrics).toContain('slograph_connections_refused_total{limit="all"} 2\n');
    stream.leave();
    (socket as WebSocket).close();
    await until('places to be free', async () => {
      return (await (await fetch(`${server.url}/metrics`)).text()).includes('slograph_connections 0\n');
    });
    expect(await connect(server)).toBeInstanceOf(WebSocket);
    expect((await openEvents(server)).response.status).toBe(200);
  });

  it('leave room for questions that are answered at once', async () => {
    const server = await withLimits({ maxConnections: 1 });
    await connect(server);
    const response = await server.post({ query: '{ __typename }' });
    expect(response.status).toBe(200);
  });
});

describe('connections beyond the limit of a caller', () => {
  it('are refused, and those of others are not', async () => {
    const server = await withLimits({ maxConnectionsPerCaller: 1 }, tokensOf('a', 'b'));
    const socket = await connect(server, bearer('a'));
    expect(socket).toBeInstanceOf(WebSocket);
    expect(await connect(server, bearer('a'))).toBe(1013);
    const refused = await openEvents(server, bearer('a'));
    expect(refused.response.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('5');
    expect((await openEvents(server, bearer('b'))).response.status).toBe(200);
    expect(await connect(server, bearer('b'))).toBe(1013);
    const closed = once(socket as WebSocket, 'close');
    (socket as WebSocket).close();
    await closed;
    await until('the place to be free', async () => {
      const again = await connect(server, bearer('a'));
      return again instanceof WebSocket;
    });
  });
});

it('a socket that never says who it is holds a place in all only', async () => {
  const server = await withLimits({ maxConnectionsPerCaller: 1 });
  const silent = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  onTestFinished(() => silent.terminate());
  await once(silent, 'open');
  expect(await connect(server)).toBeInstanceOf(WebSocket);
});
