import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { SloState } from '../../../src/domain/slo.js';
import { collect } from '../../support/gateway.js';
import { until } from '../../support/until.js';
import { slo, T0 } from '../../unit/graph/graph-world.js';
import { type StreamServer, startStreamServer } from './stream-server.js';

const DOCUMENT = `subscription ($filter: SLOFilter) { sloStatus(filter: $filter) { name state evaluatedAt description } }`;
const MINUTE = 60_000;

interface Item {
  readonly sloStatus: { readonly name: string; readonly state: SloState; readonly evaluatedAt: string };
}

const at = (name: string, minutes: number, state: SloState = 'OK', description: string | null = null) =>
  slo(name, { evaluatedAtMs: T0 + minutes * MINUTE, state }, { description });

const world = () => ({ clusters: ['edge'], slos: [at('a', 0), at('b', 0)] });

const spelled = ({ sloStatus: { name, evaluatedAt } }: Item) => `${name}@${(Date.parse(evaluatedAt) - T0) / MINUTE}`;

function follow(client: ReturnType<StreamServer['client']>, variables: Record<string, unknown> = {}) {
  const { seen, errors, stop } = collect<Item>(client, { query: DOCUMENT, variables });
  return { seen, errors, stop, items: () => seen.map(spelled) };
}

/** A WebSocket that reads only while it is not paused. */
async function pausingReader(server: StreamServer) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  const items: string[] = [];
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { data: Item } };
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ id: 's', type: 'subscribe', payload: { query: DOCUMENT } }));
    }
    if (type === 'next' && payload !== undefined) items.push(spelled(payload.data));
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await until('the first states', () => items.length === 2);
  return { socket, items };
}

describe('sloStatus over a WebSocket', () => {
  it('begins with the present states, goes on with each evaluation, and is executed once for all equal readers', async () => {
    const server = await startStreamServer({}, undefined, world());
    const readers = Array.from({ length: 10 }, () => follow(server.client()));
    await until('the first states', () => readers.every(({ seen }) => seen.length === 2));
    const before = server.requests.length;
    server.evaluate(at('a', 1), at('b', 1, 'VIOLATED'));
    await until('the evaluation', () => readers.every(({ seen }) => seen.length === 4));
    expect(server.requests.length - before).toBe(2);
    const late = follow(server.client());
    await until('the present states', () => late.seen.length === 2);
    expect(late.items()).toEqual(['a@1', 'b@1']);
    for (const { items, seen, errors } of readers) {
      expect(items()).toEqual(['a@0', 'b@0', 'a@1', 'b@1']);
      expect(seen.at(-1)?.sloStatus.state).toBe('VIOLATED');
      expect(errors).toEqual([]);
    }
  });

  it('goes on for the others when one leaves, and begins anew for who comes back', async () => {
    const server = await startStreamServer({}, undefined, world());
    const leaving = follow(server.client());
    const staying = follow(server.client());
    await until('the first states', () => [leaving, staying].every(({ seen }) => seen.length === 2));
    leaving.stop();
    server.evaluate(at('a', 1));
    await until('the evaluation', () => staying.seen.length === 3);
    staying.stop();
    server.evaluate(at('a', 2));
    const back = follow(server.client());
    await until('the present states', () => back.seen.length === 2);
    expect(back.items().sort()).toEqual(['a@2', 'b@0']);
    server.evaluate(at('b', 3));
    await until('the evaluation', () => back.seen.length === 3);
    expect([leaving, staying].map(({ items }) => items().length)).toEqual([2, 3]);
  });

  it('tells those that match alone', async () => {
    const server = await startStreamServer({}, undefined, world());
    const violated = follow(server.client(), { filter: { state: ['VIOLATED'] } });
    const all = follow(server.client());
    await until('the first states', () => all.seen.length === 2);
    server.evaluate(at('a', 1, 'VIOLATED'), at('b', 1));
    server.evaluate(at('a', 2), at('b', 2, 'VIOLATED'));
    await until('the last', () => all.items().includes('b@2') && violated.items().includes('b@2'));
    expect(violated.items().at(-1)).toBe('b@2');
    expect(violated.items()).not.toContain('a@2');
    expect(violated.items()).not.toContain('b@1');
  });

  it('shows a caller only what that caller may see', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    writeFileSync(
      tokensFile,
      '- { name: hill, token: hill-secret, clusters: [hill] }\n- { name: all, token: all-secret }\n',
    );
    const elsewhere = slo('elsewhere', {}, { cluster: 'edge' });
    const own = slo('own', {}, { cluster: 'hill' });
    const server = await startStreamServer({ tokensFile }, undefined, {
      clusters: ['edge', 'hill'],
      slos: [elsewhere, own],
    });
    const of = (name: string) => follow(server.client({ authorization: `Bearer ${name}-secret` }));
    const [hill, all] = [of('hill'), of('all')];
    await until('the first states', () => all.seen.length === 2 && hill.seen.length === 1);
    server.evaluate(slo('elsewhere', { evaluatedAtMs: T0 + MINUTE }, { cluster: 'edge' }));
    server.evaluate(slo('own', { evaluatedAtMs: T0 + MINUTE }, { cluster: 'hill' }));
    await until('both', () => all.seen.length === 4 && hill.seen.length === 2);
    expect(hill.seen.map(({ sloStatus }) => sloStatus.name)).toEqual(['own', 'own']);
  });

  it('gives a reader that was slow the newest evaluation of each SLO, not a queue of them', async () => {
    const server = await startStreamServer({}, undefined, world());
    const fast = follow(server.client());
    const { socket, items } = await pausingReader(server);
    socket.pause();
    const text = 'x'.repeat(500_000);
    for (let minute = 1; minute <= 60; minute += 1) {
      server.evaluate(at('a', minute, 'OK', text), at('b', minute));
      await until('the fast reader', () => fast.items().includes(`b@${minute}`));
    }
    socket.resume();
    await until('the newest', () => items.includes('a@60') && items.includes('b@60'));
    expect(items.length).toBeLessThan(100);
    expect(items.slice(-2).sort()).toEqual(['a@60', 'b@60']);
    expect(new Set(items).size).toBe(items.length);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('closes a reader that stalls for good, without a cursor, for it has none to go on from', async () => {
    const server = await startStreamServer({ maxStallMs: 300 }, undefined, world());
    const { socket } = await pausingReader(server);
    socket.pause();
    const text = 'x'.repeat(8_000_000);
    let minute = 0;
    await until('the stall to last too long', () => {
      minute += 1;
      server.evaluate(at('a', minute, 'OK', text));
      return server.logged().includes('stopped reading');
    });
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    socket.resume();
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([4510, 'slow consumer, subscribe again']);
  });
});

describe('sloStatus over server-sent events', () => {
  it('comes from the same execution as over a WebSocket', async () => {
    const server = await startStreamServer({}, undefined, world());
    const query = 'subscription { sloStatus { name state } }';
    const socket = collect<Item>(server.client(), { query });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const { body } = await fetch(`${server.url}/graphql/stream?${new URLSearchParams({ query })}`, {
      signal: controller.signal,
    });
    let text = '';
    void (async () => {
      for await (const part of body ?? []) text += Buffer.from(part).toString();
    })().catch(() => {});
    const told = () => text.split('\n').filter((line) => line.startsWith('data: ')).length;
    await until('the first states', () => told() === 2 && socket.seen.length === 2);
    const before = server.requests.length;
    server.evaluate(at('b', 1, 'VIOLATED'));
    await until('the evaluation', () => told() === 3 && socket.seen.length === 3);
    expect(server.requests.length - before).toBe(1);
    expect(text.trimEnd().split('\n').at(-1)).toBe('data: {"data":{"sloStatus":{"name":"b","state":"VIOLATED"}}}');
  });
});
