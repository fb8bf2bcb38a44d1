/** 1,000 objects of 8 plain fields over HTTP: the gateway's own server around them (`ours`), or Apollo as it comes. */
import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSchema } from 'graphql';
import type { GraphContext } from '../../../src/graph/context.js';
import { createLog } from '../../../src/server/log.js';
import { createMetrics } from '../../../src/server/metrics.js';
import { startServer } from '../../../src/server/server.js';

const schema = buildSchema(`
  type Query { items: [Item!]! }
  type Item { id: ID! name: String! namespace: String! node: String image: String restarts: Int! ready: Boolean! cpu: Float }
`);
const items = Array.from({ length: 1_000 }, (_, index) => ({
  id: `item-${index}`,
  name: `service-${index}`,
  namespace: `team-${index % 20}`,
  node: index % 10 === 0 ? null : `node-${index % 100}`,
  image: `registry.example/service-${index}:1.4.2`,
  restarts: index % 5,
  ready: index % 7 !== 0,
  cpu: index / 7,
}));
Object.assign(schema.getQueryType()?.getFields().items ?? {}, { resolve: () => items });

async function ours(): Promise<string> {
  const server = await startServer({
    schema,
    createContext: () => ({ plan: [], takeProblems: () => [] }) as unknown as GraphContext,
    listen: { host: '127.0.0.1', port: 0 },
    allowedOrigins: [],
    tokensFile: null,
    insecure: false,
    limits: {
      maxDepth: 12,
      maxTokens: 2_000,
      maxAliases: 30,
      maxCost: 1_000_000,
      maxBodyBytes: 131_072,
      maxSubscriptionsPerSocket: 10,
      maxConnections: 20_000,
      maxConnectionsPerCaller: 10_000,
    },
    shutdownGraceMs: 1_000,
    unready: async () => [],
    log: createLog({ level: 'silent' }),
    metrics: createMetrics('0.0.0'),
  });
  return `${server.url}/graphql`;
}

async function apollo(): Promise<string> {
  const server = new ApolloServer({ schema });
  return (await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })).url;
}

process.send?.({ url: await (process.argv[2] === 'ours' ? ours() : apollo()) });
