import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  type ResumableOptions,
  resumableViolations,
  type ViolationStreamItem,
} from '../../../src/client/resumable-violations.js';
import { type CuttableProxy, cuttableProxy } from '../../support/cuttable-proxy.js';
import { until } from '../../support/until.js';
import { startStreamServer } from '../server/stream-server.js';

const word = (item: ViolationStreamItem) => {
  if (item.__typename === 'ViolationEvent') return item.eventId;
  return item.__typename === 'StreamReset' ? item.reason : 'bookmark';
};

async function world(...options: Parameters<typeof startStreamServer>) {
  const server = await startStreamServer(...options);
  const proxy = await cuttableProxy(Number(new URL(server.url).port));
  return { server, proxy };
}

/** Reads a stream as it comes. */
function follow({ port }: CuttableProxy, options: Partial<ResumableOptions> = {}) {
  const seen: ViolationStreamItem[] = [];
  const saved: string[] = [];
  const interruptions: string[] = [];
  const ending = new AbortController();
  const stream = resumableViolations({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    saveCursor: (cursor) => void saved.push(cursor),
    onInterrupted: (reason) => void interruptions.push(reason),
    signal: ending.signal,
    ...options,
  });
  const done = (async () => {
    for await (const item of stream) seen.push(item);
  })();
  done.catch(() => {});
  onTestFinished(async () => {
    ending.abort();
    await done.catch(() => {});
  });
  return { seen, saved, interruptions, done, words: () => seen.map(word), end: () => ending.abort() };
}

it('gives what is open, a bookmark and what follows, and saves a cursor when its item has been dealt with', async () => {
  const { server, proxy } = await world();
  await server.append({ id: 'v1' });
  const { words, seen, saved, done, end } = follow(proxy);
  await until('the bookmark', () => words().includes('bookmark'));
  await server.append({ id: 'v2' });
  await until('the event', () => words().includes('v2/opened'));
  expect(words()).toEqual(['v1/opened', 'bookmark', 'v2/opened']);
  // Not the cursor of the snapshot's event: it is that of an old opening.
  const [, bookmark, event] = seen as { cursor: string }[];
  await until('the cursors to be saved', () => saved.length === 2);
  expect(saved).toEqual([bookmark?.cursor, event?.cursor]);
  end();
  await done;
});

it('goes on where it was after every interruption: nothing is lost, nothing comes twice', async () => {
  const { server, proxy } = await world();
  const { words, interruptions } = follow(proxy);
  await until('the bookmark', () => words().includes('bookmark'));
  for (let round = 1; round <= 3; round += 1) {
    proxy.refuses = true;
    proxy.cut();
    await until('the client to notice', () => interruptions.length >= round);
    await server.append({ id: `away${round}` }, { id: `gone${round}` });
    proxy.refuses = false;
    await until('the events', () => words().includes(`gone${round}/opened`));
  }
  expect(words().filter((text) => text !== 'bookmark')).toEqual(
    [1, 2, 3].flatMap((round) => [`away${round}/opened`, `gone${round}/opened`]),
  );
});

it('begins where the saved cursor says, after a restart of its process', async () => {
  const { server, proxy } = await world();
  const first = follow(proxy);
  await until('the bookmark', () => first.words().includes('bookmark'));
  await server.append({ id: 'v1' });
  await until('the event', () => first.words().includes('v1/opened'));
  await until('its cursor to be saved', () => first.saved.length === first.seen.length);
  first.end();
  await first.done;
  await server.append({ id: 'v2' });
  const second = follow(proxy, { loadCursor: () => first.saved.at(-1) ?? null });
  await until('the event', () => second.words().includes('v2/opened'));
  expect(second.words()[0]).toBe('v2/opened');
});

it('announces that it cannot go on without a gap, and then tells what is open', async () => {
  const [old, present] = [await world(), await world()];
  const before = follow(old.proxy);
  await until('a cursor', () => before.saved.length > 0);
  await present.server.append({ id: 'v1' });
  const after = follow(present.proxy, { loadCursor: () => before.saved.at(-1) ?? null });
  await until('the bookmark', () => after.words().includes('bookmark'));
  expect(after.words()).toEqual(['EPOCH_CHANGED', 'v1/opened', 'bookmark']);
});

it.each<[string, Partial<ResumableOptions>, RegExp]>([
  ['a forged cursor', { loadCursor: () => 'forged' }, /^BAD_INPUT: /],
  ['a document that is none', { query: 'subscription { nothing }' }, /^GRAPHQL_VALIDATION_FAILED: |nothing/],
  [
    'a document without cursors',
    { query: 'subscription { violations { __typename } }' },
    /does not ask for cursor of (StreamBookmark|ViolationEvent)/,
  ],
  [
    'a cursor that cannot be loaded',
    {
      loadCursor: () => {
        throw new Error('no disk');
      },
    },
    /^no disk$/,
  ],
  [
    'a cursor that cannot be saved',
    {
      saveCursor: () => {
        throw new Error('no space');
      },
    },
    /^no space$/,
  ],
  ['no WebSocket to connect with', { webSocketImpl: null }, /WebSocket implementation/],
])('ends with an error on %s', async (_, options, message) => {
  const { server, proxy } = await world();
  const { done } = follow(proxy, options);
  await server.append({ id: 'v1' });
  await expect(done).rejects.toThrow(message);
});

it('gives a violation also while the figures beside it cannot be read', async () => {
  const { server, proxy } = await world({}, undefined, { clusters: ['edge'], dead: ['edge'] });
  const query = `subscription ($after: Cursor) { violations(after: $after) {
    __typename
    ... on ViolationEvent { cursor eventId violation { microservice { errorRatio { value } } } }
    ... on StreamBookmark { cursor snapshotComplete }
    ... on StreamReset { snapshotFollows }
  } }`;
  const { words, interruptions } = follow(proxy, { query });
  await until('the bookmark', () => words().includes('bookmark'));
  await server.append({ id: 'v1' });
  await until('the event', () => words().includes('v1/opened'));
  expect(interruptions).toEqual([]);
});

it('leaves the connection when its consumer falls behind, and takes the stream up where it ended', async () => {
  const { server, proxy } = await world();
  const many = 500;
  const url = `ws://127.0.0.1:${proxy.port}/graphql`;
  const stream = resumableViolations({ url, webSocketImpl: WebSocket, maxWaiting: 100 });
  onTestFinished(async () => void (await stream.return?.()));
  expect(word((await stream.next()).value as ViolationStreamItem)).toBe('bookmark');
  await server.append(...Array.from({ length: many }, (_, i) => ({ id: `v${i}` })));
  const events: string[] = [];
  while (events.length < many) {
    const item = (await stream.next()).value as ViolationStreamItem;
    if (item.__typename === 'ViolationEvent') events.push(item.eventId);
  }
  expect(events).toEqual(Array.from({ length: many }, (_, i) => `v${i}/opened`));
  expect(proxy.connections()).toBeGreaterThanOrEqual(5);
});

it('ends at once when it is asked to, also while it waits', async () => {
  const { proxy } = await world();
  proxy.refuses = true;
  const { interruptions, done, end } = follow(proxy);
  await until('it to wait for the next try', () => interruptions.length > 0);
  end();
  await done;
});
