/** One item of a subscription, as a fetcher hands it to the editor. */
export interface Item {
  readonly data?: Readonly<Record<string, unknown>> | null;
}

/** Items shown beneath the newest one. */
const KEPT = 20;

/**
 * The editor shows the newest item of a subscription only, and a bookmark comes every few seconds: what came before is
 * added to each item as `earlier`, newest first, bookmarks left out.
 */
export function withEarlier<T extends Item>(items: AsyncIterable<T>): AsyncIterableIterator<T> {
  const source = items[Symbol.asyncIterator]();
  let earlier: readonly Item['data'][] = [];
  // No async generator: its return() would wait for the next item before it tells the source.
  const shown: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => shown,
    async next() {
      const next = await source.next();
      if (next.done === true) return next;
      const value = earlier.length === 0 ? next.value : { ...next.value, earlier };
      if (next.value.data != null && !isBookmark(next.value.data))
        earlier = [next.value.data, ...earlier].slice(0, KEPT);
      return { done: false, value };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return shown;
}

function isBookmark(data: Readonly<Record<string, unknown>>): boolean {
  return Object.values(data).every(
    (item) => (item as { __typename?: unknown } | null)?.__typename === 'StreamBookmark',
  );
}
