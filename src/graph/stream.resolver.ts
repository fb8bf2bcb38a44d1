import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { InputError } from '../domain/errors.js';
import type { GraphContext } from './context.js';
import { decodeStreamCursor, encodeStreamCursor } from './cursor.js';
import { CursorScalar, DurationScalar } from './scalars.js';

const MAX_NAME_LENGTH = 200;

@ObjectType('StreamInfo', { description: 'The log behind the stream of violations.', simpleResolvers: true })
class StreamInfoType {
  @Field(() => String, {
    description: 'Which log: another one after the store was replaced. Cursors are of one epoch.',
  })
  readonly epoch!: string;
  @Field(() => CursorScalar, {
    nullable: true,
    description: 'The oldest place that a stream can go on from; null while nothing was ever appended.',
  })
  readonly oldest!: string | null;
  @Field(() => CursorScalar, { nullable: true, description: 'The newest place; null while nothing was ever appended.' })
  readonly head!: string | null;
  @Field(() => DurationScalar, { description: 'How long events are kept, unless there are too many.' })
  readonly retention!: number;
}

@Resolver()
export class StreamResolver {
  @Query(() => StreamInfoType, { description: 'What the stream of violations can go on from.' })
  async streamInfo(@Ctx() { store, retentionMs }: GraphContext): Promise<StreamInfoType> {
    const { head, oldest } = await store.position();
    const { epoch, seq } = head;
    return {
      epoch,
      oldest: seq === 0 ? null : encodeStreamCursor({ epoch, seq: oldest - 1 }),
      head: seq === 0 ? null : encodeStreamCursor(head),
      retention: retentionMs,
    };
  }

  @Mutation(() => Boolean, {
    description:
      "Moves a server-held consumer's cursor forward, never back: what `violations(consumer:)` starts after when it comes back. True once it is kept.",
  })
  async ackViolations(
    @Arg('consumer', () => String, {
      description: `A name of your choice, at most ${MAX_NAME_LENGTH} characters; each caller has names of its own.`,
    })
    consumer: string,
    @Arg('cursor', () => CursorScalar, { description: 'Of the last event or bookmark that took effect.' })
    cursor: string,
    @Ctx() { store, consumers, caller }: GraphContext,
  ): Promise<boolean> {
    const { epoch, seq } = decodeStreamCursor(cursor, 'cursor');
    const { head } = await store.position();
    if (epoch !== head.epoch) throw new InputError('cursor: it is of another store: the present one was replaced');
    if (seq > head.seq) throw new InputError('cursor: it is ahead of the stream');
    await consumers.acknowledge(consumerName(consumer), caller.name, seq);
    return true;
  }
}

/** @throws InputError when nobody could be called so */
export function consumerName(name: string): string {
  // PostgreSQL keeps no text with a NUL.
  if (name.trim() === '' || name.length > MAX_NAME_LENGTH || name.includes('\0')) {
    throw new InputError(`consumer: a name of 1 to ${MAX_NAME_LENGTH} characters, none of them NUL`);
  }
  return name;
}
