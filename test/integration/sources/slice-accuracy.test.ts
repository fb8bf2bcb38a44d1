import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { CompiledSli, EventSource } from '../../../src/domain/ports.js';
import { createPlanner, type Planner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { createEventWorlds, type EventWorld, requestsOf, type WorldModel } from '../../support/event-world.js';
import { startPrometheus, T0, type TestPrometheus } from '../../support/prometheus.js';
import { anObjective, anSli } from '../../unit/domain/slo-examples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLICE = 5 * MINUTE;
const FROM = T0 - 28 * DAY;

const services: WorldModel['services'] = [
  {
    name: 'busy',
    perSecond: 12,
    pods: 3,
    errors: { ratio: 0.002 },
    incident: { fromMs: FROM + 9 * DAY, toMs: FROM + 9 * DAY + HOUR, ratio: 0.4 },
  },
  { name: 'calm', perSecond: 0.5, pods: 3, errors: { count: 120 } },
  { name: 'rare', perSecond: 0.02, pods: 2, errors: { count: 10 } },
];
const common = { fromMs: FROM, toMs: T0, scrapeMs: 2 * MINUTE, services };
const churn = { rolloutMs: 6 * DAY, restarts: true, staleMarkers: true };
const models: readonly WorldModel[] = [
  { ...common, namespace: 'clean' },
  { ...common, ...churn, namespace: 'churn' },
  { ...common, ...churn, namespace: 'gaps', missedScrapes: 40 },
  {
    ...common,
    ...churn,
    namespace: 'outage',
    missedScrapes: 200,
    outages: [{ fromMs: FROM + 14 * DAY + 7 * HOUR, toMs: FROM + 14 * DAY + 9 * HOUR }],
  },
];

let prometheus: TestPrometheus;
let world: EventWorld;
let planner: Planner;

beforeAll(async () => {
  prometheus = await startPrometheus({ shared: true });
  world = createEventWorlds(models);
  await world.push(prometheus.url);
  planner = createPlanner({
    clusters: [
      {
        name: 'edge',
        match: {},
        prometheus: { url: prometheus.url, timeoutMs: 60_000, maxConcurrent: 4, headersFile: null },
      },
    ],
  });
});

afterAll(async () => {
  await planner?.close();
  await prometheus?.dispose();
});

interface Measured {
  readonly bad: number;
  readonly total: number;
  readonly estimated: number;
  readonly unseen: number;
}

/** A day at a time and newest last, as trusted slices vouch for the next. */
async function measure(slis: ReadonlyMap<string, CompiledSli>): Promise<ReadonlyMap<string, Measured>> {
  const events = createEventSource(planner);
  const largest = new Map<string, number>();
  const sums = new Map([...slis.keys()].map((name) => [name, { bad: 0, total: 0, estimated: 0, unseen: 0 }]));
  for (let fromMs = FROM; fromMs < T0; fromMs += DAY) {
    const span = { fromMs, toMs: fromMs + DAY, sliceMs: SLICE };
    const read = await events.readSlices([...slis.values()], span, { largest }, { scope: everything });
    for (const [name, { streams }] of slis) {
      const sum = sums.get(name) as { bad: number; total: number; estimated: number; unseen: number };
      const [bad, total] = [sliceOf(read, streams.bad?.[0]?.key), sliceOf(read, streams.total[0]?.key)];
      for (const [slice, count] of total.counts.entries()) {
        if (Number.isNaN(count)) sum.unseen += 1;
        else sum.total += count;
        sum.bad += bad.counts[slice] || 0;
        sum.estimated += total.estimated[slice] || bad.estimated[slice] ? 1 : 0;
      }
    }
    for (const [key, outcome] of read) {
      if (!outcome.ok) throw outcome.error;
      const { counts, estimated } = outcome.value;
      const trusted = counts.filter((count, slice) => !Number.isNaN(count) && estimated[slice] === 0);
      largest.set(key, Math.max(largest.get(key) ?? 0, ...trusted.map((count) => (count * MINUTE) / SLICE)));
    }
  }
  return sums;
}

function sliceOf(read: Awaited<ReturnType<EventSource['readSlices']>>, key: string | undefined) {
  const outcome = read.get(key ?? '');
  if (outcome === undefined || !outcome.ok) throw new Error(`no slices of ${key}: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

function sli(namespace: string, service: string): CompiledSli {
  const text = (selector: string) => ({ text: `sum(rate(${selector}[5m]))`, path: 'query', line: 1, column: 1 });
  const definition = anSli({
    measure: {
      kind: 'RATIO',
      bad: text(requestsOf(namespace, service, ',response_code=~"5.."')),
      total: text(requestsOf(namespace, service)),
      counter: true,
    },
  });
  return createSliCompiler(planner).compile(definition, anObjective(), 'edge');
}

describe('events of 28 days, slice by slice, against what really happened', () => {
  it.each([
    ['nothing unusual', 'clean', 0],
    ['rollouts and restarts', 'churn', 0],
    ['missed scrapes and pods out of reach', 'gaps', 0],
    ['two hours without any scrape', 'outage', 24],
  ])('are right with %s', async (_, namespace, unseen) => {
    const slis = new Map(services.map(({ name }) => [name, sli(namespace, name)]));
    const measured = await measure(slis);
    const off = (name: string) => {
      const truth = world.truth(`${namespace}/${name}`, FROM, T0);
      const found = measured.get(name) as Measured;
      // What was never there is not counted, whatever happened to the counters.
      expect(found.bad).toBeLessThanOrEqual(truth.bad);
      expect(found.total).toBeLessThanOrEqual(truth.total);
      expect(found.total).toBeGreaterThan(truth.total * 0.999);
      expect(found.unseen).toBe(unseen);
      return { bad: truth.bad - found.bad, ratio: (found.bad * truth.total) / (found.total * truth.bad) - 1 };
    };
    expect(off('busy').bad).toBeLessThan(0.0005 * 83_000);
    expect(Math.abs(off('busy').ratio)).toBeLessThan(0.002);
    expect(off('calm').bad).toBeLessThanOrEqual(0.01 * 120);
    expect(off('rare').bad).toBeLessThanOrEqual(1);
  });
});
