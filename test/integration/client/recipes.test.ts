import { readFileSync } from 'node:fs';
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { Client as UrqlClient } from '@urql/core';
import { buildSchema, parse, validate } from 'graphql';
import { createClient } from 'graphql-ws';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.js';
import { startStreamServer } from '../server/stream-server.js';
import { violationLink } from './recipes/apollo.js';
import { followViolations } from './recipes/graphql-ws.js';
import { violationExchange } from './recipes/urql.js';

const page = readFileSync('docs/clients.md', 'utf8');
const query = /```graphql\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

interface Item {
  readonly __typename: string;
  readonly eventId?: string;
}

type Follow = (url: string, onItem: (item: Item) => void) => () => void;

const clients: Readonly<Record<string, Follow>> = {
  apollo(url, onItem) {
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: violationLink({ url, webSocketImpl: WebSocket }),
    });
    const subscription = client
      .subscribe<{ violations: Item }>({ query: gql(query), fetchPolicy: 'no-cache' })
      .subscribe(({ data, error }) => onItem(data?.violations ?? { __typename: String(error) }));
    return () => subscription.unsubscribe();
  },
  urql(url, onItem) {
    const exchange = violationExchange({ url, webSocketImpl: WebSocket });
    const client = new UrqlClient({ url, preferGetMethod: false, exchanges: [exchange] });
    const subscription = client
      .subscription<{ violations: Item }>(query, {})
      .subscribe(({ data, error }) => onItem(data?.violations ?? { __typename: String(error) }));
    return () => subscription.unsubscribe();
  },
  'graphql-ws'(url, onItem) {
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: Infinity, shouldRetry: () => true });
    const stop = followViolations(client, query, onItem);
    return () => {
      stop();
      void client.dispose();
    };
  },
};

it.each(Object.entries(clients))(
  '%s follows violations through a restart of the gateway and misses nothing',
  async (_, follow) => {
    const first = await startStreamServer();
    await first.append({ id: 'open' });
    const seen: Item[] = [];
    onTestFinished(follow(`${first.url.replace('http', 'ws')}/graphql`, (item) => void seen.push(item)));
    const events = () => seen.flatMap(({ eventId }) => eventId ?? []);
    await until('the bookmark', () => seen.some(({ __typename }) => __typename === 'StreamBookmark'));
    await first.append({ id: 'before' });
    await until('the event', () => events().includes('before/opened'));
    await first.server.stop();
    await first.append({ id: 'meanwhile' }, { id: 'also' });
    const listen = { host: '127.0.0.1', port: Number(new URL(first.url).port) };
    const second = await startStreamServer({ listen }, first.store);
    await until('what was missed', () => events().includes('also/opened'));
    await second.append({ id: 'after' });
    await until('the event', () => events().includes('after/opened'));
    expect(events()).toEqual(['open', 'before', 'meanwhile', 'also', 'after'].map((id) => `${id}/opened`));
    const types = new Set(seen.map(({ __typename }) => __typename));
    expect([...types].sort()).toEqual(['StreamBookmark', 'ViolationEvent']);
  },
);

it('is told on the page as it is run', () => {
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text);
  const sources = ['apollo', 'urql', 'graphql-ws'].map((name) =>
    readFileSync(`test/integration/client/recipes/${name}.ts`, 'utf8').replace(
      '../../../../src/client/resumable-violations.js',
      'slograph/client',
    ),
  );
  expect(blocks).toEqual(sources);
  expect(validate(buildSchema(readFileSync('schema.graphql', 'utf8')), parse(query))).toEqual([]);
});
