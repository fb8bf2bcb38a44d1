import { Field, ID, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId } from '../domain/entity.js';
import type { DataSourceStatus } from '../domain/model.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import type { Instant } from './instant.js';
import { DateTimeScalar } from './scalars.js';

@ObjectType('Cluster', {
  implements: EntityType,
  description: 'A Kubernetes cluster, seen through its data source.',
  simpleResolvers: true,
})
export class ClusterType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'As configured.' })
  readonly name: string;

  constructor(
    name: string,
    readonly instant: Instant,
  ) {
    this.name = name;
    this.ref = { cluster: name, key: '' };
  }

  @Field(() => ID, { description: 'Opaque and stable.' })
  get id(): string {
    return encodeId('Cluster', this.name);
  }
}

@ObjectType('DataSourceStatus', { description: 'How a data source answered last.', simpleResolvers: true })
export class DataSourceStatusType {
  @Field(() => String, { description: 'As configured.' })
  readonly name: string;
  @Field(() => String, {
    description: '`prometheus`, `victoria-metrics`, `thanos`, `mimir`; `unknown` when it does not say.',
  })
  readonly kind: string;
  @Field(() => String, { nullable: true, description: 'Its version; null when it does not say.' })
  readonly version: string | null;
  @Field(() => Boolean, { description: 'Whether it answered.' })
  readonly reachable: boolean;
  @Field(() => String, { nullable: true, description: 'Why it did not answer; null when it did.' })
  readonly error: string | null;
  @Field(() => Number, { nullable: true, description: 'How long the answer took, in seconds; null without one.' })
  readonly latencySeconds: number | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was asked; null before the first time.' })
  readonly checkedAt: number | null;

  constructor(status: DataSourceStatus) {
    this.name = status.name;
    this.kind = status.kind ?? 'unknown';
    this.version = status.version;
    this.reachable = status.reachable;
    this.error = status.error;
    this.latencySeconds = status.latencySeconds;
    this.checkedAt = status.checkedAtMs;
  }
}
