import { encodeLabels, type Sample, WriteBatch } from './remote-write.js';
import { type Series, storedLabels, type Target } from './target.js';

/** Time between samples of the history, by how far back a series reaches. The inventory stays within the look-back of 5 m. */
const steps = { SLO: 120_000, INVENTORY: 240_000, recent: 30_000 } as const;
/** What is SPARSE, and the state of Kubernetes objects, which many real set-ups too scrape half as often as the rest. */
const SPARSE_STEP_MS = 60_000;

const HOUR = 3_600_000;
/** How far back everything is written. */
export const RECENT_MS = 6 * HOUR;
/** What one request of the coarse and of the fine part holds. */
const COARSE_WINDOW_MS = 4 * HOUR;
const FINE_WINDOW_MS = HOUR / 3;

/** Where the history goes, and what of it. */
export interface HistoryPart {
  readonly url: string;
  readonly targets: readonly Target[];
  /** The first sample is later than this. */
  readonly afterMs: number;
}

interface Line {
  readonly labels: Buffer;
  readonly series: Series;
  readonly stepMs: { readonly coarse: number | null; readonly fine: number };
}

/**
 * Writes the history of one Prometheus up to and including an instant, in time order, one request in flight. Every
 * request holds a whole window of all series, so that an interrupted run leaves no series shorter than another.
 * @param onProgress called with the share of the span that has been written, 0..1
 * @returns samples written
 */
export async function writeHistory(
  part: HistoryPart,
  untilMs: number,
  onProgress: (share: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const lines = linesOf(part.targets);
  const fineMs = Math.max(part.afterMs, untilMs - RECENT_MS);
  let written = 0;
  for (const [fromMs, toMs] of windows(part.afterMs, fineMs, untilMs)) {
    signal?.throwIfAborted();
    const batch = new WriteBatch();
    const columns = columnsOf(lines, fromMs, toMs, fromMs < fineMs ? 'coarse' : 'fine', toMs === untilMs);
    lines.forEach(({ labels }, at) => {
      batch.add(labels, columns[at] as Sample[]);
    });
    await batch.send(part.url);
    written += batch.samples;
    onProgress((toMs - part.afterMs) / (untilMs - part.afterMs));
  }
  return written;
}

/** Times at which a series has samples in (fromMs, toMs]: multiples of its step, and the end where that is asked for. */
export function sampleTimes(fromMs: number, toMs: number, stepMs: number, withEnd: boolean): number[] {
  const times: number[] = [];
  for (let at = (Math.floor(fromMs / stepMs) + 1) * stepMs; at <= toMs; at += stepMs) times.push(at);
  if (withEnd && times.at(-1) !== toMs) times.push(toMs);
  return times;
}

/** Samples that a whole history of a series has, to compare with what Prometheus keeps. */
export function expectedSamples(target: Target, series: Series, afterMs: number, untilMs: number): number {
  const fineMs = Math.max(afterMs, untilMs - RECENT_MS);
  const { coarse, fine } = stepsOf(target, series);
  const old = coarse === null ? 0 : sampleTimes(afterMs, fineMs, coarse, false).length;
  return old + sampleTimes(fineMs, untilMs, fine, true).length;
}

function* windows(afterMs: number, fineMs: number, untilMs: number): Generator<readonly [number, number]> {
  for (let from = afterMs; from < untilMs; ) {
    const end = from < fineMs ? Math.min(from + COARSE_WINDOW_MS, fineMs) : Math.min(from + FINE_WINDOW_MS, untilMs);
    yield [from, end];
    from = end;
  }
}

/** The samples of a window, by line. Instant by instant, because figures at one instant share their work. */
function columnsOf(
  lines: readonly Line[],
  fromMs: number,
  toMs: number,
  part: 'coarse' | 'fine',
  withEnd: boolean,
): readonly Sample[][] {
  const columns = lines.map((): Sample[] => []);
  for (const at of sampleTimes(fromMs, toMs, part === 'coarse' ? steps.SLO : steps.recent, withEnd)) {
    lines.forEach(({ series, stepMs }, index) => {
      const step = stepMs[part];
      const isDue = step !== null && (at % step === 0 || (withEnd && at === toMs));
      if (isDue) columns[index]?.push([at, series.valueAt(at)]);
    });
  }
  return columns;
}

function linesOf(targets: readonly Target[]): Line[] {
  return targets.flatMap((target) =>
    target.families.flatMap((family) =>
      family.series.map((series) => ({
        labels: encodeLabels(storedLabels(target, series)),
        series,
        stepMs: stepsOf(target, series),
      })),
    ),
  );
}

function stepsOf(target: Target, { tier }: Series): Line['stepMs'] {
  const fine = target.job === 'kube-state-metrics' || tier === 'SPARSE' ? SPARSE_STEP_MS : steps.recent;
  return { coarse: tier === 'RECENT' || tier === 'SPARSE' ? null : steps[tier], fine };
}
