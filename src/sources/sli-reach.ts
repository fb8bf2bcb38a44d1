import { LRUCache } from 'lru-cache';
import type { EventSource } from '../domain/ports.js';
import type { Planner } from './prometheus/planner.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_KNOWN = 1_000;

/**
 * Asks a source, once an hour, for the names of what it has of about an instant. No source tells how far back it
 * remembers; that it has nothing at all of two hours a day apart tells it.
 */
export function createReach(planner: Pick<Planner, 'metricNames'>): EventSource['reaches'] {
  const known = new LRUCache<string, boolean>({ max: MAX_KNOWN });
  return async (dataSource, atMs, context) => {
    const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    const key = JSON.stringify([dataSource, hourMs]);
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const names = await Promise.all(
      [hourMs, hourMs - DAY_MS].map((endMs) => planner.metricNames(dataSource, {}, endMs, context)),
    );
    const reaches = names.some(({ size }) => size > 0);
    known.set(key, reaches);
    return reaches;
  };
}
