import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { targetsOf } from '../../../src/demo/cloud.js';
import { serveTargets } from '../../../src/demo/exporters.js';
import { expectedSamples, writeHistory } from '../../../src/demo/history.js';
import { Timeline } from '../../../src/demo/incidents.js';
import { countSamples, newestSampleMs, writePrometheusConfig } from '../../../src/demo/prometheus.js';
import { type Series, storedLabels, type Target } from '../../../src/demo/target.js';
import { sharing } from '../../../src/demo/topology.js';
import { createWorld } from '../../../src/demo/world.js';
import { startPrometheus, type TestPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';

const HOUR = 3_600_000;

function world(fromMs: number, isShared: boolean): readonly Target[] {
  const targets = targetsOf(createWorld(fromMs, new Timeline([])));
  return targets.filter((target) => sharing.includes(target.cluster) === isShared);
}

function everySeries(targets: readonly Target[]): [Target, Series][] {
  return targets.flatMap((target) =>
    target.families.flatMap(({ series }) => series.map((one): [Target, Series] => [target, one])),
  );
}

async function ask(prometheus: TestPrometheus, query: string, atMs = Date.now()) {
  const body = new URLSearchParams({ query, time: String(atMs / 1_000) });
  const answer = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result;
}

it('writes a history that Prometheus keeps sample for sample, as the model has it', async () => {
  const untilMs = Math.floor(Date.now() / 1_000) * 1_000;
  const afterMs = untilMs - 8 * HOUR;
  const targets = world(afterMs, true);
  const prometheus = await startPrometheus();
  const shares: number[] = [];
  const written = await writeHistory({ url: prometheus.url, targets, afterMs }, untilMs, (share) => shares.push(share));
  expect(shares.at(-1)).toBe(1);
  expect(await newestSampleMs(prometheus.url)).toBe(untilMs);
  const all = everySeries(targets);
  expect(written).toBe(
    all.reduce((sum, [target, series]) => sum + expectedSamples(target, series, afterMs, untilMs), 0),
  );
  // Every two-hundredth series: of all exporters and tiers.
  for (const [target, series] of all.filter((_, at) => at % 200 === 0)) {
    const labels = storedLabels(target, series);
    const expected = expectedSamples(target, series, afterMs, untilMs);
    expect(await countSamples(prometheus.url, labels, afterMs, untilMs), JSON.stringify(labels)).toBe(expected);
    const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const [row] = await ask(prometheus, `{${matchers.join(',')}}`, untilMs);
    expect(Number(row?.value[1])).toBe(series.valueAt(untilMs));
  }
});

it('goes over to live scrapes without a seam: no new series, none lost, no reset', async () => {
  const untilMs = Date.now();
  const afterMs = untilMs - HOUR / 6;
  const targets = world(afterMs, false);
  const prometheus = await startPrometheus();
  await writeHistory({ url: prometheus.url, targets, afterMs }, untilMs, () => {});
  const server = await serveTargets(targets, 0);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = mkdtempSync(join(tmpdir(), 'slograph-demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'prometheus.json');
  writePrometheusConfig(file, targets, (server.address() as { port: number }).port);
  const { scrape_configs } = JSON.parse(readFileSync(file, 'utf8')) as { scrape_configs: readonly object[] };
  const often = scrape_configs.map((job) => ({ ...job, scrape_interval: '1s', scrape_timeout: '1s' }));
  await prometheus.scrape(`  ${JSON.stringify(often)}`);
  await until('two scrapes of every target', async () => {
    const [row] = await ask(prometheus, 'count(count_over_time(up[1m]) >= 2) == count(up)');
    return Number(row?.value[1]) === targets.length;
  });
  expect(await ask(prometheus, 'up == 0')).toEqual([]);

  const scraped = '{__name__=~".+",__name__!~"up|scrape_.+"}';
  const [alive] = await ask(prometheus, `count(${scraped})`);
  expect(Number(alive?.value[1])).toBe(everySeries(targets).length);
  // A series whose labels differed by the least would stand twice in the last minutes.
  const [seen] = await ask(prometheus, `count(last_over_time(${scraped}[10m]))`);
  expect(seen?.value[1]).toBe(alive?.value[1]);
  const counters = new Set(
    everySeries(targets)
      .map(([, { name }]) => name)
      .filter((name) => /^(?!nv_inference_pending).*_(total|bucket|count|sum)$/.test(name)),
  );
  for (const name of counters) expect(await ask(prometheus, `resets({__name__="${name}"}[10m]) > 0`), name).toEqual([]);
});
