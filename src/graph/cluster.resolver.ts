import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { seesCluster } from '../domain/access.js';
import { Ask, type Asking, WindowArg } from './asking.js';
import { AtArg } from './at-arg.js';
import { ClusterType, DataSourceStatusType } from './cluster.type.js';
import { ContainerConnection, ContainerFilter, ContainerOrder, type ContainerType } from './container.type.js';
import { containerPage } from './container-list.js';
import type { GraphContext } from './context.js';
import { instantOf } from './instant.js';
import { MetricType } from './metric.type.js';
import {
  MicroserviceConnection,
  MicroserviceFilter,
  MicroserviceOrder,
  type MicroserviceType,
} from './microservice.type.js';
import { microservicePage } from './microservice-list.js';
import { NodeConnection, NodeFilter, NodeOrder, type NodeType } from './node.type.js';
import { nodePage } from './node-list.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { PodConnection, PodFilter, type PodType } from './pod.type.js';
import { podPage } from './pod-list.js';
import { ServiceGraphType } from './service-edge.type.js';
import { serviceEdges } from './service-edges.js';
import { SLOConnection, SLOFilter, type SLOType } from './slo.type.js';
import { sloPage } from './slo-list.js';

@Resolver(() => ClusterType)
export class ClusterResolver {
  @Query(() => [ClusterType], { description: 'The clusters that are configured, in that order.' })
  clusters(@AtArg() atMs: number | null, @Ctx() context: GraphContext): readonly ClusterType[] {
    const instant = instantOf(context, atMs);
    const names = context.clusters.names().filter((name) => seesCluster(context.caller.scope, name));
    return names.map((name) => new ClusterType(name, instant));
  }

  @Query(() => ClusterType, { nullable: true, description: 'A cluster; null when there is none of that name.' })
  cluster(
    @Arg('name', () => String, { description: 'As configured.' }) name: string,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
  ): ClusterType | null {
    return this.clusters(atMs, context).find((cluster) => cluster.name === name) ?? null;
  }

  @FieldResolver(() => Boolean, {
    description: 'False when its data source did not answer; the rest of the graph goes on. As of now, also with `at`.',
  })
  async reachable(@Root() cluster: ClusterType, @Ctx() context: GraphContext): Promise<boolean> {
    return (await context.loaders.status(cluster.name)).every(({ reachable }) => reachable);
  }

  @FieldResolver(() => [DataSourceStatusType], {
    description: 'How its data sources answered last. As of now, also with `at`.',
  })
  async dataSources(
    @Root() cluster: ClusterType,
    @Ctx() context: GraphContext,
  ): Promise<readonly DataSourceStatusType[]> {
    return (await context.loaders.status(cluster.name)).map((status) => new DataSourceStatusType(status));
  }

  @FieldResolver(() => NodeConnection, {
    nullable: true,
    description: 'Its machines, by name by default; null when not known.',
  })
  async nodes(
    @Root() { name, instant }: ClusterType,
    @Arg('filter', () => NodeFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: NodeFilter | null,
    @Arg('orderBy', () => NodeOrder, { nullable: true, description: 'By name by default.' }) orderBy: NodeOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<NodeType> | null> {
    const nodes = await ask.facet('nodes', name, instant);
    return nodes && nodePage(ask, name, instant, nodes.values(), { filter, orderBy, first, after });
  }

  @FieldResolver(() => [String], { nullable: true, description: 'Its namespaces, sorted; null when not known.' })
  async namespaces(@Root() { name, instant }: ClusterType, @Ask() ask: Asking): Promise<readonly string[] | null> {
    const namespaces = await ask.facet('namespaces', name, instant);
    return namespaces && [...namespaces].sort();
  }

  @FieldResolver(() => PodConnection, {
    nullable: true,
    description: 'Its pods, by namespace and name; null when not known.',
  })
  async pods(
    @Root() { name, instant }: ClusterType,
    @Arg('filter', () => PodFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: PodFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<PodType> | null> {
    const pods = await ask.facet('pods', name, instant);
    return pods && podPage(ask, name, instant, pods.values(), { filter, first, after });
  }

  @FieldResolver(() => ContainerConnection, {
    nullable: true,
    description: 'Containers of its pods; null when not known.',
  })
  async containers(
    @Root() { name, instant }: ClusterType,
    @Arg('filter', () => ContainerFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ContainerFilter | null,
    @Arg('orderBy', () => ContainerOrder, { nullable: true, description: 'By namespace, pod and name by default.' })
    orderBy: ContainerOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ContainerType> | null> {
    const containers = await ask.facet('containers', name, instant);
    return (
      containers &&
      containerPage(ask, name, instant, containers.values(), { filter, orderBy, first, after, isWhole: true })
    );
  }

  @FieldResolver(() => MicroserviceConnection, {
    nullable: true,
    description: 'Services of its mesh, by name by default; null when not known.',
  })
  async microservices(
    @Root() { name, instant }: ClusterType,
    @Arg('filter', () => MicroserviceFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: MicroserviceFilter | null,
    @Arg('orderBy', () => MicroserviceOrder, { nullable: true, description: 'By name by default.' })
    orderBy: MicroserviceOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<MicroserviceType> | null> {
    const known = await ask.facet('microservices', name, instant);
    return known && microservicePage(ask, [name], instant, { filter, orderBy, first, after });
  }

  @FieldResolver(() => ServiceGraphType, {
    nullable: true,
    description: 'Which microservices called which by HTTP or gRPC in the window; null when not known.',
  })
  async serviceGraph(
    @Root() { name, instant }: ClusterType,
    @Arg('namespaces', () => [String], {
      nullable: true,
      description: 'Only calls from or to these namespaces; all by default.',
    })
    namespaces: readonly string[] | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<ServiceGraphType | null> {
    return (await serviceEdges(ask, name, instant, windowMs))?.graph(namespaces ?? null) ?? null;
  }

  @FieldResolver(() => MetricType, { description: 'CPU in use as a share of all cores of all nodes, over 5 minutes.' })
  cpuUtilization(@Root() cluster: ClusterType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('cluster.cpuUtilization', cluster);
  }

  @FieldResolver(() => MetricType, { description: 'Memory that is not available as a share of that of all nodes.' })
  memoryUtilization(@Root() cluster: ClusterType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('cluster.memoryUtilization', cluster);
  }

  @FieldResolver(() => MetricType, { description: 'Running pods as a share of those that its nodes have room for.' })
  podCapacityUtilization(@Root() cluster: ClusterType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('cluster.podCapacityUtilization', cluster);
  }

  @FieldResolver(() => SLOConnection, { description: 'SLOs that are measured in it, by name.' })
  slos(
    @Root() { name, instant }: ClusterType,
    @Arg('filter', () => SLOFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: SLOFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<SLOType>> {
    return sloPage(ask, instant, { filter, first, after }, ({ cluster }) => cluster === name);
  }
}
