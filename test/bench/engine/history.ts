import { encodeLabels, type Sample, WriteBatch } from '../../../src/demo/remote-write.js';
import { createEventWorlds, type EventWorld, type ServiceModel, type WorldModel } from '../../support/event-world.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The instant at which history ends: 2026-01-15T12:00:00Z. */
export const END_MS = Date.UTC(2026, 0, 15, 12);
export const DAYS = 30;
export const SCRAPE_MS = 120_000;
/** What rules of others recorded, every two minutes; Sloth's own interval is 30 s, which would be four times dearer. */
const RECORDED_MS = 120_000;
const BLOCK_MS = 300_000;

/** Services whose SLOs are counted for their cost. */
export const FLEET = 'fleet';
export const fleet: readonly ServiceModel[] = Array.from({ length: 200 }, (_, index) => ({
  name: `service-${String(index).padStart(3, '0')}`,
  perSecond: 2 + (index % 20),
  pods: 2,
  errors: { ratio: 0.0005 + (index % 7) / 5_000 },
}));

const FROM_MS = END_MS - DAYS * DAY_MS;
const ACCURATE_FROM_MS = END_MS - 28 * DAY_MS;

/** Services whose counts are held against the truth. */
export const measured: readonly ServiceModel[] = [
  { name: 'busy', perSecond: 20, pods: 3, errors: { ratio: 0.002 } },
  { name: 'calm', perSecond: 1, pods: 3, errors: { count: 120 } },
  { name: 'rare', perSecond: 0.05, pods: 2, errors: { count: 10 } },
];

const usual: Omit<WorldModel, 'namespace'> = {
  fromMs: ACCURATE_FROM_MS,
  toMs: END_MS,
  scrapeMs: SCRAPE_MS,
  services: measured,
};
const churn = { rolloutMs: 6 * DAY_MS, staleMarkers: true };
const outage = {
  fromMs: ACCURATE_FROM_MS + 14 * DAY_MS + 7 * HOUR_MS,
  toMs: ACCURATE_FROM_MS + 14 * DAY_MS + 9 * HOUR_MS,
};

export const scenarios: readonly WorldModel[] = [
  { ...usual, namespace: 'clean' },
  { ...usual, ...churn, namespace: 'rollouts' },
  { ...usual, ...churn, namespace: 'restarts', restarts: true },
  { ...usual, ...churn, namespace: 'scrape-gaps', restarts: true, missedScrapes: 40 },
  { ...usual, ...churn, namespace: 'outage-2h', restarts: true, outages: [outage] },
];

/** As Sloth and Pyrra call them. */
export const RATIO_RECORD = 'slo:sli_error:ratio_rate5m';
export const TOTAL_RECORD = 'istio_requests:increase5m';
export const ERROR_RECORD = 'istio_requests:errors_increase5m';

export interface History {
  readonly world: EventWorld;
  readonly samples: number;
}

/** Thirty days of counters, and what the rules of others recorded of them. */
export async function writeHistory(url: string): Promise<History> {
  const costed: WorldModel = {
    ...churn,
    namespace: FLEET,
    fromMs: FROM_MS,
    toMs: END_MS,
    scrapeMs: SCRAPE_MS,
    services: fleet,
    restarts: true,
  };
  const world = createEventWorlds([costed, ...scenarios]);
  const samples = await world.push(url, recorded());
  return { world, samples };
}

/** What it costs to read records does not depend on what they say. */
function recorded(): (batch: WriteBatch, fromMs: number, toMs: number) => void {
  const series = fleet.flatMap(({ name, perSecond }) => [
    { labels: encodeLabels({ __name__: RATIO_RECORD, sloth_id: name }), everyMs: RECORDED_MS, value: 0.001 },
    { labels: encodeLabels({ __name__: TOTAL_RECORD, slo: name }), everyMs: BLOCK_MS, value: perSecond * 300 },
    { labels: encodeLabels({ __name__: ERROR_RECORD, slo: name }), everyMs: BLOCK_MS, value: perSecond * 0.3 },
  ]);
  return (batch, fromMs, toMs) => {
    for (const { labels, everyMs, value } of series) {
      const samples: Sample[] = [];
      for (let at = Math.ceil(fromMs / everyMs) * everyMs; at < toMs; at += everyMs) samples.push([at, value]);
      batch.add(labels, samples);
    }
  };
}
