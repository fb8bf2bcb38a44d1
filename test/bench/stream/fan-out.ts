import { median } from '../measure.js';
import type { Crowd } from './clients.js';
import { BOOKMARK, closing, measure, type Sample } from './measuring.js';
import { ours, type Size, stock } from './operation.js';
import { type Clients, type Server, startClients, startServerProcess } from './processes.js';
import { atLeast, atMost, judge } from './verdict.js';

/** `durable`: the floor that keeps each event before it sends it, which the usual way does not either. */
type Name = 'ours' | 'stock' | 'raw' | 'durable';

interface Way {
  readonly name: Name;
  readonly server: Server;
  readonly crowd: Omit<Crowd, 'url' | 'sockets'>;
  /** What the last event weighed when the way was warmed up. */
  readonly bytes: number;
}

const WARM_UP_SOCKETS = 20;
/** Compiling what runs once for each event goes on for thousands of them, on the one core that the server has. */
const WARM_UP_EVENTS = 10_000;
/** In a round: at a hundred sockets five hundred events, of which the 99th percentile leaves out the five slowest. */
const DELIVERIES = 50_000;
/** The usual way takes many times as long. */
const USUAL_DELIVERIES = 3_000;
/** Where the cost of an event shows, and where that of a socket does. */
const MOST_PROFILED = 1_000;
const PROFILED_EVENTS = 30;
const PROFILED_DELIVERIES = 10_000;
const TIMES_STOCK: Readonly<Record<Size, number>> = { small: 4, large: 8 };

/** Deliveries per CPU-second of the server, and p99 from commit to receipt: the ways in turn. */
export async function fanOut(size: Size, counts: readonly number[], rounds: number): Promise<void> {
  const first = await start('ours', { query: ours(size), ignore: BOOKMARK });
  const usual = await start('stock', { query: stock(size) });
  const floor = await start('raw', {}, String(first.bytes));
  const durable = await start('durable', {}, String(first.bytes));
  const ways = [first, usual, floor, durable];
  for (const sockets of counts) await compare(size, ways, sockets, rounds);
  await closing(...ways.map(({ server }) => server));
}

/** What runs once for each event, and not for each socket, is warmed up here: it would be cold among many sockets. */
async function start(name: Name, crowd: Way['crowd'], ...args: string[]): Promise<Way> {
  const server = await (name === 'durable'
    ? startServerProcess('raw', ...args, name)
    : startServerProcess(name, ...args));
  const clients = await startClients({ url: server.url, sockets: WARM_UP_SOCKETS, ...crowd });
  await clients.open();
  const { bytes } = await measure(server, clients, WARM_UP_EVENTS);
  await clients.stop();
  return { name, server, crowd, bytes };
}

async function compare(size: Size, ways: readonly Way[], sockets: number, rounds: number): Promise<void> {
  const turns: { way: Way; clients: Clients; samples: Sample[] }[] = [];
  for (const way of ways) {
    const clients = await startClients({ url: way.server.url, sockets, ...way.crowd });
    await clients.open();
    turns.push({ way, clients, samples: [] });
  }
  for (let round = -1; round < rounds; round += 1) {
    for (const { way, clients, samples } of turns) {
      const deliveries = way.name === 'stock' ? USUAL_DELIVERIES : DELIVERIES;
      const sample = await measure(way.server, clients, Math.max(2, Math.round(deliveries / sockets)));
      if (round >= 0) samples.push(sample);
    }
    turns.push(turns.shift() as (typeof turns)[number]);
  }
  const profiles = new Map<Name, unknown>();
  for (const { way, clients } of sockets <= MOST_PROFILED ? turns : []) {
    if (way.name === 'stock') continue;
    const events = Math.max(PROFILED_EVENTS, Math.round(PROFILED_DELIVERIES / sockets));
    profiles.set(way.name, await way.server.profile(() => measure(way.server, clients, events)));
  }
  await closing(...turns.map(({ clients }) => clients));
  const of = (name: Name, what: keyof Sample) =>
    median((turns.find(({ way }) => way.name === name)?.samples ?? []).map((sample) => sample[what]));
  const perCpuSecond = of('ours', 'perCpuSecond');
  const timesStock = perCpuSecond / of('stock', 'perCpuSecond');
  const timesRaw = perCpuSecond / of('raw', 'perCpuSecond');
  const p99TimesRaw = of('ours', 'p99Ms') / of('raw', 'p99Ms');
  const values = {
    bytes: of('ours', 'bytes'),
    stockBytes: of('stock', 'bytes'),
    perCpuSecond,
    stockPerCpuSecond: of('stock', 'perCpuSecond'),
    rawPerCpuSecond: of('raw', 'perCpuSecond'),
    durablePerCpuSecond: of('durable', 'perCpuSecond'),
    timesStock,
    timesRaw,
    // What there is to be had: nothing that commits first is faster than the last one.
    timesDurable: perCpuSecond / of('durable', 'perCpuSecond'),
    rawTimesStock: of('raw', 'perCpuSecond') / of('stock', 'perCpuSecond'),
    durableTimesStock: of('durable', 'perCpuSecond') / of('stock', 'perCpuSecond'),
    p99Ms: of('ours', 'p99Ms'),
    stockP99Ms: of('stock', 'p99Ms'),
    rawP99Ms: of('raw', 'p99Ms'),
    durableP99Ms: of('durable', 'p99Ms'),
    p99TimesRaw,
  };
  judge(`fanout.${size}.${sockets}`, values, [
    atLeast('timesStock', timesStock, TIMES_STOCK[size]),
    atLeast('timesRaw', timesRaw, 0.6),
    atMost('p99TimesRaw', p99TimesRaw, 1.5),
  ]);
  for (const [name, places] of profiles) judge(`profile.${size}.${sockets}.${name}`, { places });
}
