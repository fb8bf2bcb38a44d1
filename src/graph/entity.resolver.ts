import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { seesCluster } from '../domain/access.js';
import { decodeId, entityKey } from '../domain/entity.js';
import { InputError } from '../domain/errors.js';
import { Ask, type Asking } from './asking.js';
import { AtArg } from './at-arg.js';
import { ClusterType } from './cluster.type.js';
import { ContainerType } from './container.type.js';
import type { GraphContext } from './context.js';
import { EntityType } from './entity.type.js';
import { GPUType } from './gpu.type.js';
import { type Instant, instantOf } from './instant.js';
import { applicationNamed } from './memberships.js';
import { MicroserviceType } from './microservice.type.js';
import { NodeType } from './node.type.js';
import { PodType } from './pod.type.js';
import { sloNamed } from './slo-list.js';
import { violationById } from './violation-list.js';

@Resolver()
export class EntityResolver {
  @Query(() => EntityType, {
    nullable: true,
    description: 'Anything by its id; null when it is not there, or its source did not answer.',
  })
  async entity(
    @Arg('id', () => ID, { description: 'As an answer gave it.' }) id: string,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
    @Ask() ask: Asking,
  ): Promise<EntityType | null> {
    const decoded = decodeId(id);
    if (decoded === null) throw new InputError('id: this is not an id; pass one that an answer gave');
    const { kind, parts } = decoded;
    const [name = ''] = parts;
    const instant = instantOf(context, atMs);
    if (kind === 'SLO') return sloNamed(context, name, instant);
    if (kind === 'Application') return applicationNamed(ask, name, instant);
    if (kind === 'Violation') return violationById(context, name, instant);
    if (!context.clusters.names().includes(name) || !seesCluster(context.caller.scope, name)) return null;
    return kind === 'Cluster' ? new ClusterType(name, instant) : found(ask, kind, parts, instant);
  }
}

/** Something of a cluster, when its inventory knows it. */
async function found(
  ask: Asking,
  kind: string,
  [cluster = '', ...parts]: readonly string[],
  instant: Instant,
): Promise<EntityType | null> {
  const key = entityKey(...parts);
  const [first = '', second = ''] = parts;
  switch (kind) {
    case 'Node':
      return (await ask.facet('nodes', cluster, instant))?.has(key) ? new NodeType(cluster, first, instant) : null;
    case 'Pod':
      return (await ask.facet('pods', cluster, instant))?.has(key)
        ? new PodType(cluster, first, second, instant)
        : null;
    case 'Microservice': {
      const known = (await ask.facet('microservices', cluster, instant))?.has(key);
      return known ? new MicroserviceType(cluster, first, second, instant) : null;
    }
    case 'Container': {
      const facts = (await ask.facet('containers', cluster, instant))?.get(key);
      return facts === undefined ? null : new ContainerType(cluster, facts, instant);
    }
    case 'GPU': {
      const facts = (await ask.facet('gpus', cluster, instant))?.get(key);
      return facts === undefined ? null : new GPUType(cluster, facts, instant);
    }
    default:
      return null;
  }
}
