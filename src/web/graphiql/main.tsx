import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createGraphiQLFetcher, type Fetcher, isAsyncIterable } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { type Item, withEarlier } from './earlier-items';
import { presentOperation } from './present-operation';
import { queries } from './queries';

const graphql = new URL('/graphql', window.location.href);
const socket = new URL(graphql);
socket.protocol = graphql.protocol === 'https:' ? 'wss:' : 'ws:';

// With an address instead of a client, the headers of the editor (a bearer token) reach the socket as well.
const ask = createGraphiQLFetcher({ url: graphql.href, subscriptionUrl: socket.href });
const fetcher: Fetcher = async (params, options) => {
  const answer = await ask(...presentOperation(params, options));
  return isAsyncIterable(answer) ? withEarlier(answer as AsyncIterable<Item>) : answer;
};

createRoot(document.getElementById('editor') as HTMLElement).render(
  <GraphiQL fetcher={fetcher} defaultTabs={[...queries]} defaultEditorToolsVisibility={false}>
    <GraphiQL.Logo>slograph</GraphiQL.Logo>
  </GraphiQL>,
);
