import { describe, expect, it } from 'vitest';
import { targetsOf } from '../../../src/demo/cloud.js';
import { Timeline } from '../../../src/demo/incidents.js';
import { exposition, type Series, storedLabels, type Target } from '../../../src/demo/target.js';
import { findSeries, trueEvents } from '../../../src/demo/truth.js';
import { createWorld } from '../../../src/demo/world.js';
import { DAY, FROM, noise, targetsWith } from './support.js';

const START = FROM + 20 * DAY;
const incidents = [
  noise('edge-seoul', START),
  { kind: 'OUTAGE', cluster: 'cloud-core', startMs: START - DAY, endMs: START - DAY + 4_500_000 },
  { kind: 'DRILL', cluster: 'edge-seoul', startMs: START - 2 * DAY, endMs: START - 2 * DAY + 300_000 },
] as const;
const targets = targetsWith(incidents);

function everySeries(): [Target, Series][] {
  return targets.flatMap((target) =>
    target.families.flatMap(({ series }) => series.map((one): [Target, Series] => [target, one])),
  );
}

describe('the world', () => {
  it('has no two series with the same labels in one Prometheus', () => {
    const keys = everySeries().map(([target, series]) => {
      const isShared = target.cluster !== 'edge-seoul';
      return JSON.stringify([isShared, Object.entries(storedLabels(target, series)).sort()]);
    });
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has paths and target labels that tell its targets apart', () => {
    expect(new Set(targets.map(({ path }) => path)).size).toBe(targets.length);
    for (const { path } of targets) expect(new URL(path, 'http://127.0.0.1').pathname).toBe(path);
  });

  it('never lets a counter fall or a value be no number, incidents included', () => {
    const times = [FROM, START - DAY - 1, START - DAY + 60_000, START - 1, START, START + 1, START + 15_000]
      .concat([START + 50_000, START + 99_999, START + 100_000, START + 115_000, START + DAY])
      .sort((a, b) => a - b);
    const grows =
      /_total$|_bucket$|_count$|_sum$|_bytes$|ttfb_seconds_distribution$|current_offset$|ENERGY|^nv_inference/;
    const level = /^(node_(memory|filesystem)|container_memory|kube_|nv_inference_pending)/;
    for (const [, series] of everySeries()) {
      const values = times.map((at) => series.valueAt(at));
      expect(values.every(Number.isFinite), series.name).toBe(true);
      if (!grows.test(series.name) || level.test(series.name)) continue;
      for (let at = 1; at < values.length; at += 1) {
        expect(values[at], `${series.name} ${JSON.stringify(series.labels)}`).toBeGreaterThanOrEqual(
          values[at - 1] as number,
        );
      }
    }
  });

  it('shows on its pages exactly what its history says of the same instant', () => {
    const at = START + 42_000;
    for (const target of targets) {
      const lines = exposition(target, at)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      const values = lines.map((line) =>
        Number(
          line
            .slice(line.lastIndexOf('}') + 1)
            .trim()
            .split(' ')
            .at(target.ownTimes ? -2 : -1),
        ),
      );
      expect(values).toEqual(target.families.flatMap(({ series }) => series.map((one) => one.valueAt(at))));
    }
  });

  it('is the same whether an incident was known from the start or is added before it begins', () => {
    const timeline = new Timeline(incidents.slice(1));
    const later = targetsOf(createWorld(FROM, timeline));
    const detector = (all: readonly Target[]) =>
      findSeries(all, 'edge-seoul', 'istio_request_duration_milliseconds_bucket', {
        destination_service_name: 'detector',
        le: '250',
      });
    const before = detector(later).map((series) => series.valueAt(START));
    timeline.add(incidents[0]);
    expect(detector(later).map((series) => series.valueAt(START))).toEqual(before);
    const after = START + 80_000;
    expect(detector(later).map((series) => series.valueAt(after))).toEqual(
      detector(targets).map((series) => series.valueAt(after)),
    );
  });
});

describe('histograms', () => {
  it('count as many requests as the request counter, bucket by bucket not more than the next', () => {
    const at = START + 77_000;
    for (const target of targets) {
      const requests = target.families.find(({ name }) => name === 'istio_requests_total')?.series ?? [];
      const durations =
        target.families.find(({ name }) => name === 'istio_request_duration_milliseconds')?.series ?? [];
      for (const counter of requests) {
        const same = (series: Series) =>
          Object.entries(counter.labels).every(([label, value]) => series.labels[label] === value);
        const own = durations.filter(same);
        if (own.length === 0) continue;
        const buckets = own.filter(({ name }) => name.endsWith('_bucket')).map((series) => series.valueAt(at));
        expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
        expect(own.find(({ name }) => name.endsWith('_count'))?.valueAt(at)).toBe(counter.valueAt(at));
        expect(buckets.at(-1)).toBe(counter.valueAt(at));
      }
    }
  });
});

describe('the truth', () => {
  const detector = (name: string, more: Record<string, string> = {}) =>
    findSeries(targets, 'edge-seoul', name, { reporter: 'destination', destination_service_name: 'detector', ...more });

  it('is the sum of what every span saw', () => {
    const total = detector('istio_requests_total');
    let sum = 0;
    for (let at = START - DAY; at < START; at += 900_000) sum += trueEvents(total, at, at + 900_000);
    expect(trueEvents(total, START - DAY, START)).toBe(sum);
    expect(sum).toBeGreaterThan(1_000_000);
  });

  it('lets nearly all requests to the throttled detector miss 250 ms, and hardly any otherwise', () => {
    const total = detector('istio_request_duration_milliseconds_count');
    const good = detector('istio_request_duration_milliseconds_bucket', { le: '250' });
    const badShare = (from: number, to: number) => 1 - trueEvents(good, from, to) / trueEvents(total, from, to);
    expect(badShare(START, START + 100_000)).toBeCloseTo(0.98, 2);
    expect(badShare(START - 5 * DAY, START)).toBeCloseTo(0.0001, 5);
    expect(badShare(START + 100_000, START + DAY)).toBeCloseTo(0.0001, 5);
  });

  it('shows the cause where it is: throttling, pressure and a busy node, on that site only', () => {
    const ratio = (cluster: string, from: number, to: number) => {
      const of = (name: string) => trueEvents(findSeries(targets, cluster, name, { container: 'detector' }), from, to);
      return of('container_cpu_cfs_throttled_periods_total') / of('container_cpu_cfs_periods_total');
    };
    expect(ratio('edge-seoul', START, START + 100_000)).toBeGreaterThan(0.8);
    expect(ratio('edge-busan', START, START + 100_000)).toBeLessThan(0.05);
    const node = targets.find(({ job, path }) => job === 'node-exporter' && path.includes('10.1.0.21'));
    const idle = node?.families
      .find(({ name }) => name === 'node_cpu_seconds_total')
      ?.series.filter((one) => one.labels.mode === 'idle');
    expect(trueEvents(idle ?? [], START, START + 100_000) / 800).toBeLessThan(0.2);
    expect(trueEvents(idle ?? [], START - 100_000, START) / 800).toBeGreaterThan(0.5);
  });

  it('counts five uses of the siren in its drill and none at any other time', () => {
    const siren = findSeries(targets, 'edge-seoul', 'istio_requests_total', { destination_service_name: 'siren' });
    expect(trueEvents(siren, FROM, START + 9 * DAY)).toBe(5);
    expect(trueEvents(siren, START - DAY, START + 9 * DAY)).toBe(0);
  });

  it('lets the outage take more than a month of the budget of 99.9 %', () => {
    const requests = (code: RegExp) =>
      findSeries(targets, 'cloud-core', 'istio_requests_total', {
        reporter: 'destination',
        destination_service_name: 'aggregator',
        response_code: code,
      });
    const month = [START - 25 * DAY, START + 5 * DAY] as const;
    const consumed = trueEvents(requests(/5../), ...month) / (0.001 * trueEvents(requests(/.*/), ...month));
    expect(consumed).toBeGreaterThan(1.05);
    expect(consumed).toBeLessThan(2.5);
  });
});
