/** `npm run bench:engine`: what evaluating SLOs costs beside the usual ways, and how right it is; one JSON line per figure. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEngine } from '../../../src/demo/engines.js';
import type { CompiledSli } from '../../../src/domain/ports.js';
import { freePort, type Running, start } from '../../support/process.js';
import { until } from '../../support/until.js';
import { type Cost, costOf, cpuMsOf, median, memoryMb, report } from '../measure.js';
import { compareWithTruth } from './accuracy.js';
import { DAYS, END_MS, FLEET, fleet, SCRAPE_MS, writeHistory } from './history.js';
import { createOurs, type Ours } from './ours.js';
import { askAll, rivals } from './rivals.js';

const CYCLES = 10;
const MINUTE_MS = 60_000;
/** As the engine does: a slice is read once more when two have followed it. */
const AGAIN_AFTER = 2;

/** What one way costs in one evaluation cycle. */
interface Spent extends Cost {
  readonly queries: number;
  readonly samples: number;
  readonly ourCpuMs: number;
  readonly longestMs: number;
}

const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const prometheus = startPrometheus();
try {
  await until(`prometheus on ${url}`, async () => (await fetch(`${url}/-/ready`)).ok);
  await tenThousand();
  const began = performance.now();
  const history = await writeHistory(url);
  const seconds = (performance.now() - began) / 1_000;
  report('history', { days: DAYS, scrapeSeconds: SCRAPE_MS / 1_000, samples: history.samples, seconds });
  const ours = createOurs(url);
  await compareWithTruth(ours, history);
  for (const slos of [20, 200]) await compareCosts(ours, slos);
  await ours.close();
} finally {
  await prometheus.stop('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

function startPrometheus(): Running {
  const binary = findEngine('prometheus');
  if (binary === null) throw new Error('prometheus is not installed');
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, '');
  return start(binary, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    '--storage.tsdb.retention.time=20y',
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--log.level=warn',
  ]);
}

/** In a process of its own. */
async function tenThousand(): Promise<void> {
  const child = fork(fileURLToPath(new URL('./generated.js', import.meta.url)));
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`the generated source ended with ${code}`);
}

async function compareCosts(ours: Ours, count: number): Promise<void> {
  const services = fleet.slice(0, count).map(({ name }) => name);
  const slis = services.map((name) => ours.compile(FLEET, name));
  // An hour before, from which the guards know what is usual.
  const firstMs = END_MS - (CYCLES + AGAIN_AFTER) * MINUTE_MS;
  await ours.read(slis, { fromMs: firstMs - 60 * MINUTE_MS, toMs: firstMs, sliceMs: MINUTE_MS });
  ours.asked();
  const first = await cycles(ours, slis, false);
  const again = await cycles(ours, slis, true);
  const doubled = await cycles(ours, [...slis, ...services.map((name) => ours.compile(FLEET, name, '0.99'))], false);
  say(count, 'ours, first reads', first);
  say(count, 'ours, with re-asked slices', again);
  say(count, 'ours, twice as many SLOs on them', doubled);
  for (const { name, queries } of rivals) {
    const asked = services.flatMap((service) => queries(service));
    let samples = 0;
    const ourCpuMs = cpuMsOf(process.pid);
    const cost = await costOf(prometheus.pid, async () => {
      samples = await askAll(url, asked);
    });
    const spent = {
      ...cost,
      samples,
      queries: asked.length,
      longestMs: Number.NaN,
      ourCpuMs: cpuMsOf(process.pid) - ourCpuMs,
    };
    say(count, name, spent);
    report('fewer samples', {
      slos: count,
      than: name,
      first: samples / first.samples,
      again: samples / again.samples,
    });
  }
  if (doubled.queries !== first.queries) throw new Error('SLOs on the same services asked more PromQL');
  // Per series that was read, for ten thousand services of that size, once a minute.
  report('prometheus cores at 10,000 SLOs', {
    from: count,
    first: coresOf(first, count),
    again: coresOf(again, count),
  });
}

function coresOf({ cpuMs }: Spent, count: number): number {
  return ((cpuMs / count) * 10_000) / MINUTE_MS;
}

/** Consecutive evaluations a minute apart; medians of one. */
async function cycles(ours: Ours, slis: readonly CompiledSli[], again: boolean): Promise<Spent> {
  const spent: Spent[] = [];
  for (let cycle = CYCLES - 1; cycle >= 0; cycle -= 1) {
    const toMs = END_MS - cycle * MINUTE_MS;
    const spans = [toMs, ...(again ? [toMs - AGAIN_AFTER * MINUTE_MS] : [])];
    const ourCpuMs = cpuMsOf(process.pid);
    const cost = await costOf(prometheus.pid, async () => {
      for (const end of spans) await ours.read(slis, { fromMs: end - MINUTE_MS, toMs: end, sliceMs: MINUTE_MS });
    });
    const asked = ours.asked();
    spent.push({
      ...cost,
      ourCpuMs: cpuMsOf(process.pid) - ourCpuMs,
      queries: asked.length,
      samples: asked.reduce((sum, { samples }) => sum + (samples ?? 0), 0),
      longestMs: Math.max(...asked.map(({ durationMs }) => durationMs)),
    });
  }
  const of = (figure: keyof Spent) => median(spent.map((one) => one[figure]));
  return {
    queries: of('queries'),
    // A scrape every two minutes is read in one minute and not in the next.
    samples: spent.reduce((sum, { samples }) => sum + samples, 0) / spent.length,
    wallMs: of('wallMs'),
    cpuMs: of('cpuMs'),
    ourCpuMs: of('ourCpuMs'),
    longestMs: of('longestMs'),
  };
}

function say(slos: number, way: string, { queries, samples, wallMs, cpuMs, ourCpuMs, longestMs }: Spent): void {
  report('cycle', {
    slos,
    way,
    promql: queries,
    samples,
    samplesPerSlo: samples / slos,
    wallMs,
    prometheusCpuMs: cpuMs,
    ourCpuMs,
    ...(Number.isNaN(longestMs) ? {} : { longestQueryMs: longestMs }),
    prometheusMb: memoryMb(prometheus.pid, 'VmHWM'),
    ourMb: memoryMb(process.pid, 'VmRSS'),
  });
}
