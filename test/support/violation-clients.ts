import { readFileSync } from 'node:fs';
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { Client as UrqlClient } from '@urql/core';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { violationLink } from '../integration/client/recipes/apollo.js';
import { followViolations } from '../integration/client/recipes/graphql-ws.js';
import { violationExchange } from '../integration/client/recipes/urql.js';

/** The page of the recipes, and the document that it tells to use. */
export const clientsPage = readFileSync('docs/clients.md', 'utf8');
export const clientsQuery = /```graphql\n([\s\S]*?)```/.exec(clientsPage)?.[1] ?? '';

export interface ClientItem {
  readonly __typename: string;
  readonly cursor?: string;
  readonly eventId?: string;
  readonly transition?: string;
  readonly violation?: { readonly sloName: string; readonly status: string };
}

/** Follows violations, over WebSocket at an address, until what it gives back is called. */
export type Follow = (url: string, onItem: (item: ClientItem) => void) => () => void;

/** Clients that keep a cursor, as the page tells. */
export const recipes = {
  apollo(url, onItem) {
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: violationLink({ url, webSocketImpl: WebSocket }),
    });
    const subscription = client
      .subscribe<{ violations: ClientItem }>({ query: gql(clientsQuery), fetchPolicy: 'no-cache' })
      .subscribe(({ data, error }) => onItem(data?.violations ?? { __typename: String(error) }));
    return () => subscription.unsubscribe();
  },
  urql(url, onItem) {
    const exchange = violationExchange({ url, webSocketImpl: WebSocket });
    const client = new UrqlClient({ url, preferGetMethod: false, exchanges: [exchange] });
    const subscription = client
      .subscription<{ violations: ClientItem }>(clientsQuery, {})
      .subscribe(({ data, error }) => onItem(data?.violations ?? { __typename: String(error) }));
    return () => subscription.unsubscribe();
  },
  'graphql-ws'(url, onItem) {
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: Infinity, shouldRetry: () => true });
    const stop = followViolations(client, clientsQuery, onItem);
    return () => {
      stop();
      void client.dispose();
    };
  },
} satisfies Record<string, Follow>;

/** Keeps nothing: the gateway has its place, which it moves on by acknowledging what it was given. */
export const heldByServer: Follow = (url, onItem) => {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: Infinity, shouldRetry: () => true });
  const query = clientsQuery.replace('($after: Cursor)', '').replace('after: $after', 'consumer: "pager"');
  const stop = client.subscribe<{ violations: ClientItem }>(
    { query },
    {
      next({ data }) {
        if (!data) return;
        const { violations: item } = data;
        onItem(item);
        if (item.cursor === undefined) return;
        const ack = `mutation { ackViolations(consumer: "pager", cursor: ${JSON.stringify(item.cursor)}) }`;
        // What was not acknowledged comes again.
        client.subscribe({ query: ack }, { next() {}, error() {}, complete() {} });
      },
      error: (error) => onItem({ __typename: String(error) }),
      complete: () => {},
    },
  );
  return () => {
    stop();
    void client.dispose();
  };
};
