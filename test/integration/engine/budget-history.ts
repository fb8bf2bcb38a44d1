import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Timeline } from '../../../src/demo/incidents.js';
import { istioProxies } from '../../../src/demo/istio.js';
import { type Series, storedLabels, type Target } from '../../../src/demo/target.js';
import { trueEvents } from '../../../src/demo/truth.js';
import { vllmServers } from '../../../src/demo/vllm.js';
import { createWorld } from '../../../src/demo/world.js';
import { everything } from '../../../src/domain/access.js';
import type { SloDefinition, SloStatus } from '../../../src/domain/slo.js';
import { systemClock } from '../../../src/engine/clock.js';
import { createEngine } from '../../../src/engine/engine.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { startPrometheus, type TestPrometheus } from '../../support/prometheus.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const SLICE = 10 * MINUTE;
const STEP = 2 * MINUTE;
/** How long Prometheus takes a sample for the present value. */
const LOOK_BACK = 5 * MINUTE;

/** In Berlin clocks are turned on 29 March at 01:00 UTC; in Seoul the month ends on 31 March at 15:00 UTC. */
export const AT = Date.UTC(2026, 3, 1, 12);
/** Before March begins in Seoul. */
export const FROM = Date.UTC(2026, 1, 28, 12);
export const OUTAGE = Date.UTC(2026, 2, 31, 20);
/** From here to there nothing was scraped. */
export const GAP = [Date.UTC(2026, 2, 30, 6), Date.UTC(2026, 2, 30, 9)] as const;
/** When the service `retired` was seen last. */
export const RETIRED = Date.UTC(2026, 2, 31, 6, 20);

interface Written {
  readonly target: Target;
  readonly series: Series;
}

const outage = (startMs: number, endMs: number) => ({ kind: 'OUTAGE', cluster: 'cloud-core', startMs, endMs }) as const;
const EARLIER = Date.UTC(2026, 2, 12, 3);
const aggregator = countersIn(
  new Timeline([outage(EARLIER, EARLIER + 25 * MINUTE), outage(OUTAGE, OUTAGE + 75 * MINUTE)]),
);
/** A second service, which fails where the outage of the first ends, and a day before it. */
const collector = countersIn(
  new Timeline([outage(OUTAGE - DAY, OUTAGE - DAY + 45 * MINUTE), outage(OUTAGE + 40 * MINUTE, OUTAGE + 2 * HOUR)]),
);
/** Share of its cache that each engine uses. */
const caches = vllmServers(createWorld(FROM, new Timeline([]))).flatMap((target) =>
  seriesOf(target).filter(({ series }) => series.name === 'vllm:kv_cache_usage_perc'),
);

/** Requests to a service. */
export const requests = { aggregator: aggregator.map(seriesIn), collector: collector.map(seriesIn) };
export const cacheUse = caches.map(seriesIn);

export function failedOf(series: readonly Series[]): readonly Series[] {
  return series.filter(({ labels }) => /^5/.test(labels.response_code ?? ''));
}

function countersIn(incidents: Timeline): readonly Written[] {
  return istioProxies('cloud-core', createWorld(FROM, incidents))
    .flatMap(seriesOf)
    .filter(({ target, series }) => {
      const stored = storedLabels(target, series);
      const isAsked = stored.reporter === 'destination' && stored.destination_service_name === 'aggregator';
      return series.name === 'istio_requests_total' && isAsked;
    });
}

function seriesOf(target: Target): readonly Written[] {
  return target.families.flatMap(({ series }) => series.map((one) => ({ target, series: one })));
}

function seriesIn({ series }: Written): Series {
  return series;
}

/** A Prometheus that holds the history; the caller disposes of it. */
export async function startHistory(): Promise<TestPrometheus> {
  const prometheus = await startPrometheus({ shared: true });
  for (let fromMs = FROM; fromMs < AT; fromMs += DAY) {
    const toMs = Math.min(AT, fromMs + DAY);
    await prometheus.push([
      ...written(aggregator, 'aggregator', { fromMs, toMs, stepMs: STEP }),
      ...written(collector, 'collector', { fromMs, toMs, stepMs: STEP }),
      ...written(collector, 'retired', { fromMs, toMs: Math.min(toMs, RETIRED), stepMs: STEP }),
      ...written(caches, null, { fromMs, toMs, stepMs: MINUTE }),
    ]);
  }
  return prometheus;
}

/** Samples in (fromMs, toMs], and at the very beginning. */
function written(
  series: readonly Written[],
  service: string | null,
  span: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
) {
  const times: number[] = [];
  for (let at = span.fromMs === FROM ? FROM : span.fromMs + span.stepMs; at <= span.toMs; at += span.stepMs) {
    if (at <= GAP[0] || at >= GAP[1]) times.push(at);
  }
  const named = service === null ? {} : { destination_service_name: service };
  return series.map(({ target, series }) => ({
    labels: { ...storedLabels(target, series), ...named },
    samples: times.map((at) => [at, series.valueAt(at)] as const),
  }));
}

/** What there is to know of a slice of time. */
export interface TrueSlice {
  readonly fromMs: number;
  readonly bad: number;
  readonly total: number;
}

/** Events in the slices of a span that were seen. What happened in the gap shows at its end. */
export function eventSlices(series: readonly Series[], fromMs: number, toMs: number): readonly TrueSlice[] {
  const bad = failedOf(series);
  const isSeen = (at: number) => at < GAP[0] || at + SLICE >= GAP[1];
  return slicesBetween(fromMs, toMs)
    .filter(isSeen)
    .map((at) => {
      const seenMs = at + SLICE === GAP[1] ? Math.max(GAP[0], fromMs) : at;
      return { fromMs: at, bad: trueEvents(bad, seenMs, at + SLICE), total: trueEvents(series, seenMs, at + SLICE) };
    });
}

/**
 * Samples of values in the slices of a span that were seen: of each series one a minute.
 * @param badOf how bad a value is, 0..1
 */
export function sampleSlices(
  series: readonly Series[],
  fromMs: number,
  toMs: number,
  badOf: (value: number) => number,
): readonly TrueSlice[] {
  const slices = slicesBetween(fromMs, toMs).map((at) => {
    const minutes = Array.from({ length: SLICE / MINUTE }, (_, minute) => at + (minute + 1) * MINUTE);
    const values = minutes.map(lastScrape).flatMap((scrapedMs) => (scrapedMs === null ? [] : valuesAt(scrapedMs)));
    return { fromMs: at, bad: values.reduce((sum, value) => sum + badOf(value), 0), total: values.length };
  });
  return slices.filter(({ total }) => total > 0);

  function valuesAt(atMs: number): readonly number[] {
    return series.map((one) => one.valueAt(atMs));
  }
}

/** Where the slices of a span begin. */
function slicesBetween(fromMs: number, toMs: number): readonly number[] {
  return Array.from({ length: (toMs - fromMs) / SLICE }, (_, slice) => fromMs + slice * SLICE);
}

/** When what is shown at a minute was scraped; null when that was too long ago. */
function lastScrape(atMs: number): number | null {
  if (atMs <= GAP[0] || atMs >= GAP[1]) return atMs;
  return atMs - GAP[0] < LOOK_BACK ? GAP[0] : null;
}

export function summed(slices: readonly TrueSlice[]): { readonly bad: number; readonly total: number } {
  const sumOf = (part: 'bad' | 'total') => slices.reduce((sum, slice) => sum + slice[part], 0);
  return { bad: sumOf('bad'), total: sumOf('total') };
}

/** Evaluates definitions of the cluster `core` at an instant, from history that was read whole. */
export async function evaluated(
  url: string,
  slos: readonly SloDefinition[],
  atMs: number,
): Promise<ReadonlyMap<string, SloStatus>> {
  const prometheus = { url, timeoutMs: 10_000, maxConcurrent: 20, headersFile: null };
  const planner = createPlanner({ clusters: [{ name: 'core', prometheus, match: {} }] });
  const directory = mkdtempSync(join(tmpdir(), 'slograph-budgets-'));
  const store = await createSqliteStore({ path: join(directory, 'slograph.db') });
  const quiet = () => {};
  let isRead = quiet;
  const read = new Promise<void>((resolve) => {
    isRead = resolve;
  });
  const engine = createEngine({
    definitions: { current: () => ({ slos, problems: [] }), onChange: () => quiet },
    compiler: createSliCompiler(planner),
    events: createEventSource(planner),
    store,
    ledgerStore: store.ledger,
    clock: { ...systemClock, now: () => atMs },
    intervalMs: 15_000,
    lagMs: 0,
    gridMs: 5000,
    log: { info: quiet, warn: quiet, error: quiet },
    observer: { onHistory: ({ readRatio }) => readRatio === 1 && isRead() },
  });
  try {
    await engine.evaluateOnce();
    await read;
    await engine.evaluateOnce();
    return new Map(engine.board.all(everything).map((status) => [status.definition.name, status]));
  } finally {
    await engine.stop();
    await planner.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
