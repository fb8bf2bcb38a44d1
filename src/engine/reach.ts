import { everything } from '../domain/access.js';
import { lacksBeginning } from '../domain/evaluation.js';
import type { EventSource } from '../domain/ports.js';
import type { Coverage } from '../domain/slo.js';

const HOUR_MS = 3_600_000;
/** Hours of data sources of which is remembered what was said, the newest. */
const MAX_KNOWN = 1_000;
/** Hours that wait for their turn at a source; others are asked about when they are wanted again. */
const MAX_WAITING = 20;

/** Whether data sources have anything of the beginnings of windows. */
export interface Reach {
  /**
   * Coverage that says whether its source can hold the window, as far as that is known. Never waits: what is not known is
   * asked in the background, and is known the next time. It explains figures and decides nothing.
   * @param fromMs where the window begins
   */
  explain(coverage: Coverage, dataSource: string, fromMs: number, windowMs: number): Coverage;
}

/**
 * Asks a source about an hour once, whether it answers or fails, one after the other.
 * @param signal ends what is asked
 */
export function createReach(events: Pick<EventSource, 'reaches'>, signal: AbortSignal): Reach {
  /** Null: its source did not say. */
  const known = new Map<string, boolean | null>();
  /** Hours that are being asked about, by data source. */
  const waiting = new Map<string, Set<number>>();
  const keyOf = (dataSource: string, hour: number) => JSON.stringify([dataSource, hour]);

  function want(dataSource: string, hour: number): void {
    const hours = waiting.get(dataSource);
    if (hours === undefined) {
      const first = new Set([hour]);
      waiting.set(dataSource, first);
      void askAbout(dataSource, first);
    } else if (hours.size < MAX_WAITING) hours.add(hour);
  }

  async function askAbout(dataSource: string, hours: Set<number>): Promise<void> {
    for (const hour of hours) {
      const answer = await answerOf(events, dataSource, hour * HOUR_MS, signal);
      if (signal.aborted) break;
      remember(keyOf(dataSource, hour), answer);
      // Who does not say it of one hour hardly says it of the next.
      if (answer === null) break;
    }
    waiting.delete(dataSource);
  }

  function remember(key: string, answer: boolean | null): void {
    known.set(key, answer);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  }

  return {
    explain(coverage, dataSource, fromMs, windowMs) {
      if (!lacksBeginning(coverage.oldestMs, fromMs, windowMs)) return coverage;
      const hour = Math.floor(fromMs / HOUR_MS);
      const key = keyOf(dataSource, hour);
      if (!known.has(key) && !signal.aborted) want(dataSource, hour);
      // What was said of the hour before holds while that is asked again.
      const reaches = known.get(key) ?? known.get(keyOf(dataSource, hour - 1)) ?? null;
      return { ...coverage, retentionShorterThanWindow: reaches === false };
    },
  };
}

async function answerOf(
  events: Pick<EventSource, 'reaches'>,
  dataSource: string,
  atMs: number,
  signal: AbortSignal,
): Promise<boolean | null> {
  try {
    return await events.reaches(dataSource, atMs, { scope: everything, signal });
  } catch {
    return null;
  }
}
