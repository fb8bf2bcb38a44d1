import { median, quantile } from '../measure.js';
import { BOOKMARK, closing, measure } from './measuring.js';
import { ours } from './operation.js';
import { startClients, startServerProcess } from './processes.js';
import { atMost, judge } from './verdict.js';

/** More than the buffers of a connection and what the server leaves unread take, so that the one is stalled. */
const UNREAD_EVENTS = 6_000;
const BATCH = 100;
const EVENTS = 5;

/** One client that reads nothing, among many: what the others notice, beside two servers without one. */
export async function stalledClient(sockets: number, rounds: number): Promise<void> {
  const calm = await prepare(sockets, false);
  const again = await prepare(sockets, false);
  const held = await prepare(sockets, true);
  const p99s = { calm: [] as number[], again: [] as number[], held: [] as number[] };
  const p99Of = async ({ server, clients }: Prepared) => (await measure(server, clients, EVENTS)).p99Ms;
  for (let round = -1; round < rounds; round += 1) {
    const sample = { calm: await p99Of(calm), again: await p99Of(again), held: await p99Of(held) };
    if (round < 0) continue;
    p99s.calm.push(sample.calm);
    p99s.again.push(sample.again);
    p99s.held.push(sample.held);
  }
  for (const { server, programs } of [calm, again, held]) await closing(...programs, server);
  const without = [...p99s.calm, ...p99s.again];
  const [p99MsWithout, p99MsWithoutAgain, p99MsWith] = [p99s.calm, p99s.again, p99s.held].map(median);
  const spreadMs = quantile(without, 0.75) - quantile(without, 0.25);
  const noiseMs = Math.max(spreadMs, Math.abs((p99MsWithout ?? 0) - (p99MsWithoutAgain ?? 0)));
  judge('stalled', { sockets, p99MsWithout, p99MsWithoutAgain, p99MsWith, noiseMs }, [
    atMost('p99MsWith', p99MsWith ?? 0, median(without) + noiseMs),
  ]);
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

async function prepare(sockets: number, withStalled: boolean) {
  const server = await startServerProcess('ours');
  const crowd = { url: server.url, query: ours('large'), ignore: BOOKMARK };
  const one = await startClients({ ...crowd, sockets: 1, stalled: withStalled ? 1 : 0 });
  await one.open();
  for (let event = 0; event < UNREAD_EVENTS; event += BATCH) await server.fire(BATCH);
  const clients = await startClients({ ...crowd, sockets });
  await clients.open();
  return { server, clients, programs: [one, clients] };
}
