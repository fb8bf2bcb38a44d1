import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId, entityKey } from '../domain/entity.js';
import type { ContainerFacts, ContainerRunState } from '../domain/model.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { type OrderDirection, OrderDirectionEnum } from './order.js';
import { connectionOf } from './paging.js';

@ObjectType('Container', { implements: EntityType, description: 'A container of a pod.', simpleResolvers: true })
export class ContainerType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'Its name in the pod.' })
  readonly name: string;
  @Field(() => String, { description: 'Namespace of its pod.' })
  readonly namespace: string;
  @Field(() => String, { nullable: true, description: 'The image it runs; null when not known.' })
  readonly image: string | null;
  readonly podName: string;
  private readonly named: Names;

  constructor(
    cluster: string,
    facts: ContainerFacts,
    readonly instant: Instant,
  ) {
    this.name = facts.name;
    this.namespace = facts.namespace;
    this.podName = facts.pod;
    this.image = facts.image;
    this.named = namesOf(cluster, facts);
    this.ref = this.named.ref;
  }

  get podKey(): string {
    return entityKey(this.namespace, this.podName);
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    this.named.id ??= encodeId('Container', this.ref.cluster, this.namespace, this.podName, this.name);
    return this.named.id;
  }
}

/** What a container goes by. */
interface Names {
  readonly ref: EntityRef;
  id: string | null;
}

/** Kept as long as its facts: lists of thousands are asked for again and again. */
const known = new WeakMap<ContainerFacts, Names>();

function namesOf(cluster: string, facts: ContainerFacts): Names {
  const before = known.get(facts);
  if (before?.ref.cluster === cluster) return before;
  const names = { ref: { cluster, key: entityKey(facts.namespace, facts.pod, facts.name) }, id: null };
  known.set(facts, names);
  return names;
}

export const ContainerConnection = connectionOf('Container', () => ContainerType);

export const ContainerStateEnum = enumOf<ContainerRunState>('ContainerState', 'Whether a container runs.', {
  WAITING: 'Not started yet, or between restarts.',
  RUNNING: 'It runs.',
  TERMINATED: 'It ended.',
  UNKNOWN: 'Kubernetes does not say.',
});

@InputType('ContainerFilter', { description: 'Which containers: every condition that is given must hold.' })
export class ContainerFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the container.' })
  readonly name?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Name of its pod.' })
  readonly pod?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Its namespace.' })
  readonly namespace?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Name of its node; empty while it has none.' })
  readonly node?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description: 'Its microservice, by name or as `namespace/name`; empty where it serves none.',
  })
  readonly microservice?: StringFilter | null;
  @Field(() => [ContainerStateEnum], {
    nullable: true,
    description: 'One of these states; containers of unknown state pass none.',
  })
  readonly state?: readonly ContainerRunState[] | null;
}

export const ContainerOrderFieldEnum = enumOf('ContainerOrderField', 'What containers are ordered by.', {
  NAME: 'Namespace, pod and name.',
  CPU_USAGE: 'CPU in use, in cores.',
  CPU_UTILIZATION: 'CPU in use, as a share of the limit.',
  CPU_THROTTLING: 'Share of periods in which it was throttled.',
  MEMORY_WORKING_SET: 'Memory that cannot be reclaimed, in bytes.',
  MEMORY_UTILIZATION: 'Working set as a share of the limit.',
  RESTARTS: 'Restarts since the pod was created.',
});

@InputType('ContainerOrder', {
  description: 'Order of containers; those without a value come last in either direction.',
})
export class ContainerOrder {
  @Field(() => ContainerOrderFieldEnum, { description: 'What to order by; figures over their default windows.' })
  readonly by!: keyof typeof ContainerOrderFieldEnum;
  @Field(() => OrderDirectionEnum, { defaultValue: 'DESC', description: 'Which end comes first.' })
  readonly direction!: OrderDirection;
}
