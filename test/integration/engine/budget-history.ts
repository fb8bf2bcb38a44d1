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
import { labelsOf, startPrometheus, type TestPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const SLICE = 10 * MINUTE;
const STEP = 2 * MINUTE;
/** Values are scraped that long before the minute at which they are shown. */
const EARLY = MINUTE / 2;
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

/** The aggregator is taken out of service around its outage, and for a night before that. */
const RESTS = [
  [Date.UTC(2026, 2, 30, 20), Date.UTC(2026, 2, 30, 22, 32)],
  [OUTAGE - 7 * MINUTE, OUTAGE + 80 * MINUTE],
] as const;
/** In the night in which the clocks are turned. */
const MAINTENANCE = [Date.UTC(2026, 2, 29, 0), Date.UTC(2026, 2, 29, 6)] as const;

/** Values that say whether the aggregator is in service: null where there is no sample. */
const service = {
  'up{job="aggregator"}': (atMs: number) => (RESTS.some((rest) => isWithin(rest, atMs)) ? 0 : 1),
  // That it is there says it.
  'maintenance{service="aggregator"}': (atMs: number) => (isWithin(MAINTENANCE, atMs) ? 0 : null),
} as const;

function isWithin([fromMs, toMs]: readonly [number, number], atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

/** The value of `service` that is shown at a minute; null when there is none. */
export function shownAt(name: keyof typeof service, atMs: number): number | null {
  for (let scrapedMs = atMs; scrapedMs - EARLY > atMs - LOOK_BACK; scrapedMs -= MINUTE) {
    const value = isScraped(scrapedMs) ? service[name](scrapedMs) : null;
    if (value !== null) return value;
  }
  return null;
}

function isScraped(atMs: number): boolean {
  return atMs <= GAP[0] || atMs >= GAP[1];
}

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
      ...written(caches, null, { fromMs, toMs, stepMs: MINUTE, earlyMs: EARLY }),
      ...Object.entries(service).map(([name, valueAt]) => ({
        labels: labelsOf(name),
        samples: timesIn({ fromMs, toMs, stepMs: MINUTE }).flatMap((at) => {
          const value = valueAt(at);
          return value === null ? [] : [[at - EARLY, value] as const];
        }),
      })),
    ]);
  }
  return prometheus;
}

/** Samples in (fromMs, toMs], and at the very beginning. */
function written(
  series: readonly Written[],
  service: string | null,
  { earlyMs = 0, ...span }: { fromMs: number; toMs: number; stepMs: number; earlyMs?: number },
) {
  const times = timesIn(span);
  const named = service === null ? {} : { destination_service_name: service };
  return series.map(({ target, series }) => ({
    labels: { ...storedLabels(target, series), ...named },
    samples: times.map((at) => [at - earlyMs, series.valueAt(at - earlyMs)] as const),
  }));
}

function timesIn({ fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number }): readonly number[] {
  const times: number[] = [];
  for (let at = fromMs === FROM ? FROM : fromMs + stepMs; at <= toMs; at += stepMs) if (isScraped(at)) times.push(at);
  return times;
}

/** What there is to know of a slice of time. */
export interface TrueSlice {
  readonly fromMs: number;
  readonly bad: number;
  readonly total: number;
}

/** Events in the slices of a span that were seen. What happened in the gap shows at its end. */
export function eventSlices(
  series: readonly Series[],
  fromMs: number,
  toMs: number,
  sliceMs = SLICE,
): readonly TrueSlice[] {
  const bad = failedOf(series);
  const isSeen = (at: number) => at < GAP[0] || at + sliceMs >= GAP[1];
  return slicesBetween(fromMs, toMs, sliceMs)
    .filter(isSeen)
    .map((at) => {
      const [from = 0, to = 0] = [at, at + sliceMs].map((edgeMs) => seenAt(edgeMs));
      const sinceMs = Math.max(from, fromMs);
      return { fromMs: at, bad: trueEvents(bad, sinceMs, to), total: trueEvents(series, sinceMs, to) };
    });
}

/** When the last sample of a counter was taken. */
function seenAt(atMs: number): number {
  return atMs > GAP[0] && atMs < GAP[1] ? GAP[0] : Math.floor(atMs / STEP) * STEP;
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
function slicesBetween(fromMs: number, toMs: number, sliceMs = SLICE): readonly number[] {
  return Array.from({ length: (toMs - fromMs) / sliceMs }, (_, slice) => fromMs + slice * sliceMs);
}

/** When what is shown at a minute was scraped; null when that was too long ago. */
function lastScrape(atMs: number): number | null {
  if (isScraped(atMs)) return atMs - EARLY;
  const lastMs = GAP[0] - EARLY;
  return atMs - lastMs < LOOK_BACK ? lastMs : null;
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
  const source = createEventSource(planner);
  let reaching = 0;
  let isRead = quiet;
  const read = new Promise<void>((resolve) => {
    isRead = resolve;
  });
  const engine = createEngine({
    definitions: { current: () => ({ slos, problems: [] }), onChange: () => quiet },
    compiler: createSliCompiler(planner),
    events: {
      ...source,
      async reaches(...asked) {
        reaching += 1;
        return source.reaches(...asked).finally(() => {
          reaching -= 1;
        });
      },
    },
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
    await until('what the source says of the beginnings of windows', () => reaching === 0);
    await engine.evaluateOnce();
    return new Map(engine.board.all(everything).map((status) => [status.definition.name, status]));
  } finally {
    await engine.stop();
    await planner.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
