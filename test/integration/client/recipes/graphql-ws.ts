import type { Client } from 'graphql-ws';

type Item =
  | { __typename: 'ViolationEvent' | 'StreamBookmark'; cursor: string; eventId?: string }
  | { __typename: 'StreamReset' };

/** The client needs `retryAttempts: Infinity` and `shouldRetry: () => true`. */
export function followViolations(client: Client, query: string, onItem: (item: Item) => void): () => void {
  let after: string | null = null;
  const variables = {
    // Read again whenever the client subscribes, so also after an interruption.
    get after() {
      return after;
    },
  };
  return client.subscribe<{ violations: Item }>(
    { query, variables },
    {
      next({ data }) {
        if (!data) return;
        const item = data.violations;
        onItem(item);
        // Cursors of a snapshot's events are old: one goes on from its bookmark, or begins anew.
        if (item.__typename === 'StreamReset') after = null;
        else if (item.__typename === 'StreamBookmark' || after !== null) after = item.cursor;
      },
      error: (error) => console.error('violations are not followed any more', error),
      complete: () => {},
    },
  );
}
