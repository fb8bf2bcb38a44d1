import type { DataSourceStatus } from '../../domain/model.js';
import type { ReadContext, TimeRange } from '../../domain/ports.js';
import type { InstantAnswer, RangeAnswer } from './answer.js';
import type { ClusterSlice } from './cluster-slices.js';
import type { Matchers } from './promql.js';

/** A cluster as its data source knows it. */
export interface DataSourceCluster {
  readonly name: string;
  /** Labels of this cluster's series; empty where the source holds one cluster only. */
  readonly match: Readonly<Record<string, string>>;
}

/** One Prometheus (or what speaks its API), with every cluster that is read from it. */
export interface DataSource {
  readonly name: string;
  readonly clusters: readonly DataSourceCluster[];
}

/**
 * Asks data sources, few times: equal questions in flight or just answered share one answer; requests in flight are
 * bounded; a source that is down is left alone for moments at a time.
 *
 * Every question may reject with a `SourceError`, or with the signal's reason when `context.signal` was aborted.
 * `context.onPlan` hears one entry with `cached: false` for every request sent because of this asker, retries included,
 * and one with `cached: true` where another's request answered it.
 */
export interface Planner {
  /** In the order of configuration. */
  dataSources(): readonly DataSource[];
  /** @throws RangeError for a cluster that is not configured */
  dataSourceOf(cluster: string): DataSource;
  /** What to ask for these clusters: per data source, one slice per distinct set of label names. @throws RangeError as above */
  slices(clusters: readonly string[]): readonly ClusterSlice[];
  /** `entities`: how many entities the PromQL answers for, for the plan. */
  instant(
    dataSource: string,
    promql: string,
    atMs: number,
    entities: number,
    context: ReadContext,
  ): Promise<InstantAnswer>;
  /** @throws InputError for a range of more than 11,000 points, or one that ends before it begins */
  range(
    dataSource: string,
    promql: string,
    range: TimeRange,
    entities: number,
    context: ReadContext,
  ): Promise<RangeAnswer>;
  /**
   * Names of metrics that the source has in about the hour before `atMs`, within `match` (a slice's `matchers`; `{}` for
   * all): to tell NOT_COLLECTED from NO_SAMPLE. No PromQL, not in the plan, kept for half a minute. Rejects for a partial
   * answer too, since absence would prove nothing.
   */
  metricNames(dataSource: string, match: Matchers, atMs: number, context: ReadContext): Promise<ReadonlySet<string>>;
  /** Never rejects. From the last answer when that is recent, else from a check that sends no PromQL. */
  status(dataSource: string): Promise<DataSourceStatus>;
  /** Aborts what is in flight and closes the connections. */
  close(): Promise<void>;
}
