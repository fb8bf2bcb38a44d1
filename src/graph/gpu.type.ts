import { Field, ID, Int, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId } from '../domain/entity.js';
import type { ContainerName, GpuFacts } from '../domain/model.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import type { Instant } from './instant.js';

@ObjectType('GPU', {
  implements: EntityType,
  description: 'A GPU of a node; of one that is split (MIG), each instance is a GPU.',
  simpleResolvers: true,
})
export class GPUType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => Int, { description: 'Number of the card in its node, from 0; instances of one card share it.' })
  readonly index: number;
  @Field(() => String, { description: 'UUID of the card; instances of one card share it.' })
  readonly uuid: string;
  @Field(() => String, {
    nullable: true,
    description: 'Its model, of an instance with its profile at the end: `... MIG 1g.10gb`; null when not known.',
  })
  readonly model: string | null;
  readonly nodeName: string | null;
  readonly holders: readonly ContainerName[];

  constructor(
    cluster: string,
    facts: GpuFacts,
    readonly instant: Instant,
  ) {
    this.ref = { cluster, key: facts.key };
    this.index = facts.index;
    this.uuid = facts.uuid;
    this.model = facts.model;
    this.nodeName = facts.node;
    this.holders = facts.containers;
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    return encodeId('GPU', this.ref.cluster, ...this.ref.key.split('/'));
  }
}
