import { Field, ID, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/entity.js';
import { EntityType } from './entity.type.js';
import type { Instant } from './instant.js';

@ObjectType('Application', {
  implements: EntityType,
  description:
    'Microservices that together do one job, in one cluster or several: as configured, as the label `app.kubernetes.io/part-of` of their pods says, or as an SLO names it.',
  simpleResolvers: true,
})
export class ApplicationType implements EntityType {
  @Field(() => String, { description: 'Unique name.' })
  readonly name: string;
  @Field(() => String, {
    nullable: true,
    description:
      'What it is for; null when the configuration does not say, or the caller may see none of the places it names.',
  })
  readonly description: string | null;

  constructor(
    name: string,
    description: string | null,
    readonly instant: Instant,
  ) {
    this.name = name;
    this.description = description;
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    return encodeId('Application', this.name);
  }
}
