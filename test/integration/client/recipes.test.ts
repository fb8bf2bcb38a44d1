import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.js';
import { type ClientItem, clientsPage, clientsQuery, recipes } from '../../support/violation-clients.js';
import { startStreamServer } from '../server/stream-server.js';

it.each(Object.entries(recipes))(
  '%s follows violations through a restart of the gateway and misses nothing',
  async (_, follow) => {
    const first = await startStreamServer();
    await first.append({ id: 'open' });
    const seen: ClientItem[] = [];
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
  const blocks = [...clientsPage.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text);
  const sources = ['apollo', 'urql', 'graphql-ws'].map((name) =>
    readFileSync(`test/integration/client/recipes/${name}.ts`, 'utf8').replace(
      '../../../../src/client/resumable-violations.js',
      'slograph/client',
    ),
  );
  expect(blocks).toEqual(sources);
  expect(validate(buildSchema(readFileSync('schema.graphql', 'utf8')), parse(clientsQuery))).toEqual([]);
});
