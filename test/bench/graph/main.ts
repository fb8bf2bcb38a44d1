/** `npm run bench:graph`: what an answer of the graph costs beside the usual ways; one JSON line per figure. */
import { deepStrictEqual } from 'node:assert';
import { once } from 'node:events';
import { ask, type Cost, costOf, median, memoryMb, post, quantile, report } from '../measure.js';
import { startCountingProxy } from './counting-proxy.js';
import { type Dashboard, dashboards, promqlByMark } from './operations.js';
import { createPrograms, type Program, type Programs } from './programs.js';
import { END_MS, SIZES } from './world.js';

const ROUNDS = Number(process.env.SLOGRAPH_BENCH_ROUNDS ?? 15);
/** Operations of each way before it counts: a server that runs for days has long been compiled. */
const WARM_UP = { nodes: 1_000, containers: 60 } as const;
/** Operations of each way in a round: a process that has waited for the others is slow for a while, whatever it does. */
const IN_A_ROW = { nodes: 40, containers: 4 } as const;
const CLIENTS = 50;
const GRID_MS = 5_000;

type Promql = Record<Dashboard['name'], Record<string, string>>;

/** Within the history, with the windows that reach back from it. */
const SPAN_MS = 6_600_000;
let instant = END_MS;
/** An instant that nobody has asked about, or not for longer than answers are kept: every answer is made anew. */
function nextAt(): number {
  instant = instant - 2 * GRID_MS < END_MS - SPAN_MS ? END_MS : instant - 2 * GRID_MS;
  return instant;
}

const say = (line: string) => process.stderr.write(`${line}\n`);
const programs = createPrograms();
try {
  await measure(programs, await programs.prometheus(say));
} finally {
  await programs.stop();
}
process.exit(0);

async function measure(programs: Programs, prometheus: string): Promise<void> {
  report('world', { ...SIZES, hours: 2, scrapeSeconds: 15, rounds: ROUNDS, node: process.version });
  const only = process.env.SLOGRAPH_BENCH_ONLY?.split(',');
  const wants = (figure: string) => only === undefined || only.includes(figure);
  const gateway = await programs.gateway(prometheus);
  const idleMb = memoryMb(gateway.pid, 'VmRSS');
  const promql = await learnPromql(gateway);
  if (wants('a')) await requestsAndBytes(programs, prometheus, promql);
  if (wants('bc')) await wallAndCpu(programs, prometheus, gateway, promql);
  // Thousands of operations one behind the other, and what the engine leaves lying for a while.
  if (wants('bc')) report('memory.run', { idleMb, peakMb: memoryMb(gateway.pid, 'VmHWM') });
  if (wants('memory')) await memory(programs, prometheus);
  if (wants('d')) await crowd(programs, prometheus);
  if (wants('e')) await plainFields(programs);
}

/** The PromQL that the gateway sends for each dashboard. */
async function learnPromql(gateway: Program): Promise<Promql> {
  const learnt = {} as Promql;
  for (const { name, query } of dashboards) {
    const at = new Date(nextAt()).toISOString();
    const answer = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-slograph-plan': '1' },
      body: JSON.stringify({ query, variables: { at } }),
    });
    const { extensions, errors } = (await answer.json()) as {
      errors?: unknown;
      extensions: { plan: { promql: string; cached: boolean }[] };
    };
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    const sent = extensions.plan.filter(({ cached }) => !cached).map(({ promql }) => promql);
    learnt[name] = promqlByMark(name, sent);
  }
  return learnt;
}

/** (a) PromQL and bytes of an operation, beside a request per entity and field. */
async function requestsAndBytes(programs: Programs, prometheus: string, promql: Promql): Promise<void> {
  const proxy = await startCountingProxy(prometheus);
  const gateway = await programs.gateway(proxy.url);
  const stock = await programs.own('stock', JSON.stringify({ url: proxy.url, naive: false, promql }));
  const naive = await programs.own('stock', JSON.stringify({ url: proxy.url, naive: true, promql }));
  proxy.take();
  for (const { name, query, figures } of dashboards) {
    const at = new Date(nextAt()).toISOString();
    const counted = async ({ url }: Program) => {
      await ask(url, query, { at });
      return proxy.take();
    };
    const ours = await counted(gateway);
    const loaders = await counted(stock);
    const single = await counted(naive);
    report(`a.${name}`, {
      families: Object.keys(promql[name]).length,
      figures: figures.length,
      requests: ours.requests,
      bytes: ours.bytes,
      dataLoaderRequests: loaders.requests,
      dataLoaderBytes: loaders.bytes,
      naiveRequests: single.requests,
      naiveBytes: single.bytes,
      requestsSaved: single.requests / ours.requests,
    });
  }
  proxy.close();
}

/** (b) and (c): the gateway, the floor and the usual way, one after the other, in a turning order. */
async function wallAndCpu(programs: Programs, prometheus: string, gateway: Program, promql: Promql): Promise<void> {
  const stock = await programs.own('stock', JSON.stringify({ url: prometheus, naive: false, promql }));
  const floor = programs.floor();
  for (const dashboard of dashboards) {
    const { name, query, figures } = dashboard;
    const texts = new Map<string, string>();
    const byGraphql = (of: string, program: Program) => (atMs: number) =>
      costOf(program.pid, async () => {
        const variables = { at: new Date(atMs).toISOString() };
        texts.set(of, await post(program.url, JSON.stringify({ query, variables })));
      });
    const byHand = async (atMs: number): Promise<Cost> => {
      let wallMs = 0;
      const { cpuMs } = await costOf(floor.pid, async () => {
        floor.child.send({ dashboard: name, url: prometheus, promql: promql[name], figures, atMs });
        const [answer] = (await once(floor.child, 'message')) as [{ wallMs: number; text: string }];
        wallMs = answer.wallMs;
        texts.set('floor', answer.text);
      });
      return { wallMs, cpuMs };
    };
    const ways = { gateway: byGraphql('gateway', gateway), floor: byHand, stock: byGraphql('stock', stock) };
    const turns = { warmUp: WARM_UP[name], inARow: IN_A_ROW[name] };
    const costs = await interleaved(ways, byHand, turns, () => {
      const answers = [...texts.values()].map((text) => JSON.parse(text));
      for (const answer of answers) deepStrictEqual(answer, answers[0]);
    });
    compare(`b.${name}`, costs.gateway, { floor: costs.floor });
    compare(`c.${name}`, costs.gateway, { stock: costs.stock });
  }
}

/** The ways take turns; in a round each is asked about the same instants, the first of one round being the last of the next. */
async function interleaved<W extends string>(
  ways: Readonly<Record<W, (atMs: number) => Promise<Cost>>>,
  prime: (atMs: number) => Promise<unknown>,
  { warmUp, inARow }: { readonly warmUp: number; readonly inARow: number },
  check: () => void,
): Promise<Record<W, Cost[]>> {
  const names = Object.keys(ways) as W[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<W, Cost[]>;
  for (const name of names) for (let turn = 0; turn < warmUp; turn += 1) await ways[name](nextAt());
  for (let round = 0; round < ROUNDS; round += 1) {
    const instants = Array.from({ length: inARow }, nextAt);
    // Prometheus reads the chunks of an instant faster the second time: nobody pays for being the first.
    for (const atMs of instants) await prime(atMs - GRID_MS);
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length] as W;
      for (const atMs of instants) costs[name].push(await ways[name](atMs));
    }
    if (round === 0) check();
  }
  return costs;
}

function compare(figure: string, ours: readonly Cost[], baselines: Readonly<Record<string, readonly Cost[]>>): void {
  const line: Record<string, number> = summary('', ours);
  for (const [name, costs] of Object.entries(baselines)) {
    Object.assign(line, summary(name, costs));
    line.wallRatio = (line.wallMs ?? 0) / (line[`${name}WallMs`] ?? 0);
    line.wallP99Ratio = (line.wallP99Ms ?? 0) / (line[`${name}WallP99Ms`] ?? 0);
    line.cpuRatio = (line[`${name}CpuMs`] ?? 0) / (line.cpuMs ?? 0);
  }
  report(figure, line);
}

function summary(name: string, costs: readonly Cost[]): Record<string, number> {
  const walls = costs.map(({ wallMs }) => wallMs);
  const called = (field: string) => (name === '' ? field : `${name}${field[0]?.toUpperCase()}${field.slice(1)}`);
  return {
    [called('wallMs')]: median(walls),
    [called('wallP99Ms')]: quantile(walls, 0.99),
    [called('cpuMs')]: median(costs.map(({ cpuMs }) => cpuMs)),
  };
}

/** What operations of 3,000 containers take above an idle gateway: the most over one of them, and over ten. */
async function memory(programs: Programs, prometheus: string): Promise<void> {
  const gateway = await programs.gateway(prometheus);
  const idleMb = memoryMb(gateway.pid, 'VmRSS');
  const { query } = dashboards.find(({ name }) => name === 'containers') as Dashboard;
  const aboveIdleMb: number[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    await ask(gateway.url, query, { at: new Date(nextAt()).toISOString() });
    aboveIdleMb.push(memoryMb(gateway.pid, 'VmHWM') - idleMb);
  }
  report('memory', { idleMb, oneAboveIdleMb: aboveIdleMb[0], tenAboveIdleMb: aboveIdleMb.at(-1) });
}

/** (d) Many clients with the same dashboard at once, about an instant that nobody has asked about. */
async function crowd(programs: Programs, prometheus: string): Promise<void> {
  const proxy = await startCountingProxy(prometheus);
  const gateway = await programs.gateway(proxy.url);
  for (const { name, query } of dashboards) {
    const round = async (clients: number) => {
      const at = new Date(nextAt()).toISOString();
      proxy.take();
      const startedMs = performance.now();
      await Promise.all(Array.from({ length: clients }, () => ask(gateway.url, query, { at })));
      return { requests: proxy.take().requests, wallMs: performance.now() - startedMs };
    };
    const single: number[] = [];
    const many: number[] = [];
    const walls: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      single.push((await round(1)).requests);
      const { requests, wallMs } = await round(CLIENTS);
      many.push(requests);
      walls.push(wallMs);
    }
    report(`d.${name}`, {
      clients: CLIENTS,
      requestsOfOne: median(single),
      requestsOfAll: median(many),
      mostRequestsOfAll: Math.max(...many),
      ratio: Math.max(...many) / Math.min(...single),
      wallMs: median(walls),
    });
  }
  proxy.close();
}

/** (e) 1,000 objects of 8 plain fields: requests per second over HTTP. */
async function plainFields(programs: Programs): Promise<void> {
  const ours = await programs.own('plain', 'ours');
  const apollo = await programs.own('plain', 'apollo');
  const body = JSON.stringify({ query: '{ items { id name namespace node image restarts ready cpu } }' });
  deepStrictEqual(JSON.parse(await post(ours.url, body)), JSON.parse(await post(apollo.url, body)));
  const rate = async ({ url }: Program) => {
    const requests = 100;
    const startedMs = performance.now();
    let left = requests;
    const client = async () => {
      while (left > 0) {
        left -= 1;
        await post(url, body);
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    return (requests / (performance.now() - startedMs)) * 1_000;
  };
  const rates = { ours: [] as number[], apollo: [] as number[] };
  for (let round = -2; round < ROUNDS; round += 1) {
    const own = await rate(ours);
    const usual = await rate(apollo);
    if (round < 0) continue;
    rates.ours.push(own);
    rates.apollo.push(usual);
  }
  report('e.plain', {
    objects: 1_000,
    fields: 8,
    requestsPerSecond: median(rates.ours),
    apolloRequestsPerSecond: median(rates.apollo),
    ratio: median(rates.ours.map((value, round) => value / (rates.apollo[round] ?? Number.NaN))),
  });
}
