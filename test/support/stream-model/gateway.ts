import 'reflect-metadata';
import type { Retention } from '../../../src/domain/ports.js';
import type { ViolationChange, ViolationEvent } from '../../../src/domain/violation.js';
import { createGraphContext, type GraphPorts } from '../../../src/graph/context.js';
import { createSchema } from '../../../src/graph/schema.js';
import { createLog } from '../../../src/server/log.js';
import { createMetrics } from '../../../src/server/metrics.js';
import { startServer } from '../../../src/server/server.js';
import type { GatewayStore } from '../../../src/store/sql-store.js';
import { withWindow } from '../../../src/store/violation-window.js';
import { createFeed } from '../feed.js';

/** A gateway that runs, with what its engine would do to the log. */
export interface ModelGateway {
  readonly url: string;
  /** Of its store. */
  readonly epoch: string;
  append(changes: readonly ViolationChange[], nowMs: number): Promise<readonly ViolationEvent[]>;
  prune(retention: Retention): Promise<void>;
  /** What the store holds behind a seq. */
  events(after: number): Promise<readonly ViolationEvent[]>;
  stop(): Promise<void>;
}

const schema = createSchema();
const limits = {
  maxDepth: 10,
  maxTokens: 1_000,
  maxAliases: 20,
  maxCost: 1_000_000,
  maxBodyBytes: 262_144,
  maxSubscriptionsPerSocket: 50,
  maxConnections: 1_000,
  maxConnectionsPerCaller: 1_000,
};

/** The server as it is, over a store; it closes the store when it stops. */
export async function startModelGateway(store: GatewayStore): Promise<ModelGateway> {
  const { feed, tell } = createFeed();
  const read = withWindow(store, feed);
  // A stream of violations reads nothing but the log.
  const applications = { configured: () => [], lastKnown: () => null };
  const ports = { store: read, feed, consumers: store.consumers, applications } as unknown as GraphPorts;
  const server = await startServer({
    ...{ listen: { host: '127.0.0.1', port: 0 }, allowedOrigins: [], tokensFile: null, insecure: false },
    ...{ limits, schema, shutdownGraceMs: 10_000, metrics: createMetrics('model'), log: createLog({ level: 'fatal' }) },
    createContext: (request) => createGraphContext(ports, { ...request, nowMs: 0, gridMs: 5_000 }),
    unready: async () => [],
  });
  return {
    url: server.url,
    epoch: (await store.position()).head.epoch,
    async append(changes, nowMs) {
      const stored = await store.append(changes, nowMs);
      tell();
      return stored;
    },
    prune: async (retention) => void (await read.prune(retention)),
    events: (after) => store.events(after, 1_000_000),
    async stop() {
      await server.stop();
      await store.close();
    },
  };
}
