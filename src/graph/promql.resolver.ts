import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { seesCluster } from '../domain/access.js';
import { AccessError, NotFoundError } from '../domain/errors.js';
import { AtArg } from './at-arg.js';
import type { GraphContext } from './context.js';
import { instantOf } from './instant.js';
import { QueryResultType } from './query-result.type.js';
import { PromQLScalar } from './scalars.js';

@Resolver()
export class PromqlResolver {
  @Query(() => QueryResultType, {
    description:
      'Free PromQL, evaluated at one instant, for callers with the right `promql` (FORBIDDEN else). Every selector gets the ' +
      'matchers of the cluster, and of the caller’s namespaces: series without a `namespace` of theirs are not seen.',
  })
  async promql(
    @Arg('cluster', () => String, { description: 'Whose data source is asked. NOT_FOUND when there is none.' })
    cluster: string,
    @Arg('query', () => PromQLScalar, {
      description: 'What is asked. BAD_INPUT, with line and column, when it does not parse or asks for too much.',
    })
    query: string,
    @AtArg() at: number | null,
    @Ctx() context: GraphContext,
  ): Promise<QueryResultType> {
    const { caller, clusters, promql, read } = context;
    if (!caller.rights.has('promql')) {
      throw new AccessError('FORBIDDEN', 'Free PromQL needs the right `promql`, which only a bearer token can give');
    }
    if (!clusters.names().includes(cluster) || !seesCluster(caller.scope, cluster)) {
      throw new NotFoundError(`There is no cluster ${JSON.stringify(cluster)}`);
    }
    const { atMs } = instantOf(context, at);
    return new QueryResultType(await promql.query(cluster, query, atMs, read), atMs);
  }
}
