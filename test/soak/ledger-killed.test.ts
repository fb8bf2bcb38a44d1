import { expect, it } from 'vitest';
import { killedLedger, ledgerRuns, weekOfRequests } from '../support/ledger-runs.js';
import { startPrometheus } from '../support/prometheus.js';

it('kill -9 at random moments leaves the ledger as if it had never died, a hundred times over', async () => {
  const prometheus = await startPrometheus({ series: weekOfRequests() });
  const whole = await ledgerRuns(prometheus.url).finish(0);
  for (let seed = 1; seed <= 100; seed += 1) {
    expect(await killedLedger(prometheus.url, seed), `seed ${seed}`).toEqual(whole);
    console.log(`seed ${seed}: 5 kills, the ledger is the same`);
  }
}, 3_600_000);
