import type { EventSource, SliceSpan } from '../domain/ports.js';
import type { Question } from './ask-all.js';
import type { Ledger } from './ledger.js';
import { type LedgerEntry, largestOf, slisOf } from './ledger-entry.js';
import type { Task } from './registry.js';

/** Slices no older than that are read by evaluations; what is missing before them is history. */
export const NEWEST_MS = 30 * 60_000;
/** Gaps of one stream that one evaluation asks for, the newest first. */
const MAX_SPANS = 4;
/** After so many more slices a slice is asked for again: samples that were late have arrived. */
const CHECKED_AFTER = 2;
const CHECKED_AT_ONCE = 3;

interface Due {
  readonly span: SliceSpan;
  readonly entries: Set<LedgerEntry>;
  readonly tasks: Set<Task>;
  /** It was read before. */
  readonly isCheck: boolean;
}

/** Asks for the newest slices of all streams of tasks, once for each stream however many tasks share it. */
export function newestSlices(
  tasks: readonly Task[],
  closedMs: number,
  { ledger, events }: { readonly ledger: Ledger; readonly events: EventSource },
): Question[] {
  const due = new Map<string, Due>();
  const spans = new Map<LedgerEntry, readonly (readonly [SliceSpan, boolean])[]>();
  for (const task of tasks) {
    for (const entry of ledger.entriesOf(task)) {
      const wanted = spans.get(entry) ?? dueOf(entry, closedMs);
      spans.set(entry, wanted);
      for (const [span, isCheck] of wanted) {
        const key = `${span.fromMs} ${span.toMs} ${span.sliceMs} ${isCheck}`;
        const group = due.get(key) ?? { span, entries: new Set(), tasks: new Set(), isCheck };
        group.entries.add(entry);
        group.tasks.add(task);
        due.set(key, group);
      }
    }
  }
  return [...due.values()].map((group) => questionOf(group, closedMs, ledger, events));
}

function dueOf(entry: LedgerEntry, closedMs: number): readonly (readonly [SliceSpan, boolean])[] {
  const { slices } = entry;
  slices.advance(closedMs);
  const missing = slices.missing(closedMs - NEWEST_MS, closedMs).slice(0, MAX_SPANS);
  if (missing.length > 0) entry.failure = null;
  const check = checkOf(entry, closedMs);
  return [...missing.map((span) => [span, false] as const), ...(check === null ? [] : [[check, true] as const])];
}

function checkOf(entry: LedgerEntry, closedMs: number): SliceSpan | null {
  const { sliceMs } = entry.slices;
  const toMs = Math.floor(closedMs / sliceMs) * sliceMs - CHECKED_AFTER * sliceMs;
  const fromMs = Math.max(entry.checkedMs, toMs - CHECKED_AT_ONCE * sliceMs);
  if (fromMs >= toMs) return null;
  if (entry.slices.isComplete(fromMs, toMs)) return { fromMs, toMs, sliceMs };
  // It is being read for the first time, and late enough.
  entry.checkedMs = toMs;
  return null;
}

function questionOf(
  { span, entries, tasks, isCheck }: Due,
  closedMs: number,
  ledger: Ledger,
  events: EventSource,
): Question {
  const asked = [...tasks];
  return {
    // Whether a slice can be read again decides nothing.
    tasks: isCheck ? [] : asked,
    async ask(_slis, context) {
      const answer = await events.readSlices(slisOf(entries), span, { largest: largestOf(entries) }, context);
      const failures = ledger.take(span, closedMs, answer);
      for (const entry of entries) {
        if (isCheck && !failures.has(entry.key)) entry.checkedMs = span.toMs;
        if (!isCheck && !failures.has(entry.key) && !answer.has(entry.key)) {
          throw new Error('the source gave fewer answers than it was asked for');
        }
      }
      return asked.map((task) => () => {
        for (const { key } of ledger.entriesOf(task)) {
          const failure = failures.get(key);
          if (failure !== undefined) throw new Error(failure);
        }
      });
    },
    fail(task, message) {
      for (const entry of ledger.entriesOf(task)) if (entries.has(entry)) entry.failure = message;
    },
  };
}
