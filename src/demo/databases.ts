import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild, whenReady } from './child.js';
import { expectedSamples, writeHistory } from './history.js';
import { countSamples, newestSampleMs, prometheusArguments, reload, writePrometheusConfig } from './prometheus.js';
import { type Series, storedLabels, type Target } from './target.js';
import { sharing } from './topology.js';

const READY_MS = 120_000;
/** The history is caught up with the clock until it is less than this behind. */
const CAUGHT_UP_MS = 3_000;
/** A scraped value is some milliseconds younger than its sample: the next one must not be older than that. */
const AFTER_SCRAPE_MS = 1_000;

/** One Prometheus of the demo. */
export interface Database {
  readonly url: string;
  readonly child: Child;
  readonly configFile: string;
  /** Time of the newest sample found at the start; null in an empty one. */
  readonly newestMs: number | null;
  holds(target: Target): boolean;
}

/** Starts the Prometheus of edge-seoul and the shared one, without targets yet. They are handed over as they start. */
export async function startDatabases(
  prometheus: string,
  folder: string,
  ports: { readonly prometheusEdge: number; readonly prometheusShared: number },
  started: (child: Child) => void,
  signal: AbortSignal,
): Promise<readonly Database[]> {
  const launch = async (name: string, port: number, isShared: boolean): Promise<Database> => {
    const data = join(folder, `prometheus-${name}`);
    const configFile = join(data, 'prometheus.yml');
    mkdirSync(data, { recursive: true });
    writePrometheusConfig(configFile, [], null);
    const url = `http://127.0.0.1:${port}`;
    const child = startChild(
      `Prometheus (${name})`,
      prometheus,
      prometheusArguments(configFile, join(data, 'tsdb'), port),
    );
    started(child);
    await whenReady(child, `${url}/-/ready`, READY_MS, signal);
    const holds = (target: Target) => sharing.includes(target.cluster) === isShared;
    return { url, child, configFile, newestMs: await newestSampleMs(url), holds };
  };
  // Both must have settled before a failure is told, so that no half-started one is left behind.
  const settled = await Promise.allSettled([
    launch('edge', ports.prometheusEdge, false),
    launch('shared', ports.prometheusShared, true),
  ]);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** Writes what is missing in every Prometheus up to now, and checks it. Returns the number of samples written. */
export async function fillHistory(
  databases: readonly Database[],
  targets: readonly Target[],
  historyFromMs: number,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const untilMs = Date.now();
  const shares = databases.map(() => 0);
  const report = (index: number) => (share: number) => {
    shares[index] = share;
    onProgress(shares.reduce((sum, one) => sum + one, 0) / shares.length);
  };
  const counts = await Promise.all(
    databases.map(async (database, index) => {
      const own = targets.filter((target) => database.holds(target));
      const afterMs = database.newestMs === null ? historyFromMs : database.newestMs + AFTER_SCRAPE_MS;
      if (afterMs >= untilMs) return 0;
      const part = { url: database.url, targets: own, afterMs };
      const written = await writeHistory(part, untilMs, report(index), signal);
      await verify(database.url, own, afterMs, untilMs);
      return written;
    }),
  );
  const later = await catchUp(databases, targets, untilMs, signal);
  return counts.reduce((sum, one) => sum + one, later);
}

/** Writes what the clock has moved on meanwhile, until the rest is shorter than any scrape interval. */
async function catchUp(
  databases: readonly Database[],
  targets: readonly Target[],
  fromMs: number,
  signal: AbortSignal,
): Promise<number> {
  let written = 0;
  for (let afterMs = fromMs; Date.now() - afterMs > CAUGHT_UP_MS; ) {
    const untilMs = Date.now();
    const parts = databases.map(({ url, holds }) => ({ url, targets: targets.filter(holds), afterMs }));
    const counts = await Promise.all(parts.map((part) => writeHistory(part, untilMs, () => {}, signal)));
    written += counts.reduce((sum, one) => sum + one, 0);
    afterMs = untilMs;
  }
  return written;
}

/** Lets every Prometheus scrape the exporters from now on. */
export async function scrape(databases: readonly Database[], targets: readonly Target[], port: number): Promise<void> {
  await Promise.all(
    databases.map(async ({ url, configFile, holds }) => {
      writePrometheusConfig(configFile, targets.filter(holds), port);
      await reload(url);
    }),
  );
}

/**
 * Compares what Prometheus keeps with what was made, for one series of each kind.
 * @throws Error when more is missing than the odd sample that remote write is known to lose
 */
async function verify(url: string, targets: readonly Target[], afterMs: number, untilMs: number): Promise<void> {
  for (const tier of ['SLO', 'INVENTORY', 'RECENT'] as const) {
    const [target, series] = firstOf(targets, tier);
    const expected = expectedSamples(target, series, afterMs, untilMs);
    const kept = await countSamples(url, storedLabels(target, series), afterMs, untilMs);
    if (kept > expected || kept < expected * 0.999 - 1) {
      throw new Error(`Prometheus at ${url} keeps ${kept} samples of ${series.name} where ${expected} were written`);
    }
  }
}

function firstOf(targets: readonly Target[], tier: Series['tier']): readonly [Target, Series] {
  for (const target of targets) {
    for (const { series } of target.families) {
      const found = series.find((one) => one.tier === tier);
      if (found !== undefined) return [target, found];
    }
  }
  throw new Error(`no series of the model is ${tier}`);
}
