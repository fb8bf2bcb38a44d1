import { Counter, Histogram, type Registry } from 'prom-client';

/** One question to a data source: sent, answered from memory, or shed. */
export interface UpstreamRequest {
  readonly dataSource: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly cached: boolean;
  /** Samples the source read to answer; null where it does not say. */
  readonly samples: number | null;
}

/** What was seen of a data source since it was last read. */
class Tally {
  readonly outcomes = new Map<string, number>();
  samples: number | null = null;
  readonly seconds: number[] = [];
}

/** So many durations are kept at most until they are read. */
const MAX_DURATIONS = 1_000;

/**
 * Metrics of the questions to data sources. Of these there are several per operation: they are tallied, and counted when
 * somebody reads the metrics, since prom-client makes and looks up a text for each of them.
 */
export function createUpstreamMetrics(
  registers: Registry[],
  buckets: readonly number[],
): (request: UpstreamRequest) => void {
  const tallies = new Map<string, Tally>();
  const answers = { hit: 0, miss: 0 };

  const durations = new Histogram({
    name: 'slograph_upstream_request_duration_seconds',
    help: 'How long a data source took to answer one PromQL.',
    labelNames: ['datasource'] as const,
    buckets: [...buckets],
    registers,
    collect() {
      for (const [dataSource, { seconds }] of tallies) readDurations(dataSource, seconds);
    },
  });
  new Counter({
    name: 'slograph_upstream_requests_total',
    help: 'PromQL sent to a data source, or shed because it was down, by what came of it.',
    labelNames: ['datasource', 'code'] as const,
    registers,
    collect() {
      for (const [dataSource, { outcomes }] of tallies) {
        for (const [outcome, count] of outcomes) this.labels(dataSource, outcome.toLowerCase()).inc(count);
        outcomes.clear();
      }
    },
  });
  new Counter({
    name: 'slograph_upstream_samples_total',
    help: 'Samples that a data source read to answer, where it says so.',
    labelNames: ['datasource'] as const,
    registers,
    collect() {
      for (const [dataSource, tally] of tallies) {
        const { samples } = tally;
        tally.samples = null;
        if (samples !== null) this.labels(dataSource).inc(samples);
      }
    },
  });
  new Counter({
    name: 'slograph_cache_events_total',
    help: 'Questions by whether an answer was at hand.',
    labelNames: ['cache', 'result'] as const,
    registers,
    collect() {
      for (const result of ['hit', 'miss'] as const) {
        if (answers[result] > 0) this.labels('answers', result).inc(answers[result]);
        answers[result] = 0;
      }
    },
  });

  function readDurations(dataSource: string, seconds: number[]): void {
    const ofSource = durations.labels(dataSource);
    for (const value of seconds) ofSource.observe(value);
    seconds.length = 0;
  }

  function tallyOf(dataSource: string): Tally {
    const known = tallies.get(dataSource);
    if (known !== undefined) return known;
    const tally = new Tally();
    tallies.set(dataSource, tally);
    return tally;
  }

  return ({ dataSource, outcome, durationMs, cached, samples }) => {
    if (cached) {
      answers.hit += 1;
      return;
    }
    answers.miss += 1;
    const tally = tallyOf(dataSource);
    tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
    if (samples !== null) tally.samples = (tally.samples ?? 0) + samples;
    if (outcome === 'SHED') return;
    tally.seconds.push(durationMs / 1_000);
    if (tally.seconds.length === MAX_DURATIONS) readDurations(dataSource, tally.seconds);
  };
}
