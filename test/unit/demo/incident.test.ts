import { describe, expect, it } from 'vitest';
import { type Incident, NOISE_MS, nextVictim, pastIncidents, secondsOf } from '../../../src/demo/incidents.js';
import { edgeSites } from '../../../src/demo/topology.js';
import { findSeries, trueEvents } from '../../../src/demo/truth.js';
import { burnRateRules, defaultWindowPairs } from '../../../src/domain/alert-windows.js';
import { DAY, FROM, noise, targetsWith } from './support.js';

const HOUR = 3_600_000;
const NOW = FROM + 30 * DAY;
const { rules } = burnRateRules({ windowMs: 30 * DAY, target: '0.999', pairs: defaultWindowPairs });

/** From when to when each pair fires, seen by an evaluation every 5 s; pairs that stay quiet are left out. */
function firing(cluster: string, incidents: readonly Incident[], fromMs: number, toMs: number) {
  const targets = targetsWith(incidents);
  const seen = { reporter: 'destination', destination_service_name: 'detector' };
  const total = findSeries(targets, cluster, 'istio_request_duration_milliseconds_count', seen);
  const good = findSeries(targets, cluster, 'istio_request_duration_milliseconds_bucket', { ...seen, le: '250' });
  const burn = (atMs: number, windowMs: number) =>
    (1 - trueEvents(good, atMs - windowMs, atMs) / trueEvents(total, atMs - windowMs, atMs)) / 0.001;
  const spans = new Map<string, { firstMs: number; lastMs: number }>();
  for (let at = fromMs; at <= toMs; at += 5_000) {
    for (const rule of rules) {
      if (!(burn(at, rule.longWindowMs) > rule.factor && burn(at, rule.shortWindowMs) > rule.factor)) continue;
      const name = `${rule.longWindowMs / HOUR}h`;
      spans.set(name, { firstMs: spans.get(name)?.firstMs ?? at, lastMs: at });
    }
  }
  return spans;
}

describe('the noisy neighbour', () => {
  it.each([0, 3, 6, 9, 12, 15, 18, 21])(
    'fires the pair 1h/5m and no other when it comes at %i h of the day',
    (hour) => {
      const start = NOW + hour * HOUR;
      const spans = firing('edge-seoul', [noise('edge-seoul', start)], start - 600_000, start + HOUR);
      expect([...spans.keys()]).toEqual(['1h']);
      const { firstMs, lastMs } = spans.get('1h') as { firstMs: number; lastMs: number };
      // A scrape, the reading's lag and an evaluation come on top of both: within 2.5 minutes of its start, and 7 of its end.
      expect(firstMs - start).toBeLessThan(90_000);
      expect(lastMs - start - NOISE_MS).toBeGreaterThan(240_000);
      expect(lastMs - start - NOISE_MS).toBeLessThan(330_000);
    },
  );

  it('strikes the other site on the next start, where the pair of six hours stays quiet too', () => {
    const first = noise('edge-seoul', NOW);
    const second = noise(nextVictim(edgeSites, [first]), NOW + 900_000);
    expect(second.cluster).toBe('edge-busan');
    const spans = firing('edge-busan', [first, second], NOW, second.startMs + HOUR);
    expect([...spans.keys()]).toEqual(['1h']);
  });

  it('comes back to a site after more than six hours without any other pair', () => {
    const again = NOW + 7 * HOUR;
    const spans = firing(
      'edge-seoul',
      [noise('edge-seoul', NOW), noise('edge-seoul', again)],
      again - 600_000,
      again + HOUR,
    );
    expect([...spans.keys()]).toEqual(['1h']);
  });

  it('leaves every pair quiet on a site that it spares', () => {
    expect(firing('edge-busan', [noise('edge-seoul', NOW)], NOW, NOW + HOUR).size).toBe(0);
  });
});

describe('the next victim', () => {
  it.each([
    { before: [], expected: 'edge-seoul', because: 'none was struck yet' },
    { before: ['edge-seoul'], expected: 'edge-busan', because: 'the other was struck' },
    { before: ['edge-seoul', 'edge-busan'], expected: 'edge-seoul', because: 'it was struck longer ago' },
    { before: ['edge-busan', 'edge-seoul', 'edge-seoul'], expected: 'edge-busan', because: 'its last one is older' },
  ])('is $expected when $because', ({ before, expected }) => {
    expect(
      nextVictim(
        edgeSites,
        before.map((cluster, at) => noise(cluster, NOW + at * HOUR)),
      ),
    ).toBe(expected);
  });
});

it('leaves out what happened before a short history', () => {
  expect(pastIncidents(NOW - 30 * DAY, NOW).map(({ kind }) => kind)).toEqual(['OUTAGE', 'DRILL']);
  expect(pastIncidents(NOW - DAY, NOW)).toEqual([]);
});

it('counts the seconds of incidents until a time', () => {
  const one = noise('edge-seoul', NOW);
  expect(secondsOf([one], NOW - 1)).toBe(0);
  expect(secondsOf([one], NOW + 30_000)).toBe(30);
  expect(secondsOf([one], NOW + DAY)).toBe(100);
});
