/**
 * The usual way: Apollo with its defaults, type-graphql, prometheus-query as its README shows it, and one DataLoader per
 * field; or, as `naive`, a request per entity and field. The PromQL is the gateway's, so that only the way differs.
 */
import 'reflect-metadata';
import { Agent } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import DataLoader from 'dataloader';
import { GraphQLScalarType } from 'graphql';
import { type InstantVector, PrometheusDriver } from 'prometheus-query';
import {
  Arg,
  buildSchema,
  Ctx,
  Field,
  FieldResolver,
  GraphQLISODateTime,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';

interface Order {
  readonly url: string;
  readonly naive: boolean;
  readonly promql: Readonly<Record<'nodes' | 'containers', Readonly<Record<string, string>>>>;
}

interface Context {
  readonly rows: (name: string) => Promise<InstantVector[]>;
  readonly loaders: Map<string, DataLoader<string, number | null>>;
}

const { url, naive, promql } = JSON.parse(process.argv[2] ?? '{}') as Order;
// 3,000 connections at once would be refused: the naive way is helped that far.
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const prometheus = new PrometheusDriver({
  endpoint: url,
  ...(naive
    ? { timeout: 600_000, requestInterceptor: { onFulfilled: (config) => Object.assign(config, { httpAgent: agent }) } }
    : { preferPost: true }),
});
const DateTime = new GraphQLScalarType({ ...GraphQLISODateTime.toConfig(), name: 'DateTime' });

@ObjectType('Metric')
class Metric {
  @Field(() => Number, { nullable: true }) value!: number | null;
}

@ObjectType('Node')
class Node {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => String, { nullable: true }) internalIP!: string | null;
  at!: Date;
}

@ObjectType('Container')
class Container {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => String) namespace!: string;
  key!: string;
  at!: Date;
}

@ObjectType('NodeConnection')
class NodeConnection {
  @Field(() => Int) totalCount!: number;
  @Field(() => [Node]) nodes!: Node[];
}

@ObjectType('ContainerConnection')
class ContainerConnection {
  @Field(() => Int) totalCount!: number;
  @Field(() => [Container]) nodes!: Container[];
}

@ObjectType('Cluster')
class Cluster {
  @Field(() => String) name!: string;
  at!: Date;
}

async function vector(query: string, at: Date): Promise<InstantVector[]> {
  return (await prometheus.instantQuery(query, at)).result as InstantVector[];
}

const labelOf = ({ metric }: InstantVector, label: string) => (metric.labels as Record<string, string>)[label] ?? '';
const containerKey = (row: InstantVector) =>
  ['namespace', 'pod', 'container'].map((label) => labelOf(row, label)).join('/');
const idOf = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Every figure's own loader, for the whole list at once; naively, its own request for each entity. */
async function figure(kind: 'nodes' | 'containers', name: string, key: string, at: Date, context: Context) {
  const query = promql[kind][name] ?? '';
  if (naive) {
    const [row] = await vector(narrowed(kind, query, key), at);
    return { value: row?.value.value ?? null };
  }
  const loader =
    context.loaders.get(name) ??
    new DataLoader<string, number | null>(async (keys) => {
      const [found, names] = await Promise.all([vector(query, at), kind === 'nodes' ? nodeNames(at, context) : null]);
      const values = new Map(
        found.map((row) => [names?.get(labelOf(row, 'instance')) ?? containerKey(row), row.value.value as number]),
      );
      return keys.map((wanted) => values.get(wanted) ?? null);
    });
  context.loaders.set(name, loader);
  return { value: await loader.load(key) };
}

/** The same PromQL for one entity: a matcher more in each of its selectors. */
function narrowed(kind: 'nodes' | 'containers', query: string, key: string): string {
  const [, pod = ''] = key.split('/');
  const matcher = kind === 'nodes' ? `instance="${addresses.get(key) ?? ''}:9100"` : `pod="${pod}"`;
  return query.replaceAll('{cluster=', `{${matcher},cluster=`);
}

const addresses = new Map<string, string>();

async function nodeNames(at: Date, context: Context): Promise<Map<string, string>> {
  const rows = await context.rows(`unames ${at.getTime()}`);
  return new Map(rows.map((row) => [labelOf(row, 'instance'), labelOf(row, 'nodename')]));
}

@Resolver(() => Cluster)
class ClusterResolver {
  @Query(() => Cluster)
  cluster(@Arg('name', () => String) name: string, @Arg('at', () => DateTime) at: Date): Cluster {
    return Object.assign(new Cluster(), { name, at });
  }

  @FieldResolver(() => NodeConnection)
  async nodes(@Root() { at }: Cluster, @Arg('first', () => Int) first: number): Promise<NodeConnection> {
    const rows = await vector(promql.nodes.infos ?? '', at);
    const nodes = rows
      .map((row) => {
        const name = labelOf(row, 'node');
        const internalIP = labelOf(row, 'internal_ip');
        addresses.set(name, internalIP);
        return Object.assign(new Node(), { id: idOf('Node', 'fleet', name), name, internalIP, at });
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return Object.assign(new NodeConnection(), { totalCount: nodes.length, nodes: nodes.slice(0, first) });
  }

  @FieldResolver(() => ContainerConnection)
  async containers(@Root() { at }: Cluster, @Arg('first', () => Int) first: number): Promise<ContainerConnection> {
    const rows = await vector(promql.containers.infos ?? '', at);
    const nodes = rows
      .map((row) => {
        const [namespace, pod, name] = ['namespace', 'pod', 'container'].map((label) => labelOf(row, label));
        const id = idOf('Container', 'edge', namespace ?? '', pod ?? '', name ?? '');
        return Object.assign(new Container(), { id, name, namespace, key: containerKey(row), at });
      })
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return Object.assign(new ContainerConnection(), { totalCount: nodes.length, nodes: nodes.slice(0, first) });
  }
}

@Resolver(() => Node)
class NodeResolver {
  @FieldResolver(() => Metric)
  cpuUtilization(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'cpuUtilization', name, at, context);
  }
  @FieldResolver(() => Metric)
  memoryUtilization(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'memoryUtilization', name, at, context);
  }
  @FieldResolver(() => Metric)
  load1(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'load1', name, at, context);
  }
  @FieldResolver(() => Metric)
  cpuPressure(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'cpuPressure', name, at, context);
  }
  @FieldResolver(() => Metric)
  networkReceiveRate(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'networkReceiveRate', name, at, context);
  }
  @FieldResolver(() => Metric)
  networkTransmitRate(@Root() { name, at }: Node, @Ctx() context: Context): Promise<Metric> {
    return figure('nodes', 'networkTransmitRate', name, at, context);
  }
}

@Resolver(() => Container)
class ContainerResolver {
  @FieldResolver(() => Metric)
  cpuUsage(@Root() { key, at }: Container, @Ctx() context: Context): Promise<Metric> {
    return figure('containers', 'cpuUsage', key, at, context);
  }
  @FieldResolver(() => Metric)
  cpuThrottling(@Root() { key, at }: Container, @Ctx() context: Context): Promise<Metric> {
    return figure('containers', 'cpuThrottling', key, at, context);
  }
  @FieldResolver(() => Metric)
  memoryWorkingSet(@Root() { key, at }: Container, @Ctx() context: Context): Promise<Metric> {
    return figure('containers', 'memoryWorkingSet', key, at, context);
  }
  @FieldResolver(() => Metric)
  memoryLimit(@Root() { key, at }: Container, @Ctx() context: Context): Promise<Metric> {
    return figure('containers', 'memoryLimit', key, at, context);
  }
}

const schema = await buildSchema({
  resolvers: [ClusterResolver, NodeResolver, ContainerResolver],
  validate: false,
});
const server = new ApolloServer<Context>({ schema });
const { url: address } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async () => {
    const answers = new Map<string, Promise<InstantVector[]>>();
    return {
      loaders: new Map(),
      rows: (key) => {
        const [name = '', atMs] = key.split(' ');
        const known = answers.get(key) ?? vector(promql.nodes[name] ?? '', new Date(Number(atMs)));
        answers.set(key, known);
        return known;
      },
    };
  },
});
process.send?.({ url: address });
