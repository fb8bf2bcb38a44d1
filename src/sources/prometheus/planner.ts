import { LRUCache } from 'lru-cache';
import { InputError, SourceError } from '../../domain/errors.js';
import type { DataSourceStatus } from '../../domain/model.js';
import type { ReadContext, TimeRange } from '../../domain/ports.js';
import type { FreeAnswer, InstantAnswer, Labels, RangeAnswer } from './answer.js';
import { type AnswerBounds, type CallOptions, createPrometheusClient } from './client.js';
import { type ClusterSlice, clusterSlices, type DataSource } from './cluster-slices.js';
import { type ConfiguredSource, dataSourcesOf, type SourceCluster } from './data-sources.js';
import { PrometheusFailure, unavailable } from './failure.js';
import { type Matchers, selector } from './promql.js';
import { createSharedCalls, type Listener, type Send } from './shared-calls.js';
import { createSourceGuard, type SourceGuard } from './source-guard.js';
import { createSourceStatus } from './source-status.js';

export type { DataSource } from './cluster-slices.js';

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
    context: AskContext,
  ): Promise<InstantAnswer>;
  /** @throws InputError for a range of more than 11,000 points, or one that ends before it begins */
  range(
    dataSource: string,
    promql: string,
    range: TimeRange,
    entities: number,
    context: AskContext,
  ): Promise<RangeAnswer>;
  /** PromQL that may give anything, a range or a string too; it answers for no entity. */
  free(
    dataSource: string,
    promql: string,
    atMs: number,
    bounds: AnswerBounds,
    context: ReadContext,
  ): Promise<FreeAnswer>;
  /**
   * Names of metrics that the source has in about the hour before `atMs`, within `match` (a slice's `matchers`; `{}` for
   * all): to tell NOT_COLLECTED from NO_SAMPLE. No PromQL, not in the plan, kept for half a minute. Rejects for a partial
   * answer too, since absence would prove nothing.
   */
  metricNames(dataSource: string, match: Matchers, atMs: number, context: ReadContext): Promise<ReadonlySet<string>>;
  /** Never rejects. From the last answer when that is recent, else from a check that sends no PromQL. */
  status(dataSource: string): Promise<DataSourceStatus>;
  /** How far the source's clock is ahead of ours; null when it does not say or does not answer. Sends no PromQL. */
  clockOffset(dataSource: string): Promise<ClockOffset | null>;
  /** Aborts what is in flight and closes the connections. */
  close(): Promise<void>;
}

/** A question whose answer may be another one in a moment. */
export interface AskContext extends ReadContext {
  /** Neither takes an answer from memory nor leaves it there. */
  readonly fresh?: boolean;
}

/** The true offset lies within `offsetMs` plus or minus `uncertaintyMs`. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}

/** What happened to one question; SHED: it was not sent, since the source is down or too many wait. */
export type RequestOutcome = 'OK' | 'PARTIAL' | 'UNAVAILABLE' | 'TIMEOUT' | 'REJECTED' | 'ABANDONED' | 'SHED';

/** For metrics of our own: one per PromQL sent, answered from memory, or shed. */
export interface RequestObservation {
  readonly dataSource: string;
  readonly outcome: RequestOutcome;
  readonly durationMs: number;
  readonly cached: boolean;
  readonly samples: number | null;
}

export interface PlannerOptions {
  readonly clusters: readonly SourceCluster[];
  /** Bound on answers in memory. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** How long an answer is shared; two steps of the time grid. Default 10 s. */
  readonly cacheTtlMs?: number;
  readonly observe?: (observation: RequestObservation) => void;
}

/** Points of one series that Prometheus answers at most. */
export const MAX_POINTS = 11_000;

export function createPlanner(options: PlannerOptions): Planner {
  const { cacheBytes = 64 * 2 ** 20, cacheTtlMs = 10_000, observe = () => undefined } = options;
  const sources = new Map(dataSourcesOf(options.clusters).map((source) => [source.name, open(source)]));
  const answers = createSharedCalls<Answer>({
    maxBytes: cacheBytes,
    ttlMs: cacheTtlMs,
    sizeOf: bytesOf,
    keeps: (answer) => answer.warnings.length === 0,
  });
  const names = createSharedCalls<ReadonlySet<string>>({
    maxBytes: cacheBytes / 4,
    ttlMs: 30_000,
    sizeOf: (set) => set.size * 64,
    keeps: () => true,
  });

  /** By the clusters asked for: the same few sets again and again. */
  const slices = new LRUCache<string, readonly ClusterSlice[]>({ max: 100 });

  const sourceNamed = (name: string): OpenSource => {
    const source = sources.get(name);
    if (source === undefined) throw new RangeError(`no data source is called ${name}`);
    return source;
  };
  const dataSourceOf = (cluster: string): DataSource => {
    for (const { source } of sources.values()) {
      if (source.clusters.some(({ name }) => name === cluster)) return source;
    }
    throw new RangeError(`no cluster is called ${cluster}`);
  };

  /** Equal keys share answers: they hold all that an answer depends on, who may see it included. */
  function ask<T extends Answer>(
    { source, guard, status }: OpenSource,
    key: readonly unknown[],
    question: Question<T>,
    context: AskContext,
  ): Promise<T> {
    const dataSource = source.name;
    const send: Send<T> = async (attempt, signal) => {
      let sent = false;
      const startedMs = performance.now();
      try {
        const answer = await guard.run(
          question.promql,
          (call) => {
            sent = true;
            return attempt(() => question.request(call));
          },
          signal,
        );
        status.heard(null);
        return answer;
      } catch (error) {
        if (sent && error instanceof SourceError) status.heard(error);
        const durationMs = performance.now() - startedMs;
        if (!sent) observe({ dataSource, outcome: 'SHED', durationMs, cached: false, samples: null });
        throw error;
      }
    };
    const plan = (cached: boolean, durationMs: number, samples: number | null) =>
      context.onPlan?.({
        promql: question.promql,
        dataSource,
        cached,
        durationMs: Math.round(durationMs * 1_000) / 1_000,
        samples,
        entities: question.entities,
      });
    const listener: Listener<Answer> = {
      sent({ durationMs, answer, error }) {
        const samples = answer?.samples ?? null;
        plan(false, durationMs, samples);
        observe({ dataSource, outcome: outcomeOf(answer, error), durationMs, cached: false, samples });
      },
      shared(durationMs, answer) {
        plan(true, durationMs, answer?.samples ?? null);
        if (answer !== null) observe({ dataSource, outcome: 'OK', durationMs, cached: true, samples: answer.samples });
      },
    };
    const whole = JSON.stringify([dataSource, context.scope.key, question.promql, ...key]);
    return answers.ask(whole, send, listener, context.signal, context.fresh) as Promise<T>;
  }

  return {
    dataSources: () => [...sources.values()].map(({ source }) => source),
    dataSourceOf,
    slices(clusters) {
      const key = JSON.stringify(clusters);
      const known = slices.get(key);
      if (known !== undefined) return known;
      const made = [...new Set(clusters.map(dataSourceOf))].flatMap((source) => clusterSlices(source, clusters));
      slices.set(key, made);
      return made;
    },
    async instant(dataSource, promql, atMs, entities, context) {
      const source = sourceNamed(dataSource);
      const request = (call: CallOptions) => source.client.instant(promql, atMs, call);
      return ask(source, [atMs], { promql, entities, request }, context);
    },
    async range(dataSource, promql, range, entities, context) {
      const { fromMs, toMs, stepMs } = checkedRange(range);
      const source = sourceNamed(dataSource);
      const request = (call: CallOptions) => source.client.range(promql, range, call);
      return ask(source, [fromMs, toMs, stepMs], { promql, entities, request }, context);
    },
    async free(dataSource, promql, atMs, bounds, context) {
      const source = sourceNamed(dataSource);
      const request = (call: CallOptions) => source.client.free(promql, atMs, { ...call, bounds });
      return ask(source, ['free', atMs, bounds], { promql, entities: 0, request }, context);
    },
    async metricNames(dataSource, match, atMs, context) {
      const { source, client, namesGuard } = sourceNamed(dataSource);
      const fromMs = Math.floor(atMs / NAMES_GRID_MS) * NAMES_GRID_MS - NAMES_SPAN_MS;
      const toMs = Math.ceil(atMs / NAMES_GRID_MS) * NAMES_GRID_MS;
      const selected = namesSelector(match);
      const send: Send<ReadonlySet<string>> = async (_, signal) => {
        const answer = await namesGuard.run('', (call) => client.metricNames(selected, fromMs, toMs, call), signal);
        if (answer.warnings.length > 0) {
          throw new PrometheusFailure(
            source.name,
            unavailable(`its list of metrics is partial: ${answer.warnings[0]}`),
            '',
          );
        }
        return new Set(answer.names);
      };
      const key = JSON.stringify([dataSource, context.scope.key, selected, fromMs, toMs]);
      return names.ask(key, send, SILENT, context.signal);
    },
    status: async (dataSource) => sourceNamed(dataSource).status.current(),
    async clockOffset(dataSource) {
      const { client, source } = sourceNamed(dataSource);
      const before = Date.now();
      const timeMs = await client.clock({ timeoutMs: source.timeoutMs }).catch((error: unknown) => {
        if (error instanceof SourceError) return null;
        throw error;
      });
      const after = Date.now();
      // Between the beginning and the end of the second that it named, seen between asking and the answer.
      return timeMs === null
        ? null
        : { offsetMs: timeMs + 500 - (before + after) / 2, uncertaintyMs: 500 + (after - before) / 2 };
    },
    async close() {
      answers.close();
      names.close();
      for (const { client } of sources.values()) client.close();
    },
  };
}

interface OpenSource {
  readonly source: ConfiguredSource;
  readonly client: ReturnType<typeof createPrometheusClient>;
  readonly guard: SourceGuard;
  /** Of its label API, which may fail or hang where PromQL is answered: what becomes of it touches nothing else. */
  readonly namesGuard: SourceGuard;
  readonly status: ReturnType<typeof createSourceStatus>;
}

type Answer = InstantAnswer | RangeAnswer | FreeAnswer;

interface Question<T> {
  readonly promql: string;
  readonly entities: number;
  request(call: CallOptions): Promise<T>;
}

const NAMES_GRID_MS = 300_000;
const NAMES_SPAN_MS = 3_600_000;
const MAX_NAMES_IN_FLIGHT = 4;

const SILENT: Listener<unknown> = { sent: () => undefined, shared: () => undefined };

function open(source: ConfiguredSource): OpenSource {
  const { name, url, access, timeoutMs, maxConcurrent } = source;
  // Two more connections than questions, so that a check is not stuck behind questions that hang.
  const client = createPrometheusClient({ name, url, access, maxSockets: maxConcurrent + MAX_NAMES_IN_FLIGHT + 2 });
  return {
    source,
    client,
    guard: createSourceGuard({ name, timeoutMs, maxConcurrent }),
    namesGuard: createSourceGuard({ name, timeoutMs, maxConcurrent: MAX_NAMES_IN_FLIGHT }),
    status: createSourceStatus(name, client, timeoutMs),
  };
}

function checkedRange(range: TimeRange): TimeRange {
  const { fromMs, toMs, stepMs } = range;
  if (!(stepMs > 0)) throw new InputError(`a step is longer than nothing, got ${stepMs} ms`);
  if (!(fromMs <= toMs)) throw new InputError('the range ends before it begins');
  const points = Math.floor((toMs - fromMs) / stepMs) + 1;
  if (points > MAX_POINTS) {
    throw new InputError(`the range has ${points} points, at most ${MAX_POINTS} can be read: take a longer step`);
  }
  return range;
}

/** Prometheus refuses a selector of which every test would pass without the label. */
function namesSelector(match: Matchers): string | null {
  const tests = Object.values(match);
  if (tests.length === 0) return null;
  const asksForSomething = tests.some((test) => JSON.stringify(test).includes('""') === false);
  return selector('', asksForSomething ? match : { ...match, __name__: { not: '' } });
}

function outcomeOf(answer: Answer | null, error: unknown): RequestOutcome {
  if (answer !== null) return answer.warnings.length > 0 ? 'PARTIAL' : 'OK';
  return error instanceof SourceError ? error.reason : 'ABANDONED';
}

/** Rows of one answer have about the same labels, so the first speaks for all. */
function bytesOf(answer: Answer): number {
  if ('labels' in answer) return answer.labels.length * (bytesOfLabels(answer.labels[0]) + 8);
  const { series } = answer;
  const samples = series.reduce((sum, row) => sum + ('values' in row ? row.values.byteLength * 2 : 8), 0);
  return series.length * bytesOfLabels(series[0]?.labels) + samples;
}

function bytesOfLabels(labels: Labels = {}): number {
  return Object.entries(labels).reduce((sum, [label, value]) => sum + label.length + value.length + 32, 64);
}
