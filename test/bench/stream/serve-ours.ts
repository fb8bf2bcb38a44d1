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
import { nowNs, type Order, violation } from './operation.js';

const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit(0));
const store = await createSqliteStore({ path: join(folder, 'slograph.db') });
const listeners = new Set<() => void>();
const feed = {
  onAppend(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
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
  },
  shutdownGraceMs: 1_000,
  schema: createSchema(),
  createContext: (request) =>
    createGraphContext(ports as unknown as GraphPorts, { ...request, nowMs: Date.now(), gridMs: 5_000 }),
  unready: async () => [],
  log: createLog({ level: 'warn' }),
  metrics: createMetrics('bench'),
});
let count = 0;
process.on('message', async ({ kind }: Order) => {
  if (kind === 'gc') {
    globalThis.gc?.();
    process.send?.({ done: true });
    return;
  }
  count += 1;
  const nowMs = Date.now();
  const change = { eventId: `event-${count}`, transition: 'OPENED' as const, evaluatedAtMs: nowMs, late: false };
  await store.append([{ ...change, violation: violation(`v${count}`) }], nowMs);
  const committedNs = nowNs();
  for (const listener of [...listeners]) listener();
  process.send?.({ committedNs });
});
process.send?.({ url: `${server.url.replace('http', 'ws')}/graphql` });
