import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type EntityRef, encodeId, entityKey } from '../domain/entity.js';
import type { Placed } from './asking.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { MetricType } from './metric.type.js';
import { type OrderDirection, OrderDirectionEnum } from './order.js';
import { connectionOf } from './paging.js';

@ObjectType('Microservice', { implements: EntityType, description: 'A service of the mesh.', simpleResolvers: true })
export class MicroserviceType implements EntityType, Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: 'Name of its Kubernetes service.' })
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
    return encodeId('Microservice', this.ref.cluster, this.namespace, this.name);
  }
}

export const MicroserviceConnection = connectionOf('Microservice', () => MicroserviceType);

@ObjectType('CodeRate', { description: 'How often a microservice answers with a code.', simpleResolvers: true })
export class CodeRateType {
  @Field(() => String, {
    description: 'Status code of HTTP or gRPC; `0` where the connection ended without an answer.',
  })
  readonly code!: string;
  @Field(() => String, { description: '`http`, `grpc`, `tcp`.' })
  readonly protocol!: string;
  @Field(() => MetricType, { description: 'Answers with this code, per second.' })
  readonly rate!: MetricType;
}

@InputType('MicroserviceFilter', { description: 'Which microservices: every condition that is given must hold.' })
export class MicroserviceFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the microservice.' })
  readonly name?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Its namespace.' })
  readonly namespace?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Its cluster.' })
  readonly cluster?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description: 'Name of the application it belongs to; empty where it belongs to none that is known.',
  })
  readonly application?: StringFilter | null;
}

export const MicroserviceOrderFieldEnum = enumOf('MicroserviceOrderField', 'What microservices are ordered by.', {
  NAME: 'Name, then namespace and cluster.',
  REQUEST_RATE: 'Requests per second.',
  ERROR_RATIO: 'Share of requests that failed.',
  LATENCY_P95: 'Time that 95 % of the requests did not exceed.',
});

@InputType('MicroserviceOrder', {
  description: 'Order of microservices; those without a value come last in either direction.',
})
export class MicroserviceOrder {
  @Field(() => MicroserviceOrderFieldEnum, { description: 'What to order by; figures over their default windows.' })
  readonly by!: keyof typeof MicroserviceOrderFieldEnum;
  @Field(() => OrderDirectionEnum, { defaultValue: 'DESC', description: 'Which end comes first.' })
  readonly direction!: OrderDirection;
}
