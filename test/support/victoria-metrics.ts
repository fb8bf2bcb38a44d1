import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';
import { remoteWrite, type WrittenSeries } from '../../src/demo/remote-write.js';
import { freePort, start } from './process.js';
import { startPrometheus } from './prometheus.js';
import { until } from './until.js';

/** What suites that run over more than one engine need of it. */
export interface TestMetrics {
  readonly url: string;
  readonly port: number;
  /** Writes history; successive calls must go forward in time. */
  push(series: readonly WrittenSeries[]): Promise<void>;
  /** Ends it for good. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  dispose(): Promise<void>;
}

export interface MetricsOptions {
  readonly series?: readonly WrittenSeries[];
  /** In a hook, where the caller disposes of it. */
  readonly shared?: boolean;
}

/** Starts a VictoriaMetrics with a directory of its own, as `startPrometheus` does. */
export async function startVictoriaMetrics({ series, shared }: MetricsOptions = {}): Promise<TestMetrics> {
  const binary = findEngine('victoriaMetrics');
  if (binary === null) throw new Error('victoria-metrics is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'slograph-victoria-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const running = start(binary, [
    `-storageDataPath=${directory}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-retentionPeriod=100y',
    // Istio's series have more labels than the 30 that are kept by default.
    '-maxLabelsPerTimeseries=60',
    '-memory.allowedBytes=128MiB',
    '-loggerLevel=WARN',
  ]);
  const dispose = async () => {
    await running.stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  if (shared !== true) onTestFinished(dispose);
  await until(`victoria-metrics on ${url}`, async () => {
    if (running.child.exitCode !== null) throw new Error(running.output());
    return (await fetch(`${url}/health`)).ok;
  });
  const push = async (written: readonly WrittenSeries[]) => {
    await remoteWrite(url, written);
    // Else what was written is found a second later.
    await fetch(`${url}/internal/force_flush`);
  };
  if (series !== undefined) await push(series);
  return { url, port, push, stop: async (signal) => void (await running.stop(signal)), dispose };
}

type EngineName = 'Prometheus' | 'VictoriaMetrics';

/** Why there is no quotient and no quantile of what did not happen: VictoriaMetrics leaves the row out. */
export function nothingHappenedOn(engine: EngineName): 'NO_EVENTS' | 'NO_SAMPLE' {
  return engine === 'Prometheus' ? 'NO_EVENTS' : 'NO_SAMPLE';
}

/** What holds of a suite over them holds of each. */
export const engineSubjects: readonly (readonly [EngineName, (options?: MetricsOptions) => Promise<TestMetrics>])[] = [
  ['Prometheus', startPrometheus],
  ['VictoriaMetrics', startVictoriaMetrics],
];
