import { Arg, Resolver, Root, Subscription } from 'type-graphql';
import type { GraphContext } from './context.js';
import { declaredOwner } from './memberships.js';
import { SLOFilter, SLOType } from './slo.type.js';
import { sloTest } from './slo-list.js';
import { SloStatusStream } from './slo-status-stream.js';
import { realTiming } from './violation-stream.js';

@Resolver()
export class SLOStatusResolver {
  @Subscription(() => SLOType, {
    subscribe: ({ args, context }) =>
      openStream((args as { filter?: SLOFilter | null }).filter, context as GraphContext),
    description:
      'Every evaluation of the SLOs that match; first each of them as it stands. A reader that is slow gets the newest evaluation of each SLO and none of those in between; there is no cursor, for whoever comes back gets the present states anyway. With a filter by `state` an SLO is silent while it is in another.',
  })
  sloStatus(
    @Root() slo: SLOType,
    @Arg('filter', () => SLOFilter, {
      nullable: true,
      description:
        'Which ones; all by default. Applications are those that definitions and the configuration name: a stream asks no source for labels.',
    })
    _filter: SLOFilter | null,
  ): SLOType {
    return slo;
  }
}

function openStream(
  filter: SLOFilter | null | undefined,
  { evaluations, applications, caller, gridMs }: GraphContext,
): SloStatusStream {
  return new SloStatusStream({
    evaluations,
    scope: caller.scope,
    matches: sloTest(filter, (definition) => declaredOwner({ applications }, definition) ?? null),
    gridMs,
    now: realTiming.now,
  });
}
