import { setMaxListeners } from 'node:events';
import { everything } from '../domain/access.js';
import { judgedObjectives } from '../domain/composite.js';
import { closedAt } from '../domain/ledger-needs.js';
import type {
  DefinitionStore,
  EventSource,
  LedgerStore,
  ReadContext,
  SliCompiler,
  SloBoard,
  ViolationFeed,
  ViolationStore,
} from '../domain/ports.js';
import { alignToGrid } from '../domain/time-grid.js';
import { kindsOf } from '../domain/verdict.js';
import type { Violation, ViolationChange } from '../domain/violation.js';
import { retire } from '../domain/violation-machine.js';
import { createBackfill, type HistoryProgress } from './backfill.js';
import { createBoard } from './board.js';
import { type Clock, isDoneWithin } from './clock.js';
import { createEvaluator, type Evaluation } from './evaluator.js';
import { createLedger } from './ledger.js';
import type { EngineLog } from './log.js';
import { createReach } from './reach.js';
import { createReader } from './reader.js';
import { buildRegistry, byDataSource, type Registry, type Task } from './registry.js';
import { createViolations } from './violations.js';

const SOURCE_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;

export interface EngineOptions {
  readonly definitions: DefinitionStore;
  readonly compiler: SliCompiler;
  readonly events: EventSource;
  readonly store: ViolationStore;
  readonly ledgerStore: LedgerStore;
  readonly clock: Clock;
  /** How often every SLO is evaluated. */
  readonly intervalMs: number;
  /** How far behind the clock is read, so that scrapes under way have arrived. */
  readonly lagMs: number;
  /** Instants of evaluations are multiples of this. */
  readonly gridMs: number;
  /** How long a data source may take to answer one evaluation before its SLOs are STALE. Default 30 s. */
  readonly sourceDeadlineMs?: number;
  readonly log: EngineLog;
  readonly observer?: EngineObserver;
}

/** Told what the engine does: for metrics. */
export interface EngineObserver {
  onEvaluated?(evaluation: Evaluation): void;
  /** Called for every change that was stored. */
  onTransition?(change: ViolationChange): void;
  /** Called while the history of SLOs is being read, and when it was. */
  onHistory?(progress: HistoryProgress): void;
}

export interface Engine {
  readonly board: SloBoard;
  readonly feed: ViolationFeed;
  /** Evaluates now and at every interval. Does not wait for sources or the store. */
  start(): void;
  /** Ends the loop, lets evaluations under way finish and writes what waits for the store. */
  stop(): Promise<void>;
  /** Evaluates once; resolves when every data source has answered or failed. */
  evaluateOnce(): Promise<void>;
  /** Changes of violations that wait for the store. */
  pendingChanges(): number;
  /** False until open violations were read from the store, and while it does not take changes: for readiness. */
  isStoreAnswering(): boolean;
}

/** Evaluates SLOs: reads their windows, moves their violations and keeps their states for everybody to read. */
export function createEngine(options: EngineOptions): Engine {
  const { clock, definitions, compiler, intervalMs, log, observer } = options;
  const ledger = createLedger({ ...options, store: options.ledgerStore });
  const stopping = new AbortController();
  // Every data source that is being read listens.
  setMaxListeners(0, stopping.signal);
  const reach = createReach(options.events, stopping.signal);
  const readerOptions = { ...options, ledger, reach, deadlineMs: options.sourceDeadlineMs ?? SOURCE_DEADLINE_MS };
  const violations = createViolations({ ...options, onStored: (change) => observer?.onTransition?.(change) });
  const evaluator = createEvaluator({
    clock,
    reader: createReader(readerOptions),
    violations,
    log,
    onEvaluated: (evaluation) => observer?.onEvaluated?.(evaluation),
  });
  const running = new Map<string, Promise<void>>();
  const context: ReadContext = { scope: everything, signal: stopping.signal };
  const presentMs = () => alignToGrid(clock.now() - options.lagMs, options.gridMs);
  const backfill = createBackfill({
    ...options,
    ledger,
    closedMs: () => closedAt(presentMs()),
    idle: async (dataSource) => running.get(dataSource),
    onProgress: (progress) => observer?.onHistory?.(progress),
  });
  let cancelTick: (() => void) | null = null;

  let registry = buildRegistry(definitions.current(), compiler, null);
  install();
  const stopListening = definitions.onChange((changed) => {
    registry = buildRegistry(changed, compiler, registry);
    install();
    if (cancelTick !== null) void evaluateOnce();
  });

  function install(): void {
    evaluator.install(registry);
    ledger.install(registry);
  }

  async function evaluateOnce(): Promise<void> {
    const atMs = presentMs();
    await ledger.load();
    // A source that is still answering is left alone: evaluations of one source never overlap, and none waits for another.
    const groups = [...byDataSource(registry.tasks.values())].filter(([dataSource]) => !running.has(dataSource));
    for (const [dataSource, tasks] of groups) running.set(dataSource, evaluateSource(dataSource, tasks, atMs));
    await Promise.all([retireGone(atMs), ...groups.map(([dataSource]) => running.get(dataSource))]);
  }

  async function evaluateSource(dataSource: string, tasks: readonly Task[], atMs: number): Promise<void> {
    try {
      await evaluator.evaluate(dataSource, tasks, atMs, context);
    } catch (error) {
      log.error({ err: error, dataSource }, 'an evaluation failed');
    } finally {
      running.delete(dataSource);
    }
    await ledger.persist();
    backfill.wake(dataSource);
  }

  async function retireGone(atMs: number): Promise<void> {
    await violations.load();
    if (!violations.isReady()) return;
    for (const open of violations.allOpen()) {
      const because = whyGone(registry, open);
      if (because !== null) violations.record(open, retire(open, atMs, because));
    }
    await violations.flush();
  }

  function tick(): void {
    // At multiples of the interval, so that a restart does not move the instants.
    cancelTick = clock.after(intervalMs - (clock.now() % intervalMs), tick);
    void evaluateOnce();
  }

  return {
    board: createBoard({
      store: options.store,
      createReader: () => createReader({ ...readerOptions, isPast: true }),
      ledger,
      registry: () => registry,
      memory: evaluator.memory,
    }),
    feed: violations.feed,
    start() {
      if (cancelTick === null) tick();
    },
    async stop() {
      stopListening();
      cancelTick?.();
      cancelTick = null;
      stopping.abort();
      await isDoneWithin(Promise.all([...running.values(), backfill.stop()]), STOP_DEADLINE_MS, clock);
      await ledger.persist();
      await violations.stop();
    },
    evaluateOnce,
    pendingChanges: violations.pending,
    isStoreAnswering: violations.isStoreAnswering,
  };
}

/** Null while the rule of a violation is defined. A definition that could not be read is not gone. */
function whyGone({ slos, definitions }: Registry, open: Violation): string | null {
  const slo = slos.get(open.slo);
  if (slo === undefined) {
    const isUnread = definitions.problems.some(({ severity }) => severity === 'ERROR');
    return isUnread ? null : 'the SLO is no longer defined';
  }
  const objective = [...slo.objectives, ...judgedObjectives(slo)].find(({ name }) => name === open.objective);
  if (objective === undefined) return 'the objective is no longer defined';
  if (objective.weight !== null) return 'the objective became a member of a composite, which is watched as a whole';
  return kindsOf(objective).includes(open.kind) ? null : 'the objective has no bounds any more';
}
