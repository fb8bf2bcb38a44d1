import { setMaxListeners } from 'node:events';
import { everything } from '../domain/access.js';
import { formatDuration } from '../domain/duration.js';
import type { EventSource, SliceSpan } from '../domain/ports.js';
import type { Clock } from './clock.js';
import type { Ledger } from './ledger.js';
import { type LedgerEntry, largestOf, slisOf } from './ledger-entry.js';
import type { EngineLog } from './log.js';
import { NEWEST_MS } from './newest-slices.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Longer than any request of a source may take: what is beyond it was lost. */
const DEADLINE_MS = 300_000;
const FIRST_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 600_000;

/** How far the reading of history has come. */
export interface HistoryProgress {
  readonly dataSource: string;
  /** Share of the history of all SLOs of the data source that was read, 0..1. */
  readonly readRatio: number;
}

export interface BackfillOptions {
  readonly ledger: Ledger;
  readonly events: EventSource;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** End of the last closed slice. */
  readonly closedMs: () => number;
  /** Resolves when no evaluation of the data source is under way: these go first. */
  readonly idle: (dataSource: string) => Promise<unknown>;
  readonly onProgress: (progress: HistoryProgress) => void;
}

/** Reads history, the newest first: of each data source one request at a time, between evaluations. */
export interface Backfill {
  /** Reads what is missing, unless that is under way. Does not wait. */
  wake(dataSource: string): void;
  stop(): Promise<void>;
}

/** What is asked at once: slices of streams that share a PromQL. */
interface Chunk {
  readonly group: string;
  readonly span: SliceSpan;
  readonly entries: readonly LedgerEntry[];
}

/** How a group of streams is asked. */
interface Pace {
  /** A source that could not answer for a day is asked for less. */
  lengthMs: number;
  retryMs: number;
  notBeforeMs: number;
}

export function createBackfill(options: BackfillOptions): Backfill {
  const { ledger, events, clock, log, closedMs, idle, onProgress } = options;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const gone = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(new Error('the gateway stops')), { once: true });
  });
  gone.catch(() => {});
  const running = new Map<string, Promise<void>>();
  const paces = new Map<string, Pace>();
  const told = new Map<string, number>();

  async function run(dataSource: string): Promise<void> {
    for (;;) {
      await idle(dataSource);
      if (stopping.signal.aborted) return;
      const nowMs = clock.now();
      const chunk = nextChunk(ledger.inUse(dataSource), closedMs(), (group) => {
        const pace = paces.get(group);
        return pace !== undefined && pace.notBeforeMs > nowMs ? 0 : (pace?.lengthMs ?? DAY_MS);
      });
      tell(dataSource);
      if (chunk === null) return;
      const failure = await ask(chunk);
      if (stopping.signal.aborted) return;
      keepPace(chunk, failure);
      await ledger.persist();
    }
  }

  /** Gives why it could not be read; null when it could. */
  async function ask({ span, entries }: Chunk): Promise<string | null> {
    const askedMs = closedMs();
    let inTime = () => {};
    const late = () =>
      new Promise<never>((_, reject) => {
        inTime = clock.after(DEADLINE_MS, () => reject(new Error(`no answer within ${formatDuration(DEADLINE_MS)}`)));
      });
    try {
      const context = { scope: everything, signal: stopping.signal };
      const asked = events.readSlices(slisOf(entries), span, { largest: largestOf(entries) }, context);
      const answer = await Promise.race([asked, gone, late()]);
      const failures = ledger.take(span, askedMs, answer);
      const partial = entries.some(({ key }) => {
        const outcome = answer.get(key);
        return outcome === undefined || (outcome.ok && outcome.value.partial);
      });
      return [...failures.values()][0] ?? (partial ? 'it answered in part' : null);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      inTime();
    }
  }

  function keepPace({ group, span }: Chunk, failure: string | null): void {
    const before = paces.get(group) ?? { lengthMs: DAY_MS, retryMs: FIRST_RETRY_MS, notBeforeMs: 0 };
    if (failure === null) {
      paces.set(group, { lengthMs: Math.min(DAY_MS, 2 * before.lengthMs), retryMs: FIRST_RETRY_MS, notBeforeMs: 0 });
      return;
    }
    log.warn({ group, span, err: failure }, 'a part of the history could not be read; it is asked for again');
    paces.set(group, {
      lengthMs: Math.max(HOUR_MS, Math.floor(before.lengthMs / 2 / HOUR_MS) * HOUR_MS),
      retryMs: Math.min(LONGEST_RETRY_MS, 2 * before.retryMs),
      notBeforeMs: clock.now() + before.retryMs,
    });
  }

  function tell(dataSource: string): void {
    const readRatio = readRatioOf(ledger.inUse(dataSource), closedMs());
    const before = told.get(dataSource) ?? 1;
    if (readRatio === before) return;
    onProgress({ dataSource, readRatio });
    const percent = Math.floor(100 * readRatio);
    if (readRatio === 1) log.info({ dataSource }, 'the history of its SLOs was read');
    else if (Math.floor(percent / 10) !== Math.floor(10 * before)) {
      log.info({ dataSource, percent }, 'the history of its SLOs is being read');
    }
    told.set(dataSource, readRatio);
  }

  return {
    wake(dataSource) {
      if (running.has(dataSource) || stopping.signal.aborted || !ledger.isReady()) return;
      const work = run(dataSource)
        .catch((error: unknown) => log.error({ err: error, dataSource }, 'reading history failed'))
        .finally(() => running.delete(dataSource));
      running.set(dataSource, work);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}

/** What of a stream's history was not read, the newest first; the newest slices are read by evaluations. */
function historyMissing({ slices }: LedgerEntry, closedMs: number): readonly SliceSpan[] {
  const toMs = closedMs - NEWEST_MS;
  const spans = slices.missing(closedMs - slices.needs.hoursForMs, closedMs);
  return spans.flatMap((span) =>
    span.fromMs >= toMs ? [] : [{ ...span, toMs: Math.min(span.toMs, Math.ceil(toMs / span.sliceMs) * span.sliceMs) }],
  );
}

/** @param lengthOf how much may be asked of a group; 0 while it is left alone */
function nextChunk(
  entries: readonly LedgerEntry[],
  closedMs: number,
  lengthOf: (group: string) => number,
): Chunk | null {
  let first: { readonly entry: LedgerEntry; readonly span: SliceSpan } | null = null;
  const missing = new Map<LedgerEntry, readonly SliceSpan[]>();
  for (const entry of entries) {
    if (lengthOf(entry.group) === 0) continue;
    const spans = historyMissing(entry, closedMs);
    const [span] = spans;
    if (span === undefined) continue;
    missing.set(entry, spans);
    if (first === null || span.toMs > first.span.toMs) first = { entry, span };
  }
  if (first === null) return null;
  const { entry, span } = first;
  const chunk = { ...span, fromMs: Math.max(span.fromMs, beginningOf(span, lengthOf(entry.group))) };
  const isMissing = (other: SliceSpan) =>
    other.sliceMs === chunk.sliceMs && other.fromMs < chunk.toMs && other.toMs > chunk.fromMs;
  const sharing = [...missing].filter(([other, spans]) => other.group === entry.group && spans.some(isMissing));
  return { group: entry.group, span: chunk, entries: sharing.map(([other]) => other) };
}

/** Days of the calendar, so that streams that were added at different times are read together; hours when a day is too much. */
function beginningOf({ toMs }: SliceSpan, lengthMs: number): number {
  const unitMs = lengthMs >= DAY_MS ? DAY_MS : HOUR_MS;
  return Math.floor((toMs - 1 - (lengthMs - unitMs)) / unitMs) * unitMs;
}

/** Where a stream's history begins: what is asked for begins with a whole slice of those that are kept of that time. */
function beginningOfHistory(slices: LedgerEntry['slices'], closedMs: number): number {
  const fromMs = closedMs - slices.needs.hoursForMs;
  const sliceMs = slices.resolutionAt(fromMs);
  return Math.floor(fromMs / sliceMs) * sliceMs;
}

function readRatioOf(entries: readonly LedgerEntry[], closedMs: number): number {
  let wantedMs = 0;
  let missingMs = 0;
  for (const { slices } of entries) {
    const fromMs = beginningOfHistory(slices, closedMs);
    wantedMs += closedMs - NEWEST_MS - fromMs;
    missingMs += slices.missingMs(fromMs, closedMs - NEWEST_MS);
  }
  return wantedMs === 0 ? 1 : 1 - missingMs / wantedMs;
}
