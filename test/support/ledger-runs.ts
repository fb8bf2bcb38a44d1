import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { WrittenSeries } from '../../src/demo/remote-write.js';
import { burnRateRules, defaultWindowPairs } from '../../src/domain/alert-windows.js';
import type { SloDefinition } from '../../src/domain/slo.js';
import { anSlo } from '../unit/domain/slo-examples.js';
import { start } from './process.js';
import { T0 } from './prometheus.js';
import { until } from './until.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WINDOW = 7 * DAY;
const SERVICES = ['cart', 'checkout', 'search'];
/** Minutes of evaluation; within an hour, so that the oldest slice of the window is the same in every run. */
export const LAST_MINUTE = 40;

const text = (query: string) => ({ text: query, path: '', line: 1, column: 1 });

const slos: readonly SloDefinition[] = SERVICES.map((service) => {
  const rules = burnRateRules({ windowMs: WINDOW, target: '0.99', pairs: defaultWindowPairs }).rules;
  const base = anSlo({ name: service, windowMs: WINDOW, burnRateRules: rules });
  const bad = text(`errors_total{service="${service}"}`);
  const measure = { kind: 'RATIO', bad, total: text(`requests_total{service="${service}"}`), counter: true } as const;
  const window = { kind: 'ROLLING', durationMs: WINDOW } as const;
  return { ...base, window, sli: base.sli && { ...base.sli, measure } };
});

/** A week of requests of each service, a sample a minute, with a new pod every day and a half. */
export function weekOfRequests(): readonly WrittenSeries[] {
  const series: WrittenSeries[] = [];
  for (const [index, service] of SERVICES.entries()) {
    for (let pod = 0, fromMs = T0 - WINDOW - DAY; fromMs < T0 + 60 * MINUTE; pod += 1, fromMs += 1.5 * DAY) {
      const toMs = Math.min(fromMs + 1.5 * DAY, T0 + 60 * MINUTE);
      const requests: [number, number][] = [];
      const errors: [number, number][] = [];
      for (let atMs = fromMs; atMs < toMs; atMs += MINUTE) {
        const n = (atMs - fromMs) / MINUTE;
        requests.push([atMs, n * (50 + index) + Math.floor(20 * Math.sin(n / 50)) + 20]);
        errors.push([atMs, Math.floor(n / (7 + index))]);
      }
      const labels = { service, pod: `${service}-${pod}` };
      series.push({ labels: { __name__: 'requests_total', ...labels }, samples: requests });
      series.push({ labels: { __name__: 'errors_total', ...labels }, samples: errors });
    }
  }
  return series;
}

/** A ledger in a file of its own that is kept by one process after the other. */
export function ledgerRuns(url: string) {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-ledger-runs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const launch = (from: number, to: number) => {
    const program = resolve('test/support/ledger-runner.mjs');
    const running = start(process.execPath, [program, join(folder, 'slograph.db'), url, `${from}`, `${to}`, `${T0}`], {
      env: { ...process.env, SLOS: JSON.stringify(slos) },
    });
    onTestFinished(async () => void (await running.stop('SIGKILL')));
    return running;
  };
  /** The last minute that was told of. */
  const minuteOf = (output: string) => Number([...output.matchAll(/^at (\d+)$/gm)].at(-1)?.[1] ?? -1);
  return {
    /** Runs to the end and gives a digest of every stream. */
    async finish(from: number, to = LAST_MINUTE): Promise<Record<string, string>> {
      const running = launch(from, to);
      await until('the ledger to be complete', () => running.child.exitCode !== null, 60_000);
      const held = /^holds (.*)$/m.exec(running.output())?.[1];
      if (held === undefined) throw new Error(running.output());
      return JSON.parse(held) as Record<string, string>;
    },
    /** Runs until it is killed after a delay; gives the last minute that was evaluated, -1 for none. */
    async killAfter(from: number, delayMs: number): Promise<number> {
      const running = launch(from, LAST_MINUTE);
      await until('the run to begin', () => running.output().includes('ready') || running.child.exitCode !== null);
      await new Promise((done) => setTimeout(done, delayMs));
      await running.stop('SIGKILL');
      return minuteOf(running.output());
    },
  };
}

/** Numbers 0..1 that follow from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Kills a ledger's process five times at random moments, each time for some minutes, and lets it finish. */
export async function killedLedger(url: string, seed: number): Promise<Record<string, string>> {
  const random = randomOf(seed);
  const runs = ledgerRuns(url);
  let minute = 0;
  for (let kill = 0; kill < 5; kill += 1) {
    const reached = await runs.killAfter(minute, random() * 800);
    minute = Math.min(LAST_MINUTE, Math.max(minute, reached) + Math.floor(random() * 4));
  }
  return runs.finish(minute);
}
