import type { EventSource } from '../domain/ports.js';
import type { Planner } from './prometheus/planner.js';

const DAY_MS = 86_400_000;

/**
 * Asks a source for the names of what it has of about an instant. No source tells how far back it remembers; that it has
 * nothing at all of two hours a day apart tells it.
 */
export function createReach(planner: Pick<Planner, 'metricNames'>): EventSource['reaches'] {
  return async (dataSource, atMs, context) => {
    for (const endMs of [atMs, atMs - DAY_MS]) {
      const names = await planner.metricNames(dataSource, {}, endMs, context);
      if (names.size > 0) return true;
    }
    return false;
  };
}
