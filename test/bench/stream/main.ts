/** `npm run bench:stream`: what delivering an event costs beside the usual way and the floor; one JSON line per figure. */
import { cpuMsOf, median, memoryMb, quantile, report } from '../measure.js';
import { ours, type Size, stock } from './operation.js';
import { type Clients, type Server, startClients, startServerProcess } from './processes.js';
import { commitRates } from './store-rate.js';

const COUNTS = (process.env.SLOGRAPH_BENCH_SOCKETS ?? '100,1000,5000').split(',').map(Number);
const ROUNDS = Number(process.env.SLOGRAPH_BENCH_ROUNDS ?? 5);
const only = process.env.SLOGRAPH_BENCH_ONLY?.split(',');
const wants = (figure: string) => only === undefined || only.includes(figure);
const BOOKMARK = '"bookmark"';

interface Way {
  readonly name: 'ours' | 'stock' | 'raw';
  readonly server: Server;
  readonly clients: Clients;
}

interface Sample {
  readonly perCpuSecond: number;
  readonly p99Ms: number;
  readonly bytes: number;
}

report('world', { sockets: COUNTS, rounds: ROUNDS, node: process.version });
if (wants('fanout')) {
  for (const size of ['small', 'large'] as const) for (const sockets of COUNTS) await fanOut(size, sockets);
}
if (wants('stalled')) await stalledClient(Math.min(1_000, COUNTS.at(-1) ?? 0));
if (wants('storm')) await storm(COUNTS.at(-1) ?? 0);
if (wants('memory')) await memory(COUNTS.at(-1) ?? 0);
if (wants('store')) await commitRates(ROUNDS);
process.exit(0);

/** Deliveries per CPU-second of the server, and p99 from commit to receipt: the three ways in turn. */
async function fanOut(size: Size, sockets: number): Promise<void> {
  const first = await prepare('ours', { query: ours(size), ignore: BOOKMARK }, sockets);
  const { bytes } = await measure(first, 1);
  const usual = await prepare('stock', { query: stock(size) }, sockets);
  const floor = await prepare('raw', {}, sockets, String(bytes));
  const ways = [first, usual, floor];
  const events = Math.max(3, Math.min(40, Math.round(10_000 / sockets)));
  const samples = new Map(ways.map(({ name }) => [name, [] as Sample[]]));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const way of ways) {
      const sample = await measure(way, way.name === 'stock' ? Math.ceil(events / 3) : events);
      if (round >= 0) samples.get(way.name)?.push(sample);
    }
    ways.push(ways.shift() as Way);
  }
  for (const { server, clients } of ways) {
    await clients.stop();
    await server.stop();
  }
  const of = (name: Way['name'], what: keyof Sample) => median((samples.get(name) ?? []).map((one) => one[what]));
  report(`fanout.${size}.${sockets}`, {
    bytes,
    stockBytes: of('stock', 'bytes'),
    perCpuSecond: of('ours', 'perCpuSecond'),
    stockPerCpuSecond: of('stock', 'perCpuSecond'),
    rawPerCpuSecond: of('raw', 'perCpuSecond'),
    timesStock: of('ours', 'perCpuSecond') / of('stock', 'perCpuSecond'),
    timesRaw: of('ours', 'perCpuSecond') / of('raw', 'perCpuSecond'),
    p99Ms: of('ours', 'p99Ms'),
    stockP99Ms: of('stock', 'p99Ms'),
    rawP99Ms: of('raw', 'p99Ms'),
    p99TimesRaw: of('ours', 'p99Ms') / of('raw', 'p99Ms'),
  });
}

async function prepare(
  name: Way['name'],
  crowd: { query?: string; ignore?: string; stalled?: number },
  sockets: number,
  ...args: string[]
): Promise<Way> {
  const server = await startServerProcess(name, ...args);
  const clients = await startClients({ url: server.url, sockets, ...crowd });
  await clients.open();
  return { name, server, clients };
}

/** Each event is sent when all sockets have the one before: what is measured is work, not waiting in line. */
async function measure({ server, clients }: Way, events: number): Promise<Sample> {
  const latencies: number[] = [];
  let bytes = 0;
  const cpuMs = cpuMsOf(server.pid);
  for (let event = 0; event < events; event += 1) {
    const { arrived } = await clients.expect(1);
    const committedNs = await server.fire();
    const answer = await arrived;
    for (const arrival of answer.arrivals) latencies.push((arrival - committedNs) / 1e6);
    bytes = answer.bytes;
  }
  const spentMs = cpuMsOf(server.pid) - cpuMs;
  return { perCpuSecond: (latencies.length / spentMs) * 1_000, p99Ms: quantile(latencies, 0.99), bytes };
}

/** One client that reads nothing, among many: what the others notice. */
async function stalledClient(sockets: number): Promise<void> {
  const crowd = { query: ours('large'), ignore: BOOKMARK };
  const calm = await prepare('ours', crowd, sockets);
  const again = await prepare('ours', crowd, sockets);
  const held = await prepare('ours', { ...crowd, stalled: 1 }, sockets);
  const p99s = { calm: [] as number[], again: [] as number[], held: [] as number[] };
  for (let round = -1; round < 2 * ROUNDS; round += 1) {
    const sample = {
      calm: (await measure(calm, 10)).p99Ms,
      again: (await measure(again, 10)).p99Ms,
      held: (await measure(held, 10)).p99Ms,
    };
    if (round < 0) continue;
    p99s.calm.push(sample.calm);
    p99s.again.push(sample.again);
    p99s.held.push(sample.held);
  }
  for (const { server, clients } of [calm, again, held]) {
    await clients.stop();
    await server.stop();
  }
  report('stalled', {
    sockets,
    p99MsWithout: median(p99s.calm),
    p99MsWithoutAgain: median(p99s.again),
    p99MsWith: median(p99s.held),
    spreadMs: quantile(p99s.calm, 0.9) - quantile(p99s.calm, 0.1),
  });
}

/** Everybody comes back at once with a cursor, beside as many sockets that only greet. */
async function storm(sockets: number): Promise<void> {
  const MISSED = 20;
  const server = await startServerProcess('ours');
  const probe = await startClients({ url: server.url, sockets: 1, query: ours('small'), ignore: BOOKMARK });
  const { bookmark } = await probe.open();
  await probe.stop();
  const after = /"bookmark":"([^"]+)"/.exec(bookmark)?.[1];
  for (let event = 0; event < MISSED; event += 1) await server.fire();
  const bare: number[] = [];
  const caughtUp: number[] = [];
  let lost = 0;
  let doubled = 0;
  for (let round = 0; round < 3; round += 1) {
    const greeters = await startClients({ url: server.url, sockets, query: null });
    bare.push((await greeters.open()).tookMs);
    await greeters.stop();
    const query = ours('small');
    const crowd = { url: server.url, sockets, query, variables: { after }, ignore: BOOKMARK, expect: MISSED };
    const returning = await startClients({ ...crowd, verify: true });
    const result = await returning.open();
    await returning.stop();
    caughtUp.push(result.tookMs);
    lost += result.lost;
    doubled += result.doubled;
  }
  await server.stop();
  const figures = { handshakesMs: median(bare), caughtUpMs: median(caughtUp) };
  report('storm', {
    sockets,
    missed: MISSED,
    lost,
    doubled,
    ...figures,
    times: figures.caughtUpMs / figures.handshakesMs,
  });
}

async function memory(sockets: number): Promise<void> {
  for (const name of ['ours', 'stock'] as const) {
    const server = await startServerProcess(name);
    const query = name === 'ours' ? ours('large') : stock('large');
    const crowd = { url: server.url, query, ...(name === 'ours' ? { ignore: BOOKMARK } : {}) };
    // What the first subscriptions warm up belongs to no subscription.
    const first = await startClients({ ...crowd, sockets: 50 });
    await first.open();
    await server.collectGarbage();
    const before = memoryMb(server.pid, 'VmRSS');
    const clients = await startClients({ ...crowd, sockets });
    await clients.open();
    await server.collectGarbage();
    const kB = ((memoryMb(server.pid, 'VmRSS') - before) * 1_024) / sockets;
    report(`memory.${name}`, { sockets, kBPerSubscription: kB });
    await first.stop();
    await clients.stop();
    await server.stop();
  }
}
