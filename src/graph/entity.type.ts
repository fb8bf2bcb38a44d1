import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Entity', { description: 'Something with an id of its own, to be found again by `Query.entity`.' })
export abstract class EntityType {
  @Field(() => ID, { description: 'Opaque and stable: equal for the same thing, always.' })
  readonly id!: string;
}
