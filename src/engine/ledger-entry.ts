import { bothNeeds, needsOf } from '../domain/ledger-needs.js';
import { LedgerStream, type StreamNeeds } from '../domain/ledger-stream.js';
import type { CompiledSli, EventStream } from '../domain/ports.js';
import type { Registry, Task } from './registry.js';

/** A stream with what is known of it. */
export interface LedgerEntry {
  readonly key: string;
  slices: LedgerStream;
  /** Streams of one group are read by the same PromQL. */
  group: string;
  /** What is made of it; empty while no definition makes use of it. */
  tasks: readonly Task[];
  usedAtMs: number;
  /** End of the newest slice that was asked for the second time. */
  checkedMs: number;
  /** Why its newest slices could not be read; null when they could. */
  failure: string | null;
  /** Its source answered in part when it was last asked. */
  partial: boolean;
}

export function freshEntry(key: string, needs: StreamNeeds): LedgerEntry {
  const slices = new LedgerStream(needs);
  return { key, slices, group: '', tasks: [], usedAtMs: 0, checkedMs: 0, failure: null, partial: false };
}

/** Every stream of a task, once each. */
export function streamsOf({ sli: { streams } }: Task): readonly EventStream[] {
  const { good, bad, total, condition } = streams;
  const all = [...(good ?? bad ?? []), ...total, ...(condition === null ? [] : [condition])];
  return all.filter(({ key }, index) => all.findIndex((other) => other.key === key) === index);
}

/** Who makes use of each stream, and what of it they need together. */
export function usersOf(registry: Registry | null) {
  const users = new Map<string, { readonly tasks: Task[]; readonly group: string; needs: StreamNeeds }>();
  for (const task of registry?.tasks.values() ?? []) {
    const needs = needsOf(task.slo, task.objective);
    for (const { key, group } of streamsOf(task)) {
      const user = users.get(key);
      if (user === undefined) users.set(key, { tasks: [task], group, needs });
      else {
        user.tasks.push(task);
        user.needs = bothNeeds(user.needs, needs);
      }
    }
  }
  return users;
}

/** Makes a stream keep what is needed. Longer spans stay as they are; minutes that nobody needs any more would only cost. */
export function keep(entry: LedgerEntry, needs: StreamNeeds): void {
  const kept = entry.slices.needs;
  const wanted = { ...bothNeeds(kept, needs), minutesForMs: needs.minutesForMs };
  if (wanted.minutesForMs === kept.minutesForMs && isWithin(wanted, kept)) return;
  const slices = new LedgerStream(wanted);
  slices.restore(entry.slices.state());
  entry.slices = slices;
}

function isWithin(needs: StreamNeeds, kept: StreamNeeds): boolean {
  return needs.blocksForMs <= kept.blocksForMs && needs.hoursForMs <= kept.hoursForMs;
}

/** As few SLIs as it takes, one after the other, to read all these streams. */
export function slisOf(entries: Iterable<LedgerEntry>): readonly CompiledSli[] {
  const covered = new Set<string>();
  const slis = new Set<CompiledSli>();
  for (const { key, tasks } of entries) {
    const [task] = tasks;
    if (task === undefined || covered.has(key)) continue;
    slis.add(task.sli);
    for (const stream of streamsOf(task)) covered.add(stream.key);
  }
  return [...slis];
}

/** The largest counts that were ever trusted, for the source to judge new ones by. */
export function largestOf(entries: Iterable<LedgerEntry>): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (const entry of entries) {
    const perMinute = entry.slices.largestPerMinute();
    if (perMinute !== null) largest.set(entry.key, perMinute);
  }
  return largest;
}
