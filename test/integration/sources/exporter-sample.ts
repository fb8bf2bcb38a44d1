import { readFileSync } from 'node:fs';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { counter, gauge, labelsOf, T0 } from '../../support/prometheus.js';

/** Counters of the sample grow evenly from 0 to their value over this time, which ends at T0. */
export const SAMPLE_SPAN_SECONDS = 7_200;

/** Triton's counters have no suffix of their own, and two gauges that of a counter. */
const COUNTERS =
  /^(?!nv_inference_pending_request_count$|ceph_pg_total$).*(_total|_bucket|_sum|_count|_us|_success|_failure)$/;

type Labels = Readonly<Record<string, string>>;

/** One series of the sample as its exporter writes it, and the labels its scrape adds. */
interface SampleSeries {
  readonly labels: Labels;
  readonly target: Labels;
  readonly honorLabels: boolean;
  readonly value: number;
}

export interface SampleOptions {
  /** Which series to take; all by default. */
  readonly keep?: (labels: Labels, target: Labels) => boolean;
  /** Scrapes with `honor_labels: false`, whatever the sample says. */
  readonly dishonorLabels?: boolean;
  /** Scrapes with `honor_labels: true`, whatever the sample says. */
  readonly honorLabels?: boolean;
  /** Changes the labels of the target, to scrape a second time or in another way. */
  readonly target?: (target: Labels) => Labels;
  /**
   * Scraped for ten minutes, from the values of the sample on: in how many seconds a series grows by its own value, by its
   * name; null for one that is no counter.
   */
  readonly growth?: (name: string) => number | null;
  /** Labels of every series, as a shared backend has them. */
  readonly external?: Labels;
}

/** The series of `exporter-sample.txt` as a Prometheus stores them. */
export function sample(options: SampleOptions = {}): WrittenSeries[] {
  const { keep = () => true, target = (labels) => labels, external = {} } = options;
  const { dishonorLabels = false, honorLabels = false, growth } = options;
  const fromMs = SAMPLE_SPAN_SECONDS * 1_000;
  return parseSample()
    .filter((series) => keep(series.labels, series.target))
    .map((series) => {
      const scraped = scrapedLabels(
        series,
        target(series.target),
        dishonorLabels ? false : honorLabels || series.honorLabels,
      );
      const labels = { ...scraped, ...external };
      const name = labels.__name__ ?? '';
      if (growth !== undefined) return { labels, samples: grown(series.value, growth(name)) };
      const made = COUNTERS.test(name)
        ? counter('x', { perSecond: series.value / SAMPLE_SPAN_SECONDS, fromMs: T0 - fromMs, everyMs: 30_000 })
        : gauge('x', series.value, { everyMs: 30_000 });
      return { labels, samples: made.samples };
    });
}

/** Names of the sample that an exporter of Prometheus' own conventions would call counters. */
export function counterNames(): readonly string[] {
  const names = parseSample().map(({ labels }) => labels.__name__ ?? '');
  return [...new Set(names)].filter((name) => COUNTERS.test(name));
}

function grown(value: number, growthSeconds: number | null): WrittenSeries['samples'] {
  const fromMs = T0 - 600_000;
  if (growthSeconds === null) return gauge('x', value, { fromMs, everyMs: 30_000 }).samples;
  return counter('x', { perSecond: value / growthSeconds, initial: value, fromMs, everyMs: 30_000 }).samples;
}

function scrapedLabels({ labels }: SampleSeries, target: Labels, honor: boolean): Labels {
  const own = Object.entries(labels).filter(([, value]) => value !== '');
  // An empty label that is honoured takes that of the target away.
  if (honor) return Object.fromEntries(Object.entries({ ...target, ...labels }).filter(([, value]) => value !== ''));
  return {
    ...Object.fromEntries(own.map(([name, value]) => [name in target ? `exported_${name}` : name, value])),
    ...target,
  };
}

function parseSample(): readonly SampleSeries[] {
  const text = readFileSync(new URL('exporter-sample.txt', import.meta.url), 'utf8');
  const macros = new Map<string, string>();
  const found: SampleSeries[] = [];
  let target: Labels = {};
  let honorLabels = true;
  for (const raw of text.split('\n')) {
    const define = /^#define (\w+) (.*)$/.exec(raw);
    const line = expand(define?.[2] ?? raw, macros);
    if (define !== null) macros.set(define[1] as string, line);
    else if (line.startsWith('#target ')) target = labelsOf(`{${line.slice(8)}}`);
    else if (line.startsWith('#honor ')) honorLabels = line === '#honor true';
    else for (const [labels, value] of seriesOf(line)) found.push({ labels, target, honorLabels, value });
  }
  return found;
}

function expand(line: string, macros: ReadonlyMap<string, string>): string {
  return line.replace(/\$([A-Z][A-Z0-9]*)/g, (_, name: string) => {
    const text = macros.get(name);
    if (text === undefined) throw new Error(`the sample has no macro ${name}`);
    return text;
  });
}

function seriesOf(line: string): (readonly [Labels, number])[] {
  const match = /^(#SET|#FAN|#HIST)? ?([a-zA-Z_:][\w:]*)?(\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\}) ?(.*)$/.exec(line);
  if (match === null) return [];
  const [, kind, metric = '', braces = '', rest = ''] = match;
  const labels = labelsOf(braces);
  const tokens = rest.split(' ').filter((token) => token !== '');
  if (kind === '#SET') return tokens.map((token) => [{ ...labels, __name__: before(token, '=') }, after(token, '=')]);
  if (kind === '#FAN') return fan(metric, labels, tokens);
  if (kind === '#HIST') return histogram(metric, labels, tokens);
  return [[{ ...labels, __name__: metric }, Number(rest)]];
}

function fan(metric: string, labels: Labels, [names = '', ...rows]: readonly string[]): (readonly [Labels, number])[] {
  return rows.map((row) => {
    const values = before(row, '=').split(',');
    const own = Object.fromEntries(
      names.split(',').map((name, at) => [name, values[at] === '-' ? '' : (values[at] ?? '')]),
    );
    return [{ ...labels, ...own, __name__: metric }, after(row, '=')];
  });
}

function histogram(
  metric: string,
  labels: Labels,
  [sum = '', ...buckets]: readonly string[],
): (readonly [Labels, number])[] {
  const last = buckets.at(-1) ?? '';
  return [
    [{ ...labels, __name__: `${metric}_sum` }, after(sum, '=')],
    [{ ...labels, __name__: `${metric}_count` }, after(last, ':')],
    ...buckets.map(
      (bucket) => [{ ...labels, __name__: `${metric}_bucket`, le: before(bucket, ':') }, after(bucket, ':')] as const,
    ),
  ];
}

function before(token: string, sign: string): string {
  return token.slice(0, token.lastIndexOf(sign));
}

function after(token: string, sign: string): number {
  return Number(token.slice(token.lastIndexOf(sign) + 1));
}
