import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { Ask, type Asking, WindowArg } from './asking.js';
import { ClusterType } from './cluster.type.js';
import { ContainerConnection, ContainerFilter, ContainerOrder, type ContainerType } from './container.type.js';
import { containerPage } from './container-list.js';
import { conditionsFact, nodeFacts } from './facts.js';
import { GPUType } from './gpu.type.js';
import { containersByPod, gpusByNode, podsByNode } from './joins.js';
import { MetricType } from './metric.type.js';
import { FilesystemType, NodeConditionType, NodeType } from './node.type.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { PodConnection, type PodType } from './pod.type.js';
import { podPage } from './pod-list.js';

@Resolver(() => NodeType)
export class NodeResolver {
  @FieldResolver(() => ClusterType, { description: 'The cluster it is part of.' })
  cluster(@Root() node: NodeType): ClusterType {
    return new ClusterType(node.ref.cluster, node.instant);
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'Whether the kubelet reports Ready. Null when that is not known.',
  })
  ready(@Root() node: NodeType, @Ask() ask: Asking): Promise<boolean | null> {
    return ask.fact(nodeFacts.ready, node);
  }

  @FieldResolver(() => [NodeConditionType], { nullable: true, description: 'Its conditions; null when not known.' })
  conditions(@Root() node: NodeType, @Ask() ask: Asking): Promise<readonly NodeConditionType[] | null> {
    return ask.fact(conditionsFact, node);
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'False while it is cordoned. Null when that is not known.',
  })
  schedulable(@Root() node: NodeType, @Ask() ask: Asking): Promise<boolean | null> {
    return ask.fact(nodeFacts.schedulable, node);
  }

  @FieldResolver(() => [String], {
    nullable: true,
    description: 'Its roles, like `control-plane`; null when not known.',
  })
  roles(@Root() node: NodeType, @Ask() ask: Asking): Promise<readonly string[] | null> {
    return ask.fact(nodeFacts.roles, node);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Version of its kubelet; null when not known.' })
  kubeletVersion(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.kubeletVersion, node);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Version of its kernel; null when not known.' })
  kernelVersion(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.kernelVersion, node);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Its operating system; null when not known.' })
  osImage(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.osImage, node);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Its address in the cluster; null when not known.' })
  internalIP(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.internalIP, node);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Failure domain inside its region; null when not known.',
  })
  zone(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.zone, node);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Region it stands in; null when not known.' })
  region(@Root() node: NodeType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(nodeFacts.region, node);
  }

  @FieldResolver(() => MetricType, { description: 'Cores it has.' })
  cpuCapacity(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.cpuCapacity', node);
  }

  @FieldResolver(() => MetricType, { description: 'Cores that pods may use.' })
  cpuAllocatable(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.cpuAllocatable', node);
  }

  @FieldResolver(() => MetricType, { description: 'Cores that its pods have requested.' })
  cpuRequested(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.cpuRequested', node);
  }

  @FieldResolver(() => MetricType, { description: 'CPU in use, in cores, averaged over the window.' })
  cpuUsage(@Root() node: NodeType, @WindowArg() windowMs: number | null, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.cpuUsage', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'CPU in use as a share of all cores, averaged over the window.' })
  cpuUtilization(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.cpuUtilization', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Load average over one minute.' })
  load1(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.load1', node);
  }

  @FieldResolver(() => MetricType, { description: 'Share of the window in which something waited for CPU.' })
  cpuPressure(@Root() node: NodeType, @WindowArg() windowMs: number | null, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.cpuPressure', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Share of the window in which something waited for memory.' })
  memoryPressure(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.memoryPressure', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Share of the window in which something waited for a disk.' })
  ioPressure(@Root() node: NodeType, @WindowArg() windowMs: number | null, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.ioPressure', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory it has, as Kubernetes counts them.' })
  memoryCapacity(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.memoryCapacity', node);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory that pods may use.' })
  memoryAllocatable(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.memoryAllocatable', node);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory that its pods have requested.' })
  memoryRequested(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.memoryRequested', node);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory that are not available.' })
  memoryUsage(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.memoryUsage', node);
  }

  @FieldResolver(() => MetricType, { description: 'Memory that is not available, as a share.' })
  memoryUtilization(@Root() node: NodeType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.memoryUtilization', node);
  }

  @FieldResolver(() => [FilesystemType], {
    nullable: true,
    description: 'Its mounted filesystems; null when not known.',
  })
  async filesystems(@Root() node: NodeType, @Ask() ask: Asking): Promise<readonly FilesystemType[] | null> {
    const all = await ask.facet('filesystems', node.ref.cluster, node.instant);
    const facts = all?.get(node.ref.key);
    return facts?.map((filesystem) => new FilesystemType(node.ref.cluster, filesystem, node.instant)) ?? null;
  }

  @FieldResolver(() => MetricType, { description: 'Bytes read from its disks per second.' })
  diskReadRate(@Root() node: NodeType, @WindowArg() windowMs: number | null, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.diskReadRate', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes written to its disks per second.' })
  diskWriteRate(@Root() node: NodeType, @WindowArg() windowMs: number | null, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('node.diskWriteRate', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Share of the window in which its busiest disk was busy.' })
  diskIOUtilization(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.diskIOUtilization', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes received per second.' })
  networkReceiveRate(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.networkReceiveRate', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes sent per second.' })
  networkTransmitRate(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.networkTransmitRate', node, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Errors of its network interfaces per second, both ways.' })
  networkErrorRate(
    @Root() node: NodeType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('node.networkErrorRate', node, { windowMs });
  }

  @FieldResolver(() => [GPUType], {
    nullable: true,
    description: 'Its GPUs, by number; null when not known, also where it has some of which no exporter tells.',
  })
  async gpus(@Root() node: NodeType, @Ask() ask: Asking): Promise<readonly GPUType[] | null> {
    const { ref, instant } = node;
    const [gpus, hasGpu] = await Promise.all([
      ask.facet('gpus', ref.cluster, instant),
      ask.facet('nodeHasGpu', ref.cluster, instant),
    ]);
    const own = gpus === null ? [] : (gpusByNode(gpus).get(node.name) ?? []);
    if (own.length === 0 && (gpus === null || hasGpu === null || hasGpu.get(ref.key) === true)) return null;
    return own.map((facts) => new GPUType(ref.cluster, facts, instant));
  }

  @FieldResolver(() => PodConnection, {
    nullable: true,
    description: 'Pods on it, by namespace and name; null when not known.',
  })
  async pods(
    @Root() node: NodeType,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<PodType> | null> {
    const { ref, instant } = node;
    const pods = await ask.facet('pods', ref.cluster, instant);
    return pods && podPage(ask, ref.cluster, instant, podsByNode(pods).get(node.name) ?? [], { first, after });
  }

  @FieldResolver(() => ContainerConnection, {
    nullable: true,
    description: 'Containers of its pods; null when not known.',
  })
  async containers(
    @Root() node: NodeType,
    @Arg('filter', () => ContainerFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ContainerFilter | null,
    @Arg('orderBy', () => ContainerOrder, { nullable: true, description: 'By namespace, pod and name by default.' })
    orderBy: ContainerOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ContainerType> | null> {
    const { ref, instant } = node;
    const [pods, containers] = await Promise.all([
      ask.facet('pods', ref.cluster, instant),
      ask.facet('containers', ref.cluster, instant),
    ]);
    if (pods === null || containers === null) return null;
    const byPod = containersByPod(containers);
    const own = (podsByNode(pods).get(node.name) ?? []).flatMap(
      ({ namespace, name }) => byPod.get(`${namespace}/${name}`) ?? [],
    );
    return containerPage(ask, ref.cluster, instant, own, { filter, orderBy, first, after });
  }
}

@Resolver(() => FilesystemType)
export class FilesystemResolver {
  @FieldResolver(() => MetricType, { description: 'Bytes it has.' })
  size(@Root() filesystem: FilesystemType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('filesystem.size', filesystem);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes that users other than root may still write.' })
  available(@Root() filesystem: FilesystemType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('filesystem.available', filesystem);
  }

  @FieldResolver(() => MetricType, { description: 'Used as a share of its size.' })
  utilization(@Root() filesystem: FilesystemType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('filesystem.utilization', filesystem);
  }
}
