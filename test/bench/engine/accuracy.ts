import { report } from '../measure.js';
import type { History } from './history.js';
import { SCRAPE_MS, scenarios } from './history.js';
import type { Ours, Slices } from './ours.js';

const DAY_MS = 86_400_000;
const BLOCK_MS = 300_000;
const TARGET = 0.999;

/** What 28 days of slices say of SLIs and budgets, beside what really happened. */
export async function compareWithTruth(ours: Ours, { world }: History): Promise<void> {
  for (const { namespace, services, fromMs, toMs } of scenarios) {
    const slis = services.map(({ name }) => ({ name, sli: ours.compile(namespace, name) }));
    const sums = new Map(services.map(({ name }) => [name, { bad: 0, total: 0, unseen: 0, estimated: 0 }]));
    for (let at = fromMs; at < toMs; at += DAY_MS) {
      const span = { fromMs: at, toMs: Math.min(at + DAY_MS, toMs), sliceMs: BLOCK_MS };
      const read = await ours.read(
        slis.map(({ sli }) => sli),
        span,
      );
      for (const { name, sli } of slis) {
        const sum = sums.get(name) as { bad: number; total: number; unseen: number; estimated: number };
        const { bad, total } = {
          bad: slicesOf(read, sli.streams.bad?.[0]?.key),
          total: slicesOf(read, sli.streams.total[0]?.key),
        };
        for (const [slice, count] of total.counts.entries()) {
          sum.total += count || 0;
          sum.bad += bad.counts[slice] || 0;
          sum.unseen += Number.isNaN(count) ? 1 : 0;
          sum.estimated += total.estimated[slice] === 1 || bad.estimated[slice] === 1 ? 1 : 0;
        }
      }
    }
    for (const [service, found] of sums) {
      // The newest scrape is up to an interval old.
      const truth = world.truth(`${namespace}/${service}`, fromMs, toMs - SCRAPE_MS / 2);
      const [ratio, trueRatio] = [found.bad / found.total, truth.bad / truth.total];
      report('accuracy', {
        scenario: namespace,
        service,
        trueBad: truth.bad,
        bad: Math.round(found.bad * 1_000) / 1_000,
        badOff: found.bad / truth.bad - 1,
        totalOff: found.total / truth.total - 1,
        ratioOff: ratio / trueRatio - 1,
        sliOff: trueRatio - ratio,
        budgetOff: (trueRatio - ratio) / (1 - TARGET),
        unseenSlices: found.unseen,
        estimatedSlices: found.estimated,
      });
    }
  }
  ours.asked();
}

function slicesOf(read: Slices, key: string | undefined) {
  const outcome = read.get(key ?? '');
  if (outcome === undefined || !outcome.ok) throw new Error(`no slices of ${key}`);
  return outcome.value;
}
