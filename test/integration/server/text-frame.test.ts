import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { writeText } from '../../../src/server/text-frame.js';

/** Both ends of a WebSocket, and what the server's end writes to. */
async function connect() {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  onTestFinished(() => void http.close());
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const accepted = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  onTestFinished(() => client.terminate());
  const seen: string[] = [];
  client.on('message', (data: Buffer, isBinary) => seen.push(isBinary ? 'binary' : data.toString()));
  const [socket, { socket: transport }] = (await accepted) as [WebSocket, IncomingMessage];
  return { socket, transport, client, seen };
}

const LENGTHS = [2, 125, 126, 16_384, 16_385, 65_535, 65_536, 200_000];

it('writes texts of every length, between those that the server sends by itself, which a client reads in order', async () => {
  const { socket, transport, client, seen } = await connect();
  const texts = LENGTHS.map((length) => `<${'ä'.repeat((length - 2) / 2)}${'x'.repeat(length % 2)}>`);
  for (const text of texts) {
    writeText(transport, Buffer.from('<'), Buffer.from(text.slice(1, -1)), Buffer.from('>'));
    socket.send('between');
  }
  socket.close();
  await once(client, 'close');
  expect(texts.map((text) => Buffer.byteLength(text))).toEqual(LENGTHS);
  expect(seen).toEqual(texts.flatMap((text) => [text, 'between']));
});

it('keeps what a client that does not read has not taken, while others are written to', async () => {
  const [slow, quick] = [await connect(), await connect()];
  slow.client.pause();
  const texts = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(index)}`);
  for (const text of texts) {
    for (const { transport } of [slow, quick]) {
      writeText(transport, Buffer.from('<'), Buffer.from(text), Buffer.from('>'));
    }
  }
  expect(slow.transport.writableLength).toBeGreaterThan(0);
  slow.client.resume();
  for (const { socket, client, seen } of [quick, slow]) {
    socket.close();
    await once(client, 'close');
    expect(seen).toEqual(texts.map((text) => `<${text}>`));
  }
});

it('joins what is written to a corked transport in one go', async () => {
  const { socket, transport, client, seen } = await connect();
  transport.cork();
  for (const text of ['one', 'two', 'three'])
    writeText(transport, Buffer.from('<'), Buffer.from(text), Buffer.from('>'));
  transport.uncork();
  socket.close();
  await once(client, 'close');
  expect(seen).toEqual(['<one>', '<two>', '<three>']);
});
