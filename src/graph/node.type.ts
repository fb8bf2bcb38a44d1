import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId, entityKey } from '../domain/entity.js';
import type { FilesystemFacts, NodeCondition } from '../domain/model.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { type OrderDirection, OrderDirectionEnum } from './order.js';
import { connectionOf } from './paging.js';

@ObjectType('Node', { implements: EntityType, description: 'A machine of a cluster.', simpleResolvers: true })
export class NodeType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'As Kubernetes knows it; elsewhere the name the exporter goes by.' })
  readonly name: string;

  constructor(
    cluster: string,
    name: string,
    readonly instant: Instant,
  ) {
    this.name = name;
    this.ref = { cluster, key: entityKey(name) };
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    return encodeId('Node', this.ref.cluster, this.name);
  }
}

export const NodeConnection = connectionOf('Node', () => NodeType);

export const ConditionStatusEnum = enumOf<NodeCondition['status']>('ConditionStatus', 'State of a node condition.', {
  TRUE: 'It holds.',
  FALSE: 'It does not hold.',
  UNKNOWN: 'Kubernetes does not know, for instance because the kubelet is silent.',
});

@ObjectType('NodeCondition', { description: 'What Kubernetes says of a node.', simpleResolvers: true })
export class NodeConditionType {
  @Field(() => String, { description: '`Ready`, `MemoryPressure`, `DiskPressure`, ...' })
  readonly type!: string;
  @Field(() => ConditionStatusEnum, { description: 'Whether it holds.' })
  readonly status!: NodeCondition['status'];
}

@ObjectType('Filesystem', { description: 'A mounted filesystem of a node.', simpleResolvers: true })
export class FilesystemType implements Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'Where it is mounted.' })
  readonly mountpoint: string;
  @Field(() => String, { description: 'What is mounted.' })
  readonly device: string;
  @Field(() => String, { nullable: true, description: 'Its type; null when not known.' })
  readonly fstype: string | null;
  @Field(() => Boolean, { nullable: true, description: 'Whether it is mounted read-only; null when not known.' })
  readonly readOnly: boolean | null;

  constructor(
    cluster: string,
    facts: FilesystemFacts,
    readonly instant: Instant,
  ) {
    this.ref = { cluster, key: entityKey(facts.node, facts.mountpoint) };
    this.mountpoint = facts.mountpoint;
    this.device = facts.device;
    this.fstype = facts.fstype;
    this.readOnly = facts.readOnly;
  }
}

@InputType('NodeFilter', { description: 'Which nodes: every condition that is given must hold.' })
export class NodeFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the node.' })
  readonly name?: StringFilter | null;
  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is ready; nodes of which that is not known pass neither.',
  })
  readonly ready?: boolean | null;
  @Field(() => String, { nullable: true, description: 'A role it has, like `control-plane`.' })
  readonly role?: string | null;
  @Field(() => Boolean, { nullable: true, description: 'Whether it has a GPU, whether or not that is measured.' })
  readonly hasGPU?: boolean | null;
}

export const NodeOrderFieldEnum = enumOf('NodeOrderField', 'What nodes are ordered by.', {
  NAME: 'Name.',
  CPU_UTILIZATION: 'CPU in use, as a share.',
  MEMORY_UTILIZATION: 'Memory in use, as a share.',
  CPU_PRESSURE: 'Share of time in which something waited for CPU.',
  MEMORY_PRESSURE: 'Share of time in which something waited for memory.',
  NETWORK_RECEIVE_RATE: 'Bytes received per second.',
});

@InputType('NodeOrder', { description: 'Order of nodes; those without a value come last in either direction.' })
export class NodeOrder {
  @Field(() => NodeOrderFieldEnum, { description: 'What to order by; figures over their default windows.' })
  readonly by!: keyof typeof NodeOrderFieldEnum;
  @Field(() => OrderDirectionEnum, { defaultValue: 'DESC', description: 'Which end comes first.' })
  readonly direction!: OrderDirection;
}
