import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { entityKey } from '../domain/entity.js';
import { Ask, type Asking } from './asking.js';
import { ContainerType } from './container.type.js';
import { GPUType } from './gpu.type.js';
import { MetricType } from './metric.type.js';
import { NodeType } from './node.type.js';

@Resolver(() => GPUType)
export class GPUResolver {
  @FieldResolver(() => NodeType, { nullable: true, description: 'The node it is in; null when not known.' })
  node(@Root() { ref, nodeName, instant }: GPUType): NodeType | null {
    return nodeName === null ? null : new NodeType(ref.cluster, nodeName, instant);
  }

  @FieldResolver(() => ContainerType, {
    nullable: true,
    description:
      'The container that holds it, by name the first where several take turns; null while it is idle, or not known.',
  })
  async container(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<ContainerType | null> {
    const { ref, holders, instant } = gpu;
    const [holder] = holders;
    if (holder === undefined) return null;
    const known = await ask.facet('containers', ref.cluster, instant);
    // The exporter of the GPUs may know a container of which no other exporter tells.
    const facts = known?.get(entityKey(holder.namespace, holder.pod, holder.name)) ?? { ...holder, image: null };
    return new ContainerType(ref.cluster, facts, instant);
  }

  @FieldResolver(() => MetricType, {
    description: 'Share of time in which something ran on it; of an instance, the share of its engines in use.',
  })
  utilization(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('gpu.utilization', gpu);
  }

  @FieldResolver(() => MetricType, { description: 'Bytes of its memory in use.' })
  memoryUsed(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('gpu.memoryUsed', gpu);
  }

  @FieldResolver(() => MetricType, {
    description:
      'Memory in use as a share of all it has, with what its driver reserves. Model servers claim most of it.',
  })
  memoryUtilization(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('gpu.memoryUtilization', gpu);
  }

  @FieldResolver(() => MetricType, { description: 'Its temperature, in degrees Celsius.' })
  temperature(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('gpu.temperature', gpu);
  }

  @FieldResolver(() => MetricType, { description: 'Power it draws, in watts.' })
  power(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('gpu.power', gpu);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Last XID error code the driver reported; 0 is none, null is not known.',
  })
  async lastXid(@Root() gpu: GPUType, @Ask() ask: Asking): Promise<number | null> {
    const { value } = await ask.metric('gpu.lastXid', gpu);
    return value === null ? null : Math.round(value);
  }
}
