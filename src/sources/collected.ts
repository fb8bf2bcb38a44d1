import { SourceError } from '../domain/errors.js';
import type { ReadContext } from '../domain/ports.js';
import type { Planner } from './prometheus/planner.js';

/** Names of metrics that a cluster has around an instant; null when its source does not tell. Sends no PromQL. */
export async function collectedNames(
  planner: Pick<Planner, 'dataSourceOf' | 'metricNames'>,
  cluster: string,
  atMs: number,
  context: ReadContext,
): Promise<ReadonlySet<string> | null> {
  const { name, clusters } = planner.dataSourceOf(cluster);
  const match = clusters.find((known) => known.name === cluster)?.match ?? {};
  try {
    return await planner.metricNames(name, match, atMs, context);
  } catch (error) {
    if (error instanceof SourceError) return null;
    throw error;
  }
}
