import 'reflect-metadata';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { ApplicationResolver } from './application.resolver.js';
import { ClusterResolver } from './cluster.resolver.js';
import { ContainerResolver } from './container.resolver.js';
import { EntityResolver } from './entity.resolver.js';
import { GPUResolver } from './gpu.resolver.js';
import { InferenceResolver } from './inference.resolver.js';
import { withLookAhead, withPlainItems } from './look-ahead.js';
import { MetricResolver } from './metric.resolver.js';
import { MicroserviceResolver, ServiceEdgeResolver } from './microservice.resolver.js';
import { FilesystemResolver, NodeResolver } from './node.resolver.js';
import { standInFor } from './plain-items.js';
import { PodResolver } from './pod.resolver.js';
import { PromqlResolver } from './promql.resolver.js';
import { ObjectiveResolver, SLOResolver } from './slo.resolver.js';
import { SLOStatusResolver } from './slo-status.resolver.js';
import { StreamResolver } from './stream.resolver.js';
import { ViolationResolver, ViolationStreamResolver } from './violation.resolver.js';

const BANNER = '# Written by `npm run schema` from src/graph. Do not edit.\n\n';

const resolvers = [
  ApplicationResolver,
  ClusterResolver,
  ContainerResolver,
  EntityResolver,
  FilesystemResolver,
  GPUResolver,
  InferenceResolver,
  MetricResolver,
  MicroserviceResolver,
  NodeResolver,
  ObjectiveResolver,
  PodResolver,
  PromqlResolver,
  ServiceEdgeResolver,
  SLOResolver,
  SLOStatusResolver,
  StreamResolver,
  ViolationResolver,
  ViolationStreamResolver,
] as const;

/** The executable schema. Building it has no side effects. */
export function createSchema(): GraphQLSchema {
  const schema = withLookAhead(build());
  standInFor(schema, () => withPlainItems(build()));
  return schema;
}

function build(): GraphQLSchema {
  return withReadyItems(buildSchemaSync({ resolvers, validate: false, pubSub: unusedPubSub }));
}

/** What a stream gives is what is sent: its arguments were read when it began, and are not read again for every event. */
function withReadyItems(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) field.resolve = (item) => item;
  return schema;
}

/** The schema as text: sorted, so that equal schemas print equally. */
export function printSdl(schema: GraphQLSchema = createSchema()): string {
  return `${BANNER}${printSchema(lexicographicSortSchema(schema))}\n`;
}

// type-graphql demands one although subscriptions here read what they are about by themselves.
const unusedPubSub = {
  publish(): never {
    throw new Error('subscriptions read what they are about by themselves; nothing is published');
  },
  subscribe(): never {
    throw new Error('subscriptions read what they are about by themselves; there are no topics');
  },
};
