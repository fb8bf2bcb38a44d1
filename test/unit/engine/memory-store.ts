import { StoreError } from '../../../src/domain/errors.js';
import type { ViolationStore } from '../../../src/domain/ports.js';
import type { Violation, ViolationEvent } from '../../../src/domain/violation.js';

export interface MemoryStore extends ViolationStore {
  readonly log: readonly ViolationEvent[];
  /** While true every call fails. */
  broken: boolean;
}

/** The port in memory, with a switch to break it. */
export function memoryStore(log: ViolationEvent[] = []): MemoryStore {
  const unused = () => Promise.reject(new Error('the engine does not need this'));
  const store: MemoryStore = {
    log,
    broken: false,
    async append(changes, nowMs) {
      check();
      const fresh = changes.filter((change) => !log.some((event) => event.eventId === change.eventId));
      const events = fresh.map((change, index) => ({ ...change, seq: log.length + index + 1, emittedAtMs: nowMs }));
      log.push(...events);
      return events;
    },
    async violations({ slos, statuses, atMs = Number.POSITIVE_INFINITY }) {
      check();
      return [...newest(atMs).values()].filter(
        (violation) => (slos?.includes(violation.slo) ?? true) && (statuses?.includes(violation.status) ?? true),
      );
    },
    async snapshot() {
      check();
      const open = [...newest(Number.POSITIVE_INFINITY).values()].filter(({ status }) => status === 'OPEN');
      const events = open.map((violation) => {
        const opening = log.find((event) => event.violation.id === violation.id) as ViolationEvent;
        return { ...opening, violation };
      });
      return { head: { epoch: 'memory', seq: log.length }, events };
    },
    events: unused,
    eventsOf: unused,
    position: unused,
    saveDelivery: unused,
    deliveriesOf: unused,
    sinkPosition: unused,
    saveSinkPosition: unused,
    prune: unused,
    close: async () => {},
  };
  function check(): void {
    if (store.broken) throw new StoreError('the disk is full', true);
  }
  function newest(atMs: number): Map<string, Violation> {
    const stood = log.filter((event) => event.evaluatedAtMs <= atMs);
    return new Map(stood.map(({ violation }) => [violation.id, violation]));
  }
  return store;
}
