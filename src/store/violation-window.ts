import type { ViolationFeed, ViolationStore } from '../domain/ports.js';
import type { ViolationEvent } from '../domain/violation.js';

/** Events at the end of the log that are held in memory. */
const MAX_EVENTS = 10_000;
/** Scopes whose snapshot is held until the next append. */
const MAX_SNAPSHOTS = 100;

/**
 * A store whose newest events, and what holds until the next append, are read once for all readers; events that are
 * appended through it are not read at all. The feed must say of every append before those who read hear of it.
 */
export function withWindow(store: ViolationStore, feed: ViolationFeed): ViolationStore {
  const window = new EventWindow(MAX_EVENTS);
  let untilAppend = createAnswers();
  /** Appended through here, and not yet told of by the feed. */
  let isOwn = false;
  const forget = () => {
    untilAppend = createAnswers();
    window.endIsUnknown();
  };
  feed.onAppend(() => {
    if (isOwn) untilAppend = createAnswers();
    else forget();
    isOwn = false;
  });
  return {
    async append(changes, nowMs) {
      forget();
      try {
        const events = await store.append(changes, nowMs);
        // What was stored before may be more than was ever read.
        isOwn = events.length === changes.length;
        if (isOwn) window.append(events);
        return events;
      } finally {
        // An append that failed may have been stored all the same.
        untilAppend = createAnswers();
      }
    },
    events(after, limit) {
      const held = window.after(after, limit);
      if (held !== null) return Promise.resolve(held);
      return untilAppend.of(`events ${after} ${limit}`, false, async () => {
        const events = await store.events(after, limit);
        window.add(after, events);
        return events;
      });
    },
    eventsOf: (violationId) => store.eventsOf(violationId),
    violations: (query) => store.violations(query),
    snapshot: (scope) => untilAppend.of(`snapshot ${scope.key}`, true, () => store.snapshot(scope)),
    position: () => untilAppend.of('position', true, () => store.position()),
    saveDelivery: (delivery) => store.saveDelivery(delivery),
    deliveriesOf: (violationId) => store.deliveriesOf(violationId),
    sinkPosition: (sink) => store.sinkPosition(sink),
    saveSinkPosition: (sink, seq) => store.saveSinkPosition(sink, seq),
    async prune(retention) {
      const deleted = await store.prune(retention);
      window.clear();
      untilAppend = createAnswers();
      return deleted;
    },
    close() {
      // A store that was closed answers nothing, also of what is in memory.
      window.clear();
      return store.close();
    },
  };
}

/** Events without a hole between them, the newest of the log that were read. */
class EventWindow {
  private events: ViolationEvent[] = [];
  /** Of the event that nothing comes after; null where that is not known. */
  private endSeq: number | null = null;

  constructor(private readonly maxEvents: number) {}

  /** Null where the store has to be asked. */
  after(seq: number, limit: number): readonly ViolationEvent[] | null {
    const [first] = this.events;
    if (first === undefined || seq < first.seq - 1) return null;
    const from = seq - first.seq + 1;
    const isEnd = from === this.events.length && seq === this.endSeq;
    return from < this.events.length || isEnd ? this.events.slice(from, from + limit) : null;
  }

  clear(): void {
    this.events = [];
  }

  endIsUnknown(): void {
    this.endSeq = null;
  }

  /** Events that end the log. */
  append(events: readonly ViolationEvent[]): void {
    const [first] = events;
    if (first === undefined) return;
    this.add(first.seq - 1, events);
    this.endSeq = events.at(-1)?.seq ?? null;
  }

  add(after: number, events: readonly ViolationEvent[]): void {
    const last = this.events.at(-1);
    const [oldest] = events;
    const newest = events.at(-1);
    if (oldest === undefined || newest === undefined || (last !== undefined && newest.seq <= last.seq)) return;
    // Beyond the retention only some are left.
    if (newest.seq - oldest.seq !== events.length - 1) return;
    const follows = last !== undefined && after === last.seq && oldest.seq === after + 1;
    if (follows) this.events.push(...events);
    else this.events = [...events];
    // Dropped in large parts: one by one every append would move all of them.
    if (this.events.length > 2 * this.maxEvents) this.events = this.events.slice(-this.maxEvents);
  }
}

/** Answers that several ask for at once; what is `kept` holds for those who ask later, too. */
function createAnswers() {
  const answers = new Map<string, Promise<unknown>>();
  return {
    of<T>(key: string, kept: boolean, ask: () => Promise<T>): Promise<T> {
      const known = answers.get(key) as Promise<T> | undefined;
      if (known !== undefined) return known;
      const answer = ask();
      answers.set(key, answer);
      const forget = () => void answers.delete(key);
      answer.then(() => (kept && answers.size <= MAX_SNAPSHOTS ? undefined : forget()), forget);
      return answer;
    },
  };
}
