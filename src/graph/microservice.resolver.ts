import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { seesCluster } from '../domain/access.js';
import { type EntityKey, entityKey } from '../domain/entity.js';
import { ApplicationType } from './application.type.js';
import { Ask, type Asking, QuantileArg, WindowArg } from './asking.js';
import { AtArg } from './at-arg.js';
import { ClusterType } from './cluster.type.js';
import { ContainerConnection, type ContainerType } from './container.type.js';
import { containerPage } from './container-list.js';
import type { GraphContext } from './context.js';
import { InferenceType, inferencesOf } from './inference.type.js';
import { instantOf } from './instant.js';
import { containersByPod, podKeysOf } from './joins.js';
import { ownerOf } from './memberships.js';
import { MetricType } from './metric.type.js';
import {
  CodeRateType,
  MicroserviceConnection,
  MicroserviceFilter,
  MicroserviceOrder,
  MicroserviceType,
} from './microservice.type.js';
import { microservicePage } from './microservice-list.js';
import { NodeType } from './node.type.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { PodConnection, type PodType } from './pod.type.js';
import { podPage } from './pod-list.js';
import { ServiceEdgeType } from './service-edge.type.js';
import { serviceEdges } from './service-edges.js';
import { SLOConnection, SLOFilter, type SLOType } from './slo.type.js';
import { sloPage } from './slo-list.js';
import { ViolationConnection, ViolationFilter, type ViolationType } from './violation.type.js';
import { violationPage } from './violation-list.js';

@Resolver(() => MicroserviceType)
export class MicroserviceResolver {
  @Query(() => MicroserviceConnection, {
    description: 'Services of the mesh, in all clusters: by name by default.',
  })
  microservices(
    @Arg('filter', () => MicroserviceFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: MicroserviceFilter | null,
    @Arg('orderBy', () => MicroserviceOrder, { nullable: true, description: 'By name by default.' })
    orderBy: MicroserviceOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
    @Ask() ask: Asking,
  ): Promise<Page<MicroserviceType>> {
    const clusters = context.clusters.names().filter((name) => seesCluster(context.caller.scope, name));
    return microservicePage(ask, clusters, instantOf(context, atMs), { filter, orderBy, first, after });
  }

  @Query(() => MicroserviceType, {
    nullable: true,
    description: 'A service of the mesh; null when there is none of that name, or its source did not answer.',
  })
  async microservice(
    @Arg('cluster', () => String, { description: 'Name of its cluster.' }) cluster: string,
    @Arg('namespace', () => String, { description: 'Its namespace.' }) namespace: string,
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
    @Ask() ask: Asking,
  ): Promise<MicroserviceType | null> {
    const instant = instantOf(context, atMs);
    if (!context.clusters.names().includes(cluster) || !seesCluster(context.caller.scope, cluster)) return null;
    const known = await ask.facet('microservices', cluster, instant);
    return known?.has(entityKey(namespace, name)) ? new MicroserviceType(cluster, namespace, name, instant) : null;
  }

  @FieldResolver(() => ClusterType, { description: 'The cluster it runs in.' })
  cluster(@Root() microservice: MicroserviceType): ClusterType {
    return new ClusterType(microservice.ref.cluster, microservice.instant);
  }

  @FieldResolver(() => ApplicationType, {
    nullable: true,
    description: 'What it belongs to, by configuration or else by the label of its pods; null when neither tells.',
  })
  application(
    @Root() { ref, namespace, name, instant }: MicroserviceType,
    @Ask() ask: Asking,
  ): Promise<ApplicationType | null> {
    return ownerOf(ask, { cluster: ref.cluster, application: null, microservice: { namespace, name } }, instant);
  }

  @FieldResolver(() => PodConnection, { nullable: true, description: 'Pods that answer for it; null when not known.' })
  async pods(
    @Root() microservice: MicroserviceType,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<PodType> | null> {
    const { ref, instant } = microservice;
    const [keys, pods] = await Promise.all([podKeysOf(ask, microservice), ask.facet('pods', ref.cluster, instant)]);
    return keys && pods && podPage(ask, ref.cluster, instant, allOf(pods, keys), { first, after });
  }

  @FieldResolver(() => ContainerConnection, {
    nullable: true,
    description: 'Containers of its pods; null when not known.',
  })
  async containers(
    @Root() microservice: MicroserviceType,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ContainerType> | null> {
    const { ref, instant } = microservice;
    const [keys, containers] = await Promise.all([
      podKeysOf(ask, microservice),
      ask.facet('containers', ref.cluster, instant),
    ]);
    if (keys === null || containers === null) return null;
    const own = keys.flatMap((key) => containersByPod(containers).get(key) ?? []);
    return containerPage(ask, ref.cluster, instant, own, { first, after });
  }

  @FieldResolver(() => [NodeType], {
    nullable: true,
    description: 'Nodes that its pods run on, by name; null when not known.',
  })
  async nodes(@Root() microservice: MicroserviceType, @Ask() ask: Asking): Promise<readonly NodeType[] | null> {
    const { ref, instant } = microservice;
    const [keys, pods] = await Promise.all([podKeysOf(ask, microservice), ask.facet('pods', ref.cluster, instant)]);
    if (keys === null || pods === null) return null;
    const names = new Set(allOf(pods, keys).flatMap(({ node }) => (node === null ? [] : [node])));
    return [...names].sort().map((name) => new NodeType(ref.cluster, name, instant));
  }

  @FieldResolver(() => MetricType, {
    description: 'Requests per second, seen by the destination proxy, all callers together.',
  })
  requestRate(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.requestRate', microservice, { windowMs });
  }

  @FieldResolver(() => MetricType, {
    description:
      'Share of requests that failed, as their callers saw it where their proxies tell, else as the server did; no value without requests.',
  })
  errorRatio(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.errorRatio', microservice, { windowMs });
  }

  @FieldResolver(() => MetricType, {
    description: 'Share of requests that did not fail, seen as `errorRatio` is; no value without requests.',
  })
  successRatio(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.successRatio', microservice, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'A quantile of the time requests took, in seconds.' })
  latency(
    @Root() microservice: MicroserviceType,
    @QuantileArg() quantile: number | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.latency', microservice, { windowMs, quantile });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of requests per second.' })
  requestThroughput(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.requestThroughput', microservice, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of responses per second.' })
  responseThroughput(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('microservice.responseThroughput', microservice, { windowMs });
  }

  @FieldResolver(() => [CodeRateType], {
    nullable: true,
    description: 'How often it answers with which code, as its own proxy saw it; null when not known.',
  })
  async responseCodes(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<readonly CodeRateType[] | null> {
    const { ref, instant } = microservice;
    const column = await ask.column('responseCode.rate', ref.cluster, instant, { windowMs });
    const own = column?.keys(ref.cluster).filter((key) => key.startsWith(`${ref.key}/`));
    if (own === undefined) return null;
    // A plain property must hold its value: compiled operations do not wait for one.
    return Promise.all(
      own.map(async (key) => {
        const [, , protocol = '', code = ''] = key.split('/');
        const of = { ref: { cluster: ref.cluster, key }, instant };
        return { code, protocol, rate: await ask.metric('responseCode.rate', of, { windowMs }) };
      }),
    );
  }

  @FieldResolver(() => [ServiceEdgeType], {
    nullable: true,
    description: 'Who called it in the window, by HTTP, gRPC or bare TCP connections; null when not known.',
  })
  async callers(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<readonly ServiceEdgeType[] | null> {
    const { ref, instant } = microservice;
    return (await serviceEdges(ask, ref.cluster, instant, windowMs))?.callersOf(ref.key) ?? null;
  }

  @FieldResolver(() => [ServiceEdgeType], {
    nullable: true,
    description: 'Whom it called in the window, by HTTP, gRPC or bare TCP connections; null when not known.',
  })
  async callees(
    @Root() microservice: MicroserviceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<readonly ServiceEdgeType[] | null> {
    const { ref, instant } = microservice;
    return (await serviceEdges(ask, ref.cluster, instant, windowMs))?.calleesOf(ref.key) ?? null;
  }

  @FieldResolver(() => [InferenceType], {
    nullable: true,
    description: 'Models that its pods serve, by server and model; null when not known.',
  })
  async inference(
    @Root() microservice: MicroserviceType,
    @Ask() ask: Asking,
  ): Promise<readonly InferenceType[] | null> {
    const { ref, instant } = microservice;
    const [keys, servers] = await Promise.all([
      podKeysOf(ask, microservice),
      ask.facet('inferenceServers', ref.cluster, instant),
    ]);
    return keys && servers && inferencesOf(servers, keys, ref.cluster, instant);
  }

  @FieldResolver(() => SLOConnection, { description: 'SLOs that are about it, by name.' })
  slos(
    @Root() { ref, instant }: MicroserviceType,
    @Arg('filter', () => SLOFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: SLOFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<SLOType>> {
    return sloPage(ask, instant, { filter, first, after }, ({ cluster, microservice }) =>
      isSame(ref, cluster, microservice),
    );
  }

  @FieldResolver(() => ViolationConnection, { description: 'Violations of SLOs that are about it, newest first.' })
  violations(
    @Root() { ref, instant }: MicroserviceType,
    @Arg('filter', () => ViolationFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ViolationFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ViolationType>> {
    return violationPage(ask, instant, { filter, first, after }, ({ cluster, microservice }) =>
      isSame(ref, cluster, microservice),
    );
  }
}

@Resolver(() => ServiceEdgeType)
export class ServiceEdgeResolver {
  @FieldResolver(() => MetricType, {
    description: 'Requests per second, seen by the destination proxy; by the caller’s where that tells of none.',
  })
  requestRate(@Root() edge: ServiceEdgeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('serviceEdge.requestRate', edge, { windowMs: edge.windowMs });
  }

  @FieldResolver(() => MetricType, {
    description:
      'Share of requests that failed, as their callers saw it where their proxies tell, else as the server did; no value without requests.',
  })
  errorRatio(@Root() edge: ServiceEdgeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('serviceEdge.errorRatio', edge, { windowMs: edge.windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'A quantile of the time requests took, in seconds.' })
  latency(
    @Root() edge: ServiceEdgeType,
    @QuantileArg() quantile: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('serviceEdge.latency', edge, { windowMs: edge.windowMs, quantile });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of requests per second: what the target received.' })
  requestThroughput(@Root() edge: ServiceEdgeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('serviceEdge.requestThroughput', edge, { windowMs: edge.windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of responses per second: what the target sent.' })
  responseThroughput(@Root() edge: ServiceEdgeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('serviceEdge.responseThroughput', edge, { windowMs: edge.windowMs });
  }

  @FieldResolver(() => MetricType, {
    description:
      'Connections opened per second on a `tcp` edge; 0 while those opened before are used. Not collected where requests are counted.',
  })
  connectionRate(@Root() edge: ServiceEdgeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('serviceEdge.connectionRate', edge, { windowMs: edge.windowMs });
  }
}

function allOf<T>(facts: ReadonlyMap<EntityKey, T>, keys: readonly EntityKey[]): T[] {
  return keys.flatMap((key) => facts.get(key) ?? []);
}

function isSame(
  ref: { readonly cluster: string; readonly key: EntityKey },
  cluster: string,
  microservice: { readonly namespace: string; readonly name: string } | null,
): boolean {
  return (
    cluster === ref.cluster && microservice !== null && entityKey(microservice.namespace, microservice.name) === ref.key
  );
}
