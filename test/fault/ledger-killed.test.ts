import { expect, it } from 'vitest';
import { killedLedger, LAST_MINUTE, ledgerRuns, weekOfRequests } from '../support/ledger-runs.js';
import { startPrometheus } from '../support/prometheus.js';
import { startRecordingProxy } from '../support/recording-proxy.js';

it('kill -9 at random moments leaves the ledger as if it had never died (seeds 1, 2 and 3)', async () => {
  const prometheus = await startPrometheus({ series: weekOfRequests() });
  const whole = await ledgerRuns(prometheus.url).finish(0);
  expect(Object.keys(whole).length).toBe(6);
  for (const seed of [1, 2, 3]) expect(await killedLedger(prometheus.url, seed), `seed ${seed}`).toEqual(whole);
}, 180_000);

it('asks no history again after a restart', async () => {
  const prometheus = await startPrometheus({ series: weekOfRequests() });
  const proxy = await startRecordingProxy(prometheus.url);
  const runs = ledgerRuns(proxy.url);
  await runs.finish(0, 1);
  const first = proxy.promql.splice(0);
  await runs.finish(4, LAST_MINUTE);
  // The slices that were missed at once, then one and a late look at an older one every minute: of requests and of
  // errors. Beside them each group is counted once.
  const minutes = LAST_MINUTE - 4 + 1;
  expect(proxy.promql.length).toBeLessThanOrEqual(2 * 2 * minutes + 2);
  expect(first.some((promql) => promql.includes('[1w]') || promql.includes('[7d]'))).toBe(true);
  expect(proxy.promql.filter((promql) => promql.includes('[1w]') || promql.includes('[7d]'))).toEqual([]);
}, 120_000);
