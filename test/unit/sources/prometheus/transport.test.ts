import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AnswerTooLarge,
  createTransport,
  headerOf,
  type Sent,
  TooLate,
} from '../../../../src/sources/prometheus/transport.js';

async function served(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const transport = createTransport(`http://127.0.0.1:${port}/base`, 2);
  onTestFinished(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  const usual: Sent = {
    method: 'POST',
    path: 'api/v1/query',
    headers: {},
    body: 'query=up',
    tls: {},
    signal: undefined,
    timeoutMs: 60_000,
    maxBytes: 1_000,
  };
  return { host: `127.0.0.1:${port}`, send: (sent: Partial<Sent> = {}) => transport.send({ ...usual, ...sent }) };
}

/** Answers with the request as it came. */
const echo: RequestListener = (request, answer) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => answer.end(JSON.stringify([request.method, request.url, request.rawHeaders, body])));
};

const said = async (reply: ReturnType<Awaited<ReturnType<typeof served>>['send']>) =>
  JSON.parse(String((await reply).bytes)) as [string, string, string[], string];

describe('a request', () => {
  it('carries the headers of its source, a form with its length, and the host of the URL', async () => {
    const { host, send } = await served(echo);
    expect(await said(send({ headers: { 'X-Scope-OrgID': 'edge', Accept: 'a/b' }, body: 'query=ü' }))).toEqual([
      'POST',
      '/base/api/v1/query',
      [
        ...['Host', host, 'X-Scope-OrgID', 'edge', 'Accept', 'a/b'],
        ...['Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', '8', 'Connection', 'keep-alive'],
      ],
      'query=ü',
    ]);
    const [method, url, headers] = await said(send({ method: 'GET', path: 'api/v1/labels?start=1', body: null }));
    expect([method, url, headers]).toEqual([
      'GET',
      '/base/api/v1/labels?start=1',
      ['Host', host, 'Connection', 'keep-alive'],
    ]);
  });

  it('has each header once, the last of a name in whatever case, and another host where one is asked for', async () => {
    const { send } = await served(echo);
    const headers = { 'User-Agent': 'ours', host: 'metrics.internal', 'user-agent': 'theirs' };
    for (const again of [headers, headers, { ...headers }]) {
      const [, , lines] = await said(send({ method: 'GET', headers: again, body: null }));
      expect(lines).toEqual(['user-agent', 'theirs', 'host', 'metrics.internal', 'Connection', 'keep-alive']);
    }
  });
});

describe('an answer', () => {
  it('is whole, with its headers as they came, and decompressed', async () => {
    const { send } = await served((_, answer) => {
      answer.writeHead(418, { 'X-Kind': 'teapot', 'Content-Encoding': 'gzip' });
      answer.end(gzipSync('whole'));
    });
    const reply = await send();
    expect([reply.status, String(reply.bytes)]).toEqual([418, 'whole']);
    expect(headerOf(reply.headers, 'x-kind')).toBe('teapot');
    expect(headerOf(reply.headers, 'x-king')).toBeNull();
  });

  it('is given up when it is too large, compressed or not', async () => {
    const { send } = await served((request, answer) => {
      const zeros = Buffer.alloc(2_000);
      if (request.method === 'POST') answer.end(zeros);
      else answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(zeros));
    });
    await expect(send()).rejects.toBeInstanceOf(AnswerTooLarge);
    await expect(send({ method: 'GET', body: null })).rejects.toBeInstanceOf(AnswerTooLarge);
  });

  it('that does not come whole in time is given up, and the connection with it', async () => {
    const events = new EventEmitter();
    const closed = once(events, 'closed');
    const { send } = await served((request, answer) => {
      request.socket.on('close', () => events.emit('closed'));
      answer.write('it begins');
    });
    await expect(send({ timeoutMs: 50 })).rejects.toBeInstanceOf(TooLate);
    await closed;
  });

  it('is not waited for by who went away, before or after asking', async () => {
    const events = new EventEmitter();
    const asked = once(events, 'asked');
    const { send } = await served((_, answer) => {
      answer.write('it begins');
      events.emit('asked');
    });
    const leaving = new AbortController();
    const reply = send({ signal: leaving.signal });
    const rejected = expect(reply).rejects.toThrow('gone');
    await asked;
    leaving.abort(new Error('gone'));
    await rejected;
    await expect(send({ signal: AbortSignal.abort(new Error('never came')) })).rejects.toThrow('never came');
  });
});
