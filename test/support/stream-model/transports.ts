import { type ClientRequest, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Ask, LineEvents, Told, Transport } from './connection.js';

const query = `subscription ($after: Cursor, $filter: ViolationFilter, $consumer: String) {
  violations(after: $after, filter: $filter, consumer: $consumer) {
    __typename
    ... on ViolationEvent { cursor eventId transition violation { message severity status } }
    ... on StreamBookmark { cursor snapshotComplete }
    ... on StreamReset { snapshotFollows }
  }
}`;

function operationOf({ after, severity, consumer }: Ask) {
  return { query, variables: { after, consumer, filter: severity === null ? {} : { severity: [severity] } } };
}

/** An item as GraphQL and the plain stream give it. */
function toldOf(item: Record<string, unknown>): Told {
  if ('eventId' in item) return { kind: 'event', ...(item as unknown as Omit<Told & { kind: 'event' }, 'kind'>) };
  if ('snapshotFollows' in item) return { kind: 'reset' };
  return { kind: 'bookmark', cursor: String(item.cursor), complete: item.snapshotComplete === true };
}

/** GraphQL over WebSocket. */
export const overWebSocket: Transport = (ask, { onTold, onEnd }) => {
  let isOpen = false;
  const client = createClient({
    url: `${ask.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    onNonLazyError: () => {},
    on: {
      opened: () => {
        isOpen = true;
      },
    },
  });
  const unsubscribe = client.subscribe<{ violations: Record<string, unknown> }>(operationOf(ask), {
    next({ data, errors }) {
      if (data?.violations == null) return onEnd(JSON.stringify(errors));
      onTold(toldOf(data.violations));
    },
    error: (error) => onEnd(Array.isArray(error) ? JSON.stringify(error) : 'closed'),
    complete: () => onEnd('completed'),
  });
  return {
    leave(how) {
      // A socket that is not open yet cannot be cut.
      if (how === 'cut' && isOpen) client.terminate();
      else unsubscribe();
      Promise.resolve(client.dispose()).catch(() => {});
    },
  };
};

/** GraphQL over server-sent events. */
export const overGraphqlStream: Transport = (ask, events) => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' } };
  const body = JSON.stringify(operationOf(ask));
  return readEvents(`${ask.url}/graphql/stream`, init, body, events, ({ event, data }) => {
    if (event !== 'next') return events.onEnd('completed');
    const { data: answer, errors } = JSON.parse(data) as { data?: { violations: Record<string, unknown> | null } } & {
      errors?: unknown;
    };
    if (answer?.violations == null) return events.onEnd(JSON.stringify(errors));
    events.onTold(toldOf(answer.violations));
  });
};

/** The plain stream; the cursor is what came as `id` last. */
export const overViolationStream: Transport = ({ url, after, severity }, events) => {
  const headers = after === null ? {} : { 'last-event-id': after };
  const search = severity === null ? '' : `?severity=${severity}`;
  return readEvents(`${url}/v1/violations/stream${search}`, { headers }, '', events, ({ event, data, id }) => {
    if (event === 'error') return events.onEnd(data);
    events.onTold(toldOf({ ...(JSON.parse(data) as Record<string, unknown>), cursor: id }));
  });
};

/** Pages of JSON, each waiting for news; what is too old is answered by 410, and begun anew. */
export const overPages: Transport = ({ url, after, severity }, { onTold, onEnd }) => {
  const leaving = new AbortController();
  let cursor = after;
  let wait = '0';
  const turn = async () => {
    const search = new URLSearchParams({ limit: '3', wait });
    if (cursor !== null) search.set('after', cursor);
    if (severity !== null) search.set('severity', severity);
    const response = await fetch(`${url}/v1/violations?${search}`, { signal: leaving.signal });
    const page = (await response.json()) as { events: Record<string, unknown>[]; cursor: string; hasMore: boolean };
    if (leaving.signal.aborted) return;
    if (response.status === 410) {
      [cursor, wait] = [null, '0'];
      return onTold({ kind: 'reset' });
    }
    if (response.status !== 200) throw new Error(`${response.status} ${JSON.stringify(page)}`);
    const isSnapshot = cursor === null;
    for (const item of page.events) onTold(toldOf(item));
    cursor = page.cursor;
    if (!page.hasMore) wait = '60';
    onTold({ kind: 'bookmark', cursor, complete: !(isSnapshot && page.hasMore) });
  };
  (async () => {
    while (!leaving.signal.aborted) await turn();
  })().catch((error: Error) => {
    if (!leaving.signal.aborted) onEnd(/^(fetch failed|terminated)$/.test(error.message) ? 'closed' : error.message);
  });
  return { leave: () => leaving.abort() };
};

interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

function readEvents(
  url: string,
  init: { readonly method?: string; readonly headers: Record<string, string> },
  body: string,
  { onEnd }: LineEvents,
  onMessage: (message: Message) => void,
): { leave(): void } {
  const sent: ClientRequest = request(url, { ...init, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      const blocks = (text + part).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        if (block.startsWith(':')) continue;
        const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
        onMessage({ id: fields.get('id'), event: fields.get('event') ?? '', data: fields.get('data') ?? '' });
      }
    });
    response.on('error', () => {});
    response.on('close', () => onEnd(response.statusCode === 200 ? 'closed' : `${response.statusCode} ${text}`));
  });
  sent.on('error', () => onEnd('closed'));
  sent.end(body);
  return { leave: () => void sent.destroy() };
}
