/** The gateway's server over the published graph and a store on disk; events are appended when told. */
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGraphContext, type GraphPorts } from '../../../src/graph/context.js';
import { createSchema } from '../../../src/graph/schema.js';
import { createLog } from '../../../src/server/log.js';
import { createMetrics } from '../../../src/server/metrics.js';
import { startServer } from '../../../src/server/server.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { withWindow } from '../../../src/store/violation-window.js';
import { createFeed } from '../../support/feed.js';
import { nowNs, violation } from './operation.js';
import { obey } from './orders.js';

const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const store = await createSqliteStore({ path: join(folder, 'slograph.db') });
const { feed, tell } = createFeed();
const read = withWindow(store, feed);
// A stream of violations reads nothing but the log.
const ports = { store: read, feed, applications: { configured: () => [], lastKnown: () => null } };
const server = await startServer({
  listen: { host: '127.0.0.1', port: 0 },
  allowedOrigins: [],
  tokensFile: null,
  insecure: false,
  limits: {
    maxDepth: 12,
    maxTokens: 2_000,
    maxAliases: 50,
    maxCost: 1_000_000,
    maxBodyBytes: 262_144,
    maxSubscriptionsPerSocket: 50,
    maxConnections: 20_000,
    maxConnectionsPerCaller: 10_000,
  },
  shutdownGraceMs: 1_000,
  schema: createSchema(),
  createContext: (request) =>
    createGraphContext(ports as unknown as GraphPorts, { ...request, nowMs: Date.now(), gridMs: 5_000 }),
  unready: async () => [],
  log: createLog({ level: 'warn' }),
  metrics: createMetrics('bench'),
});
let seq = 0;
obey(`${server.url.replace('http', 'ws')}/graphql`, async (count) => {
  const nowMs = Date.now();
  const changes = Array.from({ length: count }, () => {
    seq += 1;
    const change = { eventId: `event-${seq}`, transition: 'OPENED' as const, evaluatedAtMs: nowMs, late: false };
    return { ...change, violation: violation(`v${seq}`) };
  });
  await read.append(changes, nowMs);
  const committedNs = nowNs();
  tell();
  return committedNs;
});
