import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { queries } from './queries';

const graphql = new URL('/graphql', window.location.href);
const socket = new URL(graphql);
socket.protocol = graphql.protocol === 'https:' ? 'wss:' : 'ws:';

// With an address instead of a client, the headers of the editor (a bearer token) reach the socket as well.
const fetcher = createGraphiQLFetcher({ url: graphql.href, subscriptionUrl: socket.href });

createRoot(document.getElementById('editor') as HTMLElement).render(
  <GraphiQL fetcher={fetcher} defaultTabs={[...queries]} defaultEditorToolsVisibility={false}>
    <GraphiQL.Logo>slograph</GraphiQL.Logo>
  </GraphiQL>,
);
