import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { startTestServer } from './test-server.js';

it('finishes what is in flight on HTTP and WebSocket, tells the sockets, and listens no more', async () => {
  const { server, url, slow, post, client, openStreams } = await startTestServer();
  const socket = client();
  const closed = new Promise<number>((resolve) =>
    socket.on('closed', (event) => resolve((event as { code: number }).code)),
  );
  const stream = socket.iterate({ query: 'subscription { tick }' });
  stream.next().catch(() => {});
  await until('the subscription', () => openStreams() === 1);
  const overHttp = post({ query: '{ slow }' });
  const overSocket = socket.iterate({ query: '{ slow }' }).next();
  await slow.reached;

  const stopped = server.stop();
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  const late = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await expect(once(late, 'open')).rejects.toThrow('503');
  slow.open();

  expect((await overSocket).value).toEqual({ data: { slow: 'done' } });
  expect(await closed).toBe(1012);
  expect(await (await overHttp).json()).toEqual({ data: { slow: 'done' } });
  await stopped;
  expect(openStreams()).toBe(0);
  await expect(fetch(`${url}/livez`)).rejects.toThrow();
});

it('does not wait for idle connections that clients keep', async () => {
  const { server, url } = await startTestServer({ shutdownGraceMs: 600_000 });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const [response] = await once(get(`${url}/livez`, { agent }), 'response');
  response.resume();
  await once(response, 'end');
  await server.stop();
});

it('does not wait longer than the grace for what does not end', async () => {
  const { server, post, client, slow } = await startTestServer({ shutdownGraceMs: 100 });
  const cut = expect(post({ query: '{ slow }' })).rejects.toThrow();
  const left = expect(client().iterate({ query: '{ slow }' }).next()).rejects.toMatchObject({ code: 1012 });
  await slow.reached;
  await server.stop();
  await Promise.all([cut, left]);
});
