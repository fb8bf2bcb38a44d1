/** graphql-ws and a type-graphql subscription as their documentation shows them: useServer, a topic, createPubSub. */
import 'reflect-metadata';
import { createServer } from 'node:http';
import { createPubSub } from '@graphql-yoga/subscription';
import { useServer as serveSockets } from 'graphql-ws/use/ws';
import { buildSchema, Field, Float, ID, ObjectType, Query, Resolver, Root, Subscription } from 'type-graphql';
import { WebSocketServer } from 'ws';
import { nowNs, violation } from './operation.js';
import { obey } from './orders.js';

@ObjectType('Violation')
class Violation {
  @Field(() => ID) id!: string;
  @Field(() => String) sloName!: string;
  @Field(() => String) kind!: string;
  @Field(() => String) severity!: string;
  @Field(() => String) status!: string;
  @Field(() => String) message!: string;
  @Field(() => Float) burnRate!: number;
  @Field(() => Float) peakBurnRate!: number;
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

const pubSub = createPubSub<{ VIOLATIONS: [ViolationEvent] }>();
const schema = await buildSchema({ resolvers: [ViolationResolver], pubSub });
const http = createServer();
serveSockets({ schema }, new WebSocketServer({ server: http, path: '/graphql' }));
let seq = 0;
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as { port: number };
  obey(`ws://127.0.0.1:${port}/graphql`, (count) => {
    const committedNs = nowNs();
    for (let event = 0; event < count; event += 1) {
      seq += 1;
      const { slo: sloName, ...rest } = violation(`v${seq}`);
      const cursor = Buffer.from(`["s1","00000000-0000-0000-0000-000000000000",${seq}]`).toString('base64url');
      const id = Buffer.from(JSON.stringify(['Violation', rest.id])).toString('base64url');
      pubSub.publish('VIOLATIONS', { cursor, eventId: `event-${seq}`, violation: { ...rest, id, sloName } });
    }
    return committedNs;
  });
});
