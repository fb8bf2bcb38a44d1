import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
  /** Of the connection, to see which requests share one. */
  readonly port: number;
}

export type Reply = (response: ServerResponse, request: Received) => void;

export interface LyingServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Connections that are open now. */
  connections(): number;
  /** What is answered from now on. */
  reply: Reply;
}

/** Answers as no Prometheus would, or only in trouble: for faults that a real one cannot be brought to. */
export async function startLyingServer(reply: Reply): Promise<LyingServer> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const entry: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      form: new URLSearchParams(body),
      port: request.socket.remotePort ?? 0,
    };
    received.push(entry);
    lying.reply(response, entry);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const lying: LyingServer = { url: `http://127.0.0.1:${port}`, received, connections: () => sockets.size, reply };
  return lying;
}

/** A reply with a status, a content type and a body. */
export function answer(status: number, contentType: string, body: string): Reply {
  return (response) => response.writeHead(status, { 'content-type': contentType }).end(body);
}

/** A JSON reply as Prometheus sends it. */
export function json(body: unknown, status = 200): Reply {
  return answer(status, 'application/json', JSON.stringify(body));
}

/** A vector of one row without labels. */
export function vector(value: string, extra: object = {}): Reply {
  const data = { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] };
  return json({ status: 'success', data, ...extra });
}
