import { everything } from '../domain/access.js';
import type { ViolationFeed, ViolationStore } from '../domain/ports.js';
import type { Violation, ViolationChange, ViolationKind } from '../domain/violation.js';
import type { Step } from '../domain/violation-machine.js';
import { type Clock, isDoneWithin } from './clock.js';
import type { EngineLog } from './log.js';
import { taskKey } from './registry.js';

/** Changes that wait for the store; beyond this the machines stand still instead, so that nothing is lost. */
const MAX_PENDING = 10_000;
const APPEND_BATCH = 500;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** How long an evaluation waits for the store before it goes on without it. */
const STORE_DEADLINE_MS = 5_000;

export interface ViolationsOptions {
  readonly store: ViolationStore;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly onStored?: (change: ViolationChange) => void;
}

/** Open violations, and the changes on their way to the store. What is shown is stored; what is stored is not lost. */
export interface Violations {
  readonly feed: ViolationFeed;
  /** Reads what is open from the store, once; gives up for this time when the store does not answer. */
  load(): Promise<void>;
  /** Whether the machines may move: what is open is known, and there is room for changes. */
  isReady(): boolean;
  /** False until what is open was read, and after a write that failed until one succeeds. */
  isStoreAnswering(): boolean;
  /** Changes that wait for the store. */
  pending(): number;
  /** The violation the machine goes on from, stored or not. */
  open(slo: string, objective: string, kind: ViolationKind): Violation | null;
  allOpen(): readonly Violation[];
  /** Open violations of an objective that readers may see: those whose opening is stored. */
  shown(slo: string, objective: string): readonly Violation[];
  /** Takes over what a machine decided; `before` is what it went on from. */
  record(before: Violation | null, step: Step): void;
  /** Writes what waits. A store that fails is asked again later; never rejects. */
  flush(): Promise<void>;
  /** Writes what waits, once more. */
  stop(): Promise<void>;
}

export function createViolations({ store, clock, log, onStored }: ViolationsOptions): Violations {
  const open = new Map<string, Violation>();
  const stored = new Map<string, Map<ViolationKind, Violation>>();
  const listeners = new Set<() => void>();
  const pending: ViolationChange[] = [];
  let loaded = false;
  let loading: Promise<void> | null = null;
  let writing: Promise<void> | null = null;
  let retryMs = FIRST_RETRY_MS;
  let cancelRetry: (() => void) | null = null;
  let stopped = false;

  async function load(): Promise<void> {
    if (loaded) return;
    loading ??= loadOpen().finally(() => {
      loading = null;
    });
    await isDoneWithin(loading, STORE_DEADLINE_MS, clock);
  }

  async function loadOpen(): Promise<void> {
    try {
      const { events } = await store.snapshot(everything);
      for (const { violation } of events) {
        open.set(machineKey(violation), violation);
        show(violation);
      }
      loaded = true;
    } catch (error) {
      // A start that failed elsewhere closes the store under it.
      if (stopped) return;
      log.error({ err: error }, 'open violations could not be read; no violation opens or resolves until they are');
    }
  }

  function show(violation: Violation): void {
    const key = taskKey(violation.slo, violation.objective);
    const kinds = stored.get(key) ?? new Map<ViolationKind, Violation>();
    if (violation.status === 'OPEN') kinds.set(violation.kind, violation);
    else kinds.delete(violation.kind);
    if (kinds.size === 0) stored.delete(key);
    else stored.set(key, kinds);
  }

  function shown(slo: string, objective: string): readonly Violation[] {
    const kinds = stored.get(taskKey(slo, objective));
    if (kinds === undefined) return [];
    return [...kinds.values()].map((violation) => {
      const present = open.get(machineKey(violation));
      const isSame = present?.id === violation.id && present.severity === violation.severity;
      return isSame ? present : violation;
    });
  }

  function record(before: Violation | null, { next, change }: Step): void {
    if (next !== null) open.set(machineKey(next), next);
    else if (before !== null) open.delete(machineKey(before));
    if (change !== null) pending.push(change);
  }

  async function flush(): Promise<void> {
    if (pending.length === 0 || stopped) return;
    cancelRetry?.();
    cancelRetry = null;
    writing ??= writeAll().finally(() => {
      writing = null;
      // What was recorded while the last batch came back.
      if (pending.length > 0 && cancelRetry === null) void flush();
    });
    await isDoneWithin(writing, STORE_DEADLINE_MS, clock);
  }

  async function writeAll(): Promise<void> {
    try {
      while (pending.length > 0) await writeBatch(pending.slice(0, APPEND_BATCH));
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      log.error(
        { err: error, pending: pending.length },
        'violations could not be stored; they are kept and tried again',
      );
      retryLater();
    }
  }

  async function writeBatch(batch: readonly ViolationChange[]): Promise<void> {
    await store.append(batch, clock.now());
    pending.splice(0, batch.length);
    for (const change of batch) {
      show(change.violation);
      onStored?.(change);
    }
    for (const listener of [...listeners]) listener();
  }

  function retryLater(): void {
    if (stopped) return;
    cancelRetry?.();
    cancelRetry = clock.after(retryMs, () => void flush());
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }

  return {
    feed: {
      onAppend(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    load,
    isReady: () => loaded && pending.length < MAX_PENDING,
    isStoreAnswering: () => loaded && retryMs === FIRST_RETRY_MS,
    pending: () => pending.length,
    open: (slo, objective, kind) => open.get(machineKey({ slo, objective, kind })) ?? null,
    allOpen: () => [...open.values()],
    shown,
    record,
    flush,
    async stop() {
      await flush();
      stopped = true;
      cancelRetry?.();
    },
  };
}

function machineKey({ slo, objective, kind }: Pick<Violation, 'slo' | 'objective' | 'kind'>): string {
  return JSON.stringify([slo, objective, kind]);
}
