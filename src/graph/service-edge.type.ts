import { Field, ObjectType } from 'type-graphql';
import type { EntityRef } from '../domain/entity.js';
import type { Placed } from './asking.js';
import type { Instant } from './instant.js';
import { MicroserviceType } from './microservice.type.js';

@ObjectType('ServiceEdge', {
  description:
    'Requests from one service to another, or bare connections where no proxy looks at requests (`tcp`): these have no rate, errors and latency of requests. One side may lie outside the mesh, or outside what the caller may see: then it has a name only (`unknown`, a gateway, a host).',
  simpleResolvers: true,
})
export class ServiceEdgeType implements Placed {
  readonly ref: EntityRef;
  readonly instant: Instant;
  readonly windowMs: number | null;
  @Field(() => MicroserviceType, { nullable: true, description: 'Who calls; null when outside.' })
  readonly source: MicroserviceType | null;
  @Field(() => String, { description: 'Name of who calls: the microservice, or the workload when outside.' })
  readonly sourceName: string;
  @Field(() => MicroserviceType, { nullable: true, description: 'Who is called; null when outside.' })
  readonly target: MicroserviceType | null;
  @Field(() => String, { description: 'Name of who is called.' })
  readonly targetName: string;
  @Field(() => String, { description: '`http`, `grpc`, or `tcp` for connections whose requests nobody counts.' })
  readonly protocol: string;

  constructor(edge: {
    readonly ref: EntityRef;
    readonly instant: Instant;
    readonly windowMs: number | null;
    readonly source: MicroserviceType | null;
    readonly sourceName: string;
    readonly target: MicroserviceType | null;
    readonly targetName: string;
    readonly protocol: string;
  }) {
    this.ref = edge.ref;
    this.instant = edge.instant;
    this.windowMs = edge.windowMs;
    this.source = edge.source;
    this.sourceName = edge.sourceName;
    this.target = edge.target;
    this.targetName = edge.targetName;
    this.protocol = edge.protocol;
  }
}

@ObjectType('ServiceGraph', { description: 'Which microservices call which.', simpleResolvers: true })
export class ServiceGraphType {
  @Field(() => [MicroserviceType], {
    description: 'Every microservice asked for, and those at the other end of its edges.',
  })
  readonly nodes!: readonly MicroserviceType[];
  @Field(() => [String], { description: 'Names at the ends of edges that are no microservice the caller may see.' })
  readonly outside!: readonly string[];
  @Field(() => [ServiceEdgeType], { description: 'Who called whom in the window.' })
  readonly edges!: readonly ServiceEdgeType[];
}
