import { describe, expect, it, onTestFinished } from 'vitest';
import type { LogPosition } from '../../../src/domain/ports.js';
import { encodePageCursor, encodeStreamCursor } from '../../../src/graph/cursor.js';
import type { Told, Transport } from '../../support/stream-model/connection.js';
import {
  overGraphqlStream,
  overPages,
  overViolationStream,
  overWebSocket,
} from '../../support/stream-model/transports.js';
import { until } from '../../support/until.js';
import { type StreamServer, startStreamServer } from './stream-server.js';

const transports: Readonly<Record<string, Transport>> = {
  'GraphQL over WebSocket': overWebSocket,
  'GraphQL over server-sent events': overGraphqlStream,
  'the plain stream': overViolationStream,
  pages: overPages,
};

/** What somebody is told who comes with a cursor, and why it was ended. */
function follow({ url }: StreamServer, transport: Transport, after: string | null) {
  const told: Told[] = [];
  const ends: string[] = [];
  const line = transport(
    { url, after, severity: null, consumer: null },
    { onTold: (item) => void told.push(item), onEnd: (reason) => void ends.push(reason) },
  );
  onTestFinished(() => line.leave('cut'));
  const words = () => told.map((item) => (item.kind === 'event' ? item.eventId : item.kind));
  return { words, ends };
}

/** Four events, of which the log keeps two; the oldest violation is open, and the one behind it has ended. */
async function world() {
  const server = await startStreamServer();
  await server.append({ id: 'v1' }, { id: 'v2', status: 'RESOLVED' }, { id: 'v3' }, { id: 'v4' });
  await server.store.prune({ beforeMs: 0, maxEvents: 2 });
  const neighbour = follow(server, overWebSocket, null);
  await until('the bookmark', () => neighbour.words().includes('bookmark'));
  const { head } = await server.store.position();
  return { server, neighbour, head };
}

/** Somebody else is served as if nothing had happened. */
async function expectServed(server: StreamServer, neighbour: ReturnType<typeof follow>): Promise<void> {
  await server.append({ id: 'later' });
  await until('the event', () => neighbour.words().includes('later/opened'));
  expect(neighbour.words()).toEqual(['v1/opened', 'v3/opened', 'v4/opened', 'bookmark', 'later/opened']);
  expect(neighbour.ends).toEqual([]);
  expect(server.logged()).not.toContain('INTERNAL_SERVER_ERROR');
}

describe.each(Object.entries(transports))('over %s', (_, transport) => {
  it.each<[string, (head: LogPosition) => LogPosition]>([
    ['an ancient cursor', ({ epoch }) => ({ epoch, seq: 1 })],
    ['the cursor of another store', () => ({ epoch: 'another', seq: 3 })],
  ])('%s is answered with a reset and what is open, and disturbs nobody', async (_name, placeOf) => {
    const { server, neighbour, head } = await world();
    const { words, ends } = follow(server, transport, encodeStreamCursor(placeOf(head)));
    await until('what is open', () => words().at(-1) === 'bookmark');
    expect(words()).toEqual(['reset', 'v1/opened', 'v3/opened', 'v4/opened', 'bookmark']);
    expect(ends).toEqual([]);
    await expectServed(server, neighbour);
  });

  it('the oldest cursor that can be gone on from is gone on from', async () => {
    const { server, head } = await world();
    const { words } = follow(server, transport, encodeStreamCursor({ ...head, seq: 2 }));
    await until('the bookmark', () => words().includes('bookmark'));
    expect(words()).toEqual(['v3/opened', 'v4/opened', 'bookmark']);
  });

  it.each<[string, (head: LogPosition) => string, string]>([
    ['a forged cursor', () => 'forged', 'this is not a cursor'],
    ['a cursor from the future', (head) => encodeStreamCursor({ ...head, seq: 5 }), 'is ahead of the stream'],
    [
      'a cursor that counts below zero',
      ({ epoch }) => Buffer.from(JSON.stringify(['s1', epoch, -1])).toString('base64url'),
      'this is not a cursor',
    ],
    ['the cursor of a list', () => encodePageCursor({ list: 'slos', rank: 1, key: 'a' }), 'this is a cursor of a list'],
  ])('%s is refused with BAD_INPUT, and disturbs nobody', async (_name, cursorOf, message) => {
    const { server, neighbour, head } = await world();
    const { words, ends } = follow(server, transport, cursorOf(head));
    await until('the refusal', () => ends.length > 0);
    expect(ends[0]).toContain('"BAD_INPUT"');
    expect(ends[0]).toContain(message);
    expect(words()).toEqual([]);
    await expectServed(server, neighbour);
  });
});
