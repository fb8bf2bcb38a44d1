import { expect, it } from 'vitest';
import { type Item, withEarlier } from '../../../src/web/graphiql/earlier-items.js';

const bookmark = { data: { violations: { __typename: 'StreamBookmark', cursor: 'c' } } };
const event = (transition: string) => ({ data: { violations: { __typename: 'ViolationEvent', transition } } });

it('adds to every item what came before it, newest first, bookmarks left out', async () => {
  const items: Item[] = [];
  const source = async function* () {
    yield* [bookmark, event('OPENED'), bookmark, bookmark, event('RESOLVED'), bookmark];
  };
  for await (const item of withEarlier(source())) items.push(item);
  const opened = event('OPENED').data;
  const resolved = event('RESOLVED').data;
  expect(items).toEqual([
    bookmark,
    event('OPENED'),
    { ...bookmark, earlier: [opened] },
    { ...bookmark, earlier: [opened] },
    { ...event('RESOLVED'), earlier: [opened] },
    { ...bookmark, earlier: [resolved, opened] },
  ]);
});

it('passes errors on, and forgets what is long past', async () => {
  const source = async function* () {
    yield { errors: [{ message: 'edge: connection refused' }], data: null };
    for (let index = 0; index < 50; index += 1) yield event(String(index));
  };
  const items: unknown[] = [];
  for await (const item of withEarlier<Item>(source())) items.push(item);
  expect(items[0]).toEqual({ errors: [{ message: 'edge: connection refused' }], data: null });
  expect((items[50] as { earlier: unknown[] }).earlier).toHaveLength(20);
});

it('tells the source at once that nobody reads any more, though an item is waited for', async () => {
  let told = false;
  const source: AsyncIterableIterator<Item> = {
    [Symbol.asyncIterator]: () => source,
    next: () => new Promise(() => {}),
    async return() {
      told = true;
      return { done: true, value: undefined };
    },
  };
  const shown = withEarlier(source);
  void shown.next();
  await shown.return?.();
  expect(told).toBe(true);
});
