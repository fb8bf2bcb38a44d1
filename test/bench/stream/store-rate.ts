import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { median } from '../measure.js';
import { violation } from './operation.js';
import { openRawLog } from './raw-log.js';
import { atLeast, judge } from './verdict.js';

const COMMITS = 500;

/** Commits per second of the store, beside a loop that inserts the same texts and syncs as often. */
export async function commitRates(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
  const store = await createSqliteStore({ path: join(folder, 'store.db') });
  const raw = openRawLog(join(folder, 'raw.db'));
  const rates = { store: [] as number[], raw: [] as number[] };
  let id = 0;
  for (let round = -1; round < rounds; round += 1) {
    const storeMs = await timed(async () => {
      for (let commit = 0; commit < COMMITS; commit += 1) {
        id += 1;
        const change = { eventId: `e${id}`, transition: 'OPENED' as const, evaluatedAtMs: id, late: false };
        await store.append([{ ...change, violation: violation(`v${id}`) }], id);
      }
    });
    const rawMs = await timed(async () => {
      for (let commit = 0; commit < COMMITS; commit += 1) {
        id += 1;
        raw.insert(`e${id}`, JSON.stringify(violation(`v${id}`)));
      }
    });
    if (round < 0) continue;
    rates.store.push((COMMITS / storeMs) * 1_000);
    rates.raw.push((COMMITS / rawMs) * 1_000);
  }
  await store.close();
  raw.close();
  rmSync(folder, { recursive: true, force: true });
  const figures = { commitsPerSecond: median(rates.store), rawPerSecond: median(rates.raw) };
  const ratio = figures.commitsPerSecond / figures.rawPerSecond;
  judge('store', { ...figures, ratio }, [atLeast('ratio', ratio, 0.7)]);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}
