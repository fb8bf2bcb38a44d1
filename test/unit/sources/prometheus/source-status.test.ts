import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { PrometheusClient } from '../../../../src/sources/prometheus/client.js';
import { type Failure, overdue, PrometheusFailure, unavailable } from '../../../../src/sources/prometheus/failure.js';
import { createSourceStatus } from '../../../../src/sources/prometheus/source-status.js';

/** How often the source was checked, and what it answers. */
let checks = 0;
let failure: Failure | null = null;

beforeEach(() => {
  checks = 0;
  failure = null;
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
});

const notUsed = () => Promise.reject(new Error('not a check'));
const client: PrometheusClient = {
  instant: notUsed,
  range: notUsed,
  free: notUsed,
  clock: notUsed,
  metricNames: notUsed,
  labelNames: () => Promise.resolve(['job']),
  async buildInfo() {
    checks += 1;
    if (failure !== null) throw new PrometheusFailure('edge', failure, '');
    return { kind: 'prometheus', version: '2.42.0' };
  },
  close: () => undefined,
};

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

it('a source is checked once for all who ask at the same time, and for a few seconds', async () => {
  const status = createSourceStatus('edge', client, 10_000);
  const [first, second] = await Promise.all([status.current(), status.current()]);
  expect(first).toBe(second);
  expect(first).toMatchObject({ name: 'edge', kind: 'prometheus', reachable: true, checkedAtMs: 1_000_000 });
  later(4_000);
  await status.current();
  expect(checks).toBe(1);
  later(1_000);
  await status.current();
  expect(checks).toBe(2);
});

it('answers to questions speak for it, though not of its version for ever', async () => {
  const status = createSourceStatus('edge', client, 10_000);
  await status.current();
  for (let count = 1; count <= 14; count += 1) {
    later(4_000);
    status.heard(null);
    expect(await status.current()).toMatchObject({ reachable: true, checkedAtMs: Date.now() });
  }
  expect(checks).toBe(1);
  later(4_000);
  status.heard(null);
  await status.current();
  expect(checks).toBe(2);
});

it('a failed question has it checked at once, one that took too long does not', async () => {
  const status = createSourceStatus('edge', client, 10_000);
  await status.current();
  status.heard(new PrometheusFailure('edge', overdue('late'), ''));
  expect((await status.current()).reachable).toBe(true);
  expect(checks).toBe(1);
  failure = unavailable('the connection was refused');
  status.heard(new PrometheusFailure('edge', failure, ''));
  expect(await status.current()).toMatchObject({
    reachable: false,
    error: 'edge: the connection was refused',
    latencySeconds: null,
  });
  expect(checks).toBe(2);
});

it('a refused question is a sign of life', async () => {
  const status = createSourceStatus('edge', client, 10_000);
  failure = unavailable('the connection was refused');
  expect((await status.current()).reachable).toBe(false);
  status.heard(new PrometheusFailure('edge', { ...unavailable('no'), reason: 'REJECTED' }, ''));
  expect(await status.current()).toMatchObject({ reachable: true, error: null });
});

it('a source without build information is asked for its labels', async () => {
  failure = { ...unavailable('HTTP 404'), reason: 'REJECTED', httpStatus: 404 };
  const status = createSourceStatus('edge', client, 10_000);
  expect(await status.current()).toMatchObject({ kind: null, version: null, reachable: true });
});
