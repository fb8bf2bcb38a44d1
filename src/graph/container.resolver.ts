import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { ContainerRunState } from '../domain/model.js';
import { Ask, type Asking, WindowArg } from './asking.js';
import { ContainerStateEnum, ContainerType } from './container.type.js';
import { containerFacts } from './facts.js';
import { GPUType } from './gpu.type.js';
import { gpusByContainer, microserviceFinder } from './joins.js';
import { MetricType } from './metric.type.js';
import { MicroserviceType } from './microservice.type.js';
import { NodeType } from './node.type.js';
import { PodType } from './pod.type.js';

@Resolver(() => ContainerType)
export class ContainerResolver {
  @FieldResolver(() => PodType, { description: 'The pod it is part of.' })
  pod(@Root() container: ContainerType): PodType {
    return new PodType(container.ref.cluster, container.namespace, container.podName, container.instant);
  }

  @FieldResolver(() => NodeType, {
    nullable: true,
    description: 'The node it runs on; null when it has none, or that is not known.',
  })
  async node(@Root() container: ContainerType, @Ask() ask: Asking): Promise<NodeType | null> {
    const { ref, instant, podKey } = container;
    const node = (await ask.facet('pods', ref.cluster, instant))?.get(podKey)?.node ?? null;
    return node === null ? null : new NodeType(ref.cluster, node, instant);
  }

  @FieldResolver(() => MicroserviceType, {
    nullable: true,
    description: 'The microservice its pod answers for; null when it does for none, or that is not known.',
  })
  async microservice(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MicroserviceType | null> {
    const find = await microserviceFinder(ask, container.ref.cluster, container.instant);
    return find?.(container.podKey) ?? null;
  }

  @FieldResolver(() => ContainerStateEnum, { nullable: true, description: 'Whether it runs; null when not known.' })
  state(@Root() container: ContainerType, @Ask() ask: Asking): Promise<ContainerRunState | null> {
    return ask.fact(containerFacts.state, container);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why it waits or ended: `CrashLoopBackOff`, `OOMKilled`; null when it runs, or that is not known.',
  })
  stateReason(@Root() container: ContainerType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(containerFacts.stateReason, container);
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    description: 'Whether its readiness probe passes; null when not known.',
  })
  ready(@Root() container: ContainerType, @Ask() ask: Asking): Promise<boolean | null> {
    return ask.fact(containerFacts.ready, container);
  }

  @FieldResolver(() => Int, { nullable: true, description: 'Restarts since its pod was created; null when not known.' })
  restarts(@Root() container: ContainerType, @Ask() ask: Asking): Promise<number | null> {
    return ask.fact(containerFacts.restarts, container);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why it ended the last time, like `OOMKilled`; null when it never did, or that is not known.',
  })
  lastTerminationReason(@Root() container: ContainerType, @Ask() ask: Asking): Promise<string | null> {
    return ask.fact(containerFacts.lastTerminationReason, container);
  }

  @FieldResolver(() => MetricType, { description: 'CPU in use, in cores, averaged over the window.' })
  cpuUsage(
    @Root() container: ContainerType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('container.cpuUsage', container, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Cores it has requested.' })
  cpuRequest(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.cpuRequest', container);
  }

  @FieldResolver(() => MetricType, { description: 'Cores it may use at most.' })
  cpuLimit(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.cpuLimit', container);
  }

  @FieldResolver(() => MetricType, { description: 'Share of scheduler periods in which it was throttled.' })
  cpuThrottling(
    @Root() container: ContainerType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('container.cpuThrottling', container, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'CPU in use as a share of the limit; no value without a limit.' })
  cpuUtilization(
    @Root() container: ContainerType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('container.cpuUtilization', container, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory that cannot be reclaimed.' })
  memoryWorkingSet(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.memoryWorkingSet', container);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory it has requested.' })
  memoryRequest(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.memoryRequest', container);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of memory it may use at most.' })
  memoryLimit(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.memoryLimit', container);
  }

  @FieldResolver(() => MetricType, { description: 'Working set as a share of the limit; no value without a limit.' })
  memoryUtilization(@Root() container: ContainerType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('container.memoryUtilization', container);
  }

  @FieldResolver(() => MetricType, {
    description: 'How often the kernel killed it for want of memory, within the window.',
  })
  oomKills(
    @Root() container: ContainerType,
    @WindowArg(3_600_000) windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('container.oomKills', container, { windowMs });
  }

  @FieldResolver(() => [GPUType], {
    nullable: true,
    description: 'The GPUs it holds, alone or in turns with others; null when not known.',
  })
  async gpus(@Root() { ref, instant }: ContainerType, @Ask() ask: Asking): Promise<readonly GPUType[] | null> {
    const gpus = await ask.facet('gpus', ref.cluster, instant);
    return gpus && (gpusByContainer(gpus).get(ref.key) ?? []).map((facts) => new GPUType(ref.cluster, facts, instant));
  }
}
