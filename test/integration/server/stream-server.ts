import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { everything, seesCluster } from '../../../src/domain/access.js';
import type { EvaluationFeed } from '../../../src/domain/ports.js';
import type { SloStatus } from '../../../src/domain/slo.js';
import type { ViolationChange } from '../../../src/domain/violation.js';
import { createGraphContext } from '../../../src/graph/context.js';
import type { ServerOptions } from '../../../src/server/server.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { withWindow } from '../../../src/store/violation-window.js';
import { createFeed } from '../../support/feed.js';
import { event, portsOf, schema, T0, violation } from '../../unit/graph/graph-world.js';
import { startTestServer, type TestServer } from './test-server.js';

type Store = Awaited<ReturnType<typeof createSqliteStore>>;

/** The server over the published graph and a store on disk that a test appends to. */
export interface StreamServer extends TestServer {
  readonly store: Store;
  /** Appends one opened violation for each, and resolves when they are on disk and told. */
  append(...violations: readonly (Partial<ViolationChange['violation']> & { readonly id: string })[]): Promise<void>;
  /** Puts states in the place of those of the same names, and tells it. */
  evaluate(...statuses: readonly SloStatus[]): void;
}

type World = Parameters<typeof portsOf>[0];

/** @param store that of a server which was stopped, to go on with; a new one by default */
export async function startStreamServer(
  overrides: Partial<ServerOptions> = {},
  store?: Store,
  world: World = { clusters: ['edge'] },
): Promise<StreamServer> {
  return serve(overrides, store ?? (await createStore()), world);
}

async function createStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-stream-'));
  const store = await createSqliteStore({ path: join(folder, 'slograph.db') });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return store;
}

async function serve(overrides: Partial<ServerOptions>, store: Store, world: World): Promise<StreamServer> {
  const { feed, tell } = createFeed();
  const { ports } = portsOf(world);
  const evaluated = evaluationsFrom(ports.evaluations.statuses(everything));
  const read = withWindow(store, feed);
  const requests: TestServer['requests'] = [];
  const server = await startTestServer({
    schema,
    createContext: (request) => {
      requests.push(request);
      return createGraphContext(
        { ...ports, store: read, feed, evaluations: evaluated.evaluations, consumers: store.consumers },
        { ...request, nowMs: T0, gridMs: 5_000 },
      );
    },
    ...overrides,
    limits: {
      maxDepth: 10,
      maxTokens: 1_000,
      maxAliases: 20,
      maxCost: 1_000_000,
      maxBodyBytes: 262_144,
      maxSubscriptionsPerSocket: 50,
      maxConnections: 20_000,
      maxConnectionsPerCaller: 10_000,
      ...overrides.limits,
    },
  });
  return {
    ...server,
    requests,
    store,
    evaluate: evaluated.evaluate,
    async append(...violations) {
      const { seq, emittedAtMs, ...template } = event(1);
      const changes = violations.map((one) => ({
        ...template,
        eventId: `${one.id}/opened`,
        violation: violation(one),
      }));
      await store.append(changes, T0);
      tell();
    },
  };
}

function evaluationsFrom(initial: readonly SloStatus[]) {
  const known = new Map(initial.map((status) => [status.definition.name, status]));
  const listeners = new Set<() => void>();
  const evaluations: EvaluationFeed = {
    statuses: (scope) => [...known.values()].filter(({ definition }) => seesCluster(scope, definition.cluster)),
    onEvaluated(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    evaluations,
    evaluate(...statuses: readonly SloStatus[]) {
      for (const status of statuses) known.set(status.definition.name, status);
      for (const listener of [...listeners]) listener();
    },
  };
}
