import type { Labels, Series, Target } from './target.js';

/** Series of the world by name and labels, of one cluster. A pattern must match the whole value. */
export function findSeries(
  targets: readonly Target[],
  cluster: string,
  name: string,
  matching: Readonly<Record<string, string | RegExp>>,
): readonly Series[] {
  const fits = (labels: Labels) =>
    Object.entries(matching).every(([label, wanted]) => {
      const value = labels[label] ?? '';
      return typeof wanted === 'string' ? value === wanted : wanted.exec(value)?.[0] === value;
    });
  return targets
    .filter((target) => target.cluster === cluster)
    .flatMap((target) => target.families.flatMap(({ series }) => series))
    .filter((series) => series.name === name && fits(series.labels));
}

/** The true number of events of counters in a span, those that no scrape saw included. */
export function trueEvents(counters: readonly Series[], fromMs: number, toMs: number): number {
  return counters.reduce((sum, counter) => sum + counter.valueAt(toMs) - counter.valueAt(fromMs), 0);
}
