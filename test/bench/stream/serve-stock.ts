/** graphql-ws and a type-graphql subscription as their documentation shows them: useServer, a topic, a pubSub. */
import 'reflect-metadata';
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { useServer as serveSockets } from 'graphql-ws/use/ws';
import {
  buildSchema,
  Field,
  Float,
  GraphQLISODateTime,
  ID,
  ObjectType,
  type PubSub,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { WebSocketServer } from 'ws';
import { nowNs, type Order, violation } from './operation.js';

process.on('disconnect', () => process.exit(0));

@ObjectType('Violation')
class Violation {
  @Field(() => ID) id!: string;
  @Field(() => String) sloName!: string;
  @Field(() => String) kind!: string;
  @Field(() => String) severity!: string;
  @Field(() => String) status!: string;
  @Field(() => String) message!: string;
  @Field(() => Float) peakBurnRate!: number;
  @Field(() => GraphQLISODateTime) startedAt!: Date;
}

@ObjectType('ViolationEvent')
class ViolationEvent {
  @Field(() => String) cursor!: string;
  @Field(() => ID) eventId!: string;
  @Field(() => Violation) violation!: Violation;
}

@Resolver()
class ViolationResolver {
  @Query(() => String)
  hello(): string {
    return 'world';
  }

  @Subscription(() => ViolationEvent, { topics: 'VIOLATIONS' })
  violations(@Root() event: ViolationEvent): ViolationEvent {
    return event;
  }
}

const emitter = new EventEmitter().setMaxListeners(0);
const pubSub: PubSub = {
  publish: (topic, ...args) => void emitter.emit(topic, args[0]),
  subscribe: (topic) => payloads(topic),
};

async function* payloads(topic: string) {
  for await (const [payload] of on(emitter, topic)) yield payload;
}

const schema = await buildSchema({ resolvers: [ViolationResolver], pubSub, validate: false });
const http = createServer();
serveSockets({ schema }, new WebSocketServer({ server: http, path: '/graphql' }));
let count = 0;
process.on('message', ({ kind }: Order) => {
  if (kind === 'gc') {
    globalThis.gc?.();
    process.send?.({ done: true });
    return;
  }
  count += 1;
  const { slo, startedAtMs, ...rest } = violation(`v${count}`);
  const cursor = Buffer.from(`["s1","00000000-0000-0000-0000-000000000000",${count}]`).toString('base64url');
  const committedNs = nowNs();
  pubSub.publish('VIOLATIONS', {
    cursor,
    eventId: `event-${count}`,
    violation: { ...rest, sloName: slo, startedAt: new Date(startedAtMs) },
  });
  process.send?.({ committedNs });
});
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as { port: number };
  process.send?.({ url: `ws://127.0.0.1:${port}/graphql` });
});
