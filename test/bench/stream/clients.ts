/** Many sockets of one server; counts what arrives and when. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { nowNs } from './operation.js';

export interface Crowd {
  readonly url: string;
  readonly sockets: number;
  /** The document to subscribe with; null only greets, undefined (left out) does not even do that. */
  readonly query?: string | null;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Messages with this text are no events. */
  readonly ignore?: string;
  /** Subscribed only when so many events and a message to be ignored have come to each socket. */
  readonly expect?: number;
  /** Keep what each socket was sent, to look for losses and repetitions. */
  readonly verify?: boolean;
  /** This many sockets stop reading. */
  readonly stalled?: number;
}

const OPENING = 100;
/** A message to be ignored is shorter than any event. */
const IGNORED_BYTES = 240;

process.on('disconnect', () => process.exit(0));
const crowd = JSON.parse(process.argv[2] ?? '{}') as Crowd;
const { url, sockets: total, query, ignore, expect = 0, verify = false, stalled = 0 } = crowd;
const sockets: WebSocket[] = [];
const bookmarked = new Uint8Array(total);
const received = new Uint32Array(total);
const seen: string[][] = Array.from({ length: total }, () => []);
let arrivals: number[] = [];
let wanted = Number.POSITIVE_INFINITY;
let last = '';
let bookmark = '';
let announce = () => {};

function onEvent(index: number, data: Buffer): void {
  // Looking into every message would be a cost of those alone who ignore some.
  if (ignore !== undefined && data.length < IGNORED_BYTES && data.includes(ignore)) {
    bookmark = data.toString();
    bookmarked[index] = 1;
    return;
  }
  received[index] = (received[index] ?? 0) + 1;
  arrivals.push(nowNs());
  if (verify) seen[index]?.push(/"eventId":"([^"]+)"/.exec(data.toString())?.[1] ?? '?');
  if (arrivals.length >= wanted) {
    last = data.toString();
    announce();
  }
}

async function open(index: number): Promise<void> {
  const socket = new WebSocket(url, query === undefined ? [] : ['graphql-transport-ws'], { perMessageDeflate: false });
  socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
  sockets[index] = socket;
  await once(socket, 'open');
  if (query !== undefined) {
    const acknowledged = once(socket, 'message');
    socket.send('{"type":"connection_init"}');
    await acknowledged;
  }
  if (query == null) {
    socket.on('message', (data: Buffer) => onEvent(index, data));
    return;
  }
  const ready = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (data.length < 30 && data.includes('pong')) resolve();
      else onEvent(index, data);
      if (ignore !== undefined && bookmarked[index] === 1 && (received[index] ?? 0) >= expect) resolve();
    });
  });
  const payload = { query, variables: crowd.variables ?? {} };
  socket.send(JSON.stringify({ id: `operation-${index}`, type: 'subscribe', payload }));
  if (ignore === undefined) socket.send('{"type":"ping"}');
  await ready;
}

process.on('message', async ({ kind, count }: { kind: 'open' | 'expect'; count: number }) => {
  if (kind === 'open') {
    const startedNs = nowNs();
    let next = 0;
    const opener = async () => {
      while (next < total) {
        const index = next;
        next += 1;
        await open(index);
      }
    };
    await Promise.all(Array.from({ length: OPENING }, opener));
    const tookMs = (nowNs() - startedNs) / 1e6;
    for (const socket of sockets.slice(0, stalled)) socket.pause();
    const faults = verify ? faultsOf() : { lost: 0, doubled: 0 };
    process.send?.({ tookMs, bookmark, ...faults });
    return;
  }
  arrivals = [];
  wanted = count * (total - stalled);
  announce = () => {
    announce = () => {};
    process.send?.({ arrivals, bytes: Buffer.byteLength(last) });
  };
  process.send?.({ armed: true });
});

function faultsOf(): { lost: number; doubled: number } {
  let lost = 0;
  let doubled = 0;
  for (let index = 0; index < total; index += 1) {
    const ids = seen[index] ?? [];
    const distinct = new Set(ids).size;
    doubled += ids.length - distinct;
    lost += expect - distinct;
  }
  return { lost, doubled };
}
process.send?.({ started: true });
