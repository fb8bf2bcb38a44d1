import { writeFileSync } from 'node:fs';
import type { Target } from './target.js';

/** How often the demo's Prometheus scrape; the last gap of a history is shorter. */
export const SCRAPE_INTERVAL_S = 15;

/** Command line of a Prometheus of the demo. */
export function prometheusArguments(configFile: string, dataFolder: string, port: number): string[] {
  return [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${dataFolder}`,
    '--storage.tsdb.retention.time=45d',
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-lifecycle',
    '--log.level=warn',
  ];
}

/** Writes prometheus.yml, as JSON, which is YAML. Without targets nothing is scraped: history comes first. */
export function writePrometheusConfig(file: string, targets: readonly Target[], exporterPort: number | null): void {
  const jobs = new Map<string, Target[]>();
  for (const target of exporterPort === null ? [] : targets) {
    jobs.set(target.job, [...(jobs.get(target.job) ?? []), target]);
  }
  const config = {
    global: { scrape_interval: `${SCRAPE_INTERVAL_S}s`, scrape_timeout: '5s' },
    scrape_configs: [...jobs].map(([job, members]) => ({
      job_name: job,
      honor_labels: (members[0] as Target).honorLabels,
      honor_timestamps: true,
      static_configs: members.map((target) => ({
        targets: [`127.0.0.1:${exporterPort}`],
        labels: { ...target.labels, __metrics_path__: target.path },
      })),
    })),
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
}

/** Puts the configuration on disk in force. @throws Error with Prometheus' own words when it refuses it */
export async function reload(url: string): Promise<void> {
  const answer = await fetch(new URL('/-/reload', url), { method: 'POST' });
  if (!answer.ok) throw new Error(`Prometheus at ${url} refused its configuration: ${(await answer.text()).trim()}`);
}

/** Time of the newest sample that a Prometheus keeps; null when it keeps none. */
export async function newestSampleMs(url: string): Promise<number | null> {
  const { headStats } = (await get(url, '/api/v1/status/tsdb')) as {
    headStats: { maxTime: number; numSeries: number };
  };
  return headStats.numSeries > 0 && headStats.maxTime > 0 ? headStats.maxTime : null;
}

/** Number of samples of one series in (afterMs, untilMs]. */
export async function countSamples(
  url: string,
  labels: Readonly<Record<string, string>>,
  afterMs: number,
  untilMs: number,
): Promise<number> {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  // A range includes its left border before Prometheus 3; times are whole milliseconds, so one less leaves it out.
  const query = `count_over_time({${matchers.join(',')}}[${untilMs - afterMs - 1}ms])`;
  const parameters = new URLSearchParams({ query, time: String(untilMs / 1_000) });
  const { result } = (await get(url, `/api/v1/query?${parameters}`)) as { result: { value: [number, string] }[] };
  return Number(result[0]?.value[1] ?? 0);
}

async function get(url: string, path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url));
  if (!answer.ok) throw new Error(`Prometheus at ${url} answered ${answer.status}: ${(await answer.text()).trim()}`);
  return ((await answer.json()) as { data: unknown }).data;
}
