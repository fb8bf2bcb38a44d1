/** `npm run bench:stream`: what delivering an event costs beside the usual way and the floor; one JSON line per figure. */
import { median, memoryMb } from '../measure.js';
import { fanOut } from './fan-out.js';
import { BOOKMARK, closing } from './measuring.js';
import { ours, stock } from './operation.js';
import { pinned, socketsAllowed, startClients, startServerProcess } from './processes.js';
import { stalledClient } from './stalled.js';
import { commitRates } from './store-rate.js';
import { atMost, judge } from './verdict.js';

const COUNTS = (process.env.SLOGRAPH_BENCH_SOCKETS ?? '100,1000,5000').split(',').map(Number);
const ROUNDS = Number(process.env.SLOGRAPH_BENCH_ROUNDS ?? 5);
const STORMS = 3;
const MISSED = 20;
const only = process.env.SLOGRAPH_BENCH_ONLY?.split(',');
const wants = (figure: string) => only === undefined || only.includes(figure);

const startedMs = performance.now();
const allowed = socketsAllowed(Math.max(...COUNTS));
const counts = COUNTS.filter((count) => count <= allowed);
const left = COUNTS.filter((count) => count > allowed);
judge('world', { sockets: counts, rounds: ROUNDS, pinned, node: process.version });
if (left.length > 0) {
  judge('limit', { sockets: left, advice: `the limit of open files allows ${allowed} sockets: raise it (ulimit -n)` }, [
    { name: 'sockets', met: false, target: 'all' },
  ]);
}
const most = counts.at(-1) ?? 0;
if (wants('fanout')) for (const size of ['small', 'large'] as const) await fanOut(size, counts, ROUNDS);
if (wants('stalled')) await stalledClient(Math.min(1_000, most), 2 * ROUNDS);
if (wants('storm')) await storm(most);
if (wants('memory')) for (const name of ['ours', 'stock'] as const) await memory(name, most);
if (wants('store')) await commitRates(ROUNDS);
judge('took', { seconds: (performance.now() - startedMs) / 1_000 });
process.exit(0);

/** Everybody comes back at once with a cursor, beside as many sockets that only greet. */
async function storm(sockets: number): Promise<void> {
  const server = await startServerProcess('ours');
  const query = ours('small');
  const probe = await startClients({ url: server.url, sockets: 1, query, ignore: BOOKMARK });
  const { bookmark } = await probe.open();
  await probe.stop();
  const after = /"bookmark":"([^"]+)"/.exec(bookmark)?.[1];
  for (let event = 0; event < MISSED; event += 1) await server.fire();
  const handshakes: number[] = [];
  const caughtUp: number[] = [];
  const faults = { lost: 0, doubled: 0 };
  for (let round = 0; round < STORMS; round += 1) {
    const greeters = await startClients({ url: server.url, sockets, query: null });
    handshakes.push((await greeters.open()).tookMs);
    await greeters.stop();
    const returning = await startClients({
      url: server.url,
      sockets,
      query,
      variables: { after },
      ignore: BOOKMARK,
      expect: MISSED,
      verify: true,
    });
    const { tookMs, lost, doubled } = await returning.open();
    await returning.stop();
    caughtUp.push(tookMs);
    faults.lost += lost;
    faults.doubled += doubled;
  }
  await server.stop();
  const times = median(caughtUp) / median(handshakes);
  const measured = { handshakesMs: median(handshakes), caughtUpMs: median(caughtUp), times };
  judge('storm', { sockets, missed: MISSED, ...faults, ...measured }, [
    atMost('lost', faults.lost, 0),
    atMost('doubled', faults.doubled, 0),
    atMost('times', times, 2),
  ]);
}

async function memory(name: 'ours' | 'stock', sockets: number): Promise<void> {
  const server = await startServerProcess(name);
  const query = name === 'ours' ? ours('large') : stock('large');
  const crowd = { url: server.url, query, ...(name === 'ours' ? { ignore: BOOKMARK } : {}) };
  // What the first subscriptions warm up belongs to no subscription.
  const first = await startClients({ ...crowd, sockets: 50 });
  await first.open();
  await server.collectGarbage();
  const beforeMb = memoryMb(server.pid, 'VmRSS');
  const clients = await startClients({ ...crowd, sockets });
  await clients.open();
  await server.collectGarbage();
  const kBPerSubscription = ((memoryMb(server.pid, 'VmRSS') - beforeMb) * 1_024) / sockets;
  await closing(server, first, clients);
  const targets = name === 'ours' ? [atMost('kBPerSubscription', kBPerSubscription, 40)] : [];
  judge(`memory.${name}`, { sockets, kBPerSubscription }, targets);
}
