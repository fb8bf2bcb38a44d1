import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';
import { remoteWrite, type WrittenSeries } from '../../src/demo/remote-write.js';
import { freePort, type Running, start } from './process.js';
import { until } from './until.js';

/** A fixed instant in the past at which tests ask, so that nothing waits for scrapes: 2026-01-15T12:00:00Z. */
export const T0 = Date.UTC(2026, 0, 15, 12);

/** A real Prometheus with a directory of its own. */
export interface TestPrometheus {
  readonly url: string;
  readonly port: number;
  readonly process: Running;
  /** Writes history; successive calls must go forward in time. */
  push(series: readonly WrittenSeries[]): Promise<void>;
  /** Replaces `scrape_configs` (YAML) and waits until the new configuration is in force. */
  scrape(scrapeConfigs: string): Promise<void>;
  /** Ends it; the data stays for `restart`. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Starts a Prometheus. Within a test it is stopped when the test has finished; in a hook (`shared: true`) the caller
 * disposes of it.
 */
export async function startPrometheus(
  options: { series?: readonly WrittenSeries[]; flags?: readonly string[]; shared?: boolean } = {},
): Promise<TestPrometheus> {
  const binary = findEngine('prometheus');
  if (binary === null) throw new Error('prometheus is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'slograph-prometheus-'));
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, 'global: { scrape_interval: 1s }\n');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const launch = async () => {
    const running = start(binary, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--storage.tsdb.retention.time=20y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-lifecycle',
      '--log.level=warn',
      ...(options.flags ?? []),
    ]);
    await until(`prometheus on ${url}`, async () => {
      if (running.child.exitCode !== null) throw new Error(running.output());
      return (await fetch(`${url}/-/ready`)).ok;
    });
    return running;
  };
  let running = await launch();
  const prometheus: TestPrometheus = {
    url,
    port,
    get process() {
      return running;
    },
    push: (series) => remoteWrite(url, series),
    async scrape(scrapeConfigs) {
      writeFileSync(config, `global: { scrape_interval: 1s }\nscrape_configs:\n${scrapeConfigs}\n`);
      const answer = await fetch(`${url}/-/reload`, { method: 'POST' });
      if (!answer.ok) throw new Error(`prometheus refused its configuration: ${await answer.text()}`);
    },
    async stop(signal) {
      await running.stop(signal);
    },
    async restart() {
      running = await launch();
    },
    async dispose() {
      await running.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (options.shared !== true) onTestFinished(() => prometheus.dispose());
  if (options.series !== undefined) await prometheus.push(options.series);
  return prometheus;
}

/** Where `{a="1",b="2"}` labels and a name are read from: `metric{a="1"}`. */
export function labelsOf(text: string): Record<string, string> {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)?(?:\{(.*)\})?$/s.exec(text);
  if (match === null) throw new Error(`not a series: ${text}`);
  const labels: Record<string, string> = match[1] === undefined ? {} : { __name__: match[1] };
  for (const [, name, value] of (match[2] ?? '').matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/g)) {
    labels[name as string] = JSON.parse(`"${value}"`) as string;
  }
  return labels;
}

/** A counter that grows evenly: one sample every `everyMs` in [fromMs, toMs], starting at `initial`. */
export function counter(
  series: string,
  options: { perSecond: number; fromMs?: number; toMs?: number; everyMs?: number; initial?: number },
): WrittenSeries {
  const { perSecond, fromMs = T0 - 3_600_000, toMs = T0, everyMs = 15_000, initial = 0 } = options;
  const samples: [number, number][] = [];
  for (let at = fromMs; at <= toMs; at += everyMs) samples.push([at, initial + ((at - fromMs) / 1_000) * perSecond]);
  return { labels: labelsOf(series), samples };
}

/** A value that stays: one sample every `everyMs` in [fromMs, toMs]. */
export function gauge(
  series: string,
  value: number,
  options: { fromMs?: number; toMs?: number; everyMs?: number } = {},
): WrittenSeries {
  const { fromMs = T0 - 3_600_000, toMs = T0, everyMs = 15_000 } = options;
  const samples: [number, number][] = [];
  for (let at = fromMs; at <= toMs; at += everyMs) samples.push([at, value]);
  return { labels: labelsOf(series), samples };
}
