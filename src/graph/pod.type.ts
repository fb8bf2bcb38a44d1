import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId, entityKey } from '../domain/entity.js';
import type { PodPhase } from '../domain/model.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { connectionOf } from './paging.js';

@ObjectType('Pod', { implements: EntityType, description: 'A pod of a cluster.', simpleResolvers: true })
export class PodType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'Its name.' })
  readonly name: string;
  @Field(() => String, { description: 'Its namespace.' })
  readonly namespace: string;

  constructor(
    cluster: string,
    namespace: string,
    name: string,
    readonly instant: Instant,
  ) {
    this.name = name;
    this.namespace = namespace;
    this.ref = { cluster, key: entityKey(namespace, name) };
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    return encodeId('Pod', this.ref.cluster, this.namespace, this.name);
  }
}

export const PodConnection = connectionOf('Pod', () => PodType);

export const PodPhaseEnum = enumOf<PodPhase>('PodPhase', 'Where a pod is in its life.', {
  PENDING: 'Accepted, not all of its containers run yet.',
  RUNNING: 'On a node, with at least one container running or starting.',
  SUCCEEDED: 'All containers ended well.',
  FAILED: 'All containers ended, at least one badly.',
  UNKNOWN: 'Kubernetes does not know: its node is silent.',
});

@ObjectType('Workload', {
  description: 'The controller a pod belongs to, followed to its root: the Deployment, not its ReplicaSet.',
  simpleResolvers: true,
})
export class WorkloadType {
  @Field(() => String, { description: '`Deployment`, `StatefulSet`, `DaemonSet`, `Job`, ...' })
  readonly kind!: string;
  @Field(() => String, { description: 'Its name.' })
  readonly name!: string;
}

@InputType('PodFilter', { description: 'Which pods: every condition that is given must hold.' })
export class PodFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the pod.' })
  readonly name?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Its namespace.' })
  readonly namespace?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Name of its node; empty while it has none.' })
  readonly node?: StringFilter | null;
  @Field(() => [PodPhaseEnum], { nullable: true, description: 'One of these phases; pods of unknown phase pass none.' })
  readonly phase?: readonly PodPhase[] | null;
}
