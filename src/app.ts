import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config/config.js';
import { everything } from './domain/access.js';
import { ConfigError, problemText } from './domain/errors.js';
import type { EvaluationFeed, SloBoard, ViolationFeed, ViolationStore } from './domain/ports.js';
import type { Definitions } from './domain/slo.js';
import { alignToGrid } from './domain/time-grid.js';
import { systemClock } from './engine/clock.js';
import { createEngine, type Engine, type EngineObserver } from './engine/engine.js';
import type { Evaluation } from './engine/evaluator.js';
import { keepRetention } from './engine/retention.js';
import { createGraphContext, type GraphContext, type GraphPorts } from './graph/context.js';
import { createSchema } from './graph/schema.js';
import { createAlertmanagerNotifier } from './notify/alertmanager.js';
import { createLog } from './server/log.js';
import { createMetrics, type Metrics } from './server/metrics.js';
import type { OperationRequest } from './server/operations.js';
import { type GatewayServer, startServer } from './server/server.js';
import { type ApplicationMemory, createApplicationDirectory, createApplicationMemory } from './sources/applications.js';
import { createClusterDirectory } from './sources/clusters.js';
import { createFigureReader } from './sources/figures.js';
import { createInventoryReader } from './sources/inventory.js';
import { createPlanner, type Planner } from './sources/prometheus/planner.js';
import { createPromqlReader } from './sources/promql-reader.js';
import { createSliCompiler } from './sources/sli-compiler.js';
import { createEventSource } from './sources/sli-events.js';
import { sliTemplates } from './sources/sli-templates.js';
import { createDefinitionStore, type WatchedDefinitions } from './specs/definition-store.js';
import { createPostgresStore, examinePostgresStore } from './store/postgres-store.js';
import type { GatewayStore } from './store/sql-store.js';
import { createSqliteStore } from './store/sqlite-store.js';
import { withWindow } from './store/violation-window.js';

export interface AppOptions {
  readonly version: string;
  /** Default: JSON lines on stderr. */
  readonly log?: Logger;
}

/** A gateway. */
export interface App {
  readonly log: Logger;
  /** Resolves when it answers. An unreachable data source is no obstacle. @throws ConfigError, StoreError, or what listening throws */
  start(): Promise<{ readonly url: string }>;
  /** Ends in reverse order: work in flight first, then evaluation, then the store. */
  stop(): Promise<void>;
  /** Puts a changed configuration in force; what cannot change while running is said to need a restart. */
  reload(config: Config): Promise<void>;
  /** Says that a changed configuration cannot be used; the last good one stays in force. */
  rejectReload(error: unknown): Promise<void>;
}

/** Settings that are taken once, when the process starts. */
const FIXED = [
  'listen',
  'tokensFile',
  'insecure',
  'allowedOrigins',
  'limits',
  'store',
  'executor',
  'shutdownGraceMs',
] as const;
/** Settings whose change builds the sources and the evaluation anew. */
const REBUILDING = ['clusters', 'applications', 'definitions', 'alertmanagers', 'evaluation', 'gridMs'] as const;
const UNVERIFIED =
  'tls.insecureSkipVerify: who is between the gateway and this Prometheus can read and change everything';
/** A source that hangs does not keep the gateway from answering for the others. */
const FIRST_EVALUATION_MS = 5_000;

export function createApp(config: Config, { version, log = createLog({ level: config.logLevel }) }: AppOptions): App {
  const metrics = createMetrics(version);
  const feed = createRelay();
  const evaluations = createEvaluationRelay();
  const observer = {
    ...metrics,
    onEvaluated(evaluation: Evaluation) {
      metrics.onEvaluated(evaluation);
      evaluations.tell();
    },
  };
  const applications = createApplicationMemory();
  let inForce = config;
  let store: GatewayStore | null = null;
  let stopRetention = () => {};
  let core: Core | null = null;
  let server: GatewayServer | null = null;
  /** Starts, changes and the end happen one after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const result = turn.then(act);
    turn = result.catch(() => {});
    return result;
  };

  async function start(): Promise<{ url: string }> {
    const opened = await openStore(config.store);
    const { ledger, consumers } = opened;
    const windowed = { ...withWindow(opened, feed), ledger, consumers };
    store = windowed;
    metrics.countOpen(async () => (await opened.snapshot(everything)).events.length);
    core = await buildCore(config, windowed, applications, metrics, observer, log);
    feed.follow(core.engine.feed);
    evaluations.follow(core.engine.board);
    stopRetention = keepRetention({ ...config.store, store: windowed, clock: systemClock, log });
    const firstEvaluation = core.start();
    let evaluated = false;
    void Promise.race([firstEvaluation, setTimeout(FIRST_EVALUATION_MS, undefined, { ref: false })]).then(() => {
      evaluated = true;
    });
    server = await startServer({
      ...config,
      schema: createSchema(),
      createContext: (request) => contextOf(core as Core, windowed, { feed, evaluations }, inForce, request),
      unready: async () => [
        ...(evaluated ? [] : ['the first evaluation is under way']),
        ...(await storeTrouble(opened)),
      ],
      log,
      metrics,
    });
    log.info({ url: server.url, version }, 'listening');
    return { url: server.url };
  }

  async function stop(): Promise<void> {
    await server?.stop();
    await core?.stop();
    stopRetention();
    await store?.close();
    server = null;
    core = null;
    store = null;
  }

  async function reload(next: Config): Promise<void> {
    const fixed = FIXED.filter((setting) => differ(inForce[setting], next[setting]));
    if (fixed.length > 0) log.warn({ settings: fixed }, 'changed settings that take effect at the next start only');
    log.level = next.logLevel;
    if (core !== null && store !== null && REBUILDING.some((setting) => differ(inForce[setting], next[setting]))) {
      const built = await buildCore(next, store, applications, metrics, observer, log);
      // One evaluates at a time: two would both open the same violation.
      const old = core;
      await old.stop();
      core = built;
      feed.follow(built.engine.feed);
      evaluations.follow(built.engine.board);
      void built.start();
    }
    inForce = next;
    metrics.configReloaded.set(1);
    log.info('the changed configuration is in force');
  }

  function reject(error: unknown): void {
    metrics.configReloaded.set(0);
    const why = error instanceof ConfigError ? { problems: error.problems.map(problemText) } : { err: error };
    log.error(why, 'the changed configuration cannot be used; the last good one stays in force');
  }

  return {
    log,
    start: () =>
      inTurn(async () => {
        try {
          return await start();
        } catch (error) {
          await stop();
          throw error;
        }
      }),
    stop: () => inTurn(stop),
    reload: (next) =>
      inTurn(async () => {
        if (core === null) return;
        await reload(next);
      }),
    // In turn, so that a change under way does not end after it and hide it.
    rejectReload: (error) => inTurn(async () => reject(error)),
  };
}

/** What a configuration is made into, and what is made anew when it changes. */
interface Core {
  readonly engine: Engine;
  readonly reads: Pick<GraphPorts, 'clusters' | 'applications' | 'inventory' | 'figures' | 'board' | 'promql'>;
  /** Resolves when every data source has answered once, or failed to. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function buildCore(
  config: Config,
  store: GatewayStore,
  applications: ApplicationMemory,
  metrics: Metrics,
  observer: EngineObserver,
  log: Logger,
): Promise<Core> {
  const planner = createPlanner({ clusters: config.clusters, cacheTtlMs: 2 * config.gridMs, observe: metrics.request });
  const compiler = createSliCompiler(planner);
  const definitions = await createDefinitionStore(config.definitions, {
    clusters: config.clusters.map(({ name }) => name),
    checkSli: compiler.check,
    templateInfo: (name) => sliTemplates.find((template) => template.name === name) ?? null,
  });
  logDefinitions(definitions, log);
  for (const { name, prometheus } of config.clusters) {
    if (prometheus.tls.insecureSkipVerify) log.warn({ cluster: name }, UNVERIFIED);
  }
  const engine = createEngine({
    definitions,
    compiler,
    events: createEventSource(planner),
    store,
    ledgerStore: store.ledger,
    clock: systemClock,
    ...config.evaluation,
    gridMs: config.gridMs,
    log,
    observer,
  });
  const notifiers = config.alertmanagers.map((alertmanager) =>
    createAlertmanagerNotifier({ ...alertmanager, store, feed: engine.feed, clock: Date.now, log }),
  );
  let stopped = false;
  return {
    engine,
    reads: {
      clusters: createClusterDirectory(planner, config.clusters),
      applications: createApplicationDirectory(config.applications, applications),
      inventory: createInventoryReader(planner, applications.observe),
      figures: createFigureReader(planner),
      board: engine.board,
      promql: createPromqlReader(planner),
    },
    start() {
      void logUnreachable(planner, log, () => stopped);
      const first = engine.evaluateOnce();
      engine.start();
      for (const notifier of notifiers) notifier.start();
      return first;
    },
    async stop() {
      stopped = true;
      await Promise.all(notifiers.map((notifier) => notifier.stop()));
      await engine.stop();
      await definitions.close();
      await planner.close();
    },
  };
}

function contextOf(
  { reads }: Core,
  store: GatewayStore,
  feeds: Pick<GraphPorts, 'feed' | 'evaluations'>,
  { evaluation, gridMs, store: { retentionMs } }: Config,
  request: OperationRequest,
): GraphContext {
  const nowMs = alignToGrid(Date.now() - evaluation.lagMs, gridMs);
  return createGraphContext(
    { ...reads, ...feeds, store, consumers: store.consumers, retentionMs },
    { ...request, nowMs, gridMs },
  );
}

/** A feed that subscriptions keep while what is behind it is made anew. */
function createRelay(): ViolationFeed & { follow(feed: ViolationFeed): void } {
  const listeners = new Set<() => void>();
  let unfollow = () => {};
  return {
    onAppend(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    follow(feed) {
      unfollow();
      unfollow = feed.onAppend(() => {
        for (const listener of listeners) listener();
      });
    },
  };
}

/** The same of states: those of the engine that is followed. */
function createEvaluationRelay(): EvaluationFeed & { follow(board: SloBoard): void; tell(): void } {
  const listeners = new Set<() => void>();
  let board: SloBoard | null = null;
  return {
    statuses: (scope) => board?.all(scope) ?? [],
    onEvaluated(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    follow(next) {
      board = next;
    },
    tell() {
      for (const listener of listeners) listener();
    },
  };
}

function logDefinitions(definitions: WatchedDefinitions, log: Logger): void {
  const tell = ({ slos, problems }: Definitions) => {
    for (const problem of problems) log[problem.severity === 'ERROR' ? 'error' : 'warn'](problemText(problem));
    log.info({ slos: slos.length, problems: problems.length }, 'definitions read');
  };
  tell(definitions.current());
  definitions.onChange(tell);
}

async function logUnreachable(planner: Planner, log: Logger, isStopped: () => boolean): Promise<void> {
  for (const { name } of planner.dataSources()) {
    const { reachable, error } = await planner.status(name);
    if (!reachable && !isStopped())
      log.warn({ dataSource: name, error }, 'a data source does not answer; its figures are null until it does');
  }
}

function openStore({ path, postgres, passwordFile }: Config['store']): Promise<GatewayStore> {
  return postgres === null ? createSqliteStore({ path }) : createPostgresStore({ url: postgres, passwordFile });
}

/** Whether the PostgreSQL of a configuration could be the store: its name. @throws StoreError */
export function examinePostgres({ postgres, passwordFile }: Config['store']): Promise<string> | null {
  return postgres === null ? null : examinePostgresStore({ url: postgres, passwordFile });
}

async function storeTrouble(store: ViolationStore): Promise<readonly string[]> {
  try {
    await store.position();
    return [];
  } catch (error) {
    return [`the store does not answer: ${(error as Error).message}`];
  }
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
