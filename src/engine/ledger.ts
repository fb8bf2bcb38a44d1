import { hasBounds } from '../domain/evaluation.js';
import { unusedNeeds } from '../domain/ledger-needs.js';
import { decodeState } from '../domain/ledger-state.js';
import type { LedgerParts } from '../domain/ledger-window.js';
import type { EventStream, LedgerStore, Outcome, SliceBlock, SliceCounts, SliceSpan } from '../domain/ports.js';
import { type Clock, isDoneWithin } from './clock.js';
import { freshEntry, keep, type LedgerEntry, streamsOf, usersOf } from './ledger-entry.js';
import { createLedgerWriter } from './ledger-writer.js';
import type { EngineLog } from './log.js';
import type { Registry, Task } from './registry.js';

/** How long an evaluation waits for the store before it goes on without it. */
const STORE_DEADLINE_MS = 5_000;

export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** The slices of all streams, in memory and in the store. */
export interface Ledger {
  /** Reads what is kept, once; gives up for this time when the store does not answer. */
  load(): Promise<void>;
  /** False until what is kept was read: until then nothing is known of any task. */
  isReady(): boolean;
  /** Puts definitions in force: their streams are kept, in slices as short as they need. */
  install(registry: Registry): void;
  /** The streams of a task; null while nothing is known of them, and for a task that is not in force. */
  partsOf(task: Task): LedgerParts | null;
  entriesOf(task: Task): readonly LedgerEntry[];
  /** Streams of a data source that definitions make use of. */
  inUse(dataSource: string): readonly LedgerEntry[];
  /**
   * Takes over an answer; what failed, or is partial, stays unread. Gives why streams could not be read.
   * @param closedMs end of the last slice that was closed when it was asked
   */
  take(
    span: SliceSpan,
    closedMs: number,
    answer: ReadonlyMap<string, Outcome<SliceCounts>>,
  ): ReadonlyMap<string, string>;
  /** Changes with everything that is taken over. */
  version(): number;
  /** Writes what was taken over. A store that fails is asked again the next time; never rejects. */
  persist(): Promise<void>;
}

export function createLedger({ store, clock, log }: LedgerOptions): Ledger {
  const entries = new Map<string, LedgerEntry>();
  const writer = createLedgerWriter({ store, clock, log, entries });
  let known = new Map<Task, { readonly entries: readonly LedgerEntry[]; readonly parts: LedgerParts }>();
  let registry: Registry | null = null;
  let loaded = false;
  let loading: Promise<void> | null = null;
  let versions = 0;

  function install(next: Registry): void {
    registry = next;
    if (!loaded) return;
    known = new Map();
    for (const entry of entries.values()) entry.tasks = [];
    for (const [key, { tasks, group, needs }] of usersOf(next)) {
      const entry = entries.get(key) ?? freshEntry(key, needs);
      keep(entry, needs);
      Object.assign(entry, { tasks, group, usedAtMs: clock.now() });
      entries.set(key, entry);
    }
    versions += 1;
  }

  async function readStore(): Promise<void> {
    const users = usersOf(registry);
    const read = new Map<string, LedgerEntry>();
    const unreadable: string[] = [];
    let why: unknown = null;
    try {
      await store.load(
        ({ key, state, usedAtMs }) => {
          const needs = users.get(key)?.needs ?? unusedNeeds;
          let entry = freshEntry(key, needs);
          try {
            if (state !== null) entry.slices.restore(decodeState(state));
          } catch (error) {
            // Nothing is known of it then, so that its history is read again like that of a new stream.
            entry = freshEntry(key, needs);
            unreadable.push(key);
            why = error;
          }
          entry.usedAtMs = usedAtMs;
          read.set(key, entry);
        },
        (block) => apply(block, read),
      );
    } catch (error) {
      log.error(
        { err: error },
        'the slices that are kept could not be read; windows are read as a whole until they can',
      );
      return;
    }
    if (unreadable.length > 0) {
      const facts = { err: why, streams: unreadable.length, first: unreadable[0] };
      log.error(facts, 'the kept slices of some streams could not be read; their history is read again');
    }
    for (const [key, entry] of read) entries.set(key, entry);
    loaded = true;
    if (registry !== null) install(registry);
  }

  function knownOf(task: Task) {
    const before = known.get(task);
    if (before !== undefined) return before;
    const streams = streamsOf(task).map(({ key }) => entries.get(key));
    // Definitions may have been replaced while a source answered; what did not change its SLI goes on.
    const isInForce = registry?.tasks.get(task.key)?.sli === task.sli;
    if (!isInForce || streams.length === 0 || streams.includes(undefined)) return null;
    const slicesOf = (list: readonly EventStream[]) => list.map(({ key }) => (entries.get(key) as LedgerEntry).slices);
    const { good, bad, total, condition } = task.sli.streams;
    const [held = null] = condition === null ? [] : slicesOf([condition]);
    const made = {
      entries: streams as readonly LedgerEntry[],
      parts: {
        ...{ good: good && slicesOf(good), bad: bad && slicesOf(bad), total: slicesOf(total), condition: held },
        isBounded: hasBounds(task.objective),
      },
    };
    known.set(task, made);
    return made;
  }

  return {
    async load() {
      if (loaded) return;
      loading ??= readStore().finally(() => {
        loading = null;
      });
      await isDoneWithin(loading, STORE_DEADLINE_MS, clock);
    },
    isReady: () => loaded,
    install,
    partsOf: (task) => knownOf(task)?.parts ?? null,
    entriesOf: (task) => knownOf(task)?.entries ?? [],
    inUse: (dataSource) => [...entries.values()].filter(({ tasks: [task] }) => task?.sli.dataSource === dataSource),
    take(span, closedMs, answer) {
      const failures = new Map<string, string>();
      const streams: SliceBlock['streams'][number][] = [];
      for (const [key, outcome] of answer) {
        const entry = entries.get(key);
        if (entry === undefined) continue;
        if (!outcome.ok) {
          failures.set(key, outcome.error.message);
          continue;
        }
        const { counts, estimated, partial } = outcome.value;
        entry.partial = partial;
        if (!partial) streams.push({ key, counts, estimated });
      }
      if (streams.length > 0) {
        const block = { span, closedMs, streams };
        apply(block, entries);
        writer.add(block);
      }
      versions += 1;
      return failures;
    },
    version: () => versions,
    persist: () => (loaded ? writer.persist() : Promise.resolve()),
  };
}

function apply({ span, closedMs, streams }: SliceBlock, entries: ReadonlyMap<string, LedgerEntry>): void {
  for (const { key, counts, estimated } of streams) {
    const slices = entries.get(key)?.slices;
    slices?.advance(closedMs);
    slices?.write(span.fromMs, span.sliceMs, counts, estimated);
  }
}
