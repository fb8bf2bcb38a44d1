import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root, Subscription } from 'type-graphql';
import { decodeId } from '../domain/entity.js';
import type { LogPosition } from '../domain/ports.js';
import { ApplicationType } from './application.type.js';
import { Ask, type Asking } from './asking.js';
import { AtArg } from './at-arg.js';
import type { GraphContext } from './context.js';
import { decodeStreamCursor } from './cursor.js';
import { instantOf } from './instant.js';
import { declaredOwner, ownerOf } from './memberships.js';
import { MicroserviceType } from './microservice.type.js';
import { ObjectiveType } from './objective.type.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { CursorScalar } from './scalars.js';
import { objectiveNamed } from './slo.resolver.js';
import { SLOType } from './slo.type.js';
import { sloNamed } from './slo-list.js';
import { consumerName } from './stream.resolver.js';
import {
  DeliveryType,
  ViolationConnection,
  ViolationEventType,
  ViolationFilter,
  ViolationOrder,
  type ViolationStreamItem,
  ViolationStreamItemUnion,
  ViolationType,
} from './violation.type.js';
import { violationById, violationPage, violationTest } from './violation-list.js';
import { openViolationStream, realTiming } from './violation-stream.js';

interface ViolationStreamArgs {
  readonly after?: string | null;
  readonly filter?: ViolationFilter | null;
  readonly snapshot?: boolean | null;
  readonly consumer?: string | null;
}

@Resolver(() => ViolationType)
export class ViolationResolver {
  @Query(() => ViolationConnection, {
    description: 'Open and past violations, newest first by default; with `at`, as they stood then.',
  })
  violations(
    @Arg('filter', () => ViolationFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ViolationFilter | null,
    @Arg('orderBy', () => ViolationOrder, { nullable: true, description: 'Newest first by default.' })
    orderBy: ViolationOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @AtArg() atMs: number | null,
    @Ask() ask: Asking,
  ): Promise<Page<ViolationType>> {
    return violationPage(ask, instantOf(ask.context, atMs), { filter, orderBy, first, after });
  }

  @Query(() => ViolationType, { nullable: true, description: 'A violation; null when there is none with that id.' })
  violation(
    @Arg('id', () => ID, { description: 'Its id, as the graph or a notification gave it.' }) id: string,
    @Ctx() context: GraphContext,
  ): Promise<ViolationType | null> {
    const decoded = decodeId(id);
    const own = decoded?.kind === 'Violation' ? decoded.parts[0] : undefined;
    return violationById(context, own ?? id, instantOf(context, null));
  }

  @FieldResolver(() => SLOType, {
    nullable: true,
    description: 'The SLO as it stands; null when its definition is not loaded any more.',
  })
  slo(@Root() { sloName, instant }: ViolationType, @Ctx() context: GraphContext): Promise<SLOType | null> {
    return sloNamed(context, sloName, instant);
  }

  @FieldResolver(() => ObjectiveType, {
    nullable: true,
    description:
      'The objective as it stands, of a composite all of its members together; null when its definition is not loaded any more.',
  })
  async objective(
    @Root() { violation, instant }: ViolationType,
    @Ctx() context: GraphContext,
  ): Promise<ObjectiveType | null> {
    const slo = await sloNamed(context, violation.slo, instant);
    return slo === null ? null : objectiveNamed(slo, violation.objective);
  }

  @FieldResolver(() => MicroserviceType, {
    nullable: true,
    description: 'What it is about; null when the SLO names none.',
  })
  microservice(@Root() { violation, instant }: ViolationType): MicroserviceType | null {
    const { cluster, microservice } = violation;
    return microservice && new MicroserviceType(cluster, microservice.namespace, microservice.name, instant);
  }

  @FieldResolver(() => ApplicationType, {
    nullable: true,
    description: 'The application that the SLO names, else that of its microservice; null when neither tells.',
  })
  application(@Root() { violation, instant }: ViolationType, @Ask() ask: Asking): Promise<ApplicationType | null> {
    return ownerOf(ask, violation, instant);
  }

  @FieldResolver(() => [ViolationEventType], { description: 'All that happened to it, in order.' })
  async events(
    @Root() { violation, instant }: ViolationType,
    @Ctx() { store, loaders }: GraphContext,
  ): Promise<readonly ViolationEventType[]> {
    const read = Promise.all([store.position(), store.eventsOf(violation.id)]);
    const [{ head }, events] = await loaders.hold(read);
    const happened = instant.live ? events : events.filter(({ evaluatedAtMs }) => evaluatedAtMs <= instant.atMs);
    return happened.map((event) => new ViolationEventType(event, head.epoch, instant));
  }

  @FieldResolver(() => [DeliveryType], { description: 'How telling its receivers went. As of now, also with `at`.' })
  async deliveries(
    @Root() { violation }: ViolationType,
    @Ctx() { store, loaders }: GraphContext,
  ): Promise<readonly DeliveryType[]> {
    const deliveries = await loaders.hold(store.deliveriesOf(violation.id));
    return deliveries.map((delivery) => new DeliveryType(delivery));
  }
}

@Resolver()
export class ViolationStreamResolver {
  @Subscription(() => ViolationStreamItemUnion, {
    subscribe: ({ args, context }) => openStream(args as ViolationStreamArgs, context as GraphContext),
    description:
      'Without `after`: the OPENED events of all open violations (unless `snapshot: false`), ascending by cursor, a bookmark at the head, then every transition. With `after`: every transition since that cursor, a bookmark, then live; `snapshot` is ignored. A bookmark also comes after every 15 s of silence. An event may come again after a reconnection: recognise it by `eventId`.',
  })
  violations(
    @Root() item: ViolationStreamItem,
    @Arg('after', () => CursorScalar, {
      nullable: true,
      description: 'Goes on after this place: a cursor of this stream.',
    })
    _after: string | null,
    @Arg('filter', () => ViolationFilter, {
      nullable: true,
      description: 'Which violations; all by default. Bookmarks come anyway.',
    })
    _filter: ViolationFilter | null,
    @Arg('snapshot', () => Boolean, {
      nullable: true,
      defaultValue: true,
      description: 'Whether to begin with the open violations.',
    })
    _snapshot: boolean | null,
    @Arg('consumer', () => String, {
      nullable: true,
      description:
        'Without `after`: goes on after what this consumer acknowledged last (`ackViolations`); before the first time as without.',
    })
    _consumer: string | null,
  ): ViolationStreamItem {
    return item;
  }
}

async function openStream(
  { after, filter, snapshot, consumer }: ViolationStreamArgs,
  { store, feed, consumers, applications, caller, gridMs }: GraphContext,
): Promise<AsyncIterableIterator<ViolationStreamItem>> {
  return openViolationStream({
    store,
    feed,
    scope: caller.scope,
    // A stream asks no source, so labels of pods do not count.
    matches: violationTest(filter, caller.scope, (violation) => declaredOwner({ applications }, violation) ?? null),
    after:
      after == null ? await acknowledged(consumer ?? null, { store, consumers, caller }) : decodeStreamCursor(after),
    snapshot: snapshot ?? true,
    gridMs,
    timing: realTiming,
  });
}

async function acknowledged(
  consumer: string | null,
  { store, consumers, caller }: Pick<GraphContext, 'store' | 'consumers' | 'caller'>,
): Promise<LogPosition | null> {
  if (consumer === null) return null;
  const seq = await consumers.acknowledged(consumerName(consumer), caller.name);
  if (seq === null) return null;
  const { head } = await store.position();
  return { epoch: head.epoch, seq };
}
